/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What became of a claim. */

#include "builder-agent/watch.h"

#include "base/options.h"
#include "tests/lib/test.h"

typedef struct Story {
        Arena arena;
        Watch watch;
} Story;

static void story_deinit(Story *story) {
        arena_deinit(&story->arena);
}

/* C-10 claims M1 and M2 of phase p. */
static void begin(Story *story) {
        Slice gates[] = {slice_text("M1"), slice_text("M2")};
        struct claim claim = {.phase = slice_text("p"), .gates = gates, .n_gates = 2};

        *story = (Story){.arena = ARENA_INIT};
        watch_init(&story->watch, 10, &claim, &story->arena);
}

static bool verdict(Story *story, uint64_t seq, uint64_t claim, const char *gate,
                    Decision decision) {
        Message message = {.type = MESSAGE_VERDICT};

        message.verdict.claim = claim;
        message.verdict.gate = slice_text(gate);
        message.verdict.decision = decision;
        return watch_apply(&story->watch, seq, &message);
}

static bool claim(Story *story, uint64_t seq, const char *phase, const char *gate) {
        Slice gates[] = {slice_text(gate)};
        Message message = {.type = MESSAGE_CLAIM};

        message.claim.phase = slice_text(phase);
        message.claim.gates = gates;
        message.claim.n_gates = 1;
        return watch_apply(&story->watch, seq, &message);
}

static bool lapse(Story *story, uint64_t seq, uint64_t claim_seq, uint64_t exhausted) {
        Message message = {.type = MESSAGE_LAPSE};

        message.lapse.claim = claim_seq;
        message.lapse.exhausted = exhausted;
        return watch_apply(&story->watch, seq, &message);
}

static void expect(const Story *story, const char *outcome, int status) {
        CHECK_EQ_TEXT(watch_outcome(&story->watch), outcome);
        CHECK_EQ_INT(watch_exit_status(&story->watch), status);
        CHECK_EQ_INT(watch_is_over(&story->watch), strcmp(outcome, "pending") != 0);
}

TEST(all_pass_is_holds) {
        cleanup(story_deinit) Story story;

        begin(&story);
        expect(&story, "pending", EXIT_PENDING);
        CHECK(verdict(&story, 12, 10, "M1", DECISION_PASS));
        expect(&story, "pending", EXIT_PENDING);
        CHECK(verdict(&story, 13, 10, "M2", DECISION_PASS));
        expect(&story, "decided", EXIT_HOLDS);
}

TEST(one_fail_is_holds_not_whatever_the_others_are) {
        cleanup(story_deinit) Story story;

        begin(&story);
        CHECK(verdict(&story, 12, 10, "M1", DECISION_FAIL));
        CHECK_EQ_INT(watch_exit_status(&story.watch), EXIT_HOLDS_NOT);
        CHECK(!watch_is_over(&story.watch));
        CHECK(verdict(&story, 13, 10, "M2", DECISION_INCONCLUSIVE));
        expect(&story, "decided", EXIT_HOLDS_NOT);
}

TEST(inconclusive_is_not_carried_out) {
        cleanup(story_deinit) Story story;

        begin(&story);
        CHECK(verdict(&story, 12, 10, "M1", DECISION_PASS));
        CHECK(verdict(&story, 13, 10, "M2", DECISION_INCONCLUSIVE));
        expect(&story, "decided", EXIT_NOT_CARRIED_OUT);
}

TEST(verdicts_on_other_claims_and_gates_are_not_ours) {
        cleanup(story_deinit) Story story;

        begin(&story);
        CHECK(!verdict(&story, 12, 9, "M1", DECISION_FAIL));
        CHECK(!verdict(&story, 13, 10, "M11", DECISION_FAIL));
        CHECK(!verdict(&story, 14, 10, "M", DECISION_FAIL));
        expect(&story, "pending", EXIT_PENDING);
}

TEST(a_second_verdict_changes_nothing) {
        cleanup(story_deinit) Story story;

        begin(&story);
        CHECK(verdict(&story, 12, 10, "M1", DECISION_PASS));
        CHECK(!verdict(&story, 13, 10, "M1", DECISION_FAIL));
        CHECK_EQ_U64(story.watch.gates[0].cause, 12);
}

TEST(a_newer_claim_takes_its_gates_away) {
        cleanup(story_deinit) Story story;

        begin(&story);
        CHECK(!claim(&story, 10, "p", "M1")); /* our own */
        CHECK(!claim(&story, 11, "q", "M1")); /* of another phase */
        CHECK(!claim(&story, 12, "p", "M3"));
        CHECK(claim(&story, 13, "p", "M1"));
        expect(&story, "pending", EXIT_STALE);
        CHECK(!verdict(&story, 14, 10, "M1", DECISION_PASS));
        CHECK(verdict(&story, 15, 10, "M2", DECISION_PASS));
        expect(&story, "superseded", EXIT_STALE);
}

TEST(a_decided_gate_stays_decided_when_it_is_claimed_again) {
        cleanup(story_deinit) Story story;

        begin(&story);
        CHECK(verdict(&story, 12, 10, "M1", DECISION_PASS));
        CHECK(verdict(&story, 13, 10, "M2", DECISION_PASS));
        CHECK(!claim(&story, 14, "p", "M1"));
        expect(&story, "decided", EXIT_HOLDS);
}

TEST(a_withdrawn_claim_is_stale) {
        Message message = {.type = MESSAGE_WITHDRAW};
        cleanup(story_deinit) Story story;

        begin(&story);
        message.withdraw.claim = 9;
        CHECK(!watch_apply(&story.watch, 12, &message));
        message.withdraw.claim = 10;
        CHECK(watch_apply(&story.watch, 13, &message));
        expect(&story, "withdrawn", EXIT_STALE);
}

TEST(only_the_last_lapse_ends_the_wait) {
        cleanup(story_deinit) Story story;

        begin(&story);
        CHECK(!lapse(&story, 12, 10, 0));
        CHECK(!lapse(&story, 13, 9, 1));
        expect(&story, "pending", EXIT_PENDING);
        CHECK(lapse(&story, 14, 10, 1));
        expect(&story, "exhausted", EXIT_NOT_CARRIED_OUT);
}

/* ---- what the broker makes of it ---- */

static bool confirm(Story *story, const char *gate, GateState state) {
        struct gate_status status = {.gate = slice_text(gate), .state = state, .claim = 10};
        struct phase_status phase = {.gates = &status, .n_gates = 1};

        return watch_confirm(&story->watch, &phase);
}

TEST(a_verdict_that_is_not_the_last_one_needed_is_waited_on) {
        cleanup(story_deinit) Story story;

        begin(&story);
        CHECK(verdict(&story, 11, 10, "M1", DECISION_PASS));
        CHECK(verdict(&story, 12, 10, "M2", DECISION_PASS));
        CHECK(confirm(&story, "M1", GATE_STATE_CLAIMED));
        expect(&story, "pending", EXIT_PENDING);
        CHECK(verdict(&story, 15, 10, "M1", DECISION_FAIL));
        CHECK(!confirm(&story, "M1", GATE_STATE_INCONCLUSIVE));
        expect(&story, "decided", EXIT_NOT_CARRIED_OUT);
}

TEST(a_pass_that_the_broker_does_not_count_is_none) {
        cleanup(story_deinit) Story story;

        begin(&story);
        CHECK(verdict(&story, 11, 10, "M1", DECISION_PASS));
        CHECK(verdict(&story, 12, 10, "M2", DECISION_PASS));
        CHECK(!confirm(&story, "M2", GATE_STATE_FAILED));
        expect(&story, "decided", EXIT_HOLDS_NOT);
}
