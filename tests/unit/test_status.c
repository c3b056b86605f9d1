/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/status.h"

#include "tests/lib/desk_findings.h"
#include "tests/lib/test.h"

enum { DAY_MS = 24 * 3600 * 1000 };

static GateRecord passed_gate(void) {
        static char id[] = "M1";

        return (GateRecord){
                .id = id,
                .state = GATE_STATE_PASSED,
                .valid_for_ms = DAY_MS,
                .in_plan = true,
                .verdict = {.seq = 5,
                            .received_ms = 1000,
                            .decision = DECISION_PASS,
                            .mode = MODE_COLD,
                            .commit = COMMIT_A},
        };
}

static void check_stale(const GateRecord *gate, uint64_t now_ms, const char *why_not) {
        cleanup_buf Buf why = BUF_TEXT;

        CHECK(!gate_is_fresh(gate, slice_text(COMMIT_A), now_ms, &why));
        CHECK_CONTAINS(buf_get_text(&why), why_not);
        CHECK(!gate_is_fresh(gate, slice_text(COMMIT_A), now_ms, NULL));
}

TEST(a_cold_pass_at_the_commit_is_fresh) {
        GateRecord gate = passed_gate();

        CHECK(gate_is_fresh(&gate, slice_text(COMMIT_A), 2000, NULL));
}

TEST(a_pass_is_fresh_until_its_time_is_over_to_the_millisecond) {
        GateRecord gate = passed_gate();

        CHECK(gate_is_fresh(&gate, slice_text(COMMIT_A), 1000 + DAY_MS - 1, NULL));
        check_stale(&gate, 1000 + DAY_MS, "old and counts for");
}

TEST(a_pass_from_the_future_is_not_old) {
        GateRecord gate = passed_gate();

        CHECK(gate_is_fresh(&gate, slice_text(COMMIT_A), 0, NULL));
}

TEST(a_pass_at_another_commit_is_stale) {
        GateRecord gate = passed_gate();

        CHECK(!gate_is_fresh(&gate, slice_text(COMMIT_B), 2000, NULL));
}

TEST(a_quick_pass_is_stale) {
        GateRecord gate = passed_gate();

        gate.verdict.mode = MODE_QUICK;
        check_stale(&gate, 2000, "not cold");
}

TEST(a_pass_of_an_older_definition_is_stale) {
        GateRecord gate = passed_gate();

        gate.digest.bytes[0] = 1;
        check_stale(&gate, 2000, "plan was revised");
}

TEST(a_fail_is_not_fresh) {
        GateRecord gate = passed_gate();

        gate.verdict.decision = DECISION_FAIL;
        gate.state = GATE_STATE_FAILED;
        check_stale(&gate, 2000, "FAIL at aaaaaaaaaaaa");
}

TEST(a_gate_whose_claim_ran_out_of_attempts_is_not_fresh_by_an_older_pass) {
        GateRecord gate = passed_gate();

        gate.state = GATE_STATE_INCONCLUSIVE;
        gate.is_exhausted = true;
        check_stale(&gate, 2000, "ran out of attempts");
}

/* ---- whole answers ---- */

static const struct phase_status *build(Desk *desk, struct status *status) {
        status_build(desk_state(desk), slice_text("m"), desk->port.wall_ms, &desk->arena, status);
        CHECK_EQ_U64(status->n_phases, 1);
        return &status->phases[0];
}

static void check_waits_for(Desk *desk, const char *who, const char *what) {
        struct status status;
        const struct phase_status *phase = build(desk, &status);

        for (size_t i = 0; i < phase->n_waits; i++)
                if (slice_is(phase->waits[i].who, who) &&
                    slice_find(phase->waits[i].what, slice_text(what)) < phase->waits[i].what.n)
                        return;
        FAIL_TEST("nobody waits for %s: %s", who, what);
}

static void check_not_done_because(Desk *desk, const char *reason) {
        struct status status;
        const struct phase_status *phase = build(desk, &status);

        for (size_t i = 0; i < phase->n_why_not_done; i++)
                if (slice_find(phase->why_not_done[i], slice_text(reason)) <
                    phase->why_not_done[i].n)
                        return;
        FAIL_TEST("not among the reasons: %s", reason);
}

static uint64_t decide(Desk *desk, size_t n_gates, Decision decision) {
        uint64_t claim = desk_claim_and_lease(desk, n_gates);

        CHECK(desk_submit(desk, ADVERSARY, desk_make_verdict(desk, claim, "M1", decision)));
        if (n_gates > 1)
                CHECK(desk_submit(desk, ADVERSARY, desk_make_verdict(desk, claim, "M2", decision)));
        return claim;
}

TEST(an_open_gate_waits_for_the_builder) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        check_waits_for(&desk, "builder", "claim M1");
        check_not_done_because(&desk, "M1: it has no verdict");
        desk_close(&desk);
}

TEST(a_queued_claim_waits_for_any_adversary) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        CHECK(desk_submit(&desk, BUILDER,
                          desk_make_claim(&desk, "m", (const char *[]){"M1"}, 1, COMMIT_A)));
        check_waits_for(&desk, "adversary", "of M1 at aaaaaaaaaaaa");
        check_not_done_because(&desk, "waits for an adversary for");
        desk_close(&desk);
}

TEST(a_leased_claim_waits_for_its_holder) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        (void)desk_claim_and_lease(&desk, 1);
        check_waits_for(&desk, "ada", "verdict on M1 at aaaaaaaaaaaa");
        check_not_done_because(&desk, "is being verified by ada");
        desk_close(&desk);
}

TEST(a_failed_gate_waits_for_its_builder) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        (void)decide(&desk, 1, DECISION_FAIL);
        check_waits_for(&desk, "bob", "mend M1");
        check_not_done_because(&desk, "M1: FAIL at aaaaaaaaaaaa");
        check_not_done_because(&desk, "blocks the gate");
        desk_close(&desk);
}

TEST(an_inconclusive_gate_waits_for_the_operator) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        (void)decide(&desk, 1, DECISION_INCONCLUSIVE);
        check_waits_for(&desk, "operator", "M1 could not be verified");
        desk_close(&desk);
}

static Slice next_of(const struct phase_status *phase, WaitFor wait_for, const char *gate) {
        for (size_t i = 0; i < phase->n_waits; i++)
                if (phase->waits[i].wait_for == wait_for && slice_is(phase->waits[i].gate, gate))
                        return phase->waits[i].next;
        FAIL_TEST("nobody waits for that of %s", gate);
}

TEST(the_phase_is_named_where_the_gates_name_does_not_say_which) {
        const struct phase_status *phase;
        struct status status;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        CHECK(desk_submit(&desk, OPERATOR,
                          desk_make_plan(&desk, "n", (const char *[]){"M2", "M3"}, 2, "2")));
        phase = build(&desk, &status);
        CHECK_EQ_SLICE(next_of(phase, WAIT_FOR_CLAIM, "M1"),
                       slice_text("builder-agent claim M1 --wait"));
        CHECK_EQ_SLICE(next_of(phase, WAIT_FOR_CLAIM, "M2"),
                       slice_text("builder-agent claim M2 --wait --phase m"));
        desk_close(&desk);
}

/* The entry that made it so is the same for both. */
TEST(two_findings_that_were_opened_again_together_are_two) {
        const struct phase_status *phase;
        uint64_t findings[2], pass;
        size_t n = 0;
        struct status status;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        for (size_t i = 0; i < 2; i++)
                findings[i] =
                        desk_submit(&desk, ADVERSARY, desk_make_finding("m", "M1", BLOCKS_GATE));
        pass = desk_verify_m1(&desk, COMMIT_A, DECISION_PASS);
        for (size_t i = 0; i < 2; i++)
                CHECK(desk_submit(&desk, ADVERSARY, desk_make_close(findings[i], pass)));
        CHECK(desk_submit(
                &desk, ADVERSARY,
                (Message){.type = MESSAGE_RETRACT,
                          .retract = {.verdict = pass, .why = slice_text("a bug of mine")}}));
        phase = build(&desk, &status);
        for (size_t i = 0; i < phase->n_waits; i++)
                if (phase->waits[i].wait_for == WAIT_FOR_FIX)
                        CHECK_EQ_SLICE(phase->waits[i].next,
                                       slice_text(arena_printf(
                                               &desk.arena, "builder-agent fixed F-%llu --text '…'",
                                               (unsigned long long)findings[n++])));
        CHECK_EQ_U64(n, 2);
        desk_close(&desk);
}

static const struct wait *find_answer_wait(Desk *desk, const char *check) {
        Slice name = slice_text(check);
        struct check_result asked = {.check = name, .outcome = OUTCOME_UNVERIFIABLE};
        const struct phase_status *phase;
        struct status status;
        Message message;

        message = desk_make_plan(desk, "m", (const char *[]){"M1", "M2"}, 2, "1");
        message.plan.gates[0].checks = &name;
        message.plan.gates[0].n_checks = 1;
        CHECK(desk_submit(desk, OPERATOR, message));
        message =
                desk_make_verdict(desk, desk_claim_and_lease(desk, 1), "M1", DECISION_INCONCLUSIVE);
        message.verdict.checks = &asked;
        CHECK(desk_submit(desk, ADVERSARY, message));
        phase = build(desk, &status);
        for (size_t i = 0; i < phase->n_waits; i++)
                if (phase->waits[i].wait_for == WAIT_FOR_ANSWER)
                        return &phase->waits[i];
        FAIL_TEST("nobody waits for an answer");
}

/* It stands in a line that people paste. */
TEST(what_an_adversary_calls_a_check_is_one_word) {
        Desk desk;

        desk_open(&desk);
        CHECK_EQ_SLICE(find_answer_wait(&desk, "looks[at=$(reboot)]")->next,
                       slice_text("adversary-agent answer m M1 'looks[at=$(reboot)]' "
                                  "--commit aaaaaaaaaaaa --holds --text '…'"));
        desk_close(&desk);
}

TEST(what_an_adversary_calls_a_check_makes_no_second_line) {
        Desk desk;

        desk_open(&desk);
        CHECK_EQ_U64(find_answer_wait(&desk, "looks\nreboot")->next.n, 0);
        desk_close(&desk);
}

TEST(a_gate_that_was_not_run_for_its_need_waits_for_the_builder) {
        Slice need = slice_text("M1");
        Message plan;
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        plan = desk_make_plan(&desk, "m", (const char *[]){"M1", "M2"}, 2, "1");
        plan.plan.gates[1].needs = &need;
        plan.plan.gates[1].n_needs = 1;
        CHECK(desk_submit(&desk, OPERATOR, plan));
        claim = desk_claim_and_lease(&desk, 2);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_FAIL)));
        CHECK(desk_submit(&desk, ADVERSARY,
                          desk_make_verdict(&desk, claim, "M2", DECISION_INCONCLUSIVE)));
        check_waits_for(&desk, "bob", "claim M2 again with M1");
        desk_close(&desk);
}

/* Its questions were of another gate. */
TEST(a_gate_that_was_revised_with_its_question_open_waits_for_the_builder) {
        Desk desk;

        desk_open(&desk);
        (void)find_answer_wait(&desk, "look");
        CHECK(desk_submit(&desk, OPERATOR,
                          desk_make_plan(&desk, "m", (const char *[]){"M1"}, 1, "2")));
        check_waits_for(&desk, "bob", "claim M1 again: the plan was revised");
        desk_close(&desk);
}

TEST(when_nothing_is_missing_the_builder_is_asked_for_done) {
        struct status status;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        (void)decide(&desk, 2, DECISION_PASS);
        CHECK_EQ_U64(build(&desk, &status)->n_why_not_done, 0);
        check_waits_for(&desk, "builder", "ask for DONE at aaaaaaaaaaaa");
        desk_close(&desk);
}

TEST(a_pass_grows_stale_while_nobody_does_anything) {
        struct status status;
        const struct phase_status *phase;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        (void)decide(&desk, 2, DECISION_PASS);
        CHECK_EQ_U64(build(&desk, &status)->gates[0].fresh, 1);
        desk.port.wall_ms += DAY_MS;
        phase = build(&desk, &status);
        CHECK_EQ_U64(phase->gates[0].fresh, 0);
        CHECK(phase->gates[0].stale_because.n > 0);
        check_not_done_because(&desk, "M2: its PASS at aaaaaaaaaaaa is");
        check_waits_for(&desk, "bob", "claim M1 again");
        desk_close(&desk);
}

TEST(a_blocking_finding_waits_until_it_is_closed) {
        struct status status;
        Desk desk;
        uint64_t finding;

        desk_open(&desk);
        desk_approve(&desk);
        (void)decide(&desk, 2, DECISION_PASS);
        finding = desk_submit(&desk, ADVERSARY, desk_make_finding("m", NULL, BLOCKS_PHASE));
        CHECK(finding);
        check_not_done_because(&desk, "blocks the phase: it leaks");
        check_waits_for(&desk, "builder", "mend F-");
        CHECK(desk_submit(&desk, ADVERSARY,
                          (Message){.type = MESSAGE_CLOSE,
                                    .close = {.finding = finding, .why = slice_text("gone")}}));
        CHECK_EQ_U64(build(&desk, &status)->n_why_not_done, 0);
        desk_close(&desk);
}

TEST(a_finding_that_blocks_nothing_prevents_nothing) {
        struct status status;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        (void)decide(&desk, 2, DECISION_PASS);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_finding("m", "M1", BLOCKS_NOTHING)));
        CHECK_EQ_U64(build(&desk, &status)->n_why_not_done, 0);
        CHECK_EQ_U64(build(&desk, &status)->gates[0].open_findings, 1);
        desk_close(&desk);
}

TEST(a_finding_on_a_gate_that_left_the_plan_blocks_no_more) {
        struct status status;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        (void)decide(&desk, 2, DECISION_PASS);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_finding("m", "M2", BLOCKS_GATE)));
        CHECK_EQ_U64(build(&desk, &status)->n_why_not_done, 1);
        CHECK(desk_submit(&desk, OPERATOR,
                          desk_make_plan(&desk, "m", (const char *[]){"M1"}, 1, "1")));
        CHECK_EQ_U64(build(&desk, &status)->n_why_not_done, 0);
        desk_close(&desk);
}

TEST(a_withdrawn_claim_is_not_where_done_is_asked_for) {
        Desk desk;
        uint64_t claim;

        desk_open(&desk);
        desk_approve(&desk);
        (void)decide(&desk, 2, DECISION_PASS);
        claim = desk_submit(&desk, BUILDER,
                            desk_make_claim(&desk, "m", (const char *[]){"M1"}, 1, COMMIT_B));
        CHECK(desk_submit(&desk, BUILDER, desk_make_withdraw(claim)));
        check_waits_for(&desk, "builder", "ask for DONE at aaaaaaaaaaaa");
        desk_close(&desk);
}

TEST(a_done_phase_waits_for_nobody) {
        struct status status;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        (void)decide(&desk, 2, DECISION_PASS);
        CHECK(desk_submit(&desk, BUILDER, desk_make_done("m", COMMIT_A)));
        CHECK_EQ_U64(build(&desk, &status)->n_waits, 0);
        CHECK_EQ_U64(build(&desk, &status)->n_why_not_done, 0);
        CHECK_EQ_SLICE(build(&desk, &status)->done_commit, slice_text(COMMIT_A));
        desk_close(&desk);
}

TEST(a_long_title_is_cut_between_characters) {
        char title[512];
        Message finding = desk_make_finding("m", NULL, BLOCKS_PHASE);
        struct status status;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        for (size_t i = 0; i < sizeof title; i += 2)
                memcpy(title + i, "\xc3\xa4", 2);
        finding.finding.title = slice_make(title, sizeof title);
        CHECK(desk_submit(&desk, ADVERSARY, finding));
        (void)build(&desk, &status);
        desk_say(&desk, BUILDER,
                 (Message){.type = MESSAGE_ASK, .ask = {.question = QUESTION_STATUS}});
        CHECK_EQ_U64(desk_count(&desk, BUILDER, MESSAGE_STATUS), 1);
        desk_close(&desk);
}

/* The schema takes no more; an answer that cannot be encoded would be none at all. */
TEST(no_more_findings_are_listed_than_an_answer_takes) {
        static char name[] = "m", title[] = "t";
        PhaseRecord phase = {.name = name}, *phases[] = {&phase};
        FindingRecord finding = {.seq = 1, .phase = &phase, .title = title};
        FindingRecord *findings[FINDINGS_KEPT_MAX + 5];
        State state = {.phases = phases, .n_phases = 1, .findings = findings};
        cleanup_arena Arena arena = ARENA_INIT;
        struct status status;

        for (size_t i = 0; i < ARRAY_SIZE(findings); i++)
                findings[i] = &finding;
        state.n_findings = phase.n_findings = phase.n_open_findings = ARRAY_SIZE(findings);
        status_build(&state, SLICE_NULL, 1, &arena, &status);
        CHECK_EQ_U64(status.phases[0].n_findings, FINDINGS_KEPT_MAX);
}
