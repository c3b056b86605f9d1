/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Who gets which claim, for how long, and what ends it. */

#include "broker/core.h"

#include "tests/lib/desk.h"
#include "tests/lib/test.h"

static const char *const m1[] = {"M1"};
static const char *const m2[] = {"M2"};
static const char *const m1_m2[] = {"M1", "M2"};

static Message make_progress(uint64_t claim, uint64_t lease) {
        return (Message){.type = MESSAGE_PROGRESS,
                         .progress = {.claim = claim,
                                      .lease = lease,
                                      .gate = slice_text("M1"),
                                      .what = slice_text("c"),
                                      .n_total = 1}};
}

static uint64_t lease_of(const Desk *desk, uint64_t claim) {
        return state_find_claim(desk_state(desk), claim)->lease_seq;
}

static ClaimState state_of(const Desk *desk, uint64_t claim) {
        return state_find_claim(desk_state(desk), claim)->state;
}

static Message make_revoke(const char *name) {
        return (Message){.type = MESSAGE_REVOKE,
                         .revoke = {.name = slice_text(name), .why = slice_text("lost")}};
}

/* ---- offers ---- */

TEST(an_offer_has_what_a_verification_needs_and_no_more_gates) {
        const struct offer *offer;
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        offer = &desk_last(&desk, ADVERSARY, MESSAGE_OFFER)->offer;
        CHECK_EQ_U64(offer->claim, claim);
        CHECK_EQ_U64(offer->lease, lease_of(&desk, claim));
        CHECK_EQ_U64(offer->n_gates, 1);
        CHECK_EQ_SLICE(offer->gates[0], slice_text("M1"));
        CHECK_EQ_SLICE(offer->commit, slice_text(COMMIT_A));
        CHECK_EQ_SLICE(offer->plan, slice_text("# m 1"));
        desk_close(&desk);
}

TEST(without_credit_there_is_no_offer) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A)));
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_OFFER), 0);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_OFFER), 1);
        desk_close(&desk);
}

TEST(credit_for_one_job_is_one_offer) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A)));
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m2, 1, COMMIT_A)));
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_OFFER), 1);
        desk_close(&desk);
}

TEST(a_builder_gets_no_offers_whatever_it_says) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk_credit(&desk, BUILDER_2, 5, 0, 0);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A)));
        CHECK_EQ_U64(desk_count(&desk, BUILDER_2, MESSAGE_OFFER), 0);
        desk_close(&desk);
}

TEST(the_oldest_claim_is_offered_first) {
        uint64_t first;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        first = desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m2, 1, COMMIT_A));
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A)));
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK_EQ_U64(desk_last(&desk, ADVERSARY, MESSAGE_OFFER)->offer.claim, first);
        desk_close(&desk);
}

TEST(claims_are_shared_among_adversaries) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk_credit(&desk, ADVERSARY, 4, 0, 0);
        desk_credit(&desk, ADVERSARY_2, 4, 0, 0);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A)));
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m2, 1, COMMIT_A)));
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_OFFER), 1);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY_2, MESSAGE_OFFER), 1);
        desk_close(&desk);
}

TEST(a_lapsed_claim_goes_rather_to_another_adversary) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        (void)desk_claim_and_lease(&desk, 1);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        desk_credit(&desk, ADVERSARY_2, 1, 0, 0);
        desk_forget(&desk);
        fake_port_turn(&desk.port, desk.settings.lease_ms);
        desk_tick(&desk);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_OFFER), 0);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY_2, MESSAGE_OFFER), 1);
        desk_close(&desk);
}

TEST(an_offer_to_a_full_peer_follows_when_there_is_room) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        desk.port.conditions[ADVERSARY] = CHANNEL_E_FULL;
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A)));
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_OFFER), 0);
        desk.port.conditions[ADVERSARY] = 0;
        CHECK(core_next_deadline(desk.core) <= desk.port.mono_ms + 1000);
        fake_port_turn(&desk.port, 1000);
        desk_tick(&desk);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_OFFER), 1);
        desk_close(&desk);
}

TEST(a_holder_that_comes_back_empty_gets_its_offer_once_more) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        desk_forget(&desk);
        desk_hello(&desk, ADVERSARY);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_OFFER), 1);
        CHECK_EQ_U64(desk_last(&desk, ADVERSARY, MESSAGE_OFFER)->offer.lease,
                     lease_of(&desk, claim));
        desk_close(&desk);
}

TEST(a_holder_whose_offer_was_repeated_gets_no_other_before_it_gives_a_sign) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m2, 1, COMMIT_A)));
        desk_forget(&desk);
        desk_hello(&desk, ADVERSARY);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_OFFER), 1);
        desk_say(&desk, ADVERSARY, make_progress(claim, lease_of(&desk, claim)));
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_OFFER), 2);
        desk_close(&desk);
}

/* ---- the end of leases ---- */

TEST(a_lease_without_a_sign_lapses_and_the_claim_is_queued) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        CHECK(core_next_deadline(desk.core) <= desk.port.mono_ms + desk.settings.lease_ms);
        fake_port_turn(&desk.port, desk.settings.lease_ms - 1);
        desk_tick(&desk);
        CHECK_EQ_INT(state_of(&desk, claim), CLAIM_STATE_LEASED);
        fake_port_turn(&desk.port, 1);
        desk_tick(&desk);
        CHECK_EQ_INT(state_of(&desk, claim), CLAIM_STATE_QUEUED);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_CANCEL), 1);
        desk_close(&desk);
}

TEST(progress_renews_the_lease) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        fake_port_turn(&desk.port, desk.settings.lease_ms - 1);
        desk_say(&desk, ADVERSARY, make_progress(claim, lease_of(&desk, claim)));
        fake_port_turn(&desk.port, desk.settings.lease_ms - 1);
        desk_tick(&desk);
        CHECK_EQ_INT(state_of(&desk, claim), CLAIM_STATE_LEASED);
        desk_close(&desk);
}

TEST(a_verdict_renews_the_lease) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 2);
        fake_port_turn(&desk.port, desk.settings.lease_ms - 1);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)));
        fake_port_turn(&desk.port, desk.settings.lease_ms - 1);
        desk_tick(&desk);
        CHECK_EQ_INT(state_of(&desk, claim), CLAIM_STATE_LEASED);
        desk_close(&desk);
}

TEST(progress_of_another_adversary_renews_nothing_and_is_cancelled) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        desk_say(&desk, ADVERSARY_2, make_progress(claim, lease_of(&desk, claim)));
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY_2, MESSAGE_CANCEL), 1);
        CHECK_EQ_U64(desk_count(&desk, BUILDER, MESSAGE_PROGRESS), 0);
        desk_close(&desk);
}

TEST(after_all_attempts_the_claim_is_exhausted) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        for (uint64_t i = 1; i < desk.settings.attempts; i++) {
                fake_port_turn(&desk.port, desk.settings.lease_ms);
                desk_tick(&desk);
                desk_credit(&desk, ADVERSARY, 1, 0, 0);
                CHECK_EQ_INT(state_of(&desk, claim), CLAIM_STATE_LEASED);
                CHECK_EQ_U64(state_find_claim(desk_state(&desk), claim)->attempts, i + 1);
        }
        fake_port_turn(&desk.port, desk.settings.lease_ms);
        desk_tick(&desk);
        CHECK_EQ_INT(state_of(&desk, claim), CLAIM_STATE_EXHAUSTED);
        CHECK_EQ_INT(desk_state(&desk)->phases[0]->gates[0].state, GATE_STATE_INCONCLUSIVE);
        desk_close(&desk);
}

TEST(a_withdrawn_claim_is_cancelled_at_its_holder) {
        uint64_t claim, lease;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        lease = lease_of(&desk, claim);
        CHECK(desk_submit(&desk, BUILDER, desk_make_withdraw(claim)));
        CHECK_EQ_U64(desk_last(&desk, ADVERSARY, MESSAGE_CANCEL)->cancel.lease, lease);
        desk_close(&desk);
}

TEST(a_superseded_claim_is_cancelled_at_its_holder) {
        uint64_t lease;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        lease = lease_of(&desk, desk_claim_and_lease(&desk, 1));
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1_m2, 2, COMMIT_B)));
        CHECK_EQ_U64(desk_last(&desk, ADVERSARY, MESSAGE_CANCEL)->cancel.lease, lease);
        desk_close(&desk);
}

TEST(a_claim_that_keeps_a_gate_of_its_own_goes_on) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 2);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_B)));
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_CANCEL), 0);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M2", DECISION_PASS)));
        CHECK_EQ_INT(state_of(&desk, claim), CLAIM_STATE_DECIDED);
        desk_close(&desk);
}

TEST(a_decided_claim_is_not_cancelled) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)));
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_CANCEL), 0);
        desk_close(&desk);
}

TEST(a_revised_plan_ends_the_lease_and_offers_the_claim_with_the_new_text) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        (void)desk_claim_and_lease(&desk, 1);
        desk_credit(&desk, ADVERSARY_2, 1, 0, 0);
        CHECK(desk_submit(&desk, OPERATOR, desk_make_plan(&desk, "m", m1_m2, 2, "2")));
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_CANCEL), 1);
        CHECK_EQ_SLICE(desk_last(&desk, ADVERSARY_2, MESSAGE_OFFER)->offer.plan,
                       slice_text("# m 2"));
        desk_close(&desk);
}

TEST(the_lease_of_a_revoked_adversary_ends_at_once) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        desk_credit(&desk, ADVERSARY_2, 1, 0, 0);
        CHECK(desk_submit(&desk, OPERATOR, make_revoke("ada")));
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY_2, MESSAGE_OFFER), 1);
        CHECK_EQ_TEXT(state_find_claim(desk_state(&desk), claim)->adversary, "alan");
        desk_close(&desk);
}

TEST(after_a_restart_a_running_lease_has_its_whole_time) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        fake_port_turn(&desk.port, desk.settings.lease_ms - 1);
        desk_restart(&desk);
        CHECK_EQ_U64(core_next_deadline(desk.core), 0);
        desk_tick(&desk);
        fake_port_turn(&desk.port, desk.settings.lease_ms - 1);
        desk_tick(&desk);
        CHECK_EQ_INT(state_of(&desk, claim), CLAIM_STATE_LEASED);
        fake_port_turn(&desk.port, 1);
        desk_tick(&desk);
        CHECK_EQ_INT(state_of(&desk, claim), CLAIM_STATE_QUEUED);
        desk_close(&desk);
}

TEST(a_verdict_after_a_restart_counts) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        desk_restart(&desk);
        desk_hello(&desk, ADVERSARY);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)));
        CHECK_EQ_INT(state_of(&desk, claim), CLAIM_STATE_DECIDED);
        desk_close(&desk);
}

/* ---- progress ---- */

TEST(progress_is_passed_on_to_the_builder_with_the_adversarys_name) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        desk_say(&desk, ADVERSARY, make_progress(claim, lease_of(&desk, claim)));
        CHECK_EQ_SLICE(desk_last(&desk, BUILDER, MESSAGE_PROGRESS)->progress.adversary,
                       slice_text("ada"));
        CHECK_EQ_U64(desk_count(&desk, BUILDER_2, MESSAGE_PROGRESS), 0);
        desk_close(&desk);
}

TEST(progress_is_passed_on_to_who_follows) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        desk_credit(&desk, OBSERVER, 0, 100, desk_state(&desk)->head_seq);
        desk_say(&desk, ADVERSARY, make_progress(claim, lease_of(&desk, claim)));
        CHECK_EQ_U64(desk_count(&desk, OBSERVER, MESSAGE_PROGRESS), 1);
        desk_close(&desk);
}
