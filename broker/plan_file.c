/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/plan_file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { PATH_BYTES_MAX = 1024 };

void plan_file_deinit(PlanFile *file) {
        plan_deinit(&file->plan);
}

int plan_file_read(const char *path, PlanFile *ret_file) {
        cleanup_buf Buf text = BUF_TEXT;

        ret_file->file = path;
        if (errand_read_file(path, PLAN_BYTES_MAX, &text, &ret_file->faults[0]) != 0) {
                ret_file->n_faults = 1;
                return PLAN_E_REFUSED;
        }
        return plan_parse(path, buf_get(&text), &ret_file->plan, ret_file->faults, PLAN_FAULTS_MAX,
                          &ret_file->n_faults);
}

int plan_file_in_force(const PhaseRecord *phase, PlanFile *ret_file) {
        ret_file->file = "the approved plan";
        return plan_parse_approved(ret_file->file, slice_make(phase->plan_text, phase->plan_bytes),
                                   &ret_file->plan, ret_file->faults, PLAN_FAULTS_MAX,
                                   &ret_file->n_faults);
}

/* ---- the entry ---- */

static Slice find_measured(const Gate *gate, Arena *arena) {
        size_t n_bytes = (gate->n_checks + CHAR_BIT - 1) / CHAR_BIT;
        uint8_t *bits = arena_alloc_array(arena, n_bytes, 1);

        for (size_t i = 0; i < gate->n_checks; i++)
                if (gate->checks[i].kind != CHECK_MANUAL)
                        bits[i / CHAR_BIT] |= (uint8_t)(1U << i % CHAR_BIT);
        return slice_make(bits, n_bytes);
}

/* `inputs` and the rest of the words stay in the text; this is what the broker decides by. */
static struct gate_digest row_of(const Gate *gate, Arena *arena) {
        struct gate_digest row = {
                .gate = gate->id,
                .digest = hash_slice(&gate->digest),
                .title = gate->title,
                .valid_for_ms = gate->valid_for_ms,
                .needs = gate->needs,
                .n_needs = gate->n_needs,
                .verifiers = gate->verifiers > 1 ? gate->verifiers : 0,
                .has_inputs = gate->n_inputs > 0,
                .must_match = gate->must_match,
                .stall_ms = gate->stall_ms,
                .checks = arena_alloc_array(arena, gate->n_checks, sizeof *row.checks),
                .n_checks = gate->n_checks,
                .measured = find_measured(gate, arena),
        };

        for (size_t i = 0; i < gate->n_checks; i++)
                row.checks[i] = gate->checks[i].id;
        return row;
}

static bool is_plain(Slice path) {
        for (size_t i = 0; i < path.n; i++)
                if (path.data[i] < ' ' || path.data[i] == 0x7f)
                        return false;
        return path.n <= PATH_BYTES_MAX && utf8_is_valid(path);
}

/* From the top of the git work tree that it is in; empty if it is in none. git is not asked: that
 * would run what the tree's configuration names. */
static Slice find_in_work_tree(const char *file, Arena *arena) {
        cleanup_free char *whole = realpath(file, NULL);
        size_t n = whole ? strlen(whole) : 0;

        while (n > 0) {
                Slice path;

                while (n > 0 && whole[n - 1] != '/')
                        n--;
                path = slice_text(whole + n);
                if (n > 0 && access(arena_printf(arena, "%.*s.git", (int)n, whole), F_OK) == 0)
                        return is_plain(path) ? arena_slice(arena, path) : SLICE_NULL;
                n -= n > 0;
        }
        return SLICE_NULL;
}

void plan_file_make_message(const char *file, const Plan *plan, Arena *arena,
                            Message *ret_message) {
        struct gate_digest *gates = arena_alloc_array(arena, plan->n_gates, sizeof *gates);
        const char *slash = strrchr(file, '/');

        for (size_t i = 0; i < plan->n_gates; i++)
                gates[i] = row_of(&plan->gates[i], arena);
        *ret_message = (Message){
                .type = MESSAGE_PLAN,
                .plan = {.phase = plan->phase,
                         .text = plan->text,
                         .digest = hash_slice(&plan->digest),
                         .gates = gates,
                         .n_gates = plan->n_gates,
                         .file = slice_text(slash ? slash + 1 : file),
                         .needs = plan->needs,
                         .n_needs = plan->n_needs,
                         .path = find_in_work_tree(file, arena)},
        };
        message_set_present(ret_message);
}
