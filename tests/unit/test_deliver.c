/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Entries to those who follow, and what is kept from adversaries. */

#include "broker/core.h"

#include "tests/lib/desk.h"
#include "tests/lib/test.h"

static const char *const m1[] = {"M1"};

static Message make_ask(Question question, uint64_t seq) {
        return (Message){.type = MESSAGE_ASK, .ask = {.question = question, .seq = seq}};
}

/* ---- delivery ---- */

static void say_credit(Desk *desk, Who who, uint64_t entries, uint64_t after, const char *phase) {
        desk_say(desk, who,
                 (Message){.type = MESSAGE_CREDIT,
                           .credit = {.entries = entries,
                                      .after = after,
                                      .phase = slice_text(phase)}});
}

TEST(entries_behind_the_cursor_are_delivered_in_order) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk_credit(&desk, OBSERVER, 0, 100, 3);
        CHECK_EQ_U64(desk_count(&desk, OBSERVER, MESSAGE_ENTRY), desk_state(&desk)->head_seq - 3);
        for (size_t i = 0; i < desk.port.n_sent; i++)
                CHECK_EQ_U64(desk.port.sent[i].message.entry.seq, 4 + i);
        desk_close(&desk);
}

TEST(no_more_entries_are_delivered_than_there_is_credit) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk_credit(&desk, OBSERVER, 0, 2, 0);
        CHECK_EQ_U64(desk_count(&desk, OBSERVER, MESSAGE_ENTRY), 2);
        desk_commit(&desk);
        CHECK_EQ_U64(desk_count(&desk, OBSERVER, MESSAGE_ENTRY), 2);
        desk_close(&desk);
}

TEST(news_are_delivered_while_there_is_credit) {
        uint64_t seq;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk_credit(&desk, OBSERVER, 0, 2, desk_state(&desk)->head_seq);
        CHECK_EQ_U64(desk_count(&desk, OBSERVER, MESSAGE_ENTRY), 0);
        seq = desk_submit(&desk, BUILDER, desk_make_note("m", NOTE_TO_RECORD, "n"));
        CHECK_EQ_U64(desk_last(&desk, OBSERVER, MESSAGE_ENTRY)->entry.seq, seq);
        desk_close(&desk);
}

TEST(entries_of_another_phase_cost_no_credit_and_are_not_delivered) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        CHECK(desk_submit(&desk, OPERATOR, desk_make_plan(&desk, "n", m1, 1, "1")));
        CHECK(desk_submit(&desk, BUILDER, desk_make_note("m", NOTE_TO_RECORD, "x")));
        CHECK(desk_submit(&desk, BUILDER, desk_make_note("n", NOTE_TO_RECORD, "y")));
        desk_forget(&desk);
        say_credit(&desk, OBSERVER, 2, 0, "n");
        CHECK_EQ_U64(desk_count(&desk, OBSERVER, MESSAGE_ENTRY), 2);
        for (size_t i = 0; i < desk.port.n_sent; i++)
                CHECK_EQ_SLICE(desk.port.sent[i].message.entry.phase, slice_text("n"));
        desk_close(&desk);
}

TEST(a_verdict_is_delivered_to_who_follows_its_phase) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_claim_and_lease(&desk, 1);
        say_credit(&desk, OBSERVER, 100, desk_state(&desk)->head_seq, "m");
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)));
        CHECK_EQ_SLICE(desk_last(&desk, OBSERVER, MESSAGE_ENTRY)->entry.kind,
                       slice_text("verdict"));
        desk_close(&desk);
}

TEST(a_full_peer_only_lags) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk.port.conditions[OBSERVER] = CHANNEL_E_FULL;
        desk_credit(&desk, OBSERVER, 0, 100, 0);
        CHECK_EQ_U64(desk_count(&desk, OBSERVER, MESSAGE_ENTRY), 0);
        CHECK(core_next_deadline(desk.core) <= desk.port.mono_ms + 1000);
        desk.port.conditions[OBSERVER] = 0;
        fake_port_turn(&desk.port, 1000);
        desk_tick(&desk);
        CHECK_EQ_U64(desk_count(&desk, OBSERVER, MESSAGE_ENTRY), desk_state(&desk)->head_seq);
        desk_close(&desk);
}

TEST(a_peer_that_is_gone_is_forgotten) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk.port.conditions[OBSERVER] = CHANNEL_E_GONE;
        desk_credit(&desk, OBSERVER, 0, 100, 0);
        desk.port.conditions[OBSERVER] = 0;
        desk_forget(&desk);
        desk_say(&desk, OBSERVER, make_ask(QUESTION_STATUS, 0));
        CHECK_EQ_TEXT(desk_rule(&desk, OBSERVER), "hello-first");
        desk_close(&desk);
}

TEST(a_long_backlog_is_delivered_over_several_batches) {
        enum { N = 1500 };
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        for (int i = 0; i < N; i++) {
                Id id;

                desk_make_id(&desk, &id);
                desk_put_entry(&desk, BUILDER, desk_make_note("m", NOTE_TO_RECORD, "n"), &id);
        }
        desk_commit(&desk);
        desk_credit(&desk, OBSERVER, 0, 65536, 0);
        CHECK(desk_count(&desk, OBSERVER, MESSAGE_ENTRY) < N);
        CHECK_EQ_U64(core_next_deadline(desk.core), 0);
        for (int i = 0; i < 20 && core_next_deadline(desk.core) == 0; i++)
                desk_tick(&desk);
        CHECK_EQ_U64(desk_count(&desk, OBSERVER, MESSAGE_ENTRY), desk_state(&desk)->head_seq);
        desk_close(&desk);
}

/* ---- sealing ---- */

TEST(the_journal_reaches_no_adversary) {
        uint64_t seq;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        seq = desk_submit(&desk, BUILDER, desk_make_note("m", NOTE_TO_JOURNAL, "my reasons"));
        desk_credit(&desk, ADVERSARY, 0, 100, seq - 1);
        desk_credit(&desk, OBSERVER, 0, 100, seq - 1);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_ENTRY), 0);
        CHECK_EQ_U64(desk_count(&desk, OBSERVER, MESSAGE_ENTRY), 1);
        desk_say(&desk, ADVERSARY, make_ask(QUESTION_ENTRY, seq));
        CHECK_EQ_TEXT(desk_rule(&desk, ADVERSARY), "entry-sealed");
        desk_close(&desk);
}

TEST(claimed_evidence_reaches_no_adversary_before_its_verdict) {
        Message message;
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        message = desk_make_claim(&desk, "m", m1, 1, COMMIT_A);
        message.claim.claimed_evidence = slice_text("I saw it pass");
        claim = desk_submit(&desk, BUILDER, message);
        desk_credit(&desk, ADVERSARY, 1, 100, claim - 1);
        for (size_t i = 0; i < desk.port.n_sent; i++)
                if (desk.port.sent[i].to == ADVERSARY)
                        CHECK_EQ_U64(slice_find(desk.port.sent[i].frame, slice_text("I saw it")),
                                     desk.port.sent[i].frame.n);
        desk_say(&desk, ADVERSARY, make_ask(QUESTION_ENTRY, claim));
        CHECK_EQ_TEXT(desk_rule(&desk, ADVERSARY), "entry-sealed");
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)));
        desk_say(&desk, ADVERSARY, make_ask(QUESTION_ENTRY, claim));
        CHECK_EQ_U64(desk_last(&desk, ADVERSARY, MESSAGE_ENTRY)->entry.seq, claim);
        desk_close(&desk);
}

static uint64_t claim_with_evidence(Desk *desk, const char *commit) {
        Message message = desk_make_claim(desk, "m", m1, 1, commit);

        message.claim.claimed_evidence = slice_text("I saw it pass");
        return desk_submit(desk, BUILDER, message);
}

static void check_sealed(Desk *desk, uint64_t seq, bool is_sealed) {
        desk_forget(desk);
        desk_say(desk, ADVERSARY, make_ask(QUESTION_ENTRY, seq));
        CHECK_EQ_TEXT(desk_rule(desk, ADVERSARY), is_sealed ? "entry-sealed" : "");
}

/* What the builder saw of the claim before would tell as much about the claim now. */
TEST(claimed_evidence_of_a_superseded_claim_stays_sealed_while_the_newer_one_is_open) {
        uint64_t old, new;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        old = claim_with_evidence(&desk, COMMIT_A);
        new = claim_with_evidence(&desk, COMMIT_B);
        check_sealed(&desk, old, true);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, new, "M1", DECISION_PASS)));
        check_sealed(&desk, old, false);
        desk_close(&desk);
}

TEST(claimed_evidence_of_a_withdrawn_claim_stays_sealed) {
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        claim = claim_with_evidence(&desk, COMMIT_A);
        CHECK(desk_submit(&desk, BUILDER, desk_make_withdraw(claim)));
        check_sealed(&desk, claim, true);
        desk_close(&desk);
}

TEST(the_why_of_a_claim_reaches_no_adversary_before_its_verdict) {
        Message message;
        uint64_t claim;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        message = desk_make_claim(&desk, "m", m1, 1, COMMIT_A);
        message.claim.why = slice_text("because I was told to");
        claim = desk_submit(&desk, BUILDER, message);
        desk_credit(&desk, ADVERSARY, 1, 100, claim - 1);
        for (size_t i = 0; i < desk.port.n_sent; i++)
                if (desk.port.sent[i].to == ADVERSARY)
                        CHECK_EQ_U64(slice_find(desk.port.sent[i].frame, slice_text("told to")),
                                     desk.port.sent[i].frame.n);
        check_sealed(&desk, claim, true);
        CHECK(desk_submit(&desk, ADVERSARY, desk_make_verdict(&desk, claim, "M1", DECISION_PASS)));
        check_sealed(&desk, claim, false);
        desk_close(&desk);
}

/* ---- several verifiers ---- */

/* M1 needs two verdicts; alan's is in, ada's is awaited. */
static uint64_t open_two(Desk *desk) {
        Message plan;
        uint64_t claim;

        desk_open(desk);
        plan = desk_make_plan(desk, "m", m1, 1, "1");
        plan.plan.gates[0].verifiers = 2;
        CHECK(desk_submit(desk, OPERATOR, plan));
        desk_credit(desk, ADVERSARY_2, 1, 0, 0);
        claim = desk_submit(desk, BUILDER, desk_make_claim(desk, "m", m1, 1, COMMIT_A));
        return desk_submit(desk, ADVERSARY_2, desk_make_verdict(desk, claim, "M1", DECISION_FAIL));
}

TEST(a_verdict_beside_which_others_are_needed_reaches_no_adversary_that_has_not_given_its_own) {
        uint64_t vote;
        Desk desk;

        vote = open_two(&desk);
        desk_credit(&desk, ADVERSARY, 1, 100, vote - 1);
        for (size_t i = 0; i < desk.port.n_sent; i++)
                if (desk.port.sent[i].to == ADVERSARY &&
                    desk.port.sent[i].message.type == MESSAGE_ENTRY)
                        CHECK(!slice_is(desk.port.sent[i].message.entry.kind, "verdict"));
        check_sealed(&desk, vote, true);
        CHECK(desk_submit(
                &desk, ADVERSARY,
                desk_make_verdict(&desk, desk_state(&desk)->claims[0]->seq, "M1", DECISION_FAIL)));
        check_sealed(&desk, vote, false);
        desk_close(&desk);
}

TEST(a_verdict_that_was_retracted_before_the_second_stays_sealed) {
        uint64_t vote, retract;
        Desk desk;

        vote = open_two(&desk);
        retract = desk_submit(
                &desk, ADVERSARY_2,
                (Message){.type = MESSAGE_RETRACT,
                          .retract = {.verdict = vote, .why = slice_text("a bug of mine")}});
        CHECK(retract > 0);
        check_sealed(&desk, vote, true);
        check_sealed(&desk, retract, true);
        desk_close(&desk);
}

TEST(a_verdict_on_a_superseded_claim_stays_sealed_while_the_same_commit_is_verified) {
        uint64_t vote;
        Desk desk;

        vote = open_two(&desk);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A)));
        check_sealed(&desk, vote, true);
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_B)));
        check_sealed(&desk, vote, false);
        desk_close(&desk);
}

TEST(its_author_and_the_builder_see_it_at_once) {
        uint64_t vote;
        Desk desk;

        vote = open_two(&desk);
        desk_say(&desk, ADVERSARY_2, make_ask(QUESTION_ENTRY, vote));
        CHECK_EQ_U64(desk_last(&desk, ADVERSARY_2, MESSAGE_ENTRY)->entry.seq, vote);
        desk_say(&desk, BUILDER, make_ask(QUESTION_ENTRY, vote));
        CHECK_EQ_U64(desk_last(&desk, BUILDER, MESSAGE_ENTRY)->entry.seq, vote);
        desk_close(&desk);
}

TEST(one_that_was_retracted_stays_sealed_while_its_claim_waits_for_another) {
        uint64_t vote;
        Desk desk;

        vote = open_two(&desk);
        CHECK(desk_submit(&desk, ADVERSARY_2,
                          (Message){.type = MESSAGE_RETRACT,
                                    .retract = {.verdict = vote, .why = slice_text("misread")}}));
        check_sealed(&desk, vote, true);
        desk_close(&desk);
}

TEST(one_on_the_gate_as_it_was_stays_sealed_while_its_claim_waits_for_another) {
        uint64_t vote;
        Message plan;
        Desk desk;

        vote = open_two(&desk);
        plan = desk_make_plan(&desk, "m", m1, 1, "2");
        plan.plan.gates[0].verifiers = 2;
        CHECK(desk_submit(&desk, OPERATOR, plan));
        check_sealed(&desk, vote, true);
        desk_close(&desk);
}
