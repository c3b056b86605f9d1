/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Verdicts in the fold: what is made of several, what is carried over, what a retraction undoes. */

#include "broker/fresh.h"
#include "broker/status.h"

#include "tests/lib/desk.h"
#include "tests/lib/test.h"

static const char *const m1[] = {"M1"};

static GateRecord *gate_of(const Desk *desk) {
        return &desk_state(desk)->phases[0]->gates[0];
}

static const ClaimRecord *newest_claim(const Desk *desk) {
        return desk_state(desk)->claims[desk_state(desk)->n_claims - 1];
}

/* A plan of M1, with one check "c", changed by the caller before it is approved. */
static Message make_plan(Desk *desk, const char *salt) {
        Message plan = desk_make_plan(desk, "m", m1, 1, salt);

        plan.plan.gates[0].checks = arena_alloc(&desk->arena, sizeof(Slice));
        plan.plan.gates[0].checks[0] = slice_text("c");
        plan.plan.gates[0].n_checks = 1;
        return plan;
}

static void claim_at(Desk *desk, const char *commit) {
        desk_credit(desk, ADVERSARY, 1, 0, 0);
        CHECK(desk_submit(desk, BUILDER, desk_make_claim(desk, "m", m1, 1, commit)));
}

static uint64_t say(Desk *desk, Who who, Decision decision) {
        return desk_submit(desk, who,
                           desk_make_verdict(desk, newest_claim(desk)->seq, "M1", decision));
}

static uint64_t retract(Desk *desk, Who who, uint64_t verdict) {
        return desk_submit(
                desk, who,
                (Message){.type = MESSAGE_RETRACT,
                          .retract = {.verdict = verdict, .why = slice_text("a bug of mine")}});
}

static const struct gate_status *status_of(Desk *desk) {
        struct status *status = arena_alloc(&desk->arena, sizeof *status);

        status_build(desk_state(desk), slice_text("m"), desk->port.wall_ms, &desk->arena, status);
        return &status->phases[0].gates[0];
}

/* ---- retract ---- */

static void open_plain(Desk *desk) {
        desk_open(desk);
        CHECK(desk_submit(desk, OPERATOR, make_plan(desk, "1")));
        claim_at(desk, COMMIT_A);
}

TEST(a_retracted_pass_counts_no_more) {
        cleanup_buf Buf why = BUF_TEXT;
        Desk desk;
        uint64_t verdict;

        open_plain(&desk);
        verdict = say(&desk, ADVERSARY, DECISION_PASS);
        CHECK(retract(&desk, ADVERSARY, verdict));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_OPEN);
        CHECK_EQ_U64(gate_of(&desk)->last_pass.seq, 0);
        CHECK(!gate_is_fresh(gate_of(&desk), slice_text(COMMIT_A), desk.port.wall_ms, &why));
        CHECK_CONTAINS(buf_get_text(&why), "was retracted");
        desk_close(&desk);
}

TEST(a_verdict_is_retracted_once) {
        Desk desk;
        uint64_t verdict;

        open_plain(&desk);
        verdict = say(&desk, ADVERSARY, DECISION_PASS);
        CHECK(retract(&desk, OPERATOR, verdict));
        CHECK_EQ_U64(retract(&desk, OPERATOR, verdict), 0);
        CHECK_EQ_TEXT(desk_rule(&desk, OPERATOR), "retract-unknown");
        desk_close(&desk);
}

TEST(a_retracted_fail_takes_its_finding_along_and_what_it_had_shown_red) {
        Desk desk;
        uint64_t verdict;

        open_plain(&desk);
        CHECK_EQ_U64(status_of(&desk)->n_never_red, 1);
        verdict = say(&desk, ADVERSARY, DECISION_FAIL);
        CHECK_EQ_U64(status_of(&desk)->n_never_red, 0);
        CHECK_EQ_U64(desk_state(&desk)->phases[0]->n_open_findings, 1);
        CHECK(retract(&desk, ADVERSARY, verdict));
        CHECK_EQ_U64(desk_state(&desk)->phases[0]->n_open_findings, 0);
        CHECK_EQ_U64(status_of(&desk)->n_never_red, 1);
        desk_close(&desk);
}

TEST(an_older_verdict_can_be_retracted_while_its_gate_is_claimed_again) {
        Desk desk;
        uint64_t verdict;

        open_plain(&desk);
        verdict = say(&desk, ADVERSARY, DECISION_PASS);
        claim_at(&desk, COMMIT_B);
        CHECK(retract(&desk, ADVERSARY, verdict));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_VERIFYING);
        CHECK(desk_submit(&desk, BUILDER, desk_make_withdraw(newest_claim(&desk)->seq)));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_OPEN);
        desk_close(&desk);
}

/* ---- seen red ---- */

TEST(what_was_seen_red_stays_so_while_its_gate_stays_as_it_is) {
        Desk desk;

        open_plain(&desk);
        CHECK(say(&desk, ADVERSARY, DECISION_FAIL));
        CHECK(desk_submit(&desk, OPERATOR, make_plan(&desk, "1")));
        CHECK_EQ_U64(status_of(&desk)->n_never_red, 0);
        CHECK(desk_submit(&desk, OPERATOR, make_plan(&desk, "2")));
        CHECK_EQ_U64(status_of(&desk)->n_never_red, 1);
        desk_close(&desk);
}

TEST(a_check_that_proved_its_teeth_was_seen_red) {
        Message verdict;
        Desk desk;

        open_plain(&desk);
        verdict = desk_make_verdict(&desk, newest_claim(&desk)->seq, "M1", DECISION_PASS);
        verdict.verdict.checks[0].seen_red = 1;
        CHECK(desk_submit(&desk, ADVERSARY, verdict));
        CHECK_EQ_U64(status_of(&desk)->n_never_red, 0);
        desk_close(&desk);
}

/* ---- several verifiers ---- */

/* M1 needs two; ada holds the lease. */
static void open_two(Desk *desk) {
        Message plan;

        desk_open(desk);
        plan = make_plan(desk, "1");
        plan.plan.gates[0].verifiers = 2;
        CHECK(desk_submit(desk, OPERATOR, plan));
        claim_at(desk, COMMIT_A);
}

static void decide_two(Desk *desk, Decision first, Decision second) {
        CHECK(say(desk, ADVERSARY, first));
        desk_credit(desk, ADVERSARY_2, 1, 0, 0);
        CHECK(say(desk, ADVERSARY_2, second));
}

TEST(a_gate_that_needs_two_verifiers_passes_with_the_second) {
        Desk desk;

        open_two(&desk);
        CHECK(say(&desk, ADVERSARY, DECISION_PASS));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_CLAIMED);
        CHECK_EQ_INT(newest_claim(&desk)->state, CLAIM_STATE_QUEUED);
        CHECK_EQ_U64(newest_claim(&desk)->attempts, 0);
        CHECK_EQ_U64(status_of(&desk)->passes, 1);
        CHECK_EQ_U64(status_of(&desk)->verifiers, 2);
        desk_credit(&desk, ADVERSARY_2, 1, 0, 0);
        CHECK(say(&desk, ADVERSARY_2, DECISION_PASS));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_PASSED);
        CHECK_EQ_INT(newest_claim(&desk)->state, CLAIM_STATE_DECIDED);
        CHECK_EQ_U64(status_of(&desk)->fresh, 1);
        desk_close(&desk);
}

TEST(who_has_given_its_verdict_is_not_offered_the_claim_again) {
        Desk desk;

        open_two(&desk);
        CHECK(say(&desk, ADVERSARY, DECISION_PASS));
        desk_forget(&desk);
        desk_credit(&desk, ADVERSARY, 5, 0, 0);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_OFFER), 0);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_CANCEL), 0);
        desk_close(&desk);
}

TEST(two_fails_fail_the_gate_and_file_one_finding) {
        Desk desk;

        open_two(&desk);
        CHECK(say(&desk, ADVERSARY, DECISION_FAIL));
        CHECK_EQ_U64(desk_state(&desk)->n_findings, 0);
        desk_credit(&desk, ADVERSARY_2, 1, 0, 0);
        CHECK(say(&desk, ADVERSARY_2, DECISION_FAIL));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_FAILED);
        CHECK_EQ_U64(desk_state(&desk)->n_findings, 1);
        desk_close(&desk);
}

TEST(verifiers_that_disagree_are_inconclusive_and_the_difference_is_told) {
        cleanup_buf Buf why = BUF_TEXT;
        Desk desk;

        open_two(&desk);
        decide_two(&desk, DECISION_PASS, DECISION_FAIL);
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_INCONCLUSIVE);
        CHECK(gate_of(&desk)->verdict.is_disagreement);
        CHECK_EQ_U64(desk_state(&desk)->n_findings, 0);
        CHECK(!gate_is_fresh(gate_of(&desk), SLICE_NULL, desk.port.wall_ms, &why));
        CHECK_CONTAINS(buf_get_text(&why), "ada says PASS");
        CHECK_CONTAINS(buf_get_text(&why), "alan says FAIL (V-");
        CHECK_CONTAINS(buf_get_text(&why), ": c)");
        desk_close(&desk);
}

TEST(a_lapse_between_the_two_keeps_the_first_verdict) {
        Desk desk;

        open_two(&desk);
        CHECK(say(&desk, ADVERSARY, DECISION_PASS));
        desk_credit(&desk, ADVERSARY_2, 1, 0, 0);
        fake_port_turn(&desk.port, desk.settings.lease_ms);
        desk_tick(&desk);
        CHECK_EQ_INT(newest_claim(&desk)->state, CLAIM_STATE_QUEUED);
        CHECK_EQ_U64(gate_of(&desk)->n_votes, 1);
        desk_credit(&desk, ADVERSARY_2, 1, 0, 0);
        CHECK(say(&desk, ADVERSARY_2, DECISION_PASS));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_PASSED);
        desk_close(&desk);
}

TEST(a_retracted_part_takes_the_whole_along) {
        Desk desk;
        uint64_t first;

        open_two(&desk);
        first = say(&desk, ADVERSARY, DECISION_PASS);
        desk_credit(&desk, ADVERSARY_2, 1, 0, 0);
        CHECK(say(&desk, ADVERSARY_2, DECISION_PASS));
        CHECK(retract(&desk, ADVERSARY, first));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_OPEN);
        CHECK_EQ_U64(gate_of(&desk)->last_pass.seq, 0);
        desk_close(&desk);
}

TEST(a_vote_that_is_retracted_in_time_can_be_given_again) {
        Desk desk;
        uint64_t first;

        open_two(&desk);
        first = say(&desk, ADVERSARY, DECISION_FAIL);
        CHECK(retract(&desk, ADVERSARY, first));
        CHECK_EQ_U64(gate_of(&desk)->n_votes, 0);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK(say(&desk, ADVERSARY, DECISION_PASS));
        CHECK_EQ_U64(gate_of(&desk)->n_votes, 1);
        desk_close(&desk);
}

TEST(a_new_claim_begins_with_no_votes) {
        Desk desk;

        open_two(&desk);
        CHECK(say(&desk, ADVERSARY, DECISION_PASS));
        claim_at(&desk, COMMIT_B);
        CHECK_EQ_U64(gate_of(&desk)->n_votes, 0);
        desk_close(&desk);
}

/* ---- carried over ---- */

static const Hash inputs = {{5}};

static Message make_pass(Desk *desk) {
        Message verdict = desk_make_verdict(desk, newest_claim(desk)->seq, "M1", DECISION_PASS);

        verdict.verdict.inputs = hash_slice(&inputs);
        return verdict;
}

static Message make_carried(Desk *desk, uint64_t source) {
        Message verdict = make_pass(desk);

        verdict.verdict.carried_from = source;
        verdict.verdict.checks[0].outcome = OUTCOME_CARRIED;
        return verdict;
}

/* M1 has inputs and a measured PASS at COMMIT_A, an hour ago; it is claimed at COMMIT_B. */
static uint64_t open_carry(Desk *desk) {
        Message plan;
        uint64_t source;

        desk_open(desk);
        plan = make_plan(desk, "1");
        plan.plan.gates[0].has_inputs = 1;
        CHECK(desk_submit(desk, OPERATOR, plan));
        claim_at(desk, COMMIT_A);
        source = desk_submit(desk, ADVERSARY, make_pass(desk));
        fake_port_turn(&desk->port, 3600 * 1000);
        desk_forget(desk);
        claim_at(desk, COMMIT_B);
        return source;
}

TEST(a_measured_pass_with_inputs_is_offered_to_be_carried_over) {
        const struct offer *offer;
        Desk desk;
        uint64_t source = open_carry(&desk);

        offer = &desk_last(&desk, ADVERSARY, MESSAGE_OFFER)->offer;
        CHECK_EQ_U64(offer->n_carries, 1);
        CHECK_EQ_U64(offer->carries[0].verdict, source);
        CHECK_EQ_SLICE(offer->carries[0].inputs, hash_slice(&inputs));
        CHECK_EQ_SLICE(offer->base, slice_text(COMMIT_A));
        desk_close(&desk);
}

TEST(a_carried_pass_is_as_old_as_the_one_that_was_measured) {
        Desk desk;
        uint64_t source = open_carry(&desk);
        uint64_t measured_ms = gate_of(&desk)->last_pass.measured_ms;

        CHECK(desk_submit(&desk, ADVERSARY, make_carried(&desk, source)));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_PASSED);
        CHECK_EQ_U64(gate_of(&desk)->last_pass.seq, source);
        CHECK_EQ_U64(status_of(&desk)->carried_from, source);
        CHECK(gate_is_fresh(gate_of(&desk), slice_text(COMMIT_B), measured_ms + 86399999, NULL));
        CHECK(!gate_is_fresh(gate_of(&desk), slice_text(COMMIT_B), measured_ms + 86400000, NULL));
        desk_close(&desk);
}

static void check_not_carried(Desk *desk, Message verdict, const char *why) {
        CHECK_EQ_U64(desk_submit(desk, ADVERSARY, verdict), 0);
        CHECK_EQ_TEXT(desk_rule(desk, ADVERSARY), "carried");
        CHECK_CONTAINS(
                arena_text(&desk->arena, desk_last(desk, ADVERSARY, MESSAGE_REFUSE)->refuse.found),
                why);
}

TEST(what_has_other_inputs_or_is_not_the_newest_measured_pass_is_not_carried_over) {
        static const Hash others = {{6}};
        Message verdict;
        Desk desk;
        uint64_t source = open_carry(&desk);

        verdict = make_carried(&desk, source);
        verdict.verdict.inputs = hash_slice(&others);
        check_not_carried(&desk, verdict, "the inputs are not the same");
        check_not_carried(&desk, make_carried(&desk, source - 1), "newest measured");
        desk_close(&desk);
}

TEST(a_pass_that_was_carried_is_not_carried_on) {
        Desk desk;
        uint64_t source = open_carry(&desk), carried;

        carried = desk_submit(&desk, ADVERSARY, make_carried(&desk, source));
        claim_at(&desk, COMMIT_A);
        check_not_carried(&desk, make_carried(&desk, carried), "newest measured");
        desk_close(&desk);
}

TEST(what_is_too_old_is_neither_offered_nor_carried_over) {
        Desk desk;
        uint64_t source = open_carry(&desk);

        desk.port.wall_ms += 86400000;
        check_not_carried(&desk, make_carried(&desk, source), "too old");
        desk_forget(&desk);
        claim_at(&desk, COMMIT_B);
        CHECK_EQ_U64(desk_last(&desk, ADVERSARY, MESSAGE_OFFER)->offer.n_carries, 0);
        desk_close(&desk);
}

TEST(what_was_carried_from_a_retracted_pass_counts_no_more) {
        Desk desk;
        uint64_t source = open_carry(&desk);

        CHECK(desk_submit(&desk, ADVERSARY, make_carried(&desk, source)));
        CHECK(retract(&desk, OPERATOR, source));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_OPEN);
        CHECK_EQ_U64(status_of(&desk)->fresh, 0);
        desk_close(&desk);
}

/* M1 needs two, has inputs and passed at COMMIT_A; it is claimed at COMMIT_B, ada holds the lease.
 * The two verdicts. */
static uint64_t open_carry_of_two(Desk *desk, uint64_t *ret_first) {
        Message plan;
        uint64_t second;

        desk_open(desk);
        plan = make_plan(desk, "1");
        plan.plan.gates[0].has_inputs = 1;
        plan.plan.gates[0].verifiers = 2;
        CHECK(desk_submit(desk, OPERATOR, plan));
        claim_at(desk, COMMIT_A);
        *ret_first = desk_submit(desk, ADVERSARY, make_pass(desk));
        desk_credit(desk, ADVERSARY_2, 1, 0, 0);
        second = desk_submit(desk, ADVERSARY_2, make_pass(desk));
        claim_at(desk, COMMIT_B);
        CHECK(desk_submit(desk, ADVERSARY, make_carried(desk, second)));
        return second;
}

TEST(what_was_carried_from_a_pass_of_which_a_part_is_retracted_counts_no_more) {
        uint64_t first, second;
        Desk desk;

        second = open_carry_of_two(&desk, &first);
        desk_credit(&desk, ADVERSARY_2, 1, 0, 0);
        CHECK(desk_submit(&desk, ADVERSARY_2, make_carried(&desk, second)));
        CHECK_EQ_U64(status_of(&desk)->fresh, 1);
        CHECK(retract(&desk, ADVERSARY, first));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_OPEN);
        CHECK_EQ_U64(status_of(&desk)->fresh, 0);
        desk_close(&desk);
}

TEST(a_vote_that_was_carried_from_a_retracted_pass_is_given_again) {
        uint64_t first;
        Desk desk;

        (void)open_carry_of_two(&desk, &first);
        CHECK_EQ_U64(gate_of(&desk)->n_votes, 1);
        CHECK(retract(&desk, OPERATOR, first));
        CHECK_EQ_U64(gate_of(&desk)->n_votes, 0);
        desk_close(&desk);
}

TEST(checks_of_a_pass_are_carried_all_or_none) {
        Message verdict;
        Desk desk;
        uint64_t source = open_carry(&desk);

        verdict = make_carried(&desk, source);
        verdict.verdict.checks[0].outcome = OUTCOME_PASS;
        CHECK_EQ_U64(desk_submit(&desk, ADVERSARY, verdict), 0);
        CHECK_EQ_TEXT(desk_rule(&desk, ADVERSARY), "pass-with-failures");
        verdict = make_pass(&desk);
        verdict.verdict.checks[0].outcome = OUTCOME_CARRIED;
        CHECK_EQ_U64(desk_submit(&desk, ADVERSARY, verdict), 0);
        desk_close(&desk);
}
