/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `plan approve`, `plan diff`: a revision is put in force by who has seen what it weakens. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "broker/fold.h"
#include "broker/plan_diff.h"
#include "broker/plan_file.h"
#include "proto/describe.h"

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

/* All of them for people; a program gets one object, hence one. */
static int refuse_plan(const Errand *errand, const PlanFile *lint, Fault *fault) {
        size_t last = errand->is_json ? 0 : lint->n_faults - 1;

        for (size_t i = 0; i < last; i++)
                (void)args_refuse(errand->args, &lint->faults[i], EXIT_USAGE);
        *fault = lint->faults[last];
        return ERRAND_E_REFUSED;
}

/* ---- what it does to the plan in force ---- */

typedef struct Revision {
        PlanFile file;   /* that is to be approved */
        PlanFile before; /* in force; empty if there is none */
        State state;     /* which the diff borrows from */
        Arena arena;
        PlanDiff diff;
} Revision;

static void revision_deinit(Revision *revision) {
        plan_file_deinit(&revision->file);
        plan_file_deinit(&revision->before);
        state_deinit(&revision->state);
        arena_deinit(&revision->arena);
}

static int read_revision(const Errand *errand, Revision *revision, Fault *fault) {
        int r = plan_file_read(errand->args->rest[0], &revision->file);

        state_init(&revision->state);
        TRY(r < 0 ? r : 0);
        if (r > 0)
                return refuse_plan(errand, &revision->file, fault);
        return check_phase(errand->args, &revision->file.plan, fault);
}

/* The ledger is only looked at here; it is closed again, for it may be opened to be written. */
static int compare(Errand *errand, Revision *revision, Fault *fault) {
        const Plan *after = &revision->file.plan;
        const PhaseRecord *phase;
        int r = errand_open_ledger(errand, LEDGER_READ, fault);

        if (r == 0)
                r = fold_ledger(errand->ledger, &revision->state, fault);
        errand->ledger = ledger_free(errand->ledger);
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        phase = state_find_phase(&revision->state, after->phase);
        r = phase ? plan_file_in_force(phase, &revision->before) : 0;
        TRY(r < 0 ? r : 0);
        if (r > 0)
                plan_diff_blind(after, revision->before.faults[0].found, &revision->arena,
                                &revision->diff);
        else
                plan_diff_build(phase ? &revision->before.plan : NULL, after, &revision->arena,
                                &revision->diff);
        return 0;
}

static void say_diff(const Errand *errand, const PlanDiff *diff) {
        cleanup_buf Buf text = BUF_TEXT;

        if (errand->is_json) {
                buf_text(&text, "{\"version\":1,\"diff\":");
                plan_diff_describe_json(diff, &text);
                buf_printf(&text, ",\"exit\":%d}\n", errand->status);
        } else {
                plan_diff_describe(diff, &text);
        }
        errand_print(&text);
}

static int diff(Errand *errand, Fault *reterr_fault) {
        cleanup(revision_deinit) Revision revision = {.arena = ARENA_INIT};
        int r = read_revision(errand, &revision, reterr_fault);

        if (r == 0)
                r = compare(errand, &revision, reterr_fault);
        if (r != 0)
                return r;
        if (revision.diff.n_weakened)
                errand->status = EXIT_HOLDS_NOT;
        say_diff(errand, &revision.diff);
        return 0;
}

int verb_plan_diff(const Args *args) {
        return errand_run(args, diff);
}

/* ---- approve ---- */

/* Shown, and not approved. */
static int hold_back(Errand *errand, const PlanDiff *diff) {
        errand->status = EXIT_HOLDS_NOT;
        say_diff(errand, diff);
        (void)fprintf(stderr,
                      "broker: plan-weakens: the revision weakens the plan in force; it is not "
                      "approved\n  next: broker plan approve %s --accept-weakening\n",
                      errand->args->rest[0]);
        return 0;
}

static int approve(Errand *errand, Fault *reterr_fault) {
        cleanup(revision_deinit) Revision revision = {.arena = ARENA_INIT};
        Message message;
        uint64_t seq;
        int r = read_revision(errand, &revision, reterr_fault);

        if (r == 0)
                r = compare(errand, &revision, reterr_fault);
        if (r != 0)
                return r;
        if (revision.diff.n_weakened && !args_has(errand->args, "accept-weakening"))
                return hold_back(errand, &revision.diff);
        plan_file_make_message(errand->args->rest[0], &revision.file.plan, &revision.arena,
                               &message);
        r = errand_say(errand, &message, &seq, reterr_fault);
        if (r == 0)
                say_approved(errand, &revision.file.plan, seq);
        return r;
}

int verb_plan_approve(const Args *args) {
        return errand_run(args, approve);
}
