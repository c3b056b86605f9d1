/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Questions and evidence. */

#include "broker/core.h"

#include <string.h>

#include "proto/codec.h"
#include "tests/lib/desk.h"
#include "tests/lib/test.h"

enum { HOUR_MINUTES = 60, LARGE_BYTES = 60000, ANSWER_BYTES_FULL = 8 << 20 };

static Message make_ask(Question question, uint64_t seq) {
        return (Message){.type = MESSAGE_ASK, .ask = {.question = question, .seq = seq}};
}

/* ---- questions ---- */

TEST(an_entry_is_answered_as_it_stands_in_the_ledger) {
        Desk desk;

        desk_open(&desk);
        desk_say(&desk, OBSERVER, make_ask(QUESTION_ENTRY, 1));
        CHECK_EQ_SLICE(desk_last(&desk, OBSERVER, MESSAGE_ENTRY)->entry.frame,
                       desk.port.entries[0].frame);
        desk_close(&desk);
}

TEST(an_entry_that_is_not_there_is_refused) {
        Desk desk;

        desk_open(&desk);
        desk_say(&desk, OBSERVER, make_ask(QUESTION_ENTRY, 1000));
        CHECK_EQ_TEXT(desk_rule(&desk, OBSERVER), "entry-unknown");
        desk_close(&desk);
}

TEST(status_is_answered_with_the_phases) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk_say(&desk, OBSERVER, make_ask(QUESTION_STATUS, 0));
        CHECK_EQ_U64(desk_last(&desk, OBSERVER, MESSAGE_STATUS)->status.n_phases, 1);
        desk_close(&desk);
}

/* ---- evidence ---- */

static Slice make_evidence_of(Desk *desk, const char *program, Hash *ret_digest) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Slice command = slice_text(program);
        Message evidence = {.type = MESSAGE_CHECK_EVIDENCE,
                            .check_evidence = {.gate = slice_text("M1"),
                                               .check = slice_text("c"),
                                               .commit = slice_text(COMMIT_A),
                                               .command = &command,
                                               .n_command = 1,
                                               .started_ms = 1}};
        CodecFault fault;

        message_set_present(&evidence);
        CHECK_EQ_INT(codec_encode(&evidence, &frame, &fault), 0);
        hash_of(buf_get(&frame), ret_digest);
        return arena_slice(&desk->arena, buf_get(&frame));
}

static Slice make_evidence(Desk *desk, Hash *ret_digest) {
        return make_evidence_of(desk, "true", ret_digest);
}

static Message make_get(const Hash *digest) {
        return (Message){.type = MESSAGE_EVIDENCE_GET,
                         .evidence_get = {.digest = hash_slice(digest)}};
}

static Message make_put(const Hash *digest, Slice frame) {
        return (Message){.type = MESSAGE_EVIDENCE_PUT,
                         .evidence_put = {.digest = hash_slice(digest), .frame = frame}};
}

TEST(evidence_is_stored_then_named_then_fetched) {
        Message verdict;
        Slice frame;
        Hash digest;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        verdict = desk_make_verdict(&desk, desk_claim_and_lease(&desk, 1), "M1", DECISION_PASS);
        frame = make_evidence(&desk, &digest);
        desk_forget(&desk);
        desk_say(&desk, ADVERSARY, make_put(&digest, frame));
        CHECK_EQ_U64(desk.port.n_sent, 0);
        CHECK(desk.port.evidence[0].is_durable);
        verdict.verdict.checks->evidence = hash_slice(&digest);
        CHECK(desk_submit(&desk, ADVERSARY, verdict));
        desk_say(&desk, BUILDER,
                 (Message){.type = MESSAGE_EVIDENCE_GET,
                           .evidence_get = {.digest = hash_slice(&digest)}});
        CHECK_EQ_SLICE(desk_last(&desk, BUILDER, MESSAGE_EVIDENCE)->evidence.frame, frame);
        desk_close(&desk);
}

TEST(evidence_that_is_not_there_is_answered_without_a_frame) {
        Hash digest = {.bytes = {1}};
        Desk desk;

        desk_open(&desk);
        desk_say(&desk, BUILDER,
                 (Message){.type = MESSAGE_EVIDENCE_GET,
                           .evidence_get = {.digest = hash_slice(&digest)}});
        CHECK_EQ_U64(desk_last(&desk, BUILDER, MESSAGE_EVIDENCE)->evidence.frame.n, 0);
        desk_close(&desk);
}

TEST(evidence_under_a_wrong_digest_is_refused) {
        Slice frame;
        Hash digest;
        Desk desk;

        desk_open(&desk);
        frame = make_evidence(&desk, &digest);
        digest.bytes[0] ^= 1;
        desk_say(&desk, ADVERSARY, make_put(&digest, frame));
        CHECK_EQ_TEXT(desk_rule(&desk, ADVERSARY), "evidence-digest-wrong");
        CHECK_EQ_U64(desk.port.n_evidence, 0);
        desk_close(&desk);
}

TEST(evidence_that_is_none_is_refused) {
        Slice frame = slice_text("not msgpack");
        Hash digest;
        Desk desk;

        desk_open(&desk);
        hash_of(frame, &digest);
        desk_say(&desk, ADVERSARY, make_put(&digest, frame));
        CHECK_EQ_TEXT(desk_rule(&desk, ADVERSARY), "evidence-malformed");
        desk_close(&desk);
}

TEST(only_an_adversary_stores_evidence) {
        Slice frame;
        Hash digest;
        Desk desk;

        desk_open(&desk);
        frame = make_evidence(&desk, &digest);
        desk_say(&desk, BUILDER, make_put(&digest, frame));
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "role-forbids");
        CHECK_EQ_U64(desk.port.n_evidence, 0);
        desk_close(&desk);
}

TEST(evidence_counts_against_the_quota_of_who_stores_it) {
        CoreSettings settings = core_settings_default;
        Slice frame;
        Hash digest;
        Desk desk;

        settings.quotas[ROLE_ADVERSARY] = 1;
        desk_open(&desk);
        core_set_settings(desk.core, &settings);
        frame = make_evidence(&desk, &digest);
        for (size_t i = 0; i < HOUR_MINUTES; i++)
                desk_say(&desk, ADVERSARY, make_put(&digest, frame));
        CHECK(!desk_last(&desk, ADVERSARY, MESSAGE_REFUSE));
        desk_say(&desk, ADVERSARY, make_put(&digest, frame));
        CHECK_EQ_TEXT(desk_rule(&desk, ADVERSARY), "quota-entries");
        desk_close(&desk);
}

TEST(who_asks_for_more_than_it_can_read_is_told_to_come_again) {
        static char text[LARGE_BYTES];
        Slice frame;
        Hash digest;
        Desk desk;

        memset(text, 'x', sizeof text - 1);
        desk_open(&desk);
        frame = make_evidence_of(&desk, text, &digest);
        desk_say(&desk, ADVERSARY, make_put(&digest, frame));
        for (size_t n_bytes = 0; n_bytes < ANSWER_BYTES_FULL; n_bytes += frame.n) {
                CHECK(!desk_last(&desk, OBSERVER, MESSAGE_REFUSE));
                desk_forget(&desk);
                desk_say(&desk, OBSERVER, make_get(&digest));
        }
        desk_say(&desk, OBSERVER, make_get(&digest));
        CHECK_EQ_TEXT(desk_rule(&desk, OBSERVER), "busy");
        desk_forget(&desk);
        desk_say(&desk, ADVERSARY, make_get(&digest));
        CHECK(desk_last(&desk, ADVERSARY, MESSAGE_EVIDENCE));
        desk.port.mono_ms += 1000;
        desk_say(&desk, OBSERVER, make_get(&digest));
        CHECK(desk_last(&desk, OBSERVER, MESSAGE_EVIDENCE));
        desk_close(&desk);
}

/* M1 needs two verdicts; ada's PASS is in, with evidence; alan holds the lease. */
static void open_two(Desk *desk, Hash *ret_digest) {
        Message plan, verdict;
        uint64_t claim;

        desk_open(desk);
        plan = desk_make_plan(desk, "m", (const char *[]){"M1"}, 1, "1");
        plan.plan.gates[0].verifiers = 2;
        CHECK(desk_submit(desk, OPERATOR, plan));
        claim = desk_claim_and_lease(desk, 1);
        verdict = desk_make_verdict(desk, claim, "M1", DECISION_PASS);
        desk_say(desk, ADVERSARY, make_put(ret_digest, make_evidence(desk, ret_digest)));
        verdict.verdict.checks->evidence = hash_slice(ret_digest);
        CHECK(desk_submit(desk, ADVERSARY, verdict));
        desk_credit(desk, ADVERSARY_2, 1, 0, 0);
        desk_forget(desk);
}

TEST(evidence_of_another_verifier_is_sealed_until_the_own_verdict) {
        Message get = {.type = MESSAGE_EVIDENCE_GET};
        Hash digest;
        Desk desk;

        open_two(&desk, &digest);
        get.evidence_get.digest = hash_slice(&digest);
        desk_say(&desk, ADVERSARY_2, get);
        CHECK_EQ_TEXT(desk_rule(&desk, ADVERSARY_2), "entry-sealed");
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY_2, MESSAGE_EVIDENCE), 0);
        desk_say(&desk, ADVERSARY, get);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_EVIDENCE), 1);
        CHECK(desk_submit(
                &desk, ADVERSARY_2,
                desk_make_verdict(&desk, desk_state(&desk)->claims[0]->seq, "M1", DECISION_PASS)));
        desk_say(&desk, ADVERSARY_2, get);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY_2, MESSAGE_EVIDENCE), 1);
        desk_close(&desk);
}

TEST(status_tells_an_adversary_nothing_of_votes_that_are_not_complete) {
        Hash digest;
        Desk desk;

        open_two(&desk, &digest);
        desk_say(&desk, ADVERSARY_2, make_ask(QUESTION_STATUS, 0));
        CHECK_EQ_U64(
                desk_last(&desk, ADVERSARY_2, MESSAGE_STATUS)->status.phases[0].gates[0].passes, 0);
        desk_say(&desk, BUILDER, make_ask(QUESTION_STATUS, 0));
        CHECK_EQ_U64(desk_last(&desk, BUILDER, MESSAGE_STATUS)->status.phases[0].gates[0].passes,
                     1);
        desk_close(&desk);
}
