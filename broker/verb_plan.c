/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `plan lint`, `plan show`. */

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "broker/fold.h"
#include "broker/plan_file.h"
#include "broker/verbs.h"
#include "proto/describe.h"

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

static void lint_describe_json(const PlanFile *lint, Buf *text) {
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

static void lint_describe(const PlanFile *lint, Buf *text) {
        size_t n_checks = lint->n_faults == 0 ? count_checks(&lint->plan) : 0;

        for (size_t i = 0; i < lint->n_faults; i++)
                fault_describe(&lint->faults[i], text);
        if (lint->n_faults)
                return;
        buf_printf(text, "%s: phase %.*s, %zu gate%s, %zu check%s, no mistakes\n", lint->file,
                   SLICE_ARGS(lint->plan.phase), lint->plan.n_gates,
                   lint->plan.n_gates == 1 ? "" : "s", n_checks, n_checks == 1 ? "" : "s");
        plan_describe_hints(&lint->plan, lint->file, text);
}

int verb_plan_lint(const Args *args) {
        bool is_json = args_has(args, "json");
        cleanup_buf Buf text = BUF_TEXT;
        int status = EXIT_HOLDS;

        if (is_json)
                buf_text(&text, "{\"version\":1,\"lint\":[");
        for (size_t i = 0; i < args->n_rest; i++) {
                cleanup_plan_file PlanFile lint = {.n_faults = 0};
                int r = plan_file_read(args->rest[i], &lint);

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
        cleanup_plan_file PlanFile lint = {.n_faults = 0};
        char when[TIME_TEXT_BYTES];
        int r = plan_file_in_force(phase, &lint);

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
