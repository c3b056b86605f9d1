/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/differs.h"

#include "base/utf8.h"
#include "broker/status.h"
#include "broker/why_done.h"
#include "proto/codec.h"
#include "tests/lib/desk.h"
#include "tests/lib/test.h"

static const char *const m1[] = {"M1"};

static GateRecord *gate_of(const Desk *desk) {
        return &desk_state(desk)->phases[0]->gates[0];
}

/* A claim that says so, and the verdict on it; the verdict's entry. */
static uint64_t play(Desk *desk, const char *claimed, bool must_match, Decision decision) {
        Message message;
        uint64_t claim;
        Hash digest;

        desk_open(desk);
        message = desk_make_plan(desk, "m", m1, 1, "1");
        message.plan.gates[0].must_match = must_match;
        CHECK(desk_submit(desk, OPERATOR, message));
        desk_credit(desk, ADVERSARY, 1, 0, 0);
        message = desk_make_claim(desk, "m", m1, 1, COMMIT_A);
        message.claim.claimed_evidence = slice_text(claimed);
        claim = desk_submit(desk, BUILDER, message);
        desk_measure(desk, "12", &digest);
        message = desk_make_verdict(desk, claim, "M1", decision);
        message.verdict.checks->evidence = arena_slice(&desk->arena, hash_slice(&digest));
        return desk_submit(desk, ADVERSARY, message);
}

static const struct differs *find_differs(Desk *desk) {
        Message *message = arena_alloc(&desk->arena, sizeof *message);
        CodecFault fault;

        for (size_t i = desk->port.n_entries; i-- > 0;)
                if (slice_is(desk->port.entries[i].kind, "differs")) {
                        CHECK_EQ_INT(codec_decode(desk->port.entries[i].frame, &desk->arena,
                                                  message, &fault),
                                     0);
                        return &message->differs;
                }
        return NULL;
}

TEST(a_number_that_differs_is_said_in_the_verdicts_batch) {
        const struct differs *differs;
        Desk desk;
        uint64_t verdict = play(&desk, "All well.\n- c: 16 of them\n", false, DECISION_PASS);

        differs = find_differs(&desk);
        CHECK(differs);
        CHECK_EQ_U64(differs->verdict, verdict);
        CHECK_EQ_U64(differs->fails, 0);
        CHECK_EQ_U64(differs->n_lines, 1);
        CHECK_EQ_SLICE(differs->lines[0], slice_text("c: claimed 16; measured 12, 0"));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_PASSED);
        desk_close(&desk);
}

/* An entry that is no text could not be written, and the broker would end. */
TEST(a_long_value_is_cut_between_characters) {
        char claimed[402] = "c = x";
        const struct differs *differs;
        Desk desk;

        for (size_t i = 5; i + 2 < sizeof claimed; i += 2)
                memcpy(claimed + i, "\xc3\xa9", 3);
        CHECK(play(&desk, claimed, false, DECISION_PASS));
        differs = find_differs(&desk);
        CHECK(differs);
        CHECK_EQ_U64(differs->n_lines, 1);
        CHECK(utf8_is_valid(differs->lines[0]));
        desk_close(&desk);
}

TEST(what_agrees_is_not_worth_an_entry) {
        Desk desk;

        CHECK(play(&desk, "c: 12 of them", false, DECISION_PASS));
        CHECK(!find_differs(&desk));
        desk_close(&desk);
}

TEST(where_the_plan_says_so_the_pass_does_not_count_and_a_finding_is_filed) {
        const FindingRecord *finding;
        Desk desk;

        CHECK(play(&desk, "c = 16", true, DECISION_PASS));
        CHECK_EQ_U64(find_differs(&desk)->fails, 1);
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_FAILED);
        CHECK_EQ_U64(gate_of(&desk)->last_pass.seq, 0);
        CHECK_EQ_U64(desk_state(&desk)->n_findings, 1);
        finding = desk_state(&desk)->findings[0];
        CHECK_CONTAINS(finding->title, "the claimed evidence differs from the measured");
        CHECK_CONTAINS_NOT(finding->title, "16");
        CHECK_EQ_U64(desk_submit(&desk, BUILDER, desk_make_done("m", COMMIT_A)), 0);
        desk_close(&desk);
}

TEST(the_next_pass_closes_the_finding_of_a_difference) {
        Desk desk;

        CHECK(play(&desk, "c = 16", true, DECISION_PASS));
        CHECK(desk_submit(
                &desk, ADVERSARY,
                desk_make_verdict(&desk, desk_claim_and_lease(&desk, 1), "M1", DECISION_PASS)));
        CHECK_EQ_U64(desk_state(&desk)->phases[0]->n_open_findings, 0);
        CHECK(desk_submit(&desk, BUILDER, desk_make_done("m", COMMIT_A)));
        desk_close(&desk);
}

/* What is shown is what DONE counts. */
TEST(a_claim_that_is_taken_back_leaves_the_gate_failed) {
        Desk desk;
        uint64_t claim;
        Why *whys;
        size_t n;

        CHECK(play(&desk, "c = 16", true, DECISION_PASS));
        claim = desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_CLAIMED);
        CHECK(desk_submit(&desk, BUILDER, desk_make_withdraw(claim)));
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_FAILED);
        CHECK_EQ_INT(gate_of(&desk)->verdict.decision, DECISION_FAIL);
        why_done_build(desk_state(&desk), desk_state(&desk)->phases[0], slice_text(COMMIT_A),
                       desk.port.wall_ms, &desk.arena, &whys, &n);
        CHECK(n > 0 && whys[0].kind == WHY_STANDS);
        desk_close(&desk);
}

TEST(a_status_says_why_a_pass_that_differs_does_not_count) {
        struct status status;
        Desk desk;

        CHECK(play(&desk, "c = 16", true, DECISION_PASS));
        status_build(desk_state(&desk), SLICE_NULL, desk.port.wall_ms, &desk.arena, &status);
        CHECK_EQ_INT(status.phases[0].gates[0].state, GATE_STATE_FAILED);
        CHECK(slice_find(status.phases[0].gates[0].stale_because,
                         slice_text("claimed evidence differs")) <
              status.phases[0].gates[0].stale_because.n);
        desk_close(&desk);
}

TEST(retracting_the_verdict_takes_the_finding_along) {
        Desk desk;
        uint64_t verdict = play(&desk, "c = 16", true, DECISION_PASS);

        CHECK(desk_submit(
                &desk, ADVERSARY,
                (Message){.type = MESSAGE_RETRACT,
                          .retract = {.verdict = verdict, .why = slice_text("a bug of mine")}}));
        CHECK_EQ_U64(desk_state(&desk)->phases[0]->n_open_findings, 0);
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_OPEN);
        desk_close(&desk);
}

TEST(a_fail_is_compared_and_fails_once) {
        Desk desk;

        CHECK(play(&desk, "c = 16", true, DECISION_FAIL));
        CHECK_EQ_U64(find_differs(&desk)->fails, 0);
        CHECK_EQ_U64(desk_state(&desk)->n_findings, 1);
        desk_close(&desk);
}

/* The words are the builder's claim's, not the broker's: they hold as long as the commit does. */
TEST(a_verification_that_was_queued_again_is_compared_with_the_words_of_the_claim) {
        Message message;
        Desk desk;
        Hash digest;

        CHECK(play(&desk, "c = 16", true, DECISION_INCONCLUSIVE));
        CHECK(!find_differs(&desk));
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK(desk_submit(&desk, BUILDER, desk_make_done("m", COMMIT_A)));
        desk_measure(&desk, "12", &digest);
        message = desk_make_verdict(&desk, gate_of(&desk)->claim_seq, "M1", DECISION_PASS);
        message.verdict.checks->evidence = arena_slice(&desk.arena, hash_slice(&digest));
        CHECK(desk_submit(&desk, ADVERSARY, message));
        CHECK_EQ_U64(find_differs(&desk)->fails, 1);
        CHECK_EQ_INT(gate_of(&desk)->state, GATE_STATE_FAILED);
        desk_close(&desk);
}
