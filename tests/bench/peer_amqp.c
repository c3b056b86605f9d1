/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * AMQP 0-9-1, as far as a publisher with confirms needs it: a frame is type, channel, size, payload
 * and a mark; a method's payload begins with its class and number.
 */

#include "tests/bench/peer.h"
#include "tests/lib/test.h"

enum {
        FRAME_METHOD = 1,
        FRAME_HEADER = 2,
        FRAME_BODY = 3,
        FRAME_END = 0xce,
        FRAME_AROUND = 8, /* bytes before and behind the payload */
        FRAME_HEAD = 7,
        METHOD_START = 10 << 16 | 10,
        METHOD_START_OK = 10 << 16 | 11,
        METHOD_TUNE = 10 << 16 | 30,
        METHOD_TUNE_OK = 10 << 16 | 31,
        METHOD_OPEN = 10 << 16 | 40,
        METHOD_OPEN_OK = 10 << 16 | 41,
        METHOD_CHANNEL_OPEN = 20 << 16 | 10,
        METHOD_CHANNEL_OPEN_OK = 20 << 16 | 11,
        METHOD_DECLARE = 50 << 16 | 10,
        METHOD_DECLARE_OK = 50 << 16 | 11,
        METHOD_PUBLISH = 60 << 16 | 40,
        METHOD_ACK = 60 << 16 | 80,
        METHOD_SELECT = 85 << 16 | 10,
        METHOD_SELECT_OK = 85 << 16 | 11,
        CLASS_BASIC = 60,
        PROPERTY_DELIVERY_MODE = 1 << 12,
        DELIVERY_PERSISTENT = 2,
        QUEUE_DURABLE = 2,
        ANSWER_MAX = 65536,
        CHANNELS_MAX = 2047,
        FRAME_BYTES_MAX = 131072,
};

static const char queue_name[] = "bench";

static void number(Buf *out, uint64_t value, unsigned n_bytes) {
        while (n_bytes--)
                buf_byte(out, (uint8_t)(value >> (8 * n_bytes)));
}

static uint64_t get_number(const uint8_t *data, unsigned n_bytes) {
        uint64_t value = 0;

        for (unsigned i = 0; i < n_bytes; i++)
                value = value << 8 | data[i];
        return value;
}

static void short_text(Buf *out, const char *text) {
        buf_byte(out, (uint8_t)strlen(text));
        buf_text(out, text);
}

static void frame(Buf *out, uint8_t type, unsigned channel, Slice payload) {
        buf_byte(out, type);
        number(out, channel, 2);
        number(out, payload.n, 4);
        buf_slice(out, payload);
        buf_byte(out, FRAME_END);
}

/* Sends a method and waits for its answer. */
static void call(int fd, unsigned channel, unsigned method, const Buf *arguments,
                 unsigned expected) {
        static uint8_t answer[ANSWER_MAX];
        cleanup_buf Buf payload = BUF_TEXT, out = BUF_TEXT;
        uint64_t n;

        number(&payload, method, 4);
        buf_slice(&payload, buf_get(arguments));
        frame(&out, FRAME_METHOD, channel, buf_get(&payload));
        peer_write(fd, buf_get(&out));
        if (!expected)
                return;
        peer_read(fd, answer, FRAME_HEAD);
        n = get_number(answer + 3, 4);
        CHECK(n + 1 <= ANSWER_MAX);
        peer_read(fd, answer, n + 1);
        CHECK_EQ_U64(get_number(answer, 4), expected);
}

static void read_start(int fd) {
        static uint8_t answer[ANSWER_MAX];
        uint64_t n;

        peer_write(fd, slice_make((const uint8_t *)"AMQP\0\0\x09\x01", 8));
        peer_read(fd, answer, FRAME_HEAD);
        n = get_number(answer + 3, 4);
        CHECK(n + 1 <= ANSWER_MAX);
        peer_read(fd, answer, n + 1);
        CHECK_EQ_U64(get_number(answer, 4), METHOD_START);
}

static void amqp_connect(int fd) {
        static const char login[] = "\0guest\0guest";
        cleanup_buf Buf arguments = BUF_TEXT;

        read_start(fd);
        number(&arguments, 0, 4);
        short_text(&arguments, "PLAIN");
        number(&arguments, sizeof login - 1, 4);
        buf_append(&arguments, login, sizeof login - 1);
        short_text(&arguments, "en_US");
        call(fd, 0, METHOD_START_OK, &arguments, METHOD_TUNE);
        buf_clear(&arguments);
        number(&arguments, CHANNELS_MAX, 2); /* as the server has it: more it refuses */
        number(&arguments, FRAME_BYTES_MAX, 4);
        number(&arguments, 0, 2);
        call(fd, 0, METHOD_TUNE_OK, &arguments, 0);
        buf_clear(&arguments);
        short_text(&arguments, "/");
        number(&arguments, 0, 2);
        call(fd, 0, METHOD_OPEN, &arguments, METHOD_OPEN_OK);
        buf_clear(&arguments);
        number(&arguments, 0, 1);
        call(fd, 1, METHOD_CHANNEL_OPEN, &arguments, METHOD_CHANNEL_OPEN_OK);
}

static void amqp_prepare(int fd) {
        cleanup_buf Buf arguments = BUF_TEXT, table = BUF_TEXT;

        amqp_connect(fd);
        short_text(&table, "x-queue-type");
        buf_byte(&table, 'S');
        number(&table, strlen("quorum"), 4);
        buf_text(&table, "quorum");
        number(&arguments, 0, 2);
        short_text(&arguments, queue_name);
        number(&arguments, QUEUE_DURABLE, 1);
        number(&arguments, table.n, 4);
        buf_slice(&arguments, buf_get(&table));
        call(fd, 1, METHOD_DECLARE, &arguments, METHOD_DECLARE_OK);
}

static void amqp_greet(int fd, unsigned connection) {
        cleanup_buf Buf arguments = BUF_TEXT;

        (void)connection;
        amqp_connect(fd);
        number(&arguments, 0, 1);
        call(fd, 1, METHOD_SELECT, &arguments, METHOD_SELECT_OK);
}

static void amqp_publish(const PeerPost *post, Buf *out) {
        cleanup_buf Buf payload = BUF_TEXT;

        number(&payload, METHOD_PUBLISH, 4);
        number(&payload, 0, 2);
        short_text(&payload, "");
        short_text(&payload, queue_name);
        number(&payload, 0, 1);
        frame(out, FRAME_METHOD, 1, buf_get(&payload));
        buf_clear(&payload);
        number(&payload, CLASS_BASIC, 2);
        number(&payload, 0, 2);
        number(&payload, post->body.n, 8);
        number(&payload, PROPERTY_DELIVERY_MODE, 2);
        number(&payload, DELIVERY_PERSISTENT, 1);
        frame(out, FRAME_HEADER, 1, buf_get(&payload));
        frame(out, FRAME_BODY, 1, post->body);
}

/* A confirm with its flag set is for all before it, too. */
static size_t amqp_take(Slice bytes, uint64_t n_before, size_t *ret_n_answers) {
        size_t n_taken = 0;

        while (n_taken + FRAME_HEAD <= bytes.n) {
                const uint8_t *head = bytes.data + n_taken;
                size_t n = get_number(head + 3, 4);

                if (n_taken + FRAME_AROUND + n > bytes.n)
                        break;
                n_taken += FRAME_AROUND + n;
                if (head[0] != FRAME_METHOD)
                        continue; /* a heartbeat */
                CHECK_EQ_U64(get_number(head + FRAME_HEAD, 4), METHOD_ACK);
                if (head[FRAME_HEAD + 12] & 1)
                        *ret_n_answers = get_number(head + FRAME_HEAD + 4, 8) - n_before;
                else
                        (*ret_n_answers)++;
        }
        return n_taken;
}

const PeerWire peer_wire_amqp = {amqp_prepare, amqp_greet, amqp_publish, amqp_take};
