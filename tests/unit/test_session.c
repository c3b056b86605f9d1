/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The agents' side of a conversation, over real sockets with a broker that misbehaves. */

#include "client/session.h"

#include <dirent.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/fake_broker.h"
#include "tests/lib/test.h"

static const Message *a_note(void) {
        static Message note = {.type = MESSAGE_NOTE};

        note.note = (struct note){
                .phase = slice_text("m"), .to = NOTE_TO_RECORD, .text = slice_text("words")};
        message_set_present(&note);
        return &note;
}

static void await(FakeBroker *broker, Session *session, MessageType type, Message *ret_message,
                  Fault *fault) {
        static Arena arena; /* lives as long as the test */

        fake_broker_await(broker, session, type, &arena, ret_message, fault);
}

static Session *connected(FakeBroker *broker) {
        Session *session = fake_broker_new_session(broker);
        Fault fault = FAULT_INIT;
        Message message;

        await(broker, session, MESSAGE_WELCOME, &message, &fault);
        return session;
}

static Id submit(Session *session) {
        Id id;

        CHECK_EQ_INT(session_submit(session, a_note(), &id), 0);
        return id;
}

static size_t count_files(const FakeBroker *broker) {
        char *path = mem_printf("%s/agents/builder/outbox", broker->project.dir);
        DIR *entries = opendir(path);
        struct dirent *entry;
        size_t n = 0;

        CHECK(entries != NULL);
        while ((entry = readdir(entries)))
                n += entry->d_name[0] != '.';
        (void)closedir(entries);
        free(path);
        return n;
}

TEST(a_welcome_says_who_we_are) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;

        fake_broker_init(&broker);
        fake_broker_start(&broker);
        session = connected(&broker);
        CHECK(session_is_connected(session));
        CHECK_EQ_TEXT(session_get_name(session), "builder");
        CHECK_EQ_INT(session_get_role(session), ROLE_BUILDER);
        CHECK_EQ_U64(session_get_head(session), 3);
}

TEST(what_is_answered_leaves_the_outbox) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;
        Message message;
        Id id;

        fake_broker_init(&broker);
        fake_broker_start(&broker);
        session = connected(&broker);
        id = submit(session);
        CHECK_EQ_U64(session_count_unanswered(session), 1);
        CHECK_EQ_U64(count_files(&broker), 1);
        await(&broker, session, MESSAGE_ACK, &message, &fault);
        CHECK_EQ_SLICE(message.ack.id, id_slice(&id));
        CHECK_EQ_U64(message.ack.seq, 4);
        CHECK_EQ_U64(session_count_unanswered(session), 0);
        CHECK_EQ_U64(count_files(&broker), 0);
        CHECK_EQ_U64(session_get_head(session), 4);
}

TEST(what_was_said_before_the_broker_came_is_said_when_it_comes) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;
        Message message;

        fake_broker_init(&broker);
        session = fake_broker_new_session(&broker);
        (void)submit(session);
        fake_broker_start(&broker);
        await(&broker, session, MESSAGE_ACK, &message, &fault);
        CHECK_EQ_U64(message.ack.seq, 4);
}

TEST(a_lost_answer_is_given_again_to_the_next_process) {
        cleanup_fake_broker FakeBroker broker;
        Session *session;
        Fault fault = FAULT_INIT;
        Message message;
        Id id;

        fake_broker_init(&broker);
        fake_broker_start(&broker);
        broker.n_lost_answers = 1;
        session = connected(&broker);
        id = submit(session);
        while (broker.n_submits == 0)
                fake_broker_serve(&broker);
        session = session_free(session); /* as if it were killed */
        CHECK_EQ_U64(count_files(&broker), 1);
        session = fake_broker_new_session(&broker);
        CHECK_EQ_U64(session_count_unanswered(session), 1);
        await(&broker, session, MESSAGE_ACK, &message, &fault);
        CHECK_EQ_SLICE(message.ack.id, id_slice(&id));
        CHECK_EQ_U64(message.ack.seq, 4);
        CHECK_EQ_U64(broker.head, 4);
        CHECK_EQ_U64(broker.n_submits, 2);
        (void)session_free(session);
}

TEST(a_restarted_broker_is_told_again) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;
        Message message;

        fake_broker_init(&broker);
        fake_broker_start(&broker);
        session = connected(&broker);
        broker.n_lost_answers = 1;
        (void)submit(session);
        while (broker.n_submits == 0)
                fake_broker_serve(&broker);
        fake_broker_stop(&broker);
        fake_broker_start(&broker);
        await(&broker, session, MESSAGE_WELCOME, &message, &fault);
        await(&broker, session, MESSAGE_ACK, &message, &fault);
        CHECK_EQ_U64(message.ack.seq, 4);
        CHECK_EQ_U64(broker.head, 4);
}

TEST(live_messages_of_another_process_are_left_alone) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *first = NULL, *second = NULL;

        fake_broker_init(&broker);
        first = fake_broker_new_session(&broker);
        (void)submit(first);
        second = fake_broker_new_session(&broker);
        CHECK_EQ_U64(session_count_unanswered(second), 0);
        (void)submit(second);
        CHECK_EQ_U64(session_count_unanswered(first), 1);
        CHECK_EQ_U64(count_files(&broker), 2);
}

TEST(a_key_has_one_outbox_however_its_path_is_spelled) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        cleanup_free char *path = NULL;
        Fault fault = FAULT_INIT;

        fake_broker_init(&broker);
        path = mem_printf("%s/run/../keys/builder", broker.project.dir);
        CHECK_EQ_INT(session_new(&broker.project, path, "test", &session, &fault), 0);
        (void)submit(session);
        CHECK_EQ_U64(count_files(&broker), 1);
}

TEST(a_broker_that_forgot_us_hears_hello_again) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;
        Message message;

        fake_broker_init(&broker);
        fake_broker_start(&broker);
        session = connected(&broker);
        broker.says_hello_first = true;
        (void)submit(session);
        await(&broker, session, MESSAGE_WELCOME, &message, &fault);
        await(&broker, session, MESSAGE_ACK, &message, &fault);
        CHECK_EQ_U64(broker.n_hellos, 2);
        CHECK_EQ_U64(broker.head, 4);
}

TEST(a_refusal_is_handed_out_with_its_reasons) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;
        const Slice *reasons;
        Message message;
        size_t n;

        fake_broker_init(&broker);
        fake_broker_start(&broker);
        session = connected(&broker);
        broker.refuses = "done-not-yet";
        (void)submit(session);
        await(&broker, session, MESSAGE_REFUSE, &message, &fault);
        CHECK_EQ_TEXT(fault.rule, "done-not-yet");
        CHECK_EQ_TEXT(fault.place, "here");
        CHECK_EQ_TEXT(fault.found, "it may not\\x1b[2J be"); /* it cannot steer a terminal */
        CHECK_EQ_TEXT(fault.next, "do something else");
        reasons = session_get_reasons(session, &n);
        CHECK_EQ_U64(n, 2);
        CHECK_EQ_SLICE(reasons[1], slice_text("another"));
        CHECK_EQ_U64(count_files(&broker), 0);
}

/* ---- what is believed ---- */

/* A session that has seen the broker's checkpoint, gone again. */
static void see(FakeBroker *broker) {
        Session *session;

        fake_broker_init(broker);
        fake_broker_start(broker);
        session = connected(broker);
        (void)session_free(session);
}

static void expect_refused(FakeBroker *broker, const char *rule) {
        cleanup(session_freep) Session *session = fake_broker_new_session(broker);
        Fault fault = FAULT_INIT;

        fake_broker_await_refusal(broker, session, &fault);
        CHECK_EQ_TEXT(fault.rule, rule);
        CHECK(fault.next[0] != 0);
        fake_broker_await_refusal(broker, session, &fault); /* and it stays so */
        CHECK_EQ_TEXT(fault.rule, rule);
}

TEST(a_shorter_ledger_is_refused) {
        cleanup_fake_broker FakeBroker broker;

        see(&broker);
        broker.head = 2;
        expect_refused(&broker, "ledger-shorter");
}

TEST(a_longer_ledger_with_another_past_is_refused) {
        cleanup_fake_broker FakeBroker broker;

        see(&broker);
        broker.head = 9;
        broker.history = 1;
        expect_refused(&broker, "ledger-forked");
}

TEST(a_ledger_of_the_same_length_with_another_past_is_refused) {
        cleanup_fake_broker FakeBroker broker;

        see(&broker);
        broker.history = 1;
        expect_refused(&broker, "ledger-forked");
}

TEST(another_ledger_is_refused) {
        cleanup_fake_broker FakeBroker broker;

        see(&broker);
        broker.ledger.bytes[0] ^= 1;
        expect_refused(&broker, "ledger-forked");
}

TEST(a_longer_ledger_with_the_same_past_is_welcome) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;

        see(&broker);
        broker.head = 9;
        session = connected(&broker);
        CHECK_EQ_U64(session_get_head(session), 9);
}

/* What was on its way when a connection broke can come after the next hello was said. */
TEST(a_welcome_for_an_older_hello_is_no_fork) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;

        see(&broker);
        broker.welcomes_late = true;
        session = connected(&broker);
        CHECK(!broker.welcomes_late);
        CHECK(session_is_connected(session));
}

/* ---- another key ---- */

TEST(a_key_that_the_known_one_named_is_believed_through_several_and_remembered) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Project again;
        Fault fault = FAULT_INIT;

        see(&broker);
        for (unsigned i = 0; i < 3; i++)
                fake_broker_rotate(&broker, &broker.key);
        session = connected(&broker);
        session = session_free(session);
        CHECK_EQ_INT(project_open_again(&broker.project, &again, &fault), 0);
        CHECK(memcmp(&again.broker_key, &broker.key.public, sizeof(PublicKey)) == 0);
        project_deinit(&again);
        broker.n_rotations = 0; /* who knows it need not be told again */
        broker.project.broker_key = broker.key.public;
        session = connected(&broker);
}

TEST(a_key_that_another_than_the_known_one_named_is_refused) {
        cleanup_fake_broker FakeBroker broker;
        Key other;

        see(&broker);
        key_make(&other);
        fake_broker_rotate(&broker, &other);
        expect_refused(&broker, "broker-key-differs");
}

TEST(a_chain_of_keys_with_a_gap_is_refused) {
        cleanup_fake_broker FakeBroker broker;

        see(&broker);
        fake_broker_rotate(&broker, &broker.key);
        fake_broker_rotate(&broker, &broker.key);
        broker.rotations[0] = broker.rotations[1];
        broker.n_rotations = 1;
        expect_refused(&broker, "broker-key-differs");
}

/* Whatever the config says, and whatever the old key signs. */
TEST(a_stolen_former_key_is_refused_by_who_has_seen_the_new_one) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Key stolen;

        see(&broker);
        stolen = broker.key;
        fake_broker_rotate(&broker, &broker.key);
        session = connected(&broker);
        session = session_free(session);
        broker.key = stolen;
        broker.head += 9;
        broker.n_rotations = 0;
        expect_refused(&broker, "broker-key-differs");
        fake_broker_rotate(&broker, &broker.key); /* to a key of the thief's */
        expect_refused(&broker, "broker-key-differs");
}

TEST(a_checkpoint_that_is_not_signed_is_refused) {
        cleanup_fake_broker FakeBroker broker;

        fake_broker_init(&broker);
        fake_broker_start(&broker);
        broker.signs_falsely = true;
        expect_refused(&broker, "checkpoint-false");
}

TEST(a_false_checkpoint_in_an_answer_ends_the_session) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;

        fake_broker_init(&broker);
        fake_broker_start(&broker);
        session = connected(&broker);
        broker.signs_falsely = true;
        (void)submit(session);
        fake_broker_await_refusal(&broker, session, &fault);
        CHECK_EQ_TEXT(fault.rule, "checkpoint-false");
        CHECK_EQ_U64(count_files(&broker), 1);
}

TEST(a_damaged_memory_is_refused) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;
        char *seen, *key;

        see(&broker);
        seen = mem_printf("%s/agents/builder/seen", broker.project.dir);
        key = mem_printf("%s/keys/builder", broker.project.dir);
        CHECK_EQ_INT(file_write_atomic(seen, slice_text("nonsense\n"), 0600), 0);
        CHECK_EQ_INT(session_new(&broker.project, key, "test", &session, &fault),
                     SESSION_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "seen-malformed");
        free(seen);
        free(key);
}

/* ---- one-shot calls, without a broker ---- */

TEST(without_a_broker_nothing_is_said_and_nothing_is_kept) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;
        uint64_t seq;

        fake_broker_init(&broker);
        session = fake_broker_new_session(&broker);
        CHECK_EQ_INT(session_call(session, a_note(), 300, &seq, &fault), SESSION_E_AWAY);
        CHECK_EQ_TEXT(fault.rule, "broker-away");
        CHECK_CONTAINS(fault.next, "broker run");
        CHECK_EQ_INT(refusal_exit_status(&fault), EXIT_NOT_CARRIED_OUT);
        CHECK_EQ_U64(count_files(&broker), 0);
}

TEST(a_broker_that_does_not_answer_is_named_as_one) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;

        fake_broker_init(&broker);
        fake_broker_start(&broker);
        session = fake_broker_new_session(&broker);
        CHECK_EQ_INT(session_connect(session, 300, &fault), SESSION_E_AWAY);
        CHECK_EQ_TEXT(fault.rule, "broker-away");
        CHECK_CONTAINS(fault.next, "broker admit");
}

/* A broker in a process of its own, for calls that wait. */
static pid_t serve_elsewhere(FakeBroker *broker) {
        pid_t pid = fork();

        if (pid == 0) {
                fake_broker_start(broker);
                for (;;) {
                        LoopWait wait = {.server = broker->server};

                        CHECK_EQ_INT(loop_wait(&wait, 1000), 0);
                        fake_broker_serve(broker);
                }
        }
        return pid; /* the runner ends what a test leaves behind */
}

TEST(an_unknown_key_is_told_at_once) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        uint64_t started_ms = clock_mono_ms();
        Fault fault = FAULT_INIT;

        fake_broker_init(&broker);
        broker.knows_nobody = true;
        CHECK(serve_elsewhere(&broker) > 0);
        session = fake_broker_new_session(&broker);
        CHECK_EQ_INT(session_connect(session, 20000, &fault), SESSION_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "key-refused");
        CHECK_EQ_INT(refusal_exit_status(&fault), EXIT_NOT_AUTHORISED);
        CHECK(clock_mono_ms() - started_ms < 10000);
}

TEST(a_call_returns_its_entry) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;
        uint64_t seq = 0;

        fake_broker_init(&broker);
        CHECK(serve_elsewhere(&broker) > 0);
        session = fake_broker_new_session(&broker);
        CHECK_EQ_INT(session_call(session, a_note(), 10000, &seq, &fault), 0);
        CHECK_EQ_U64(seq, 4);
        CHECK_EQ_INT(session_call(session, a_note(), 10000, &seq, &fault), 0);
        CHECK_EQ_U64(seq, 5);
}

TEST(what_may_have_been_heard_is_kept) {
        cleanup_fake_broker FakeBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;
        uint64_t seq = 0;

        fake_broker_init(&broker);
        broker.n_lost_answers = 99;
        CHECK(serve_elsewhere(&broker) > 0);
        session = fake_broker_new_session(&broker);
        CHECK_EQ_INT(session_call(session, a_note(), 1000, &seq, &fault), SESSION_E_AWAY);
        CHECK_CONTAINS(fault.found, "it is kept");
        CHECK_EQ_U64(count_files(&broker), 1);
}

TEST(exit_statuses_follow_the_rule) {
        static const struct {
                const char *rule;
                int status;
        } rows[] = {
                {"role-forbids", EXIT_NOT_AUTHORISED},   {"key-revoked", EXIT_NOT_AUTHORISED},
                {"gate-unknown", EXIT_NOTHING_SELECTED}, {"phase-unknown", EXIT_NOTHING_SELECTED},
                {"broker-away", EXIT_NOT_CARRIED_OUT},   {"done-not-yet", EXIT_HOLDS_NOT},
                {"claim-dirty-tree", EXIT_USAGE},        {"keyboard", EXIT_USAGE},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                Fault fault = {.rule = rows[i].rule};

                CHECK_EQ_INT(refusal_exit_status(&fault), rows[i].status);
        }
}
