/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A break happens in a workspace of its own, which then is the tree of the check's run. Whatever of
 * it the claim's commit can bring about is a fail (verification.md §3, C): a patch that does not
 * apply as much as a check that stays green.
 */

#include "verify/teeth.h"

#include <stdio.h>

#include "base/error.h"
#include "verify/checkout.h"
#include "verify/git_dir.h"
#include "verify/series.h"

enum {
        TRIES_MAX = 2,
        HOW_BYTES = 64,
        COMMIT_SHOWN = 12,
        STATUS_NOT_EXECUTABLE = 126, /* as a shell ends that could not start a command */
        STATUS_NOT_FOUND = 127,
};

/* A proof in the making. */
typedef struct Proof {
        AttemptSetting *setting;
        const Check *check;
        CheckReport *report;
        const Teeth *teeth; /* NULL: red-at */
        Slice assertion;
        Judgement judgement; /* HELD as long as nothing is amiss */
} Proof;

static bool begins(Slice text, Slice beginning) {
        return slice_equal(slice_head(text, beginning.n), beginning);
}

/* ---- red? ---- */

/* bash could not start something: at a commit without the check's own script that is no red. */
static bool is_not_there(const Proof *proof, const Attempt *attempt) {
        return !proof->teeth && proof->check->is_shell && attempt->has_sandbox &&
               attempt->sandbox.end == SANDBOX_EXITED &&
               (attempt->sandbox.status == STATUS_NOT_FOUND ||
                attempt->sandbox.status == STATUS_NOT_EXECUTABLE);
}

static const MatchResult *find_red(const Proof *proof, const Attempt *attempt) {
        if (is_not_there(proof, attempt))
                return NULL;
        for (size_t i = 0; i < attempt->n_results; i++) {
                const MatchResult *result = &attempt->results[i];

                if (!result->held && !result->is_undecided &&
                    begins(result->where, proof->assertion))
                        return result;
        }
        return NULL;
}

/* What fails without an assertion, such as a connection that is refused, is red where the plan
 * names that class, or nothing; a command that could not be started is not. */
static bool is_red_without(const Proof *proof, const Judgement *judgement) {
        if (!proof->teeth || judgement->sighting == SIGHTING_EXEC_PRODUCT ||
            judgement->sighting == SIGHTING_EXEC_WORKDIR ||
            judgement->sighting == SIGHTING_ASSERTION)
                return false;
        return begins(slice_text(judgement->reason), proof->assertion);
}

static void judge_red(Proof *proof, const Attempt *attempt) {
        const Judgement *judgement = &attempt->judgement;
        const MatchResult *red = find_red(proof, attempt);
        const char *what = proof->teeth ? "teeth" : "red-at";

        judge_by(SIGHTING_HELD, NULL, &proof->judgement, "%s", "");
        if (judgement->outcome == OUTCOME_ERROR)
                proof->judgement = *judgement;
        else if (judgement->outcome == OUTCOME_PASS)
                judge_by(proof->teeth ? SIGHTING_TEETH_GREEN : SIGHTING_RED_AT_GREEN, NULL,
                         &proof->judgement, "%s",
                         proof->teeth ? "it holds although what it looks at was broken"
                                      : "it holds at the commit where the plan says that it fails");
        else if (red)
                check_report_add_line(proof->report, "%s: red at %.*s: expected %.*s, found %.*s",
                                      what, SLICE_ARGS(red->where), SLICE_ARGS(red->expected),
                                      SLICE_ARGS(red->actual));
        else if (is_red_without(proof, judgement))
                check_report_add_line(proof->report, "%s: red by %s: %s", what, judgement->reason,
                                      judgement->summary);
        else
                judge_by(proof->teeth ? SIGHTING_TEETH_ELSEWHERE : SIGHTING_RED_AT_ELSEWHERE, NULL,
                         &proof->judgement, "expected red at %.*s, found %s: %s",
                         SLICE_ARGS(proof->assertion.n ? proof->assertion
                                                       : slice_text("an assertion")),
                         judgement->reason, judgement->summary);
}

/* What is not red is looked at once more, and on a healthy machine. */
static int expect_red(Proof *proof) {
        Check check = *proof->check;

        check.hold_ms = 0;
        proof->setting->repetition = check.n_repeat > 1;
        for (unsigned i = 1;; i++) {
                Attempt attempt = {.has_sandbox = false};
                int r = series_run(proof->setting, &check, false, proof->report, &attempt);

                if (r != 0)
                        return r;
                judge_red(proof, &attempt);
                attempt_ask_canary(proof->setting, &proof->judgement);
                if (i == TRIES_MAX && proof->judgement.outcome != OUTCOME_PASS)
                        check_report_show(proof->report, &attempt);
                attempt_deinit(&attempt);
                if (i == TRIES_MAX || proof->judgement.outcome == OUTCOME_PASS)
                        return 0;
        }
}

/* ---- teeth ---- */

/* The patch comes from the plan, the files from the claim: git applies it where the check would
 * run, and finds no configuration there, neither ours nor theirs. */
static void make_patch_script(const Proof *proof, Arena *arena, Check *script) {
        static Slice command = {
                .data = (const uint8_t
                                 *)"printf %s \"$TEETH_PATCH\" | git apply --whitespace=nowarn -",
                .n = sizeof "printf %s \"$TEETH_PATCH\" | git apply --whitespace=nowarn -" - 1};
        const PlanPair env[] = {
                {slice_text("GIT_CONFIG_NOSYSTEM"), slice_text("1")},
                {slice_text("GIT_CONFIG_GLOBAL"), slice_text("/dev/null")},
                {slice_text("GIT_ATTR_NOSYSTEM"), slice_text("1")},
                {slice_text("GIT_CEILING_DIRECTORIES"), slice_text("/")},
                {slice_text("GIT_CONFIG_COUNT"), slice_text("1")},
                {slice_text("GIT_CONFIG_KEY_0"), slice_text("safe.bareRepository")},
                {slice_text("GIT_CONFIG_VALUE_0"), slice_text("explicit")},
                {slice_text("TEETH_PATCH"), proof->teeth->patch},
        };

        script->is_shell = true;
        script->command = &command;
        script->n_command = 1;
        script->workdir = SLICE_NULL;
        script->env = arena_alloc_array(arena, ARRAY_SIZE(env), sizeof *env);
        memcpy(script->env, env, sizeof env);
        script->n_env = ARRAY_SIZE(env);
}

static void make_script(const Proof *proof, Arena *arena, Check *script) {
        *script = *proof->check;
        if (proof->teeth->patch.n) {
                make_patch_script(proof, arena, script);
                return;
        }
        script->is_shell = proof->teeth->is_shell;
        script->command = proof->teeth->command;
        script->n_command = proof->teeth->n_command;
}

static void judge_break(Proof *proof, const SandboxSpec *spec, const SandboxOutcome *outcome) {
        JudgeFacts facts = {.command_is_product = false};
        Judgement seen;
        MatchResult status = {.where = slice_text("exit-status"),
                              .held = outcome->status == 0,
                              .expected = slice_text("0"),
                              .actual = slice_text("another"),
                              .reason = "assert.exit-status"};

        attempt_get_facts(spec, &facts);
        judge_run(outcome, &facts, &status, 1, &seen);
        if (seen.outcome == OUTCOME_PASS || seen.outcome == OUTCOME_ERROR)
                proof->judgement = seen;
        else if (outcome->end == SANDBOX_EXITED)
                judge_by(SIGHTING_TEETH_BROKEN, NULL, &proof->judgement,
                         "what breaks it ended with exit status %d: %.*s", outcome->status,
                         SLICE_ARGS(buf_get(&outcome->err.head)));
        else
                judge_by(SIGHTING_TEETH_BROKEN, NULL, &proof->judgement, "%s: %s", seen.reason,
                         seen.summary);
}

/* Nobody can stop it: what was broken outside must not stay so. */
static int mend(Proof *proof) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup(sandbox_outcome_deinit) SandboxOutcome outcome = {.end = SANDBOX_BROKEN};
        VerifyRequest request = *proof->setting->request;
        AttemptSetting setting = *proof->setting;
        Check script = *proof->check;
        Slice undo = proof->teeth->undo;
        SandboxSpec spec = {.argv = NULL};
        int r;

        if (!undo.n)
                return 0;
        request.progress = (VerifyProgress){.userdata = NULL};
        setting.request = &request;
        script.is_shell = true;
        script.command = &undo;
        script.n_command = 1;
        r = attempt_run_script(&setting, &script, false, &arena, &spec, &outcome);
        proof->setting->n_dirs = setting.n_dirs;
        if (r != 0)
                return r;
        attempt_drop(&setting, &spec);
        if (outcome.end != SANDBOX_EXITED || outcome.status != 0)
                check_report_add_note(proof->report, "undo failed: check %.*s: %.*s",
                                      SLICE_ARGS(proof->check->id),
                                      SLICE_ARGS(buf_get(&outcome.err.head)));
        return 0;
}

/* Breaks it, expects red, mends it. */
static int bite(Proof *proof) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup(sandbox_outcome_deinit) SandboxOutcome outcome = {.end = SANDBOX_BROKEN};
        const char *tree = proof->setting->tree;
        SandboxSpec spec = {.argv = NULL};
        Check script;
        int r, mended;

        make_script(proof, &arena, &script);
        r = attempt_run_script(proof->setting, &script, true, &arena, &spec, &outcome);
        if (r == 0)
                judge_break(proof, &spec, &outcome);
        if (r == 0 && proof->judgement.outcome == OUTCOME_PASS) {
                proof->setting->tree = sandbox_get_copy(&spec, &arena);
                r = expect_red(proof);
        }
        mended = mend(proof);
        proof->setting->tree = tree;
        if (spec.scratch)
                attempt_drop(proof->setting, &spec);
        return r ? r : mended;
}

static int expect_green(Proof *proof) {
        Attempt attempt = {.has_sandbox = false};
        int r;

        /* Where a break can outlive its workspace, it must be seen that it did not. */
        if (!(check_reaches_out(proof->check) || proof->check->n_host_access) ||
            proof->judgement.outcome != OUTCOME_PASS)
                return 0;
        proof->setting->how = ", mended after its teeth";
        r = series_run(proof->setting, proof->check, false, proof->report, &attempt);
        if (r == 0 && attempt.judgement.outcome == OUTCOME_ERROR)
                proof->judgement = attempt.judgement;
        else if (r == 0 && attempt.judgement.outcome != OUTCOME_PASS)
                judge_by(SIGHTING_TEETH_STUCK, NULL, &proof->judgement,
                         "mended, it is not green again: %s: %s", attempt.judgement.reason,
                         attempt.judgement.summary);
        attempt_deinit(&attempt);
        return r;
}

static int prove_teeth(Proof *proof, size_t number) {
        char how[HOW_BYTES];
        int r;

        (void)snprintf(how, sizeof how, ", broken by its teeth %zu", number);
        proof->setting->how = how;
        judge_by(SIGHTING_HELD, NULL, &proof->judgement, "%s", "");
        r = bite(proof);
        if (r == 0)
                r = expect_green(proof);
        proof->setting->how = "";
        return r;
}

/* ---- red-at ---- */

static void judge_absent(Proof *proof, int condition, const Fault *fault) {
        bool is_error = condition == PREP_E_ERROR;

        judge_by(is_error ? SIGHTING_RED_AT_PREP : SIGHTING_RED_AT_ABSENT, "red-at",
                 &proof->judgement, "%s%s%s", fault->found, fault->place[0] ? ": " : "",
                 fault->place);
        if (is_error && fault->rule)
                (void)snprintf(proof->judgement.reason, REASON_BYTES, "%s", fault->rule);
}

/* The setting is that of the other commit. */
static int expect_red_there(Proof *proof, const Checkout *checkout) {
        AttemptSetting *setting = proof->setting;
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        int r = git_dir_choose(setting, proof->check, checkout, &arena, &setting->tree, &fault);

        if (r > 0)
                judge_absent(proof, PREP_E_ERROR, &fault);
        return r == 0 ? expect_red(proof) : r < 0 ? r : 0;
}

static int prove_red_at(Proof *proof) {
        cleanup(checkout_deinit) Checkout checkout = CHECKOUT_INIT;
        AttemptSetting *setting = proof->setting, before = *setting;
        VerifyRequest request = *setting->request;
        cleanup_arena Arena arena = ARENA_INIT;
        char how[HOW_BYTES];
        Fault fault = FAULT_INIT;
        int r;

        request.commit = arena_text(&arena, proof->check->red_at);
        r = checkout_prepare(&request, &checkout, &fault);
        if (attempt_is_cancelled(setting))
                return ATTEMPT_E_CANCELLED;
        if (r < 0)
                return r;
        if (r != 0) {
                judge_absent(proof, r, &fault);
                return 0;
        }
        (void)snprintf(how, sizeof how, ", at %.*s", COMMIT_SHOWN, request.commit);
        setting->request = &request;
        setting->how = how;
        r = expect_red_there(proof, &checkout);
        setting->request = before.request;
        setting->tree = before.tree;
        setting->how = before.how;
        return r;
}

int teeth_prove(AttemptSetting *setting, const Check *check, CheckReport *report) {
        Proof proof = {.setting = setting, .check = check, .report = report};
        int r = 0;

        judge_by(SIGHTING_HELD, NULL, &proof.judgement, "%s", "");
        for (size_t i = 0; r == 0 && proof.judgement.outcome == OUTCOME_PASS && i < check->n_teeth;
             i++) {
                proof.teeth = &check->teeth[i];
                proof.assertion = proof.teeth->assertion;
                r = prove_teeth(&proof, i + 1);
        }
        proof.teeth = NULL;
        proof.assertion = SLICE_NULL;
        if (r == 0 && proof.judgement.outcome == OUTCOME_PASS && check->red_at.n)
                r = prove_red_at(&proof);
        setting->repetition = 0;
        if (r != 0)
                return r;
        if (proof.judgement.outcome != OUTCOME_PASS)
                report->judgement = proof.judgement;
        else
                report->seen_red = check->n_teeth || check->red_at.n;
        return 0;
}
