/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A gate from its request to its verdict: tools, workspace, checks in order, decision. Whatever
 * goes wrong on the way becomes an outcome with a reason; only a cancellation ends without a
 * verdict.
 */

#include "verify/verify.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "verify/around.h"
#include "verify/beside.h"
#include "verify/check.h"
#include "verify/clip.h"
#include "verify/evidence.h"
#include "verify/git_dir.h"
#include "verify/hide.h"
#include "verify/revision.h"
#include "verify/scratch.h"
#include "verify/tools.h"
#include "verify/verdict.h"
#include "verify/checkout.h"

enum { SINCE_BYTES = TIME_TEXT_BYTES };

/* One verification in the making. */
typedef struct Run {
        const VerifyRequest *request;
        VerifyResult *result;
        VerdictDraft draft;
        Checkout workspace;
        AttemptSetting setting;
        Beside beside;
        char *dir;
        char started_at[SINCE_BYTES], since[SINCE_BYTES];
        bool *is_wanted;    /* by check: chosen by only_check and its needs */
        size_t turn;        /* the check whose result is next */
        Judgement *missing; /* by check: what the machine lacks; SIGHTING_HELD: nothing */
} Run;

static void run_deinit(Run *run) {
        beside_deinit(&run->beside);
        if (run->dir && !run->request->keep)
                scratch_drop(run->dir);
        free(run->dir);
        draft_deinit(&run->draft);
        checkout_deinit(&run->workspace);
}

/* By its own word, or because what it asks may be of another commit. */
static bool needs_check(const Gate *gate, size_t index, size_t other) {
        const Check *check = &gate->checks[index];

        for (size_t i = 0; i < check->n_needs; i++)
                if (check_is(&gate->checks[other], check->needs[i]))
                        return true;
        return revision_guards(gate, other, index);
}

/* A check stands behind those it needs, so one pass from the end finds them all. */
static void choose(Run *run) {
        const Gate *gate = run->request->gate;
        const char *only = run->request->only_check;

        for (size_t i = gate->n_checks; i-- > 0;) {
                const Check *check = &gate->checks[i];

                if (!only || check_is(check, slice_text(only)))
                        run->is_wanted[i] = true;
                for (size_t j = 0; run->is_wanted[i] && j < i; j++)
                        if (needs_check(gate, i, j))
                                run->is_wanted[j] = true;
        }
}

static int open_run(Run *run) {
        const VerifyRequest *request = run->request;
        Arena *arena = &run->result->arena;
        size_t n_checks = request->gate->n_checks;

        TRY(scratch_open_job(request->scratch, &run->dir));
        time_format_second(run->draft.started_ms, run->started_at);
        time_format_second(request->claimed_ms, run->since);
        run->is_wanted = arena_alloc_array(arena, n_checks + 1, sizeof(bool));
        run->missing = arena_alloc_array(arena, n_checks + 1, sizeof(Judgement));
        choose(run);
        run->setting = (AttemptSetting){.request = request,
                                        .dir = run->dir,
                                        .hide = hide_list(request, arena),
                                        .started_at = run->started_at,
                                        .since = run->since,
                                        .what = "tools",
                                        .how = ""};
        for (size_t i = 0; i < n_checks; i++)
                run->setting.n_total += run->is_wanted[i];
        return 0;
}

/* Before anything of the claim is there. */
static int look_at_tools(Run *run) {
        cleanup(tool_memo_deinit) ToolMemo memo = {.n = 0};
        const Gate *gate = run->request->gate;

        for (size_t i = 0; i < gate->n_checks; i++) {
                bool all_there = true;
                int r = 0;

                if (run->is_wanted[i])
                        r = tools_look(&run->setting, &gate->checks[i], &memo, &all_there,
                                       &run->missing[i]);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* The first check that it needs and that did not pass. */
static const struct check_result *find_unmet(const Run *run, size_t index) {
        const Gate *gate = run->request->gate;

        for (size_t k = 0; k < run->draft.n_checks; k++) {
                const struct check_result *result = &run->draft.checks[k];
                const Check *other = gate_find_check(gate, result->check);

                if (result->outcome != OUTCOME_PASS && result->outcome != OUTCOME_WARN &&
                    needs_check(gate, index, (size_t)(other - gate->checks)))
                        return result;
        }
        return NULL;
}

/* A check that is needed and was not wanted, or passed over, has no result to wait for. */
static BesideNow look_at(void *userdata, size_t index) {
        const Run *run = userdata;

        if (!run->is_wanted[index] || run->missing[index].sighting != SIGHTING_HELD)
                return BESIDE_NEVER;
        for (size_t i = run->turn; i < index; i++)
                if (run->is_wanted[i] && needs_check(run->request->gate, index, i))
                        return BESIDE_NOT_YET;
        return find_unmet(run, index) ? BESIDE_NEVER : BESIDE_READY;
}

static int verify_check(Run *run, size_t index, CheckReport *report) {
        const Check *check = &run->request->gate->checks[index];
        Fault fault = FAULT_INIT;
        HandedRun handed;
        int r;

        run->setting.tree = run->workspace.dir;
        r = beside_take(&run->beside, index, &handed);
        if (r == BESIDE_E_CANCELLED)
                return ATTEMPT_E_CANCELLED;
        if (r == 0)
                return check_verify(&run->setting, check, &handed, report);
        r = git_dir_choose(&run->setting, check, &run->workspace, &run->result->arena,
                           &run->setting.tree, &fault);

        if (r < 0)
                return r;
        if (r == 0)
                return check_verify(&run->setting, check, NULL, report);
        judge_by(SIGHTING_GIT_DIR, NULL, &report->judgement, "%s", fault.found);
        return 0;
}

static int examine(Run *run, size_t index, CheckReport *report) {
        const struct check_result *unmet = find_unmet(run, index);

        if (unmet)
                judge_by(SIGHTING_NEEDS, NULL, &report->judgement, "needs %.*s, which did not pass",
                         SLICE_ARGS(unmet->check));
        else if (run->missing[index].sighting != SIGHTING_HELD)
                report->judgement = run->missing[index];
        else
                return verify_check(run, index, report);
        return 0;
}

static int run_check(Run *run, size_t index) {
        cleanup(check_report_deinit) CheckReport report = {.n_lines = 0};
        const Check *check = &run->request->gate->checks[index];
        int r;

        run->turn = index;
        run->setting.what = arena_text(&run->result->arena, check->id);
        run->setting.reported_ms = 0;
        if (attempt_is_cancelled(&run->setting))
                return VERIFY_E_CANCELLED;
        r = examine(run, index, &report);
        if (r == ATTEMPT_E_CANCELLED)
                return VERIFY_E_CANCELLED;
        TRY(r);
        draft_add_check(&run->draft, check, &report, run->workspace.tree);
        run->setting.n_done++;
        return 0;
}

static int run_checks(Run *run) {
        for (size_t i = 0; i < run->request->gate->n_checks; i++) {
                int r = run->is_wanted[i] ? run_check(run, i) : 0;

                if (r != 0)
                        return r;
        }
        return 0;
}

static void skip_checks(Run *run, Sighting sighting) {
        for (size_t i = 0; i < run->request->gate->n_checks; i++) {
                cleanup(check_report_deinit) CheckReport report = {.n_lines = 0};

                if (!run->is_wanted[i])
                        continue;
                judge_by(sighting, NULL, &report.judgement, "%s", "");
                draft_add_check(&run->draft, &run->request->gate->checks[i], &report, "");
        }
}

/* Each check that was to be run has exactly one result, and no other has one. */
static void close_checks(Run *run) {
        const Gate *gate = run->request->gate;
        Slice *expected = arena_alloc_array(&run->result->arena, gate->n_checks, sizeof(Slice));
        cleanup_buf Buf why = BUF_TEXT;
        Fault fault = FAULT_INIT;
        size_t n = 0;

        for (size_t i = 0; i < gate->n_checks; i++)
                if (run->is_wanted[i])
                        expected[n++] = gate->checks[i].id;
        if (judge_closed(expected, n, run->draft.checks, run->draft.n_checks, &why))
                return;
        fault_set(&fault, "checks.closed", "%s", buf_get_text(&why));
        draft_decide(&run->draft, DECISION_INCONCLUSIVE, &fault);
}

/* The workspace is there. */
static int run_gate(Run *run) {
        cleanup(around_deinit) Around around = {
                .setting = &run->setting, .draft = &run->draft, .tree = run->workspace.tree};
        int r = around_begin(&around);

        if (r == AROUND_E_DECIDED || r == AROUND_E_CARRIED) {
                skip_checks(run, r == AROUND_E_CARRIED ? SIGHTING_CARRIED : SIGHTING_NOT_RUN);
                if (r == AROUND_E_CARRIED)
                        draft_judge(&run->draft);
                close_checks(run);
                return 0;
        }
        if (r == 0)
                r = run_checks(run);
        if (r == 0) {
                draft_judge(&run->draft);
                close_checks(run);
                r = around_end(&around);
        }
        return r == ATTEMPT_E_CANCELLED ? VERIFY_E_CANCELLED : r;
}

/* What a tree only points at is said; where the plan wants all of it to be there, it is a failure
 * of the commit, which could bring about an error otherwise. */
static bool is_refused_as_incomplete(Run *run, Fault *reterr_fault) {
        cleanup_buf Buf absent = BUF_TEXT;

        if (!checkout_tell_absent(&run->workspace, &absent))
                return false;
        draft_add_note(&run->draft, "%s", buf_get_text(&absent));
        if (!run->request->gate->is_complete)
                return false;
        fault_set(reterr_fault, "claim.incomplete", "%s", buf_get_text(&absent));
        skip_checks(run, SIGHTING_NOT_PREPARED);
        draft_decide(&run->draft, DECISION_FAIL, reterr_fault);
        return true;
}

static int carry_out(Run *run, Fault *reterr_fault) {
        int r = open_run(run);

        if (r == 0)
                r = look_at_tools(run);
        if (r == ATTEMPT_E_CANCELLED)
                return VERIFY_E_CANCELLED;
        TRY(r);
        r = checkout_prepare(run->request, &run->workspace, reterr_fault);
        if (attempt_is_cancelled(&run->setting))
                return VERIFY_E_CANCELLED;
        run->draft.tree = run->workspace.tree;
        if (r < 0)
                return r;
        if (r != 0) {
                skip_checks(run, SIGHTING_NOT_PREPARED);
                draft_decide(&run->draft, r == PREP_E_ERROR ? DECISION_INCONCLUSIVE : DECISION_FAIL,
                             reterr_fault);
                return 0;
        }
        run->setting.tree = run->workspace.dir;
        run->setting.tree_bytes = checkout_get_size(&run->workspace);
        checkout_describe(&run->workspace, &run->draft.workspace);
        return is_refused_as_incomplete(run, reterr_fault) ? 0 : run_gate(run);
}

int verify_run(const VerifyRequest *request, VerifyResult *ret_result) {
        cleanup(run_deinit)
                Run run = {.request = request, .result = ret_result, .workspace = CHECKOUT_INIT};
        Fault fault = FAULT_INIT;
        int r;

        run.beside = (Beside){.setting = &run.setting,
                              .n_places = size_min(request->n_jobs, VERIFY_JOBS_MAX),
                              .userdata = &run,
                              .look = look_at};
        beside_init(&run.beside);
        *ret_result = (VerifyResult){.kept = NULL};
        draft_init(&run.draft, request, &ret_result->arena);
        r = carry_out(&run, &fault);
        if (r == VERIFY_E_CANCELLED) {
                verify_result_deinit(ret_result);
                return r;
        }
        if (r < 0) {
                fault_set(&fault, "sandbox.engine", "the verification broke off: %s", strerror(-r));
                draft_decide(&run.draft, DECISION_INCONCLUSIVE, &fault);
        }
        draft_finish(&run.draft, ret_result);
        if (request->keep && run.dir)
                ret_result->kept = mem_strdup(run.dir);
        return 0;
}

void verify_result_deinit(VerifyResult *result) {
        free(result->kept);
        arena_deinit(&result->arena);
        *result = (VerifyResult){.kept = NULL};
}
