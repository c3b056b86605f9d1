/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Two clients without sessions, waited for together. */

#include "tests/bench/courier.h"

#include <stdlib.h>

#include <zmq.h>

#include "base/clock.h"
#include "base/mem.h"
#include "proto/codec.h"
#include "proto/entry.h"
#include "tests/lib/test.h"

enum { ANSWER_MS = 20000, BUILDER = 0, ADVERSARY = 1, N_SIDES = 2 };

static const char *const side_keys[N_SIDES] = {"builder", "adversary"};

typedef struct Side {
        void *socket;
        Key key;
} Side;

struct Courier {
        void *context;
        Side sides[N_SIDES];
        Hash ledger;
        IdMaker ids;
        uint64_t ack_ns, offer_ns, seq; /* of the message in hand */
};

static void encode(Message *message, Buf *frame) {
        CodecFault fault;

        message_set_present(message);
        CHECK_EQ_INT(codec_encode(message, frame, &fault), 0);
}

static void say(Courier *courier, size_t side, Message *message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);

        encode(message, &frame);
        CHECK_EQ_INT(zmq_send(courier->sides[side].socket, frame.data, frame.n, 0), (int)frame.n);
}

static void submit(Courier *courier, Message *message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Message submit = {.type = MESSAGE_SUBMIT};
        uint8_t signature[SIGNATURE_BYTES];
        Id id;

        encode(message, &frame);
        id_make(&courier->ids, clock_wall_ms(), &id);
        entry_sign(&courier->sides[BUILDER].key, &courier->ledger, &id, buf_get(&frame), signature);
        submit.submit.id = id_slice(&id);
        submit.submit.frame = buf_get(&frame);
        submit.submit.signature = slice_make(signature, sizeof signature);
        say(courier, BUILDER, &submit);
}

static void hear(Courier *courier, Slice frame, uint64_t now_ns) {
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message message;

        CHECK_EQ_INT(codec_decode(frame, &arena, &message, &fault), 0);
        if (message.type == MESSAGE_REFUSE)
                FAIL_TEST("refused: %.*s", SLICE_ARGS(message.refuse.found));
        if (message.type == MESSAGE_WELCOME)
                CHECK(hash_from_slice(message.welcome.ledger, &courier->ledger));
        if (message.type == MESSAGE_ACK) {
                courier->ack_ns = now_ns;
                courier->seq = message.ack.seq;
        }
        if (message.type == MESSAGE_OFFER)
                courier->offer_ns = now_ns;
}

/* One message from either side. */
static void wait_message(Courier *courier) {
        zmq_pollitem_t polls[N_SIDES];

        for (size_t i = 0; i < N_SIDES; i++)
                polls[i] =
                        (zmq_pollitem_t){.socket = courier->sides[i].socket, .events = ZMQ_POLLIN};
        CHECK(zmq_poll(polls, N_SIDES, ANSWER_MS) > 0);
        for (size_t i = 0; i < N_SIDES; i++) {
                zmq_msg_t part;

                (void)zmq_msg_init(&part);
                while (zmq_msg_recv(&part, courier->sides[i].socket, ZMQ_DONTWAIT) >= 0)
                        hear(courier, slice_make(zmq_msg_data(&part), zmq_msg_size(&part)),
                             clock_mono_ns());
                (void)zmq_msg_close(&part);
        }
}

static void connect_side(Courier *courier, const RealBroker *broker, size_t i) {
        cleanup_free char *path = mem_printf("%s/.coldgate/keys/%s", broker->dir, side_keys[i]);
        Message hello = {.type = MESSAGE_HELLO,
                         .hello = {.protocol = 1, .program = slice_text("bench")}};
        Side *side = &courier->sides[i];
        Fault fault = FAULT_INIT;
        int zero = 0;

        if (key_read(path, &side->key, &fault) != 0)
                FAIL_TEST("%s: %s", path, fault.found);
        side->socket = zmq_socket(courier->context, ZMQ_DEALER);
        CHECK(side->socket != NULL);
        CHECK_EQ_INT(zmq_setsockopt(side->socket, ZMQ_LINGER, &zero, sizeof zero), 0);
        CHECK_EQ_INT(zmq_setsockopt(side->socket, ZMQ_CURVE_SERVERKEY,
                                    broker->project.broker_key.curve, CURVE_BYTES),
                     0);
        CHECK_EQ_INT(zmq_setsockopt(side->socket, ZMQ_CURVE_PUBLICKEY, side->key.public.curve,
                                    CURVE_BYTES),
                     0);
        CHECK_EQ_INT(zmq_setsockopt(side->socket, ZMQ_CURVE_SECRETKEY, side->key.curve_secret,
                                    CURVE_BYTES),
                     0);
        CHECK_EQ_INT(zmq_connect(side->socket, broker->project.endpoint), 0);
        courier->ledger = (Hash){{0}};
        say(courier, i, &hello);
        while (hash_equal(&courier->ledger, &(Hash){{0}}))
                wait_message(courier);
}

Courier *courier_new(const RealBroker *broker) {
        Courier *courier = mem_new(Courier);

        courier->context = zmq_ctx_new();
        for (size_t i = 0; i < N_SIDES; i++)
                connect_side(courier, broker, i);
        return courier;
}

Courier *courier_free(Courier *courier) {
        if (!courier)
                return NULL;
        for (size_t i = 0; i < N_SIDES; i++)
                (void)zmq_close(courier->sides[i].socket);
        (void)zmq_ctx_term(courier->context);
        free(courier);
        return NULL;
}

/* Until the builder has its ack and the adversary was told. */
static void wait_both(Courier *courier) {
        while (!courier->ack_ns || !courier->offer_ns)
                wait_message(courier);
}

static void withdraw(Courier *courier) {
        Message message = {.type = MESSAGE_WITHDRAW, .withdraw = {.claim = courier->seq}};

        courier->ack_ns = 0;
        submit(courier, &message);
        while (!courier->ack_ns)
                wait_message(courier);
}

void courier_claim(Courier *courier, Samples *ack, Samples *event, Samples *whole) {
        static const char commit[] = "0123456789abcdef0123456789abcdef01234567";
        Slice gate = slice_text("M1");
        Message claim = {.type = MESSAGE_CLAIM,
                         .claim = {.phase = slice_text("m"),
                                   .gates = &gate,
                                   .n_gates = 1,
                                   .repository = slice_text("file:///repository"),
                                   .commit = slice_text(commit),
                                   .mode = MODE_COLD}};
        Message credit = {.type = MESSAGE_CREDIT, .credit = {.jobs = 1}};
        uint64_t begin_ns;

        say(courier, ADVERSARY, &credit);
        courier->ack_ns = courier->offer_ns = 0;
        begin_ns = clock_mono_ns();
        submit(courier, &claim);
        wait_both(courier);
        samples_add(ack, (double)(courier->ack_ns - begin_ns) / 1e3);
        samples_add(whole, (double)(courier->offer_ns - begin_ns) / 1e3);
        samples_add(event, courier->offer_ns < courier->ack_ns
                                   ? 0
                                   : (double)(courier->offer_ns - courier->ack_ns) / 1e3);
        withdraw(courier);
}
