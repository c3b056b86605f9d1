/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Which plan, gate and check a person means. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "verify/by_hand.h"

enum { FAULTS_MAX = 50 };

static int refuse_plan(const Args *args, const Fault *faults, size_t n_faults) {
        for (size_t i = 0; i + 1 < n_faults; i++) {
                cleanup_buf Buf text = BUF_TEXT;

                fault_describe(&faults[i], &text);
                (void)fprintf(stderr, "%s: %s", args->program->name, buf_get_text(&text));
        }
        return args_refuse(args, &faults[n_faults - 1], EXIT_USAGE);
}

int by_hand_read_plan(const Args *args, const char *file, Plan *ret_plan) {
        cleanup_buf Buf text = BUF_INIT(PLAN_BYTES_MAX);
        cleanup_free Fault *faults = mem_new_array(Fault, FAULTS_MAX);
        size_t n_faults = 0;
        int r = file_read(file, &text);

        if (r != 0) {
                fault_set(&faults[0], "plan-unreadable", "%s cannot be read: %s", file,
                          r == FILE_E_TOO_LARGE ? "it is larger than a plan may be"
                                                : strerror(r < 0 ? -r : ENOENT));
                return args_refuse(args, &faults[0], EXIT_USAGE);
        }
        r = plan_parse(file, buf_get(&text), ret_plan, faults, FAULTS_MAX, &n_faults);
        if (r == 0)
                return EXIT_HOLDS;
        if (r > 0)
                return refuse_plan(args, faults, n_faults);
        fault_set(&faults[0], "not-carried-out", "%s", strerror(-r));
        return args_refuse(args, &faults[0], EXIT_NOT_CARRIED_OUT);
}

static void suggest_check(const Gate *gate, const char *id, Fault *fault) {
        cleanup_free const char **ids = mem_new_array(const char *, gate->n_checks + 1);
        cleanup_arena Arena arena = ARENA_INIT;
        const char *nearest;

        for (size_t i = 0; i < gate->n_checks; i++)
                ids[i] = arena_text(&arena, gate->checks[i].id);
        nearest = nearest_word(slice_text(id), ids, gate->n_checks);
        if (nearest)
                fault_next(fault, "did you mean `%s`?", nearest);
        else if (gate->n_checks)
                fault_next(fault, "the first one is `%s`", ids[0]);
}

static bool has_check(const Gate *gate, Slice id) {
        for (size_t i = 0; i < gate->n_checks; i++)
                if (check_is(&gate->checks[i], id))
                        return true;
        return false;
}

int by_hand_choose_gate(const Args *args, const Plan *plan, const char *id, const Gate **ret_gate) {
        const char *check = args_get(args, "check");
        const Slice wanted = slice_text(id);
        const Gate *gate = plan_find_gate(plan, wanted);
        Fault fault = FAULT_INIT;

        if (!gate) {
                fault_set(&fault, "gate-unknown", "the plan has no gate `%.*s`",
                          SLICE_ARGS(wanted));
                plan_suggest_gate(plan, wanted, &fault);
                return args_refuse(args, &fault, EXIT_NOTHING_SELECTED);
        }
        if (check && !has_check(gate, slice_text(check))) {
                fault_set(&fault, "check-unknown", "gate %.*s has no check `%s`",
                          SLICE_ARGS(wanted), check);
                suggest_check(gate, check, &fault);
                return args_refuse(args, &fault, EXIT_NOTHING_SELECTED);
        }
        *ret_gate = gate;
        return EXIT_HOLDS;
}
