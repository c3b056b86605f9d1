/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* RESP, NATS and MQTT, as far as a publisher needs them. AMQP: peer_amqp.c. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/peer.h"
#include "tests/lib/test.h"

/* The first place of the byte, or the length. */
static size_t find_byte(Slice bytes, uint8_t byte) {
        const uint8_t *place = bytes.n ? memchr(bytes.data, byte, bytes.n) : NULL;

        return place ? (size_t)(place - bytes.data) : bytes.n;
}

/* ---- RESP: XADD, answered by the id in a bulk string ---- */

static void resp_greet(int fd, unsigned number) {
        (void)fd;
        (void)number;
}

static void resp_publish(const PeerPost *post, Buf *out) {
        buf_printf(out, "*5\r\n$4\r\nXADD\r\n$5\r\nbench\r\n$1\r\n*\r\n$1\r\nm\r\n$%zu\r\n",
                   post->body.n);
        buf_slice(out, post->body);
        buf_text(out, "\r\n");
}

static size_t resp_take(Slice bytes, uint64_t n_before, size_t *ret_n_answers) {
        size_t n_taken = 0;

        (void)n_before;
        for (;;) {
                Slice rest = slice_from(bytes, n_taken);
                size_t first = find_byte(rest, '\n'), second;

                if (rest.n && rest.data[0] != '$')
                        FAIL_TEST("redis: %.*s", (int)rest.n, (const char *)rest.data);
                if (first == rest.n)
                        return n_taken;
                second = find_byte(slice_from(rest, first + 1), '\n');
                if (first + 1 + second == rest.n)
                        return n_taken;
                n_taken += first + 1 + second + 1;
                (*ret_n_answers)++;
        }
}

const PeerWire peer_wire_resp = {NULL, resp_greet, resp_publish, resp_take};

/* ---- NATS: PUB with an inbox, answered by the stream in a MSG ---- */

/* Sends, and reads until all of `wanted` was said. */
static void nats_talk(int fd, const char *text, const char *wanted) {
        cleanup_buf Buf answer = BUF_TEXT;
        char byte = 0;

        peer_write(fd, slice_text(text));
        while (byte != '\n' || !strstr(buf_get_text(&answer), wanted)) {
                peer_read(fd, &byte, 1);
                buf_byte(&answer, (uint8_t)byte);
        }
        if (strstr(buf_get_text(&answer), "-ERR") || strstr(buf_get_text(&answer), "\"error\""))
                FAIL_TEST("nats: %s", buf_get_text(&answer));
}

#define NATS_CONNECT "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":false}\r\n"

static void nats_prepare(int fd) {
        static const char stream[] = "{\"name\":\"bench\",\"subjects\":[\"bench\"],"
                                     "\"storage\":\"file\",\"retention\":\"limits\","
                                     "\"num_replicas\":1,\"max_consumers\":-1,\"max_msgs\":-1,"
                                     "\"max_bytes\":-1,\"discard\":\"old\"}";
        cleanup_buf Buf text = BUF_TEXT;

        buf_printf(&text,
                   NATS_CONNECT "SUB made 1\r\nPUB $JS.API.STREAM.CREATE.bench made %zu\r\n%s\r\n",
                   strlen(stream), stream);
        nats_talk(fd, buf_get_text(&text), "stream_create_response");
}

static void nats_greet(int fd, unsigned number) {
        cleanup_buf Buf text = BUF_TEXT;

        buf_printf(&text, NATS_CONNECT "SUB inbox%u 1\r\nPING\r\n", number);
        nats_talk(fd, buf_get_text(&text), "PONG\r\n");
}

static void nats_publish(const PeerPost *post, Buf *out) {
        buf_printf(out, "PUB bench inbox%u %zu\r\n", post->connection, post->body.n);
        buf_slice(out, post->body);
        buf_text(out, "\r\n");
}

static size_t nats_take(Slice bytes, uint64_t n_before, size_t *ret_n_answers) {
        size_t n_taken = 0;

        (void)n_before;
        for (;;) {
                Slice rest = slice_from(bytes, n_taken);
                size_t line = find_byte(rest, '\n'), size = 0;
                char *last;

                if (line == rest.n)
                        return n_taken;
                if (rest.data[0] != 'M') { /* PING, INFO: the run is shorter than its patience */
                        n_taken += line + 1;
                        continue;
                }
                last = memrchr(rest.data, ' ', line);
                size = last ? strtoul(last + 1, NULL, 10) : 0;
                if (rest.n < line + 1 + size + 2)
                        return n_taken;
                n_taken += line + 1 + size + 2;
                (*ret_n_answers)++;
        }
}

const PeerWire peer_wire_nats = {nats_prepare, nats_greet, nats_publish, nats_take};

/* ---- MQTT 3.1.1, QoS 1 ---- */

enum { MQTT_CONNECT = 0x10, MQTT_PUBLISH_QOS1 = 0x32, MQTT_PUBACK = 0x40, MQTT_SUBSCRIBE = 0x82 };

static void mqtt_text(Buf *out, Slice text) {
        buf_byte(out, (uint8_t)(text.n >> 8));
        buf_byte(out, (uint8_t)text.n);
        buf_slice(out, text);
}

static void mqtt_head(Buf *out, uint8_t type, size_t n) {
        buf_byte(out, type);
        for (; n > 127; n >>= 7)
                buf_byte(out, (uint8_t)(n | 0x80));
        buf_byte(out, (uint8_t)n);
}

static void mqtt_connect(int fd, const char *name, bool is_clean) {
        cleanup_buf Buf body = BUF_TEXT, out = BUF_TEXT;
        uint8_t answer[4];

        mqtt_text(&body, slice_text("MQTT"));
        buf_byte(&body, 4);
        buf_byte(&body, is_clean ? 2 : 0);
        mqtt_text(&body, SLICE_NULL); /* two zeros: no keep-alive */
        mqtt_text(&body, slice_text(name));
        mqtt_head(&out, MQTT_CONNECT, body.n);
        buf_slice(&out, buf_get(&body));
        peer_write(fd, buf_get(&out));
        peer_read(fd, answer, sizeof answer);
        CHECK_EQ_INT(answer[3], 0);
}

static void mqtt_greet(int fd, unsigned number) {
        char name[32];

        (void)snprintf(name, sizeof name, "bench%u", number);
        mqtt_connect(fd, name, true);
}

static void mqtt_publish(const PeerPost *post, Buf *out) {
        uint16_t id = (uint16_t)(post->n_before % UINT16_MAX + 1);
        Slice topic = slice_text("bench");

        mqtt_head(out, MQTT_PUBLISH_QOS1, 2 + topic.n + 2 + post->body.n);
        mqtt_text(out, topic);
        buf_byte(out, (uint8_t)(id >> 8));
        buf_byte(out, (uint8_t)id);
        buf_slice(out, post->body);
}

static size_t mqtt_take(Slice bytes, uint64_t n_before, size_t *ret_n_answers) {
        size_t n_taken = 0;

        (void)n_before;
        for (; n_taken + 4 <= bytes.n; n_taken += 4) {
                CHECK_EQ_INT(bytes.data[n_taken], MQTT_PUBACK);
                (*ret_n_answers)++;
        }
        return n_taken;
}

/* A session that is away, so that what is published is kept for somebody. */
static void mqtt_prepare(int fd) {
        cleanup_buf Buf out = BUF_TEXT;
        uint8_t answer[5];

        mqtt_connect(fd, "keeper", false);
        mqtt_head(&out, MQTT_SUBSCRIBE, 2 + 2 + strlen("bench") + 1);
        buf_byte(&out, 0);
        buf_byte(&out, 1);
        mqtt_text(&out, slice_text("bench"));
        buf_byte(&out, 1);
        peer_write(fd, buf_get(&out));
        peer_read(fd, answer, sizeof answer);
        CHECK_EQ_INT(answer[4], 1);
}

const PeerWire peer_wire_mqtt = {mqtt_prepare, mqtt_greet, mqtt_publish, mqtt_take};
