/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Whose fault it is. */

#include "verify/judge.h"

#include <errno.h>
#include <signal.h>

#include "tests/lib/test.h"

static const JudgeFacts no_facts = {.command_is_product = false};

static Judgement judge_end(SandboxEnd end, int number, const JudgeFacts *facts) {
        SandboxOutcome outcome = {.end = end, .status = number, .signal = number, .error = number};
        MatchResult held = {.where = slice_text("exit-status.equals"), .held = true};
        Judgement judgement;

        judge_run(&outcome, facts, &held, 1, &judgement);
        return judgement;
}

static Judgement judge_answer(HttpEnd end, const SandboxOutcome *server, bool was_alive) {
        HttpAnswer answer = {.end = end, .status = 200};
        MatchResult held = {.where = slice_text("status.equals"), .held = true};
        HttpSeen seen = {.server = server, .was_alive = was_alive, .answer = &answer};
        Judgement judgement;

        judge_http(&seen, &no_facts, &held, 1, &judgement);
        return judgement;
}

static JudgedRun judged(Sighting sighting, bool was_overlay) {
        JudgedRun run = {.was_overlay = was_overlay};

        judge_by(sighting, "x", &run.judgement, "as seen");
        return run;
}

static struct check_result ended(Outcome outcome) {
        return (struct check_result){.outcome = outcome};
}

TEST(every_row_that_is_no_pass_has_a_reason_and_a_sentence) {
        for (int i = 0; i < _SIGHTING_MAX; i++) {
                const SightingRow *row = sighting_row((Sighting)i);

                CHECK(row->sentence && row->sentence[0]);
                CHECK_EQ_INT(row->reason[0] == 0, row->outcome == OUTCOME_PASS);
        }
}

TEST(a_check_passes_when_every_assertion_holds) {
        CHECK_EQ_INT(judge_end(SANDBOX_EXITED, 0, &no_facts).outcome, OUTCOME_PASS);
        CHECK_EQ_TEXT(judge_end(SANDBOX_EXITED, 0, &no_facts).reason, "");
}

TEST(a_false_assertion_is_a_fail_that_says_what_was_expected) {
        SandboxOutcome outcome = {.end = SANDBOX_EXITED};
        MatchResult results[] = {
                {.where = slice_text("exit-status.equals"), .held = true},
                {.where = slice_text("stdout.equals"),
                 .expected = slice_text("hello"),
                 .actual = slice_text("hel\033[31mo"),
                 .reason = "assert.stdout"},
        };
        Judgement judgement;

        judge_run(&outcome, &no_facts, results, 2, &judgement);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_FAIL);
        CHECK_EQ_TEXT(judgement.reason, "assert.stdout");
        CHECK_CONTAINS(judgement.summary, "stdout.equals: expected hello, found hel");
        CHECK_CONTAINS_NOT(judgement.summary, "\033");
}

TEST(an_assertion_that_needs_what_was_cut_is_the_outputs_fault) {
        SandboxOutcome outcome = {.end = SANDBOX_EXITED};
        MatchResult result = {.where = slice_text("stdout.line-count"),
                              .is_undecided = true,
                              .reason = "output.limit"};
        Judgement judgement;

        judge_run(&outcome, &no_facts, &result, 1, &judgement);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_FAIL);
        CHECK_EQ_TEXT(judgement.reason, "output.limit");
}

TEST(nothing_examined_is_a_fail) {
        SandboxOutcome outcome = {.end = SANDBOX_EXITED};
        Judgement judgement;

        judge_run(&outcome, &no_facts, NULL, 0, &judgement);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_FAIL);
        CHECK_EQ_TEXT(judgement.reason, "vacuous");
}

TEST(ends_of_a_command_are_told_apart) {
        JudgeFacts product = {.command_is_product = true};
        JudgeFacts missing = {.command_is_missing = true};
        JudgeFacts memory = {.memory_ran_out = true};

        CHECK_EQ_TEXT(judge_end(SANDBOX_SIGNALED, SIGSEGV, &no_facts).reason, "signal.11");
        CHECK_EQ_TEXT(judge_end(SANDBOX_SIGNALED, SIGXFSZ, &no_facts).reason, "limit.file-size");
        CHECK_EQ_TEXT(judge_end(SANDBOX_SIGNALED, SIGKILL, &memory).reason, "limit.memory");
        CHECK_EQ_TEXT(judge_end(SANDBOX_SIGNALED, SIGSEGV, &memory).reason, "signal.11");
        CHECK_EQ_INT(judge_end(SANDBOX_TIMED_OUT, 0, &no_facts).outcome, OUTCOME_TIMEOUT);
        CHECK_EQ_TEXT(judge_end(SANDBOX_OUTPUT_CAP, 0, &no_facts).reason, "output.limit");
        CHECK_EQ_TEXT(judge_end(SANDBOX_NOT_STARTED, ENOENT, &product).reason, "exec.product");
        CHECK_EQ_INT(judge_end(SANDBOX_NOT_STARTED, ENOENT, &product).outcome, OUTCOME_FAIL);
        CHECK_EQ_TEXT(judge_end(SANDBOX_NOT_STARTED, ENOENT, &missing).reason, "env.missing");
        CHECK_EQ_INT(judge_end(SANDBOX_NOT_STARTED, ENOENT, &missing).outcome, OUTCOME_ERROR);
        CHECK_EQ_INT(judge_end(SANDBOX_NOT_STARTED, EAGAIN, &no_facts).outcome, OUTCOME_ERROR);
        CHECK_EQ_INT(judge_end(SANDBOX_STOPPED, 0, &no_facts).outcome, OUTCOME_ERROR);
}

TEST(a_broken_sandbox_gives_its_own_reason) {
        SandboxOutcome outcome = {.end = SANDBOX_BROKEN};
        Judgement judgement;

        fault_set(&outcome.fault, "sandbox.mount", "no overlay");
        judge_run(&outcome, &no_facts, NULL, 0, &judgement);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_ERROR);
        CHECK_EQ_TEXT(judgement.reason, "sandbox.mount");
        CHECK_CONTAINS(judgement.summary, "no overlay");
}

TEST(a_server_that_lives_and_does_not_answer_fails) {
        SandboxOutcome server = {.end = SANDBOX_STOPPED};

        CHECK_EQ_TEXT(judge_answer(HTTP_RESET, &server, true).reason, "http.reset");
        CHECK_EQ_INT(judge_answer(HTTP_RESET, &server, true).outcome, OUTCOME_FAIL);
        CHECK_EQ_TEXT(judge_answer(HTTP_NOT_READY, &server, true).reason, "server.not-ready");
        CHECK_EQ_INT(judge_answer(HTTP_NOT_READY, &server, true).outcome, OUTCOME_TIMEOUT);
        CHECK_EQ_INT(judge_answer(HTTP_ANSWERED, &server, true).outcome, OUTCOME_PASS);
}

TEST(a_server_that_ended_is_the_reason_for_no_answer) {
        SandboxOutcome exited = {.end = SANDBOX_EXITED, .status = 7};
        SandboxOutcome killed = {.end = SANDBOX_SIGNALED, .signal = SIGSEGV};

        CHECK_EQ_TEXT(judge_answer(HTTP_NOT_READY, &exited, false).reason, "server.exit.7");
        CHECK_EQ_TEXT(judge_answer(HTTP_RESET, &killed, false).reason, "server.signal.11");
        CHECK_EQ_INT(judge_answer(HTTP_ANSWERED, &exited, false).outcome, OUTCOME_PASS);
}

TEST(our_own_client_is_never_the_products_fault) {
        SandboxOutcome server = {.end = SANDBOX_STOPPED};

        CHECK_EQ_INT(judge_answer(HTTP_BROKEN, &server, true).outcome, OUTCOME_ERROR);
        CHECK_EQ_TEXT(judge_answer(HTTP_BROKEN, NULL, true).reason, "http.client");
        CHECK_EQ_INT(judge_answer(HTTP_UNRESOLVED, NULL, true).outcome, OUTCOME_ERROR);
        CHECK_EQ_INT(judge_answer(HTTP_REFUSED, NULL, true).outcome, OUTCOME_FAIL);
}

TEST(a_pass_is_decided_at_once) {
        JudgedRun runs[] = {judged(SIGHTING_HELD, true)};
        Judgement judgement;
        size_t shown;

        CHECK_EQ_INT(judge_confirm(runs, 1, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_PASS);
}

TEST(a_fail_is_confirmed_on_a_copy) {
        JudgedRun runs[] = {judged(SIGHTING_ASSERTION, true), judged(SIGHTING_ASSERTION, false)};
        Judgement judgement;
        size_t shown = 9;

        CHECK_EQ_INT(judge_confirm(runs, 1, &judgement, &shown), JUDGE_ON_A_COPY);
        CHECK_EQ_INT(judge_confirm(runs, 2, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_FAIL);
        CHECK_EQ_U64(shown, 1);
}

TEST(what_fails_and_then_passes_is_flaky) {
        JudgedRun runs[] = {judged(SIGHTING_ASSERTION, false), judged(SIGHTING_HELD, false)};
        Judgement judgement;
        size_t shown = 9;

        CHECK_EQ_INT(judge_confirm(runs, 2, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_FLAKY);
        CHECK_CONTAINS(judgement.summary, "1/2");
        CHECK_EQ_U64(shown, 0);
}

TEST(the_overlay_is_accused_only_when_it_fails_twice_and_a_copy_passes_twice) {
        JudgedRun runs[] = {judged(SIGHTING_ASSERTION, true), judged(SIGHTING_HELD, false),
                            judged(SIGHTING_ASSERTION, true), judged(SIGHTING_HELD, false)};
        Judgement judgement;
        size_t shown = 9;

        CHECK_EQ_INT(judge_confirm(runs, 2, &judgement, &shown), JUDGE_ONCE_MORE);
        CHECK_EQ_INT(judge_confirm(runs, 3, &judgement, &shown), JUDGE_ON_A_COPY);
        CHECK_EQ_INT(judge_confirm(runs, 4, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_ERROR);
        CHECK_EQ_TEXT(judgement.reason, "sandbox.overlay");
        runs[3] = judged(SIGHTING_ASSERTION, false);
        CHECK_EQ_INT(judge_confirm(runs, 4, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_FLAKY);
        runs[2] = judged(SIGHTING_HELD, true);
        CHECK_EQ_INT(judge_confirm(runs, 3, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_FLAKY);
}

TEST(a_broken_sandbox_is_tried_once_more_and_then_believed) {
        JudgedRun runs[] = {judged(SIGHTING_SANDBOX_BROKEN, false), judged(SIGHTING_HELD, true),
                            judged(SIGHTING_ASSERTION, false)};
        Judgement judgement;
        size_t shown = 9;

        CHECK_EQ_INT(judge_confirm(runs, 1, &judgement, &shown), JUDGE_ONCE_MORE);
        CHECK_EQ_INT(judge_confirm(runs, 2, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_PASS);
        CHECK_EQ_U64(shown, 1);
        runs[1] = judged(SIGHTING_SANDBOX_BROKEN, false);
        CHECK_EQ_INT(judge_confirm(runs, 2, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_ERROR);
        runs[1] = judged(SIGHTING_ASSERTION, true);
        CHECK_EQ_INT(judge_confirm(runs, 2, &judgement, &shown), JUDGE_ON_A_COPY);
        CHECK_EQ_INT(judge_confirm(runs, 3, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_FAIL);
}

static JudgedRun starved(void) {
        JudgedRun run = {.was_starved = true};

        judge_by(SIGHTING_DEADLINE, NULL, &run.judgement, "too late");
        return run;
}

TEST(what_timed_out_on_a_busy_machine_is_run_alone_and_what_holds_then_holds) {
        JudgedRun runs[2] = {starved()};
        Judgement judgement;
        size_t shown;

        CHECK_EQ_INT(judge_confirm(runs, 1, &judgement, &shown), JUDGE_ALONE);
        judge_by(SIGHTING_HELD, NULL, &runs[1].judgement, "%s", "");
        CHECK_EQ_INT(judge_confirm(runs, 2, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_PASS);
        CHECK_EQ_U64(shown, 1);
}

TEST(what_times_out_alone_too_fails_unless_the_machine_is_as_busy) {
        JudgedRun runs[3] = {starved(), starved()};
        Judgement judgement;
        size_t shown;

        CHECK_EQ_INT(judge_confirm(runs, 2, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_ERROR);
        CHECK_EQ_TEXT(judgement.reason, "host.load");
        runs[1].was_starved = false;
        CHECK_EQ_INT(judge_confirm(runs, 2, &judgement, &shown), JUDGE_ON_A_COPY);
        runs[2] = runs[1];
        CHECK_EQ_INT(judge_confirm(runs, 3, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_TIMEOUT);
}

TEST(a_failure_without_room_is_the_checks_own_or_the_machines) {
        SandboxOutcome outcome = {.end = SANDBOX_EXITED};
        MatchResult red = {.where = slice_text("exit-status"), .reason = "assert.exit-status"};
        JudgeFacts facts = {.fill = SCRATCH_FULL_BY_RUN};
        Judgement judgement;

        judge_run(&outcome, &facts, &red, 1, &judgement);
        CHECK_EQ_TEXT(judgement.reason, "limit.disk");
        CHECK_EQ_INT(judgement.outcome, OUTCOME_FAIL);
        facts.fill = SCRATCH_FULL_BY_OTHERS;
        judge_run(&outcome, &facts, &red, 1, &judgement);
        CHECK_EQ_TEXT(judgement.reason, "host.disk");
        CHECK_EQ_INT(judgement.outcome, OUTCOME_ERROR);
        red.held = true;
        judge_run(&outcome, &facts, &red, 1, &judgement);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_PASS);
}

TEST(a_sick_machine_while_confirming_is_inconclusive) {
        JudgedRun runs[] = {judged(SIGHTING_ASSERTION, true), judged(SIGHTING_HOST_CANARY, false)};
        Judgement judgement;
        size_t shown = 9;

        CHECK_EQ_INT(judge_confirm(runs, 2, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_TEXT(judgement.reason, "host.canary");
        CHECK_EQ_INT(judgement.outcome, OUTCOME_ERROR);
}

TEST(memory_that_ran_out_once_is_the_machines_fault) {
        JudgedRun runs[] = {judged(SIGHTING_LIMIT_MEMORY, true), judged(SIGHTING_HELD, false),
                            judged(SIGHTING_HELD, true), judged(SIGHTING_HELD, true)};
        Judgement judgement;
        size_t shown = 9;

        CHECK_EQ_INT(judge_confirm(runs, 2, &judgement, &shown), JUDGE_ONCE_MORE);
        CHECK_EQ_INT(judge_confirm(runs, 3, &judgement, &shown), JUDGE_ONCE_MORE);
        CHECK_EQ_INT(judge_confirm(runs, 4, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_TEXT(judgement.reason, "host.memory");
        runs[1] = judged(SIGHTING_LIMIT_MEMORY, false);
        CHECK_EQ_INT(judge_confirm(runs, 2, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_INT(judgement.outcome, OUTCOME_FAIL);
}

/* It can use up the machine's memory whenever it is about to fail. */
TEST(memory_that_runs_out_again_and_again_is_no_excuse) {
        for (size_t n = 3; n <= 4; n++) {
                JudgedRun runs[] = {judged(SIGHTING_LIMIT_MEMORY, true),
                                    judged(SIGHTING_HELD, false), judged(SIGHTING_HELD, true),
                                    judged(SIGHTING_HELD, true)};
                Judgement judgement;
                size_t shown = 9;

                runs[n - 1] = judged(SIGHTING_LIMIT_MEMORY, true);
                CHECK_EQ_INT(judge_confirm(runs, n, &judgement, &shown), JUDGE_DECIDED);
                CHECK_EQ_TEXT(judgement.reason, "flaky");
                CHECK_EQ_INT(judgement.outcome, OUTCOME_FLAKY);
        }
}

TEST(a_gate_fails_if_any_check_failed) {
        struct check_result checks[] = {ended(OUTCOME_PASS), ended(OUTCOME_ERROR),
                                        ended(OUTCOME_FAIL)};
        size_t first = 9;

        CHECK_EQ_INT(judge_gate(checks, 3, &first), DECISION_FAIL);
        CHECK_EQ_U64(first, 2);
        checks[2] = ended(OUTCOME_TIMEOUT);
        CHECK_EQ_INT(judge_gate(checks, 3, &first), DECISION_FAIL);
        checks[2] = ended(OUTCOME_FLAKY);
        CHECK_EQ_INT(judge_gate(checks, 3, &first), DECISION_FAIL);
}

TEST(a_gate_that_could_not_be_carried_out_is_inconclusive) {
        const Outcome outcomes[] = {OUTCOME_ERROR, OUTCOME_UNVERIFIABLE, OUTCOME_SKIPPED};
        size_t first = 9;

        for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
                struct check_result checks[] = {ended(OUTCOME_PASS), ended(outcomes[i])};

                CHECK_EQ_INT(judge_gate(checks, 2, &first), DECISION_INCONCLUSIVE);
                CHECK_EQ_U64(first, 1);
        }
}

TEST(what_could_not_be_carried_out_says_more_than_what_nobody_answered) {
        struct check_result checks[] = {ended(OUTCOME_SKIPPED), ended(OUTCOME_UNVERIFIABLE),
                                        ended(OUTCOME_ERROR)};
        size_t first = 9;

        CHECK_EQ_INT(judge_gate(checks, 3, &first), DECISION_INCONCLUSIVE);
        CHECK_EQ_U64(first, 2);
        CHECK_EQ_INT(judge_gate(checks, 2, &first), DECISION_INCONCLUSIVE);
        CHECK_EQ_U64(first, 1);
}

TEST(a_gate_without_checks_never_passes) {
        size_t first = 9;

        CHECK_EQ_INT(judge_gate(NULL, 0, &first), DECISION_FAIL);
}

TEST(a_gate_passes_when_every_check_did) {
        struct check_result checks[] = {ended(OUTCOME_PASS), ended(OUTCOME_PASS)};
        size_t first = 9;

        CHECK_EQ_INT(judge_gate(checks, 2, &first), DECISION_PASS);
        CHECK_EQ_U64(first, 2);
}

TEST(what_fails_beside_others_and_holds_alone_is_contention) {
        JudgedRun runs[] = {judged(SIGHTING_ASSERTION, false), judged(SIGHTING_HELD, false),
                            judged(SIGHTING_HELD, false)};
        Judgement judgement;
        size_t shown = 9;

        runs[0].was_beside_others = true;
        CHECK_EQ_INT(judge_confirm(runs, 2, &judgement, &shown), JUDGE_ONCE_MORE);
        CHECK_EQ_INT(judge_confirm(runs, 3, &judgement, &shown), JUDGE_DECIDED);
        CHECK_EQ_TEXT(judgement.reason, "contention");
        CHECK_EQ_INT(judgement.outcome, OUTCOME_FAIL);
        CHECK_EQ_U64(shown, 0);
}

TEST(what_fails_alone_too_is_no_contention) {
        JudgedRun runs[] = {judged(SIGHTING_ASSERTION, false), judged(SIGHTING_HELD, false),
                            judged(SIGHTING_ASSERTION, false), judged(SIGHTING_HELD, false)};
        Judgement judgement;
        size_t shown = 9;

        runs[0].was_beside_others = true;
        CHECK_EQ_INT(judge_confirm(runs, 3, &judgement, &shown), JUDGE_ON_A_COPY);
        CHECK_EQ_INT(judge_confirm(runs, 4, &judgement, &shown), JUDGE_DECIDED);
        CHECK(judgement.outcome != OUTCOME_PASS);
        CHECK(judgement.sighting != SIGHTING_CONTENTION);
}

static Outcome leniently(Sighting sighting, bool may_fail, bool may_be_flaky) {
        Judgement judgement;

        judge_by(sighting, "x", &judgement, "as seen");
        judge_leniently(may_fail, may_be_flaky, &judgement);
        return judgement.outcome;
}

TEST(what_the_plan_allows_is_a_warning_and_nothing_else_is) {
        CHECK_EQ_INT(leniently(SIGHTING_ASSERTION, true, false), OUTCOME_WARN);
        CHECK_EQ_INT(leniently(SIGHTING_DEADLINE, true, false), OUTCOME_WARN);
        CHECK_EQ_INT(leniently(SIGHTING_FLAKY, true, false), OUTCOME_WARN);
        CHECK_EQ_INT(leniently(SIGHTING_FLAKY, false, true), OUTCOME_WARN);
        CHECK_EQ_INT(leniently(SIGHTING_FLAKY, false, false), OUTCOME_FLAKY);
        CHECK_EQ_INT(leniently(SIGHTING_ASSERTION, false, true), OUTCOME_FAIL);
        CHECK_EQ_INT(leniently(SIGHTING_SANDBOX_BROKEN, true, true), OUTCOME_ERROR);
        CHECK_EQ_INT(leniently(SIGHTING_HELD, true, true), OUTCOME_PASS);
}

TEST(a_gate_of_warnings_alone_does_not_pass) {
        struct check_result checks[] = {ended(OUTCOME_WARN), ended(OUTCOME_WARN)};
        size_t first = 9;

        CHECK_EQ_INT(judge_gate(checks, 2, &first), DECISION_FAIL);
        checks[1] = ended(OUTCOME_PASS);
        CHECK_EQ_INT(judge_gate(checks, 2, &first), DECISION_PASS);
}

TEST(a_check_without_a_result_or_with_two_is_seen) {
        const Slice expected[] = {slice_text("one"), slice_text("two")};
        struct check_result checks[] = {{.check = slice_text("one")}, {.check = slice_text("two")}};
        cleanup_buf Buf why = BUF_TEXT;

        CHECK(judge_closed(expected, 2, checks, 2, &why));
        CHECK(!judge_closed(expected, 2, checks, 1, &why));
        CHECK_CONTAINS(buf_get_text(&why), "two has 0 results");
        checks[1].check = slice_text("one");
        buf_clear(&why);
        CHECK(!judge_closed(expected, 2, checks, 2, &why));
        CHECK_CONTAINS(buf_get_text(&why), "one has 2 results");
        checks[1].check = slice_text("two");
        CHECK(!judge_closed(expected, 1, checks, 2, &why));
}
