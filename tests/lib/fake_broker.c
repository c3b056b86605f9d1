/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* In the test's own process: it acts only when it is told to serve. */

#include "tests/lib/fake_broker.h"

#include "base/clock.h"
#include "base/mem.h"
#include "proto/codec.h"
#include "proto/entry.h"
#include "proto/loop.h"
#include "tests/lib/test.h"

enum { AWAIT_MS = 5000, STEP_MS = 20 };

static void hash_entry(const FakeBroker *broker, uint64_t seq, Hash *ret_hash) {
        Hasher hasher;

        hash_start(&hasher);
        hash_add_u64(&hasher, seq);
        hash_add_u64(&hasher, broker->history);
        hash_finish(&hasher, ret_hash);
}

void fake_broker_init(FakeBroker *broker) {
        Fault fault = FAULT_INIT;
        const char *dir = test_dir();
        char *key;

        *broker = (FakeBroker){.head = 3};
        key_make(&broker->key);
        key_make(&broker->agent);
        hash_of(slice_text("a ledger"), &broker->ledger);
        CHECK_EQ_INT(project_make(dir, "fake", NULL, &broker->key.public, &fault), 0);
        broker->project = (Project){.root = mem_strdup(dir),
                                    .dir = mem_printf("%s/.coldgate", dir),
                                    .name = mem_strdup("fake"),
                                    .endpoint = mem_printf("ipc://%s/.coldgate/run/b.ipc", dir),
                                    .docs = mem_printf("%s/.coldgate/docs", dir),
                                    .broker_key = broker->key.public};
        key = mem_printf("%s/keys/builder", broker->project.dir);
        CHECK_EQ_INT(key_write(key, &broker->agent, "builder", &fault), 0);
        free(key);
}

void fake_broker_deinit(FakeBroker *broker) {
        fake_broker_stop(broker);
        project_deinit(&broker->project);
}

static bool admits(void *userdata, const uint8_t curve[CURVE_BYTES]) {
        const FakeBroker *broker = userdata;

        return !broker->knows_nobody && memcmp(curve, broker->agent.public.curve, CURVE_BYTES) == 0;
}

void fake_broker_start(FakeBroker *broker) {
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(channel_server_new(broker->project.endpoint, &broker->key, admits, broker,
                                        &broker->server, &fault),
                     0);
}

void fake_broker_stop(FakeBroker *broker) {
        broker->server = channel_server_free(broker->server);
}

void fake_broker_rotate(FakeBroker *broker, const Key *author) {
        static uint8_t frames[FAKE_ROTATIONS_MAX][256], signatures[FAKE_ROTATIONS_MAX][64];
        static const Id id = {{1}};
        size_t i = broker->n_rotations++;
        cleanup_buf Buf frame = BUF_INIT(sizeof frames[0]);
        uint8_t consent[SIGNATURE_BYTES] = {0};
        Message message = {.type = MESSAGE_ROTATED};
        CodecFault fault;
        Key next;

        key_make(&next);
        key_keep_curve(&next, &broker->key);
        message.rotated.broker_key = slice_make(&next.public, sizeof next.public);
        message.rotated.consent = slice_make(consent, sizeof consent);
        message_set_present(&message);
        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), 0);
        memcpy(frames[i], frame.data, frame.n);
        entry_sign(author, &broker->ledger, &id, buf_get(&frame), signatures[i]);
        broker->rotations[i] = (struct rotation){.seq = ++broker->head,
                                                 .id = id_slice(&id),
                                                 .frame = slice_make(frames[i], frame.n),
                                                 .signature = slice_make(signatures[i], 64)};
        broker->key = next;
}

static void answer(FakeBroker *broker, const Route *route, Message *message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;

        message_set_present(message);
        CHECK_EQ_INT(codec_encode(message, &frame, &fault), 0);
        CHECK_EQ_INT(channel_server_send(broker->server, route, buf_get(&frame)), 0);
}

static void sign_head(const FakeBroker *broker, Checkpoint *ret_checkpoint) {
        Hash hash;

        hash_entry(broker, broker->head, &hash);
        checkpoint_sign(&broker->key, &broker->ledger, broker->head, &hash, ret_checkpoint);
        if (broker->signs_falsely)
                ret_checkpoint->signature[0] ^= 1;
}

static void on_hello(FakeBroker *broker, const Route *route, const struct hello *hello) {
        Message message = {.type = MESSAGE_WELCOME};
        struct welcome *welcome = &message.welcome;
        Checkpoint checkpoint;
        Hash seen;

        broker->n_hellos++;
        sign_head(broker, &checkpoint);
        hash_entry(broker, hello->seen_seq, &seen);
        welcome->protocol = 1;
        welcome->ledger = hash_slice(&broker->ledger);
        welcome->project = slice_text("fake");
        welcome->name = slice_text("builder");
        welcome->role = ROLE_BUILDER;
        welcome->head_seq = broker->head;
        welcome->head_hash = hash_slice(&checkpoint.hash);
        welcome->head_signature = slice_make(checkpoint.signature, SIGNATURE_BYTES);
        welcome->broker_key = slice_make(&broker->key.public, sizeof broker->key.public);
        welcome->rotations = broker->rotations;
        welcome->n_rotations = broker->n_rotations;
        welcome->seen_seq = hello->seen_seq;
        if (hello->seen_seq && hello->seen_seq <= broker->head)
                welcome->seen_hash = hash_slice(&seen);
        if (broker->welcomes_late) {
                broker->welcomes_late = false;
                hash_entry(broker, --welcome->seen_seq, &seen);
                answer(broker, route, &message);
                hash_entry(broker, ++welcome->seen_seq, &seen);
        }
        answer(broker, route, &message);
}

static void refuse(FakeBroker *broker, const Route *route, Slice id, const char *rule) {
        Slice reasons[] = {slice_text("one reason"), slice_text("another")};
        Message message = {.type = MESSAGE_REFUSE};

        message.refuse.id = id;
        message.refuse.rule = slice_text(rule);
        message.refuse.place = slice_text("here");
        message.refuse.found = slice_text("it may not\033[2J be");
        message.refuse.next = slice_text("do something else");
        message.refuse.reasons = reasons;
        message.refuse.n_reasons = ARRAY_SIZE(reasons);
        answer(broker, route, &message);
}

/* The entry of this id: the one that it has, or a new one. */
static uint64_t number_of(FakeBroker *broker, Slice id) {
        for (uint64_t seq = 1; seq <= broker->head; seq++)
                if (slice_equal(id_slice(&broker->ids[seq]), id))
                        return seq;
        CHECK(broker->head + 1 < FAKE_ENTRIES_MAX);
        broker->head++;
        CHECK(id_from_slice(id, &broker->ids[broker->head]));
        return broker->head;
}

static void on_submit(FakeBroker *broker, const Route *route, const struct submit *submit) {
        Message message = {.type = MESSAGE_ACK};
        Checkpoint checkpoint;
        Hash hash;
        Id id;

        broker->n_submits++;
        CHECK(id_from_slice(submit->id, &id));
        CHECK(entry_signature_holds(&broker->agent.public, &broker->ledger, &id, submit->frame,
                                    submit->signature));
        if (broker->says_hello_first) {
                broker->says_hello_first = false;
                refuse(broker, route, submit->id, "hello-first");
                return;
        }
        if (broker->refuses) {
                refuse(broker, route, submit->id, broker->refuses);
                return;
        }
        message.ack.seq = number_of(broker, submit->id);
        if (broker->n_lost_answers) {
                broker->n_lost_answers--;
                return;
        }
        sign_head(broker, &checkpoint);
        hash_entry(broker, message.ack.seq, &hash);
        message.ack.id = submit->id;
        message.ack.hash = hash_slice(&hash);
        message.ack.head_seq = broker->head;
        message.ack.head_hash = hash_slice(&checkpoint.hash);
        message.ack.head_signature = slice_make(checkpoint.signature, SIGNATURE_BYTES);
        answer(broker, route, &message);
}

static void on_frame(FakeBroker *broker, const Route *route, Slice frame) {
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message message;

        CHECK_EQ_INT(codec_decode(frame, &arena, &message, &fault), 0);
        if (broker->is_mute)
                return;
        if (message.type == MESSAGE_HELLO)
                on_hello(broker, route, &message.hello);
        if (message.type == MESSAGE_SUBMIT)
                on_submit(broker, route, &message.submit);
        if (message.type == MESSAGE_HEARTBEAT) {
                broker->n_heartbeats++;
                answer(broker, route, &message);
        }
}

void fake_broker_serve(FakeBroker *broker) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        uint8_t curve[CURVE_BYTES];
        Route route;

        if (!broker->server)
                return;
        CHECK_EQ_INT(channel_server_serve_zap(broker->server), 0);
        while (channel_server_receive(broker->server, &frame, &route, curve) == 0)
                on_frame(broker, &route, buf_get(&frame));
}

Session *fake_broker_new_session(FakeBroker *broker) {
        char *key = mem_printf("%s/keys/builder", broker->project.dir);
        Fault fault = FAULT_INIT;
        Session *session = NULL;

        CHECK_EQ_INT(session_new(&broker->project, key, "test", &session, &fault), 0);
        free(key);
        return session;
}

static void pause_a_little(FakeBroker *broker, Session *session) {
        LoopWait wait = {.server = broker->server};
        int64_t due_ms = session_prepare(session, &wait);

        CHECK_EQ_INT(loop_wait(&wait, due_ms < STEP_MS && due_ms >= 0 ? due_ms : STEP_MS), 0);
}

/* One message, or a condition other than SESSION_E_NOTHING. */
static int await(FakeBroker *broker, Session *session, Arena *arena, Message *ret_message,
                 Fault *fault, uint64_t deadline_ms) {
        while (clock_mono_ms() < deadline_ms) {
                int r = session_poll(session, arena, ret_message, fault);

                if (r != SESSION_E_NOTHING)
                        return r;
                pause_a_little(broker, session);
                fake_broker_serve(broker);
        }
        FAIL_TEST("nothing came");
}

void fake_broker_await(FakeBroker *broker, Session *session, MessageType type, Arena *arena,
                       Message *ret_message, Fault *fault) {
        uint64_t deadline_ms = clock_mono_ms() + AWAIT_MS;

        do {
                int r = await(broker, session, arena, ret_message, fault, deadline_ms);

                if (r != 0)
                        FAIL_TEST("condition %d: %s: %s", r, fault->rule, fault->found);
        } while (ret_message->type != type);
}

void fake_broker_await_refusal(FakeBroker *broker, Session *session, Fault *fault) {
        uint64_t deadline_ms = clock_mono_ms() + AWAIT_MS;
        int r = 0;

        while (r == 0) {
                cleanup_arena Arena arena = ARENA_INIT;
                Message message;

                r = await(broker, session, &arena, &message, fault, deadline_ms);
        }
        CHECK_EQ_INT(r, SESSION_E_REFUSED);
}
