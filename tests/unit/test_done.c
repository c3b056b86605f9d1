/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* DONE, from the request to the answer, and what is verified again by itself. */

#include "broker/done.h"

#include "broker/gate.h"
#include "proto/codec.h"
#include "tests/lib/desk.h"
#include "tests/lib/test.h"

enum { DAY_MS = 24 * 3600 * 1000 };

static const char *const m1[] = {"M1"};
static const char *const m1_m2[] = {"M1", "M2"};

static const PhaseRecord *phase_of(const Desk *desk) {
        return desk_state(desk)->phases[0];
}

static const ClaimRecord *newest_claim(const Desk *desk) {
        return desk_state(desk)->claims[desk_state(desk)->n_claims - 1];
}

/* Verdicts of the lease that runs on the newest claim, in the order of its gates. */
static void decide(Desk *desk, Decision decision) {
        const ClaimRecord *claim = newest_claim(desk);
        uint64_t seq = claim->seq;
        const char *gates[2];
        size_t n = 0;

        CHECK_EQ_INT(claim->state, CLAIM_STATE_LEASED);
        for (size_t i = 0; i < claim->n_gates; i++)
                gates[n++] = arena_text(&desk->arena, slice_text(claim->gates[i]));
        for (size_t i = 0; i < n; i++)
                CHECK(desk_submit(desk, ADVERSARY,
                                  desk_make_verdict(desk, seq, gates[i], decision)));
}

/* A PASS on the one gate of the claim that is leased. */
static void decide_oldest(Desk *desk) {
        const State *state = desk_state(desk);
        size_t i = 0;

        while (state->claims[i]->state != CLAIM_STATE_LEASED)
                i++;
        CHECK(desk_submit(desk, ADVERSARY,
                          desk_make_verdict(desk, state->claims[i]->seq, state->claims[i]->gates[0],
                                            DECISION_PASS)));
}

static void claim_at(Desk *desk, const char *commit) {
        desk_credit(desk, ADVERSARY, 1, 0, 0);
        CHECK(desk_submit(desk, BUILDER, desk_make_claim(desk, "m", m1_m2, 2, commit)));
}

/* M1 and M2 have a PASS at COMMIT_A. */
static void open_green(Desk *desk) {
        desk_open(desk);
        desk_approve(desk);
        claim_at(desk, COMMIT_A);
        decide(desk, DECISION_PASS);
        desk_credit(desk, ADVERSARY, 1, 0, 0);
}

static uint64_t ask(Desk *desk, const char *commit) {
        return desk_submit(desk, BUILDER, desk_make_done("m", commit));
}

/* The newest entry of the kind. */
static const Message *find_entry(Desk *desk, const char *kind) {
        Message *message = arena_alloc(&desk->arena, sizeof *message);
        CodecFault fault;

        for (size_t i = desk->port.n_entries; i-- > 0;)
                if (slice_is(desk->port.entries[i].kind, kind)) {
                        CHECK_EQ_INT(codec_decode(desk->port.entries[i].frame, &desk->arena,
                                                  message, &fault),
                                     0);
                        return message;
                }
        return NULL;
}

static void check_denied(Desk *desk, const char *reason) {
        const Message *denied = find_entry(desk, "denied");

        CHECK_EQ_INT(phase_of(desk)->state, PHASE_STATE_ACTIVE);
        CHECK_EQ_U64(phase_of(desk)->asked_seq, 0);
        CHECK(denied);
        for (size_t i = 0; i < denied->denied.n_reasons; i++)
                if (slice_find(denied->denied.reasons[i], slice_text(reason)) <
                    denied->denied.reasons[i].n)
                        return;
        FAIL_TEST("not among the reasons: %s", reason);
}

TEST(done_is_granted_in_the_batch_of_its_request_when_nothing_is_missing) {
        Desk desk;
        uint64_t request;

        open_green(&desk);
        request = ask(&desk, COMMIT_A);
        CHECK(request);
        CHECK_EQ_INT(phase_of(&desk)->state, PHASE_STATE_DONE);
        CHECK_EQ_U64(phase_of(&desk)->done_seq, request + 1);
        CHECK_EQ_U64(find_entry(&desk, "granted")->granted.done, request);
        desk_close(&desk);
}

TEST(what_has_its_pass_elsewhere_is_verified_again_and_then_done_is_granted) {
        const struct reverify *reverify;
        Desk desk;
        uint64_t request;

        open_green(&desk);
        request = ask(&desk, COMMIT_B);
        CHECK(request);
        CHECK_EQ_U64(phase_of(&desk)->asked_seq, request);
        reverify = &find_entry(&desk, "reverify")->reverify;
        CHECK_EQ_U64(reverify->cause, request);
        CHECK_EQ_U64(reverify->n_gates, 2);
        CHECK_EQ_SLICE(reverify->commit, slice_text(COMMIT_B));
        CHECK_EQ_SLICE(reverify->builder, slice_text("bob"));
        CHECK_EQ_SLICE(reverify->repository, slice_text("https://example.net/r.git"));
        decide(&desk, DECISION_PASS);
        CHECK_EQ_INT(phase_of(&desk)->state, PHASE_STATE_DONE);
        CHECK_EQ_TEXT(phase_of(&desk)->done_commit, COMMIT_B);
        desk_close(&desk);
}

TEST(a_stale_pass_at_the_commit_is_verified_again) {
        Desk desk;

        open_green(&desk);
        fake_port_turn(&desk.port, DAY_MS);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK(ask(&desk, COMMIT_A));
        CHECK_EQ_INT(phase_of(&desk)->state, PHASE_STATE_ACTIVE);
        decide(&desk, DECISION_PASS);
        CHECK_EQ_INT(phase_of(&desk)->state, PHASE_STATE_DONE);
        desk_close(&desk);
}

TEST(a_re_verification_that_fails_denies_the_request_with_every_reason) {
        Desk desk;

        open_green(&desk);
        CHECK(ask(&desk, COMMIT_B));
        decide(&desk, DECISION_FAIL);
        check_denied(&desk, "M1: FAIL at bbbbbbbbbbbb");
        check_denied(&desk, "M2: FAIL at bbbbbbbbbbbb");
        check_denied(&desk, "blocks the gate");
        desk_close(&desk);
}

TEST(a_gate_is_verified_again_once_for_each_request) {
        Desk desk;
        size_t n_claims;

        open_green(&desk);
        CHECK(ask(&desk, COMMIT_B));
        n_claims = desk_state(&desk)->n_claims;
        decide(&desk, DECISION_INCONCLUSIVE);
        check_denied(&desk, "M1: INCONCLUSIVE at bbbbbbbbbbbb");
        CHECK_EQ_U64(desk_state(&desk)->n_claims, n_claims);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK(ask(&desk, COMMIT_B));
        decide(&desk, DECISION_PASS);
        CHECK_EQ_INT(phase_of(&desk)->state, PHASE_STATE_DONE);
        desk_close(&desk);
}

TEST(a_claim_on_its_way_is_waited_for) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim_at(&desk, COMMIT_A);
        CHECK(ask(&desk, COMMIT_A));
        CHECK(phase_of(&desk)->asked_seq);
        CHECK(!find_entry(&desk, "reverify"));
        decide(&desk, DECISION_PASS);
        CHECK_EQ_INT(phase_of(&desk)->state, PHASE_STATE_DONE);
        desk_close(&desk);
}

TEST(a_gate_that_fails_or_was_never_claimed_refuses_the_request_at_once) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        CHECK_EQ_U64(ask(&desk, COMMIT_A), 0);
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "done-not-yet");
        claim_at(&desk, COMMIT_A);
        decide(&desk, DECISION_FAIL);
        CHECK_EQ_U64(ask(&desk, COMMIT_B), 0);
        CHECK_EQ_U64(desk_last(&desk, BUILDER, MESSAGE_REFUSE)->refuse.n_reasons, 4);
        desk_close(&desk);
}

TEST(a_newer_request_takes_the_place_of_the_older) {
        Desk desk;
        uint64_t older, newer;

        open_green(&desk);
        older = ask(&desk, COMMIT_B);
        newer = ask(&desk, COMMIT_A);
        CHECK_EQ_U64(find_entry(&desk, "denied")->denied.done, older);
        CHECK_EQ_U64(phase_of(&desk)->asked_seq, newer);
        /* Verdicts at the other commit are on their way; then each gate is verified once more. */
        decide(&desk, DECISION_PASS);
        for (int i = 0; i < 2; i++) {
                desk_credit(&desk, ADVERSARY, 1, 0, 0);
                decide_oldest(&desk);
        }
        CHECK_EQ_TEXT(phase_of(&desk)->done_commit, COMMIT_A);
        desk_close(&desk);
}

TEST(a_veto_that_comes_meanwhile_denies) {
        Desk desk;

        open_green(&desk);
        CHECK(ask(&desk, COMMIT_B));
        CHECK(desk_submit(&desk, ADVERSARY_2,
                          (Message){.type = MESSAGE_VETO,
                                    .veto = {.phase = slice_text("m"),
                                             .why = slice_text("it is not keyed"),
                                             .lift_when = slice_text("it is")}}));
        CHECK(phase_of(&desk)->asked_seq);
        decide(&desk, DECISION_PASS);
        check_denied(&desk, "alan stands: it is not keyed");
        desk_close(&desk);
}

TEST(a_revision_that_names_a_phase_that_is_not_done_denies) {
        Slice need = slice_text("before");
        Message plan;
        Desk desk;

        open_green(&desk);
        CHECK(ask(&desk, COMMIT_B));
        plan = desk_make_plan(&desk, "m", m1_m2, 2, "1");
        plan.plan.needs = &need;
        plan.plan.n_needs = 1;
        CHECK(desk_submit(&desk, OPERATOR, plan));
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        decide(&desk, DECISION_PASS);
        check_denied(&desk, "it needs phase before");
        desk_close(&desk);
}

TEST(a_withdrawn_re_verification_denies) {
        Desk desk;

        open_green(&desk);
        CHECK(ask(&desk, COMMIT_B));
        CHECK(desk_submit(&desk, BUILDER, desk_make_withdraw(newest_claim(&desk)->seq)));
        check_denied(&desk, "not at bbbbbbbbbbbb");
        desk_close(&desk);
}

TEST(a_retraction_of_what_it_rests_on_is_made_good_by_a_re_verification) {
        Desk desk;

        open_green(&desk);
        CHECK(ask(&desk, COMMIT_B));
        CHECK(desk_submit(&desk, ADVERSARY,
                          desk_make_verdict(&desk, newest_claim(&desk)->seq, "M1", DECISION_PASS)));
        CHECK(desk_submit(&desk, ADVERSARY,
                          (Message){.type = MESSAGE_RETRACT,
                                    .retract = {.verdict = desk_state(&desk)->head_seq,
                                                .why = slice_text("a bug")}}));
        CHECK(desk_submit(&desk, ADVERSARY,
                          desk_make_verdict(&desk, newest_claim(&desk)->seq, "M2", DECISION_PASS)));
        check_denied(&desk, "M1: its verdict V-");
        desk_close(&desk);
}

TEST(a_restart_in_the_middle_goes_on_by_itself) {
        Desk desk;

        open_green(&desk);
        CHECK(ask(&desk, COMMIT_B));
        desk_restart(&desk);
        desk_tick(&desk);
        desk_hello(&desk, ADVERSARY);
        CHECK(phase_of(&desk)->asked_seq);
        decide(&desk, DECISION_PASS);
        CHECK_EQ_INT(phase_of(&desk)->state, PHASE_STATE_DONE);
        desk_close(&desk);
}

TEST(only_what_is_missing_is_verified_again_and_what_it_needs_goes_with_it) {
        Message plan;
        Slice need = slice_text("M2");
        Desk desk;

        desk_open(&desk);
        plan = desk_make_plan(&desk, "m", m1_m2, 2, "1");
        plan.plan.gates[0].needs = &need;
        plan.plan.gates[0].n_needs = 1;
        CHECK(desk_submit(&desk, OPERATOR, plan));
        claim_at(&desk, COMMIT_A);
        decide(&desk, DECISION_PASS);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        desk_forget(&desk);
        CHECK(ask(&desk, COMMIT_B));
        CHECK_EQ_U64(desk_last(&desk, ADVERSARY, MESSAGE_OFFER)->offer.n_gates, 2);
        CHECK_EQ_SLICE(desk_last(&desk, ADVERSARY, MESSAGE_OFFER)->offer.gates[0],
                       slice_text("M2"));
        desk_close(&desk);
}

TEST(a_waived_gate_is_not_missed) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A)));
        decide(&desk, DECISION_PASS);
        CHECK_EQ_U64(ask(&desk, COMMIT_A), 0);
        CHECK(desk_submit(&desk, OPERATOR,
                          (Message){.type = MESSAGE_WAIVE,
                                    .waive = {.phase = slice_text("m"),
                                              .gate = slice_text("M2"),
                                              .why = slice_text("no such machine"),
                                              .until_ms = desk.port.wall_ms + 1000}}));
        CHECK(ask(&desk, COMMIT_A));
        CHECK_EQ_INT(phase_of(&desk)->state, PHASE_STATE_DONE);
        desk_close(&desk);
}

/* ---- manual checks ---- */

static Message make_answer(const char *check, const char *commit) {
        return (Message){.type = MESSAGE_ANSWER,
                         .answer = {.phase = slice_text("m"),
                                    .gate = slice_text("M1"),
                                    .check = slice_text(check),
                                    .commit = slice_text(commit),
                                    .holds = 1,
                                    .text = slice_text("the lamp is green")}};
}

static Slice checks_asked[] = {{(const uint8_t *)"look", 4}, {(const uint8_t *)"listen", 6}};

/* M1 has two checks, of which those are `measured`. */
static Message plan_questions(Desk *desk, const char *measured) {
        Message message = desk_make_plan(desk, "m", m1, 1, "1");

        message.plan.gates[0].checks = checks_asked;
        message.plan.gates[0].n_checks = ARRAY_SIZE(checks_asked);
        message.plan.gates[0].measured = slice_text(measured);
        return message;
}

/* Its verdict at COMMIT_A says that both wait for an answer. */
static void ask_questions(Desk *desk, const char *measured) {
        struct check_result results[] = {
                {.check = checks_asked[0], .outcome = OUTCOME_UNVERIFIABLE},
                {.check = checks_asked[1], .outcome = OUTCOME_UNVERIFIABLE}};
        Message message = plan_questions(desk, measured);

        CHECK(desk_submit(desk, OPERATOR, message));
        message =
                desk_make_verdict(desk, desk_claim_and_lease(desk, 1), "M1", DECISION_INCONCLUSIVE);
        message.verdict.checks = results;
        message.verdict.n_checks = 2;
        CHECK(desk_submit(desk, ADVERSARY, message));
        desk_credit(desk, ADVERSARY, 1, 0, 0);
}

static void open_questions(Desk *desk) {
        desk_open(desk);
        ask_questions(desk, NULL);
}

TEST(when_every_question_is_answered_the_gate_is_verified_again_with_the_answers) {
        const struct offer *offer;
        Desk desk;
        uint64_t answer;

        open_questions(&desk);
        CHECK(desk_submit(&desk, ADVERSARY, make_answer("look", COMMIT_A)));
        CHECK(!find_entry(&desk, "reverify"));
        answer = desk_submit(&desk, ADVERSARY_2, make_answer("listen", COMMIT_A));
        CHECK_EQ_U64(find_entry(&desk, "reverify")->reverify.cause, answer);
        offer = &desk_last(&desk, ADVERSARY, MESSAGE_OFFER)->offer;
        CHECK_EQ_U64(offer->n_answers, 2);
        CHECK_EQ_SLICE(offer->answers[1].check, slice_text("listen"));
        CHECK_EQ_U64(offer->answers[1].answer, answer);
        CHECK_EQ_U64(offer->answers[1].holds, 1);
        desk_close(&desk);
}

static size_t count_entries(const Desk *desk, const char *kind) {
        size_t n = 0;

        for (size_t i = 0; i < desk->port.n_entries; i++)
                n += slice_is(desk->port.entries[i].kind, kind);
        return n;
}

TEST(done_while_a_question_is_open_says_what_it_waits_for_and_verifies_nothing_again) {
        const Message *refusal;
        Desk desk;

        open_questions(&desk);
        CHECK(desk_submit(&desk, ADVERSARY, make_answer("look", COMMIT_A)));
        CHECK_EQ_U64(ask(&desk, COMMIT_A), 0);
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "done-not-yet");
        refusal = desk_last(&desk, BUILDER, MESSAGE_REFUSE);
        CHECK_EQ_U64(refusal->refuse.n_reasons, 1);
        CHECK_EQ_SLICE(refusal->refuse.reasons[0],
                       slice_text("M1: INCONCLUSIVE at aaaaaaaaaaaa (V-11); it waits for an "
                                  "adversary's answer to listen"));
        CHECK_CONTAINS(arena_text(&desk.arena, refusal->refuse.next),
                       "or an operator: broker waive m --gate M1 ");
        CHECK_EQ_U64(count_entries(&desk, "reverify"), 0);
        CHECK(desk_submit(&desk, ADVERSARY, make_answer("listen", COMMIT_A)));
        CHECK_EQ_U64(count_entries(&desk, "reverify"), 1);
        desk_close(&desk);
}

/* Whoever could answer may be gone. */
TEST(a_question_that_nobody_answers_is_waived) {
        Desk desk;

        open_questions(&desk);
        CHECK_EQ_U64(ask(&desk, COMMIT_A), 0);
        CHECK(desk_submit(&desk, OPERATOR,
                          (Message){.type = MESSAGE_WAIVE,
                                    .waive = {.phase = slice_text("m"),
                                              .gate = slice_text("M1"),
                                              .why = slice_text("nobody is left to look"),
                                              .until_ms = desk.port.wall_ms + 1000}}));
        CHECK(ask(&desk, COMMIT_A));
        CHECK_EQ_INT(phase_of(&desk)->state, PHASE_STATE_DONE);
        desk_close(&desk);
}

TEST(done_at_another_commit_than_that_of_the_question_verifies_again) {
        Desk desk;

        open_questions(&desk);
        CHECK(ask(&desk, COMMIT_B));
        CHECK_EQ_U64(count_entries(&desk, "reverify"), 1);
        desk_close(&desk);
}

TEST(a_check_that_is_run_is_no_question) {
        Desk desk;

        desk_open(&desk);
        ask_questions(&desk, "\x02");
        CHECK_EQ_U64(phase_of(&desk)->gates[0].n_asked, 1);
        CHECK_EQ_TEXT(phase_of(&desk)->gates[0].asked[0], "look");
        desk_close(&desk);
}

/* An adversary says of it what it likes; DONE is not refused for an answer that would be, too. */
TEST(a_check_that_the_gate_does_not_have_is_no_question) {
        struct check_result result = {.check = slice_text("lok"), .outcome = OUTCOME_UNVERIFIABLE};
        Message message;
        Desk desk;

        desk_open(&desk);
        CHECK(desk_submit(&desk, OPERATOR, plan_questions(&desk, NULL)));
        message = desk_make_verdict(&desk, desk_claim_and_lease(&desk, 1), "M1",
                                    DECISION_INCONCLUSIVE);
        message.verdict.checks = &result;
        CHECK(desk_submit(&desk, ADVERSARY, message));
        CHECK(ask(&desk, COMMIT_A));
        CHECK_EQ_U64(count_entries(&desk, "reverify"), 1);
        desk_close(&desk);
}

/* As where the first approval came from a broker that did not say what is run. */
TEST(a_question_ends_with_the_plan_by_which_its_check_is_run) {
        Desk desk;

        open_questions(&desk);
        CHECK(desk_submit(&desk, ADVERSARY, make_answer("look", COMMIT_A)));
        CHECK_EQ_U64(count_entries(&desk, "reverify"), 0);
        CHECK(desk_submit(&desk, OPERATOR, plan_questions(&desk, "\x02")));
        CHECK_EQ_U64(phase_of(&desk)->gates[0].n_asked, 1);
        CHECK_EQ_U64(count_entries(&desk, "reverify"), 1);
        desk_close(&desk);
}

TEST(a_question_ends_with_the_gate_that_asked_it) {
        Message plan;
        Desk desk;

        open_questions(&desk);
        plan = desk_make_plan(&desk, "m", m1, 1, "2");
        plan.plan.gates[0].checks = checks_asked;
        plan.plan.gates[0].n_checks = ARRAY_SIZE(checks_asked);
        CHECK(desk_submit(&desk, OPERATOR, plan));
        CHECK_EQ_U64(phase_of(&desk)->gates[0].n_asked, 0);
        CHECK(ask(&desk, COMMIT_A));
        desk_close(&desk);
}

TEST(an_answer_at_another_commit_is_none) {
        Desk desk;

        open_questions(&desk);
        CHECK(desk_submit(&desk, ADVERSARY, make_answer("look", COMMIT_B)));
        CHECK(desk_submit(&desk, ADVERSARY, make_answer("listen", COMMIT_A)));
        CHECK(!find_entry(&desk, "reverify"));
        desk_close(&desk);
}

TEST(answers_make_one_re_verification_each_time_and_no_loop) {
        Desk desk;
        uint64_t seq;

        open_questions(&desk);
        CHECK(desk_submit(&desk, ADVERSARY, make_answer("look", COMMIT_A)));
        CHECK(desk_submit(&desk, ADVERSARY, make_answer("listen", COMMIT_A)));
        seq = newest_claim(&desk)->seq;
        decide(&desk, DECISION_INCONCLUSIVE);
        desk_tick(&desk);
        CHECK_EQ_U64(newest_claim(&desk)->seq, seq);
        desk_close(&desk);
}

/* The claim that the answers queued, once both are given. */
static uint64_t answer_both(Desk *desk) {
        open_questions(desk);
        CHECK(desk_submit(desk, ADVERSARY, make_answer("look", COMMIT_A)));
        CHECK(desk_submit(desk, ADVERSARY, make_answer("listen", COMMIT_A)));
        return newest_claim(desk)->seq;
}

TEST(what_answers_queued_can_be_withdrawn) {
        Desk desk;
        uint64_t seq = answer_both(&desk);

        CHECK(desk_submit(&desk, BUILDER, desk_make_withdraw(seq)));
        desk_tick(&desk);
        CHECK_EQ_U64(phase_of(&desk)->gates[0].claim_seq, seq);
        CHECK_EQ_INT(phase_of(&desk)->gates[0].state, GATE_STATE_INCONCLUSIVE);
        desk_close(&desk);
}

TEST(what_answers_queued_and_nobody_verified_is_exhausted_and_not_queued_for_ever) {
        Desk desk;
        uint64_t seq = answer_both(&desk);

        for (uint64_t i = 0; i < desk.settings.attempts; i++) {
                desk_credit(&desk, ADVERSARY, 1, 0, 0);
                fake_port_turn(&desk.port, desk.settings.lease_ms);
                desk_tick(&desk);
        }
        CHECK_EQ_U64(phase_of(&desk)->gates[0].claim_seq, seq);
        CHECK(gate_is_exhausted(&phase_of(&desk)->gates[0]));
        desk_close(&desk);
}

TEST(answers_to_a_gate_that_was_revised_are_forgotten) {
        Message plan;
        Desk desk;

        open_questions(&desk);
        CHECK(desk_submit(&desk, ADVERSARY, make_answer("look", COMMIT_A)));
        plan = desk_make_plan(&desk, "m", m1, 1, "2");
        CHECK(desk_submit(&desk, OPERATOR, plan));
        CHECK_EQ_U64(phase_of(&desk)->n_answers, 0);
        desk_close(&desk);
}
