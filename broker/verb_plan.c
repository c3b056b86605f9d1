/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `plan lint`, `plan approve`, `plan show`. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/nearest.h"
#include "broker/fold.h"
#include "broker/verbs.h"
#include "plan/plan.h"
#include "proto/describe.h"

enum { FAULTS_MAX = 50, PHASE_NAMES_MAX = 256 };

typedef struct Lint {
        const char *file;
        Plan plan;
        Fault faults[FAULTS_MAX];
        size_t n_faults;
} Lint;

static void lint_deinit(Lint *lint) {
        plan_deinit(&lint->plan);
}

/* A file that cannot be read has one fault, which says so. */
static int lint_file(const char *file, Lint *lint) {
        cleanup_buf Buf text = BUF_TEXT;

        lint->file = file;
        if (errand_read_file(file, PLAN_BYTES_MAX, &text, &lint->faults[0]) != 0) {
                lint->n_faults = 1;
                return PLAN_E_REFUSED;
        }
        return plan_parse(file, buf_get(&text), &lint->plan, lint->faults, FAULTS_MAX,
                          &lint->n_faults);
}

static size_t count_checks(const Plan *plan) {
        size_t n = 0;

        for (size_t i = 0; i < plan->n_gates; i++)
                n += plan->gates[i].n_checks;
        return n;
}

/* ---- lint ---- */

static void append_member(const char *name, const char *value, Buf *text) {
        buf_printf(text, ",\"%s\":", name);
        describe_json_string(slice_text(value), text);
}

static void lint_describe_json(const Lint *lint, Buf *text) {
        buf_text(text, "{\"file\":");
        describe_json_string(slice_text(lint->file), text);
        buf_printf(text, ",\"holds\":%s,\"faults\":[", lint->n_faults ? "false" : "true");
        for (size_t i = 0; i < lint->n_faults; i++) {
                buf_printf(text, "%s{\"rule\":\"%s\"", i ? "," : "", lint->faults[i].rule);
                append_member("place", lint->faults[i].place, text);
                append_member("found", lint->faults[i].found, text);
                append_member("next", lint->faults[i].next, text);
                buf_text(text, "}");
        }
        buf_text(text, "]}");
}

static void lint_describe(const Lint *lint, Buf *text) {
        size_t n_checks = lint->n_faults == 0 ? count_checks(&lint->plan) : 0;

        for (size_t i = 0; i < lint->n_faults; i++)
                fault_describe(&lint->faults[i], text);
        if (lint->n_faults == 0)
                buf_printf(text, "%s: phase %.*s, %zu gate%s, %zu check%s, no mistakes\n",
                           lint->file, SLICE_ARGS(lint->plan.phase), lint->plan.n_gates,
                           lint->plan.n_gates == 1 ? "" : "s", n_checks, n_checks == 1 ? "" : "s");
}

int verb_plan_lint(const Args *args) {
        bool is_json = args_has(args, "json");
        cleanup_buf Buf text = BUF_TEXT;
        int status = EXIT_HOLDS;

        if (is_json)
                buf_text(&text, "{\"version\":1,\"lint\":[");
        for (size_t i = 0; i < args->n_rest; i++) {
                cleanup(lint_deinit) Lint lint = {.n_faults = 0};
                int r = lint_file(args->rest[i], &lint);

                if (r < 0)
                        return errand_end(args, r, NULL, EXIT_HOLDS);
                if (r > 0)
                        status = EXIT_USAGE;
                if (is_json && i)
                        buf_text(&text, ",");
                if (is_json)
                        lint_describe_json(&lint, &text);
                else
                        lint_describe(&lint, &text);
        }
        if (is_json)
                buf_text(&text, "]}\n");
        errand_print(&text);
        return status;
}

/* ---- approve ---- */

static int check_phase(const Args *args, const Plan *plan, Fault *fault) {
        const char *wanted = args_get(args, "phase");

        if (!wanted || slice_is(plan->phase, wanted))
                return 0;
        fault_set(fault, "plan-other-phase", "it plans phase %.*s, not %s", SLICE_ARGS(plan->phase),
                  wanted);
        fault_place(fault, "%s", args->rest[0]);
        return ERRAND_E_REFUSED;
}

static void say_approved(const Errand *errand, const Plan *plan, uint64_t seq) {
        cleanup_buf Buf text = BUF_TEXT;
        char digest[HASH_HEX + 1];

        hex_encode(hash_slice(&plan->digest), digest);
        if (errand->is_json) {
                buf_text(&text, "{\"version\":1,\"approved\":{\"phase\":");
                describe_json_string(plan->phase, &text);
                buf_printf(&text, ",\"seq\":%" PRIu64 ",\"digest\":\"%s\",\"gates\":[", seq,
                           digest);
                for (size_t i = 0; i < plan->n_gates; i++) {
                        buf_text(&text, i ? "," : "");
                        describe_json_string(plan->gates[i].id, &text);
                }
                buf_text(&text, "]}}\n");
        } else {
                buf_printf(&text, "plan %.*s approved: entry %" PRIu64 ", digest %.16s, gates",
                           SLICE_ARGS(plan->phase), seq, digest);
                for (size_t i = 0; i < plan->n_gates; i++)
                        buf_printf(&text, " %.*s", SLICE_ARGS(plan->gates[i].id));
                buf_text(&text, "\n");
        }
        errand_print(&text);
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
        };

        for (size_t i = 0; i < gate->n_checks; i++)
                row.checks[i] = gate->checks[i].id;
        return row;
}

/* What the entry says of the plan is computed here and checked by the broker's rules. */
static void make_message(const char *file, const Plan *plan, Arena *arena, Message *ret_message) {
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
                         .n_needs = plan->n_needs},
        };
        message_set_present(ret_message);
}

/* All of them for people; a program gets one object, hence one. */
static int refuse_plan(const Errand *errand, const Lint *lint, Fault *fault) {
        size_t last = errand->is_json ? 0 : lint->n_faults - 1;

        for (size_t i = 0; i < last; i++)
                (void)args_refuse(errand->args, &lint->faults[i], EXIT_USAGE);
        *fault = lint->faults[last];
        return ERRAND_E_REFUSED;
}

static int approve(Errand *errand, Fault *reterr_fault) {
        const char *file = errand->args->rest[0];
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup(lint_deinit) Lint lint = {.n_faults = 0};
        Message message;
        uint64_t seq;
        int r = lint_file(file, &lint);

        TRY(r < 0 ? r : 0);
        if (r > 0)
                return refuse_plan(errand, &lint, reterr_fault);
        r = check_phase(errand->args, &lint.plan, reterr_fault);
        if (r != 0)
                return r;
        make_message(file, &lint.plan, &arena, &message);
        r = errand_say(errand, &message, &seq, reterr_fault);
        if (r == 0)
                say_approved(errand, &lint.plan, seq);
        return r;
}

int verb_plan_approve(const Args *args) {
        return errand_run(args, approve);
}

/* ---- show ---- */

static void show_json(const PhaseRecord *phase, Buf *text) {
        buf_text(text, "{\"version\":1,\"plan\":{\"phase\":");
        describe_json_string(slice_text(phase->name), text);
        buf_printf(text, ",\"seq\":%" PRIu64 ",\"digest\":\"", phase->plan_seq);
        hex_append(text, hash_slice(&phase->plan_digest));
        buf_text(text, "\",\"gates\":[");
        for (size_t i = 0; i < phase->n_gates && phase->gates[i].in_plan; i++) {
                const GateRecord *gate = &phase->gates[i];

                buf_printf(text, "%s{\"gate\":", i ? "," : "");
                describe_json_string(slice_text(gate->id), text);
                append_member("title", gate->title, text);
                buf_text(text, ",\"digest\":\"");
                hex_append(text, hash_slice(&gate->digest));
                buf_printf(text, "\",\"valid_for_ms\":%" PRIu64 "}", gate->valid_for_ms);
        }
        buf_text(text, "],\"text\":");
        describe_json_string(slice_make(phase->plan_text, phase->plan_bytes), text);
        buf_text(text, "}}\n");
}

/* What was approved parses, unless the grammar has changed since. */
static int show_summary(const PhaseRecord *phase, Buf *text, Fault *fault) {
        cleanup(lint_deinit) Lint lint = {.file = "the approved plan"};
        char when[TIME_TEXT_BYTES];
        int r = plan_parse(lint.file, slice_make(phase->plan_text, phase->plan_bytes), &lint.plan,
                           lint.faults, FAULTS_MAX, &lint.n_faults);

        if (r > 0)
                *fault = lint.faults[0];
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        time_format_second(phase->plan_ms, when);
        buf_printf(text, "approved %s, entry %" PRIu64 "\n", when, phase->plan_seq);
        plan_describe(&lint.plan, text);
        return 0;
}

static int show(Errand *errand, Fault *reterr_fault) {
        cleanup(state_deinit) State state;
        cleanup_buf Buf text = BUF_TEXT;
        const PhaseRecord *phase;
        int r;

        state_init(&state);
        r = errand_open_ledger(errand, LEDGER_READ, reterr_fault);
        if (r == 0)
                r = fold_ledger(errand->ledger, &state, reterr_fault);
        if (r == 0)
                r = errand_find_phase(&state, errand->args->rest[0], &phase, reterr_fault);
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        if (errand->is_json)
                show_json(phase, &text);
        else if (args_has(errand->args, "text"))
                buf_slice(&text, slice_make(phase->plan_text, phase->plan_bytes));
        else
                r = show_summary(phase, &text, reterr_fault);
        if (r == 0)
                errand_print(&text);
        return r;
}

int verb_plan_show(const Args *args) {
        return errand_run(args, show);
}
