/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Clients as raw sockets. An answer is told by its first bytes. */

#include "tests/bench/swarm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <zmq.h>

#include "base/clock.h"
#include "base/mem.h"
#include "proto/codec.h"
#include "proto/entry.h"
#include "tests/lib/test.h"

enum {
        WELCOME_MS = 20000,
        SOCKETS_MAX = 8192,
        FILES_MAX = 8192,
        CLIENTS_PER_HANDSHAKE = 32, /* that connect at the same time */
        RATE_ONE_GUESS = 6000,
        RATE_MANY_GUESS = 25000,
};

typedef struct Client {
        void *socket;
        Buf *frames; /* signed, not sent */
        unsigned n_frames, n_sent;
} Client;

struct Swarm {
        void *context;
        zmq_pollitem_t *polls;
        Client *clients;
        unsigned n;
        Key keys[SWARM_AGENTS];
        Hash ledger;
        IdMaker ids;
        size_t n_bytes;
};

/* ---- the broker ---- */

void swarm_start_broker(RealBroker *broker) {
        real_broker_init(broker);
        real_broker_approve(broker);
        for (unsigned i = 0; i < SWARM_AGENTS; i++) {
                cleanup_free char *name = mem_printf("b%u", i);
                cleanup_free char *key = mem_printf(".coldgate/keys/%s.pub", name);

                real_broker_do(broker, NULL, "keygen", name);
                real_broker_do(broker, NULL, "admit", name, "builder", key);
        }
        real_broker_start(broker);
}

/* ---- messages ---- */

static void encode(Message *message, Buf *frame) {
        CodecFault fault;

        message_set_present(message);
        CHECK_EQ_INT(codec_encode(message, frame, &fault), 0);
}

static void sign_note(Swarm *swarm, unsigned client, Buf *ret_frame) {
        cleanup_buf Buf body = BUF_INIT(FRAME_MAX);
        cleanup_free char *text = mem_alloc(swarm->n_bytes + 1);
        uint8_t signature[SIGNATURE_BYTES];
        Message submit = {.type = MESSAGE_SUBMIT};
        Message note = {.type = MESSAGE_NOTE,
                        .note = {.phase = slice_text("m"), .to = NOTE_TO_RECORD}};
        Id id;

        memset(text, 'a' + (int)(client % 26), swarm->n_bytes);
        note.note.text = slice_make((const uint8_t *)text, swarm->n_bytes);
        encode(&note, &body);
        id_make(&swarm->ids, clock_wall_ms(), &id);
        entry_sign(&swarm->keys[client % SWARM_AGENTS], &swarm->ledger, &id, buf_get(&body),
                   signature);
        submit.submit.id = id_slice(&id);
        submit.submit.frame = buf_get(&body);
        submit.submit.signature = slice_make(signature, sizeof signature);
        *ret_frame = BUF_INIT(FRAME_MAX);
        encode(&submit, ret_frame);
}

/* ---- connections ---- */

static void read_key(const RealBroker *broker, unsigned i, Key *ret_key) {
        cleanup_free char *path = mem_printf("%s/.coldgate/keys/b%u", broker->dir, i);
        Fault fault = FAULT_INIT;

        if (key_read(path, ret_key, &fault) != 0)
                FAIL_TEST("%s: %s", path, fault.found);
}

static void connect_client(Swarm *swarm, const RealBroker *broker, unsigned i) {
        Message hello = {.type = MESSAGE_HELLO,
                         .hello = {.protocol = 1, .program = slice_text("bench")}};
        const Key *key = &swarm->keys[i % SWARM_AGENTS];
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        void *socket = zmq_socket(swarm->context, ZMQ_DEALER);
        int zero = 0, heartbeat_ms = 1000;

        CHECK(socket != NULL);
        swarm->clients[i].socket = socket;
        swarm->polls[i] = (zmq_pollitem_t){.socket = socket, .events = ZMQ_POLLIN};
        CHECK_EQ_INT(zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero), 0);
        CHECK_EQ_INT(zmq_setsockopt(socket, ZMQ_SNDHWM, &zero, sizeof zero), 0);
        CHECK_EQ_INT(zmq_setsockopt(socket, ZMQ_RCVHWM, &zero, sizeof zero), 0);
        CHECK_EQ_INT(zmq_setsockopt(socket, ZMQ_HEARTBEAT_IVL, &heartbeat_ms, sizeof(int)), 0);
        CHECK_EQ_INT(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, broker->project.broker_key.curve,
                                    CURVE_BYTES),
                     0);
        CHECK_EQ_INT(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, key->public.curve, CURVE_BYTES),
                     0);
        CHECK_EQ_INT(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, key->curve_secret, CURVE_BYTES),
                     0);
        CHECK_EQ_INT(zmq_connect(socket, broker->project.endpoint), 0);
        encode(&hello, &frame);
        CHECK_EQ_INT(zmq_send(socket, frame.data, frame.n, 0), (int)frame.n);
}

static void take_welcome(Swarm *swarm, unsigned i) {
        cleanup_arena Arena arena = ARENA_INIT;
        zmq_pollitem_t *poll = &swarm->polls[i];
        CodecFault fault;
        Message message;
        zmq_msg_t part;

        CHECK_EQ_INT(zmq_poll(poll, 1, WELCOME_MS), 1);
        (void)zmq_msg_init(&part);
        CHECK(zmq_msg_recv(&part, poll->socket, 0) >= 0);
        CHECK_EQ_INT(codec_decode(slice_make(zmq_msg_data(&part), zmq_msg_size(&part)), &arena,
                                  &message, &fault),
                     0);
        CHECK_EQ_INT(message.type, MESSAGE_WELCOME);
        CHECK(hash_from_slice(message.welcome.ledger, &swarm->ledger));
        (void)zmq_msg_close(&part);
}

Swarm *swarm_new(const RealBroker *broker, unsigned n_clients) {
        struct rlimit files = {FILES_MAX, FILES_MAX};
        Swarm *swarm = mem_new(Swarm);

        (void)setrlimit(RLIMIT_NOFILE, &files); /* a thousand clients need it */
        swarm->context = zmq_ctx_new();
        CHECK(swarm->context != NULL);
        CHECK_EQ_INT(zmq_ctx_set(swarm->context, ZMQ_MAX_SOCKETS, SOCKETS_MAX), 0);
        swarm->clients = mem_resize(NULL, n_clients, sizeof(Client));
        swarm->polls = mem_resize(NULL, n_clients, sizeof(zmq_pollitem_t));
        memset(swarm->clients, 0, n_clients * sizeof(Client));
        for (unsigned i = 0; i < SWARM_AGENTS; i++)
                read_key(broker, i, &swarm->keys[i]);
        for (; swarm->n < n_clients; swarm->n++) {
                connect_client(swarm, broker, swarm->n);
                if (swarm->n >= CLIENTS_PER_HANDSHAKE)
                        take_welcome(swarm, swarm->n - CLIENTS_PER_HANDSHAKE);
        }
        for (unsigned i = n_clients > CLIENTS_PER_HANDSHAKE ? n_clients - CLIENTS_PER_HANDSHAKE : 0;
             i < n_clients; i++)
                take_welcome(swarm, i);
        return swarm;
}

Swarm *swarm_free(Swarm *swarm) {
        if (!swarm)
                return NULL;
        for (unsigned i = 0; i < swarm->n; i++) {
                (void)zmq_close(swarm->clients[i].socket);
                for (unsigned j = 0; j < swarm->clients[i].n_frames; j++)
                        buf_deinit(&swarm->clients[i].frames[j]);
                free(swarm->clients[i].frames);
        }
        (void)zmq_ctx_term(swarm->context);
        free(swarm->clients);
        free(swarm->polls);
        free(swarm);
        return NULL;
}

/* ---- load ---- */

unsigned swarm_guess(const LoadShape *shape, unsigned n_clients) {
        double rate = n_clients == 1 ? RATE_ONE_GUESS : RATE_MANY_GUESS;

        if (!shape->window)
                rate = shape->rate;
        return (unsigned)(rate * (shape->warm_s + shape->seconds) / n_clients) + 1;
}

void swarm_sign(Swarm *swarm, unsigned n_each, size_t n_bytes) {
        swarm->n_bytes = n_bytes;
        for (unsigned i = 0; i < swarm->n; i++)
                swarm->clients[i].frames = mem_resize(NULL, n_each, sizeof(Buf));
        for (unsigned j = 0; j < n_each; j++) /* as they will be sent: ids ascend */
                for (unsigned i = 0; i < swarm->n; i++)
                        sign_note(swarm, i,
                                  &swarm->clients[i].frames[swarm->clients[i].n_frames++]);
}

static void publish(void *userdata, unsigned i) {
        Swarm *swarm = userdata;
        Client *client = &swarm->clients[i];
        cleanup_buf Buf late = BUF_INIT(0);
        Buf *frame = &late;

        if (client->n_sent < client->n_frames)
                frame = &client->frames[client->n_sent];
        else
                sign_note(swarm, i, &late);
        client->n_sent++;
        CHECK_EQ_INT(zmq_send(client->socket, frame->data, frame->n, ZMQ_DONTWAIT), (int)frame->n);
}

/* A message is an array of two, the first of which is its type. */
static void check_ack(Slice frame) {
        if (frame.n < 2 || frame.data[0] != 0x92 || frame.data[1] != MESSAGE_ACK)
                FAIL_TEST("the broker answered %02x %02x, not an ack", frame.data[0],
                          frame.n > 1 ? frame.data[1] : 0);
}

static size_t take(void *userdata, unsigned i) {
        Swarm *swarm = userdata;
        size_t n = 0;
        zmq_msg_t part;

        if (!(swarm->polls[i].revents & ZMQ_POLLIN))
                return 0;
        (void)zmq_msg_init(&part);
        while (zmq_msg_recv(&part, swarm->clients[i].socket, ZMQ_DONTWAIT) >= 0) {
                check_ack(slice_make(zmq_msg_data(&part), zmq_msg_size(&part)));
                n++;
        }
        (void)zmq_msg_close(&part);
        return n;
}

static void wait_any(void *userdata, unsigned timeout_ms) {
        Swarm *swarm = userdata;

        if (zmq_poll(swarm->polls, (int)swarm->n, (long)timeout_ms) < 0 && errno != EINTR)
                FAIL_TEST("zmq_poll: %s", zmq_strerror(errno));
}

void swarm_load(Swarm *swarm, const LoadShape *shape, LoadResult *ret_result) {
        LoadSide side = {.userdata = swarm,
                         .n_connections = swarm->n,
                         .publish = publish,
                         .take = take,
                         .wait = wait_any};

        load_run(&side, shape, ret_result);
}
