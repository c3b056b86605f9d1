/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The handshake, told step by step. M1's claimed evidence must match the measured; M2 needs two
 * adversaries; M3 needs M1 and a person's eyes. bob and berta build, ada and alan verify.
 */

#include "tests/lib/test.h"
#include "tests/sim/play.h"

TEST(a_gate_that_fails_is_mended_and_with_two_verifiers_and_an_answer_it_is_done) {
        PLAY({BUILDER, "claim M1,M2,M3 at a", "M1 claimed, M2 claimed, M3 claimed"},
             {ADVERSARY, "take", "then lease, M1 verifying, M3 verifying"},
             {ADVERSARY, "fail M1", "M1 failed, finding open"},
             {ADVERSARY, "pass M2", "M2 verifying"},
             {ADVERSARY, "doubt M3", "M3 inconclusive, M2 claimed"},
             {ADVERSARY_2, "take", "then lease, M2 verifying"},
             {ADVERSARY_2, "pass M2", "M2 passed"}, {BUILDER, "done at a", "refused done-not-yet"},
             {BUILDER, "fix finding b", "finding fixed"},
             {BUILDER, "claim M1,M3 at b", "M1 claimed"}, {ADVERSARY_2, "take", "M1 verifying"},
             {ADVERSARY_2, "pass M1", "M1 passed, finding closed"},
             {ADVERSARY_2, "doubt M3", "M3 inconclusive"},
             {ADVERSARY, "answer M3 yes", "then reverify, M3 claimed"},
             {ADVERSARY_2, "take", "M3 verifying"}, {ADVERSARY_2, "pass M3", "M3 passed"},
             {BUILDER, "done at b", "then reverify, M2 claimed, no granted"},
             {ADVERSARY, "take", "M2 verifying"}, {ADVERSARY, "pass M2", "no granted"},
             {ADVERSARY_2, "take", "M2 verifying"},
             {ADVERSARY_2, "pass M2", "then granted, phase done"},
             {BUILDER, "claim M1 at c", "refused phase-done"}, );
}

TEST(done_verifies_again_what_has_grown_stale) {
        PLAY({OPERATOR, "waive M2 48h", ""}, {OPERATOR, "waive M3 48h", ""},
             {BUILDER, "claim M1 at a", ""}, {ADVERSARY, "take", ""},
             {ADVERSARY, "pass M1", "M1 passed"}, {OPERATOR, "wait 3h", "no granted"},
             {BUILDER, "done at a", "then reverify, no granted"},
             {OPERATOR, "restart", "M1 claimed"}, {ADVERSARY_2, "take", "M1 verifying"},
             {ADVERSARY_2, "pass M1", "then granted, phase done"}, );
}

TEST(a_finding_lives_until_a_re_test_closes_it) {
        PLAY({OPERATOR, "waive M2 48h", ""}, {OPERATOR, "waive M3 48h", ""},
             {BUILDER, "claim M1 at a", ""}, {ADVERSARY, "take", ""},
             {ADVERSARY, "pass M1", "M1 passed"}, {ADVERSARY_2, "find M1", "finding open"},
             {BUILDER, "done at a", "refused done-not-yet"},
             {ADVERSARY_2, "close", "refused close-needs-pass"},
             {BUILDER, "fix finding b", "finding fixed"},
             {ADVERSARY_2, "reopen", "finding reopened"}, {BUILDER, "fix finding b", ""},
             {BUILDER, "claim M1 at b", ""}, {ADVERSARY, "take", ""},
             {ADVERSARY, "pass M1", "M1 passed, finding fixed"},
             {BUILDER, "done at b", "refused done-not-yet"},
             {ADVERSARY_2, "close", "finding closed"}, {BUILDER, "done at b", "then granted"}, );
}

TEST(a_waiver_lets_stand_until_it_expires_and_a_deferral_only_past_its_gate) {
        PLAY({OPERATOR, "waive M2 48h", ""}, {OPERATOR, "waive M3 48h", ""},
             {BUILDER, "claim M1 at a", ""}, {ADVERSARY, "take", ""}, {ADVERSARY, "pass M1", ""},
             {ADVERSARY, "find", "finding open"}, {ADVERSARY, "defer", "finding deferred"},
             {BUILDER, "done at a", "refused done-not-yet"},
             {OPERATOR, "waive finding 5m", "finding waived"},
             {ADVERSARY, "reopen", "refused finding-waived"}, {OPERATOR, "wait 6m", ""},
             {BUILDER, "done at a", "refused done-not-yet"},
             {OPERATOR, "waive finding 5m", "finding waived"},
             {BUILDER, "done at a", "then granted"}, );
}

TEST(a_veto_stands_until_its_adversary_lifts_it) {
        PLAY({OPERATOR, "waive M2 48h", ""}, {OPERATOR, "waive M3 48h", ""},
             {BUILDER, "claim M1 at a", ""}, {ADVERSARY, "take", ""}, {ADVERSARY, "pass M1", ""},
             {ADVERSARY, "veto", ""}, {ADVERSARY_2, "veto M1", ""},
             {BUILDER, "done at a", "refused done-not-yet"},
             {ADVERSARY_2, "lift", "refused lift-not-yours"}, {ADVERSARY, "lift", ""},
             {BUILDER, "done at a", "refused done-not-yet"}, {ADVERSARY_2, "lift", ""},
             {BUILDER, "done at a", "then granted"}, );
}

TEST(a_resource_goes_to_who_asked_first_and_is_never_stolen) {
        PLAY({BUILDER, "hold proxy exclusive 60s", "then grant, proxy bob"},
             {ADVERSARY, "hold proxy shared 60s", "no grant, proxy bob"},
             {ADVERSARY_2, "hold proxy shared 90s", "no grant"},
             {BUILDER_2, "hold proxy exclusive 60s 30s", "no grant"},
             {ADVERSARY, "release proxy of bob", "refused hold-not-yours, proxy bob"},
             {BUILDER, "release proxy", "then grant, proxy ada+alan"},
             {OPERATOR, "wait 31s", "then expire, proxy ada+alan"},
             {BUILDER_2, "hold proxy exclusive 60s", "proxy ada+alan"},
             {BUILDER, "hold proxy shared 60s", "no grant, proxy ada+alan"},
             {ADVERSARY_2, "release proxy", "proxy ada"}, {OPERATOR, "restart", "proxy ada"},
             {OPERATOR, "wait 40s", "then expire, proxy berta"}, );
}

TEST(the_resource_of_a_dead_owner_ends_with_its_time_and_that_of_a_lease_with_the_lease) {
        PLAY({BUILDER, "hold proxy exclusive 60s", "proxy bob"},
             {ADVERSARY, "hold proxy exclusive 20s", "proxy bob"},
             {OPERATOR, "wait 59s", "proxy bob"}, {OPERATOR, "wait 2s", "proxy ada"},
             {OPERATOR, "release proxy of ada", "proxy nobody"}, );
}

TEST(who_pauses_is_left_alone_and_is_pinged_afterwards) {
        PLAY({BUILDER, "claim M1 at a", ""}, {ADVERSARY, "pause 10m", ""},
             {ADVERSARY_2, "pause 5m", ""}, {OPERATOR, "wait 4m", "no ping"},
             {OPERATOR, "wait 2m", "ping adversary take"}, {ADVERSARY_2, "take", "M1 verifying"},
             {ADVERSARY_2, "fail M1", "M1 failed"}, {BUILDER, "pause 10m", ""},
             {OPERATOR, "wait 4m", "no ping"}, {ADVERSARY, "resume", ""},
             {OPERATOR, "wait 7m", "ping bob mend"}, );
}

TEST(a_revision_in_the_middle_ends_the_lease_and_asks_again_what_it_changed) {
        PLAY({BUILDER, "claim M2,M3,M1 at a", ""}, {ADVERSARY, "take", "M2 verifying"},
             {ADVERSARY, "pass M2", ""}, {OPERATOR, "revise", "then lapse, M2 claimed"},
             {ADVERSARY_2, "take", "M2 verifying"}, {ADVERSARY_2, "pass M1", "M1 passed"},
             {OPERATOR, "revise", "then lapse, M2 claimed, M1 passed"},
             {ADVERSARY_2, "pass M2", "refused lease-expired"},
             {ADVERSARY_2, "take", "M2 verifying"}, {ADVERSARY_2, "pass M2", ""},
             {ADVERSARY_2, "doubt M3", "M2 claimed"}, {ADVERSARY, "take", "M2 verifying"},
             {ADVERSARY, "pass M2", "M2 passed"}, );
}

TEST(a_revision_that_drops_a_gate_lets_its_claim_go) {
        PLAY({BUILDER, "claim M1,M3 at a", ""}, {ADVERSARY, "take", ""},
             {ADVERSARY, "pass M1", "M3 verifying"}, {OPERATOR, "revise", ""},
             {OPERATOR, "revise", ""}, {OPERATOR, "revise", "M3 open"}, );
}

TEST(verifiers_that_disagree_decide_nothing_and_a_retracted_word_can_be_given_again) {
        PLAY({BUILDER, "claim M2 at a", ""}, {ADVERSARY, "take", ""}, {ADVERSARY, "pass M2", ""},
             {ADVERSARY_2, "take", "M2 verifying"}, {ADVERSARY_2, "fail M2", "M2 inconclusive"},
             {ADVERSARY, "retract M2", "M2 open"}, {BUILDER, "claim M2 at a", ""},
             {ADVERSARY, "take", ""}, {ADVERSARY, "fail M2", "M2 claimed"},
             {ADVERSARY, "retract M2", "M2 claimed"}, {ADVERSARY, "take", "M2 verifying"},
             {ADVERSARY, "pass M2", "M2 claimed"}, {ADVERSARY_2, "take", "M2 verifying"},
             {ADVERSARY_2, "pass M2", "M2 passed"}, );
}

TEST(a_pass_with_evidence_that_was_claimed_otherwise_does_not_count_where_the_plan_says_so) {
        PLAY({BUILDER, "claim M1,M2 at a lying", ""}, {BUILDER, "journal", ""},
             {ADVERSARY, "take", ""}, {ADVERSARY, "pass M1", "then differs, M1 failed"},
             {ADVERSARY, "pass M2", ""}, {ADVERSARY_2, "take", "M2 verifying"},
             {ADVERSARY_2, "pass M2", "M2 passed"}, {BUILDER, "claim M1 at a", ""},
             {ADVERSARY, "take", ""},
             {ADVERSARY, "pass M1", "no differs, M1 passed, finding closed"}, );
}

/* The auditor sees to it that the difference, which quotes the claim, reaches neither. */
TEST(a_difference_is_sealed_while_another_gate_of_the_quoted_claim_is_verified) {
        PLAY({OPERATOR, "waive M3 48h", ""}, {BUILDER, "claim M1,M2 at a lying", ""},
             {ADVERSARY, "take", ""}, {ADVERSARY, "doubt M1", "M1 inconclusive"},
             {BUILDER, "done at a", "then reverify"}, {ADVERSARY_2, "take", "M1 verifying"},
             {ADVERSARY_2, "pass M1", "then differs, M1 failed, M2 verifying"}, );
}

TEST(a_lease_ends_when_its_holder_has_nothing_more_to_say) {
        PLAY({BUILDER, "claim M1,M2 at a", ""}, {ADVERSARY, "take", ""},
             {ADVERSARY, "pass M2", "M2 verifying"},
             {BUILDER_2, "claim M1 at b", "then lapse, M1 claimed, M2 claimed"},
             {ADVERSARY_2, "take", "then lease"}, );
}

TEST(a_claim_can_be_taken_back_and_a_broker_that_is_killed_goes_on) {
        PLAY({BUILDER, "claim M1 at a", ""}, {ADVERSARY, "take", "M1 verifying"},
             {OPERATOR, "restart", "M1 verifying"}, {ADVERSARY, "pass M1", "M1 passed"},
             {BUILDER, "claim M1 at b", "M1 claimed"}, {OPERATOR, "restart", "M1 claimed"},
             {BUILDER_2, "withdraw M1", "refused claim-not-yours"},
             {BUILDER, "withdraw M1", "M1 passed"}, );
}
