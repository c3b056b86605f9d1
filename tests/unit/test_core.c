/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Who is let in, what becomes an entry, what a failure leaves. That nothing is sent before it is
 * durable, and that a replay gives the live state, is checked in all of these by the fake port and
 * the desk. */

#include "broker/core.h"

#include <errno.h>

#include "proto/codec.h"
#include "proto/entry.h"
#include "tests/lib/desk.h"
#include "tests/lib/test.h"

static const char *const m1[] = {"M1"};
static const char *const m2[] = {"M2"};

static Message make_ask(Question question, uint64_t seq) {
        return (Message){.type = MESSAGE_ASK, .ask = {.question = question, .seq = seq}};
}

static Message make_revoke(const char *name) {
        return (Message){.type = MESSAGE_REVOKE,
                         .revoke = {.name = slice_text(name), .why = slice_text("lost")}};
}

/* ---- the door ---- */

TEST(each_message_to_the_broker_has_its_handler) {
        const MessageSpec *spec;

        for (size_t i = 0; (spec = message_spec_at(i)); i++)
                CHECK_EQ_INT(core_handles(spec->type),
                             spec->direction == TO_BROKER || spec->direction == BOTH_WAYS);
}

TEST(an_unknown_key_is_told_so_and_nothing_else) {
        Desk desk;

        desk_open(&desk);
        CHECK(!core_admits(desk.core, desk.keys[STRANGER].public.curve));
        desk_hello(&desk, STRANGER);
        CHECK_EQ_TEXT(desk_rule(&desk, STRANGER), "key-unknown");
        CHECK_EQ_U64(desk.port.n_sent, 1);
        desk_close(&desk);
}

TEST(a_key_that_is_revoked_in_mid_session_says_nothing_more) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        CHECK(core_admits(desk.core, desk.keys[BUILDER].public.curve));
        CHECK(desk_submit(&desk, OPERATOR, make_revoke("bob")));
        CHECK(!core_admits(desk.core, desk.keys[BUILDER].public.curve));
        desk_forget(&desk);
        desk_say(&desk, BUILDER, make_ask(QUESTION_STATUS, 0));
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "key-revoked");
        CHECK_EQ_U64(desk.port.n_sent, 1);
        desk_close(&desk);
}

TEST(a_question_of_the_batch_that_revokes_its_asker_is_not_answered) {
        Desk desk;
        Id id;

        desk_open(&desk);
        desk_make_id(&desk, &id);
        desk_put(&desk, BUILDER, make_ask(QUESTION_STATUS, 0));
        desk_put_entry(&desk, OPERATOR, make_revoke("bob"), &id);
        desk_commit(&desk);
        CHECK_EQ_U64(desk_count(&desk, BUILDER, MESSAGE_STATUS), 0);
        desk_close(&desk);
}

TEST(whoever_does_not_say_hello_first_is_refused) {
        Desk desk;

        desk_open(&desk);
        desk_restart(&desk);
        desk_say(&desk, BUILDER, make_ask(QUESTION_STATUS, 0));
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "hello-first");
        CHECK_EQ_U64(desk_count(&desk, BUILDER, MESSAGE_STATUS), 0);
        desk_close(&desk);
}

/* The client must not take it for the answer to its entry. */
TEST(hello_first_names_no_entry) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk_restart(&desk);
        CHECK_EQ_U64(desk_submit(&desk, BUILDER, desk_make_note("m", NOTE_TO_RECORD, "n")), 0);
        CHECK_EQ_U64(desk_last(&desk, BUILDER, MESSAGE_REFUSE)->refuse.id.n, 0);
        desk_close(&desk);
}

TEST(a_welcome_says_who_one_is_and_signs_the_head) {
        const struct welcome *welcome;
        Checkpoint checkpoint;
        Desk desk;

        desk_open(&desk);
        desk_hello(&desk, ADVERSARY);
        welcome = &desk_last(&desk, ADVERSARY, MESSAGE_WELCOME)->welcome;
        CHECK_EQ_SLICE(welcome->name, slice_text("ada"));
        CHECK_EQ_INT(welcome->role, ROLE_ADVERSARY);
        checkpoint.seq = welcome->head_seq;
        CHECK(hash_from_slice(welcome->head_hash, &checkpoint.hash));
        memcpy(checkpoint.signature, welcome->head_signature.data, SIGNATURE_BYTES);
        CHECK(checkpoint_holds(&desk.broker_key.public, &desk_state(&desk)->ledger, &checkpoint));
        desk_close(&desk);
}

TEST(a_welcome_has_the_hash_of_the_entry_that_was_seen) {
        Desk desk;

        desk_open(&desk);
        desk_say(&desk, BUILDER,
                 (Message){.type = MESSAGE_HELLO,
                           .hello = {.protocol = 1, .program = slice_text("t"), .seen_seq = 2}});
        CHECK_EQ_SLICE(desk_last(&desk, BUILDER, MESSAGE_WELCOME)->welcome.seen_hash,
                       hash_slice(&desk.port.entries[1].hash));
        desk_close(&desk);
}

TEST(a_welcome_from_a_shorter_ledger_has_no_such_hash) {
        Desk desk;

        desk_open(&desk);
        desk_say(&desk, BUILDER,
                 (Message){.type = MESSAGE_HELLO,
                           .hello = {.protocol = 1, .program = slice_text("t"), .seen_seq = 99}});
        CHECK_EQ_U64(desk_last(&desk, BUILDER, MESSAGE_WELCOME)->welcome.seen_hash.n, 0);
        desk_close(&desk);
}

TEST(another_version_of_the_protocol_is_refused) {
        Desk desk;

        desk_open(&desk);
        desk_say(&desk, BUILDER,
                 (Message){.type = MESSAGE_HELLO,
                           .hello = {.protocol = 2, .program = slice_text("t")}});
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "protocol-unsupported");
        desk_close(&desk);
}

TEST(a_route_that_another_key_takes_over_must_say_hello_again) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Message ask = make_ask(QUESTION_STATUS, 0);
        Route route = fake_route(BUILDER);
        CodecFault fault;
        Desk desk;

        desk_open(&desk);
        message_set_present(&ask);
        CHECK_EQ_INT(codec_encode(&ask, &frame, &fault), 0);
        CHECK_EQ_INT(
                core_receive(desk.core, &route, desk.keys[ADVERSARY].public.curve, buf_get(&frame)),
                0);
        desk_commit(&desk);
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "hello-first");
        desk_close(&desk);
}

TEST(who_chooses_its_own_route_is_refused_and_one_alert_names_it) {
        Route route = fake_route(BUILDER);
        const Entry *newest;
        Desk desk;

        desk_open(&desk);
        for (int i = 0; i < 3; i++)
                CHECK_EQ_INT(core_refuse_message(desk.core, &route,
                                                 desk.keys[ADVERSARY].public.curve,
                                                 CHANNEL_E_ROUTE),
                             0);
        desk_commit(&desk);
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "route-chosen");
        CHECK_EQ_U64(core_get_state(desk.core)->n_alerts, 1);
        newest = &desk.port.entries[desk.port.n_entries - 1];
        CHECK(slice_find(newest->frame, slice_text("ada connects with")) < newest->frame.n);
        desk_close(&desk);
}

TEST(bytes_that_are_no_message_are_refused_with_a_reason) {
        static const uint8_t bomb[] = {0xdd, 1, 0, 0, 0};
        Route route = fake_route(BUILDER);
        Desk desk;

        desk_open(&desk);
        CHECK_EQ_INT(core_receive(desk.core, &route, desk.keys[BUILDER].public.curve,
                                  slice_make(bomb, sizeof bomb)),
                     0);
        desk_commit(&desk);
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "frame-malformed");
        desk_close(&desk);
}

TEST(a_message_of_the_broker_is_not_for_the_broker) {
        Desk desk;

        desk_open(&desk);
        desk_say(&desk, BUILDER,
                 (Message){.type = MESSAGE_CANCEL, .cancel = {.lease = 1, .why = slice_text("w")}});
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "message-unexpected");
        desk_close(&desk);
}

TEST(one_key_has_a_bounded_number_of_connections) {
        Message hello = {.type = MESSAGE_HELLO,
                         .hello = {.protocol = 1, .program = slice_text("t")}};
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;
        Desk desk;

        desk_open(&desk);
        message_set_present(&hello);
        CHECK_EQ_INT(codec_encode(&hello, &frame, &fault), 0);
        for (int i = 0; i < 200; i++) {
                Route route = {.bytes = {OBSERVER, (uint8_t)i, 1}, .n = 3};

                fake_port_turn(&desk.port, 1);
                CHECK_EQ_INT(core_receive(desk.core, &route, desk.keys[OBSERVER].public.curve,
                                          buf_get(&frame)),
                             0);
        }
        desk_commit(&desk);
        CHECK_EQ_U64(desk_count(&desk, OBSERVER, MESSAGE_WELCOME), 200);
        desk_say(&desk, OBSERVER, make_ask(QUESTION_STATUS, 0));
        CHECK_EQ_TEXT(desk_rule(&desk, OBSERVER), "hello-first");
        desk_say(&desk, BUILDER, make_ask(QUESTION_STATUS, 0));
        CHECK_EQ_U64(desk_count(&desk, BUILDER, MESSAGE_STATUS), 1);
        desk_close(&desk);
}

TEST(a_quiet_peer_is_forgotten) {
        Desk desk;

        desk_open(&desk);
        fake_port_turn(&desk.port, desk.settings.peer_quiet_ms);
        desk_tick(&desk);
        desk_say(&desk, BUILDER, make_ask(QUESTION_STATUS, 0));
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "hello-first");
        desk_close(&desk);
}

TEST(a_heartbeat_is_answered_in_kind) {
        Desk desk;

        desk_open(&desk);
        desk_say(&desk, BUILDER, (Message){.type = MESSAGE_HEARTBEAT, .heartbeat = {.count = 42}});
        CHECK_EQ_U64(desk_last(&desk, BUILDER, MESSAGE_HEARTBEAT)->heartbeat.count, 42);
        desk_close(&desk);
}

/* ---- entries ---- */

TEST(an_ack_comes_with_the_head_and_its_signature) {
        const struct ack *ack;
        Checkpoint checkpoint;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        CHECK(desk_submit(&desk, BUILDER, desk_make_note("m", NOTE_TO_RECORD, "n")));
        ack = &desk_last(&desk, BUILDER, MESSAGE_ACK)->ack;
        checkpoint.seq = ack->head_seq;
        CHECK_EQ_U64(ack->head_seq, desk_state(&desk)->head_seq);
        CHECK(hash_from_slice(ack->head_hash, &checkpoint.hash));
        memcpy(checkpoint.signature, ack->head_signature.data, SIGNATURE_BYTES);
        CHECK(checkpoint_holds(&desk.broker_key.public, &desk_state(&desk)->ledger, &checkpoint));
        desk_close(&desk);
}

TEST(a_resent_entry_gets_the_first_answer_and_is_not_written_again) {
        Desk desk;
        Message note;
        uint64_t seq;
        Id id;

        desk_open(&desk);
        desk_approve(&desk);
        note = desk_make_note("m", NOTE_TO_RECORD, "n");
        desk_make_id(&desk, &id);
        seq = desk_submit_as(&desk, BUILDER, note, &id);
        CHECK(seq);
        CHECK(desk_submit(&desk, BUILDER, desk_make_note("m", NOTE_TO_RECORD, "later")));
        desk_forget(&desk);
        CHECK_EQ_U64(desk_submit_as(&desk, BUILDER, note, &id), seq);
        CHECK_EQ_U64(desk.port.n_entries, seq + 1);
        desk_close(&desk);
}

TEST(a_resend_within_one_batch_is_written_once) {
        Desk desk;
        Id id;

        desk_open(&desk);
        desk_approve(&desk);
        desk_make_id(&desk, &id);
        desk_put_entry(&desk, BUILDER, desk_make_note("m", NOTE_TO_RECORD, "n"), &id);
        desk_put_entry(&desk, BUILDER, desk_make_note("m", NOTE_TO_RECORD, "n"), &id);
        desk_commit(&desk);
        CHECK_EQ_U64(desk_count(&desk, BUILDER, MESSAGE_ACK), 2);
        CHECK_EQ_U64(desk_state(&desk)->head_seq, desk_last(&desk, BUILDER, MESSAGE_ACK)->ack.seq);
        desk_close(&desk);
}

/* What is no longer allowed was allowed when it was said first. */
TEST(a_resend_after_a_restart_gets_the_first_answer) {
        Desk desk;
        Message claim;
        uint64_t seq;
        Id id;

        desk_open(&desk);
        desk_approve(&desk);
        claim = desk_make_claim(&desk, "m", m1, 1, COMMIT_A);
        desk_make_id(&desk, &id);
        seq = desk_submit_as(&desk, BUILDER, claim, &id);
        CHECK(desk_submit(&desk, OPERATOR, desk_make_plan(&desk, "m", m2, 1, "1")));
        desk_restart(&desk);
        desk_hello(&desk, BUILDER);
        desk_forget(&desk);
        CHECK_EQ_U64(desk_submit_as(&desk, BUILDER, claim, &id), seq);
        desk_close(&desk);
}

TEST(an_id_for_other_content_is_refused) {
        Desk desk;
        Id id;

        desk_open(&desk);
        desk_approve(&desk);
        desk_make_id(&desk, &id);
        CHECK(desk_submit_as(&desk, BUILDER, desk_make_note("m", NOTE_TO_RECORD, "n"), &id));
        desk_forget(&desk);
        CHECK_EQ_U64(desk_submit_as(&desk, BUILDER, desk_make_note("m", NOTE_TO_RECORD, "o"), &id),
                     0);
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "id-reused");
        desk_close(&desk);
}

TEST(an_id_of_another_author_is_refused) {
        Desk desk;
        Id id;

        desk_open(&desk);
        desk_approve(&desk);
        desk_make_id(&desk, &id);
        CHECK(desk_submit_as(&desk, BUILDER, desk_make_note("m", NOTE_TO_RECORD, "n"), &id));
        CHECK_EQ_U64(
                desk_submit_as(&desk, BUILDER_2, desk_make_note("m", NOTE_TO_RECORD, "n"), &id), 0);
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER_2), "id-reused");
        desk_close(&desk);
}

/* Signs `entry` as `signer` for `ledger`, submits it as `who`. */
static void submit_signed(Desk *desk, Who who, Who signer, const Hash *ledger, Message entry) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        uint8_t signature[SIGNATURE_BYTES];
        CodecFault fault;
        Id id;

        desk_make_id(desk, &id);
        message_set_present(&entry);
        CHECK_EQ_INT(codec_encode(&entry, &frame, &fault), 0);
        entry_sign(&desk->keys[signer], ledger, &id, buf_get(&frame), signature);
        desk_say(desk, who,
                 (Message){.type = MESSAGE_SUBMIT,
                           .submit = {.id = id_slice(&id),
                                      .frame = buf_get(&frame),
                                      .signature = slice_make(signature, sizeof signature)}});
}

TEST(an_entry_signed_by_another_key_is_refused) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        submit_signed(&desk, BUILDER, BUILDER_2, &desk_state(&desk)->ledger,
                      desk_make_note("m", NOTE_TO_RECORD, "n"));
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "signature-wrong");
        desk_close(&desk);
}

TEST(an_entry_signed_for_another_ledger_is_refused) {
        Hash other = {.bytes = {1}};
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        submit_signed(&desk, BUILDER, BUILDER, &other, desk_make_note("m", NOTE_TO_RECORD, "n"));
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "signature-wrong");
        desk_close(&desk);
}

TEST(a_passing_message_cannot_be_submitted) {
        Desk desk;

        desk_open(&desk);
        CHECK_EQ_U64(desk_submit(&desk, BUILDER,
                                 (Message){.type = MESSAGE_HEARTBEAT, .heartbeat = {.count = 1}}),
                     0);
        CHECK_EQ_TEXT(desk_rule(&desk, BUILDER), "entry-not-submittable");
        desk_close(&desk);
}

TEST(an_operator_submits_locally_without_a_connection) {
        Fault fault = FAULT_INIT;
        uint64_t seq = 0;
        Message plan;
        Desk desk;

        desk_open(&desk);
        plan = desk_make_plan(&desk, "m", m1, 1, "1");
        CHECK_EQ_INT(core_submit_locally(desk.core, &desk.keys[OPERATOR], &plan, &seq, &fault), 0);
        desk_commit(&desk);
        CHECK_EQ_U64(seq, desk_state(&desk)->head_seq);
        desk_close(&desk);
}

TEST(what_is_submitted_locally_obeys_the_rules) {
        Fault fault = FAULT_INIT;
        uint64_t seq = 0;
        Message plan;
        Desk desk;

        desk_open(&desk);
        plan = desk_make_plan(&desk, "m", m1, 1, "1");
        CHECK_EQ_INT(core_submit_locally(desk.core, &desk.keys[BUILDER], &plan, &seq, &fault), 1);
        CHECK_EQ_TEXT(fault.rule, "role-forbids");
        CHECK_EQ_INT(core_submit_locally(desk.core, &desk.keys[STRANGER], &plan, &seq, &fault), 1);
        CHECK_EQ_TEXT(fault.rule, "key-unknown");
        desk_close(&desk);
}

/* ---- faults ---- */

static int put_note(Desk *desk) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX), outer = BUF_INIT(FRAME_MAX);
        Message note = desk_make_note("m", NOTE_TO_RECORD, "n");
        Route route = fake_route(BUILDER);
        uint8_t signature[SIGNATURE_BYTES];
        Message submit = {.type = MESSAGE_SUBMIT};
        CodecFault fault;
        Id id;

        desk_make_id(desk, &id);
        message_set_present(&note);
        CHECK_EQ_INT(codec_encode(&note, &frame, &fault), 0);
        entry_sign(&desk->keys[BUILDER], &desk_state(desk)->ledger, &id, buf_get(&frame),
                   signature);
        submit.submit = (struct submit){.id = id_slice(&id),
                                        .frame = buf_get(&frame),
                                        .signature = slice_make(signature, sizeof signature)};
        message_set_present(&submit);
        CHECK_EQ_INT(codec_encode(&submit, &outer, &fault), 0);
        return core_receive(desk->core, &route, desk->keys[BUILDER].public.curve, buf_get(&outer));
}

TEST(a_failed_append_is_fatal_and_says_nothing) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk.port.fail_at[FAKE_APPEND] = 1;
        CHECK_EQ_INT(put_note(&desk), -EIO);
        CHECK_EQ_U64(desk.port.n_sent, 0);
        desk_close(&desk);
}

TEST(a_failed_commit_is_fatal_and_says_nothing) {
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        CHECK_EQ_INT(put_note(&desk), 0);
        desk.port.fail_at[FAKE_COMMIT] = 1;
        CHECK_EQ_INT(core_commit(desk.core), -EIO);
        CHECK_EQ_U64(desk.port.n_sent, 0);
        desk_close(&desk);
}

TEST(a_crash_between_append_and_commit_leaves_nothing_behind) {
        const char *before;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        before = desk_describe(&desk);
        CHECK_EQ_INT(put_note(&desk), 0);
        desk_restart(&desk);
        CHECK_EQ_TEXT(desk_describe(&desk), before);
        CHECK_EQ_U64(desk.port.n_sent, 0);
        desk_close(&desk);
}

TEST(a_refusal_needs_no_commit) {
        uint64_t n_commits;
        Desk desk;

        desk_open(&desk);
        n_commits = desk.port.n_calls[FAKE_COMMIT];
        CHECK_EQ_U64(desk_submit(&desk, BUILDER, desk_make_done("m", COMMIT_A)), 0);
        CHECK_EQ_U64(desk.port.n_calls[FAKE_COMMIT], n_commits);
        desk_close(&desk);
}

TEST(claim_lease_and_ack_share_one_commit) {
        uint64_t n_commits;
        Desk desk;

        desk_open(&desk);
        desk_approve(&desk);
        desk_credit(&desk, ADVERSARY, 1, 0, 0);
        n_commits = desk.port.n_calls[FAKE_COMMIT];
        CHECK(desk_submit(&desk, BUILDER, desk_make_claim(&desk, "m", m1, 1, COMMIT_A)));
        CHECK_EQ_U64(desk.port.n_calls[FAKE_COMMIT], n_commits + 1);
        CHECK_EQ_U64(desk_count(&desk, ADVERSARY, MESSAGE_OFFER), 1);
        desk_close(&desk);
}
