/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Every kind of message that is not one of ours has an answer that says why: what the corpus of
 * the fuzzer holds, and what only a channel can be told. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "proto/codec.h"
#include "tests/lib/dealer.h"
#include "tests/lib/real_broker.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/tcp_proxy.h"
#include "tests/lib/test.h"

enum {
        ANSWER_MS = 10000,
        SILENCE_MS = 300,
        KINDS_MAX = 128,
        ABOVE_BYTES = 1 << 15,
        DEEP = 64,
        CORPUS_BYTES_MAX = 1 << 16,
};

typedef struct BadFrame {
        char name[64];
        const char *rule; /* NULL: any */
        Buf bytes;
        bool in_parts;
} BadFrame;

typedef struct BadFrames {
        BadFrame frames[KINDS_MAX];
        size_t n;
} BadFrames;

static void frames_deinit(BadFrames *frames) {
        for (size_t i = 0; i < frames->n; i++)
                buf_deinit(&frames->frames[i].bytes);
}

static Buf *add(BadFrames *frames, const char *name, const char *rule) {
        BadFrame *frame = &frames->frames[frames->n++];

        CHECK(frames->n <= KINDS_MAX);
        *frame = (BadFrame){.rule = rule, .bytes = BUF_INIT((size_t)2 << 20)};
        (void)snprintf(frame->name, sizeof frame->name, "%s", name);
        return &frame->bytes;
}

static void add_message(BadFrames *frames, const char *name, const char *rule, Message message) {
        Buf *bytes = add(frames, name, rule);
        CodecFault fault;

        message_set_present(&message);
        CHECK_EQ_INT(codec_encode(&message, bytes, &fault), 0);
}

static void add_corpus(BadFrames *frames) {
        const char *path = test_source("tests/data/corpus/frame");
        DIR *dir = opendir(path);
        const struct dirent *item;

        CHECK(dir != NULL);
        while ((item = readdir(dir)) != NULL) {
                cleanup_free char *file = mem_printf("%s/%s", path, item->d_name);

                if (strncmp(item->d_name, "bad-", 4) == 0)
                        CHECK_EQ_INT(file_read(file, add(frames, item->d_name, "frame-malformed")),
                                     0);
        }
        (void)closedir(dir);
}

static void add_bytes(BadFrames *frames, const char *name, const char *rule, uint8_t byte,
                      size_t n) {
        Buf *bytes = add(frames, name, rule);

        for (size_t i = 0; i < n; i++)
                buf_byte(bytes, byte);
}

static void make_all(BadFrames *ret_frames) {
        ret_frames->n = 0;
        add_corpus(ret_frames);
        add_bytes(ret_frames, "a byte above the limit", "frame-too-large", 0, FRAME_MAX + 1);
        add_bytes(ret_frames, "above the limit", "frame-too-large", 0, FRAME_MAX + ABOVE_BYTES);
        add_bytes(ret_frames, "in parts", "frame-in-parts", 0, 1);
        ret_frames->frames[ret_frames->n - 1].in_parts = true;
        add_bytes(ret_frames, "too deep", "frame-malformed", 0x91, DEEP);
        add_bytes(ret_frames, "as large as allowed", "frame-malformed", 0x91, FRAME_MAX);
        add_message(ret_frames, "another version", "protocol-unsupported",
                    (Message){.type = MESSAGE_HELLO,
                              .hello = {.protocol = 2, .program = slice_text("t")}});
        add_message(ret_frames, "no hello", "hello-first",
                    (Message){.type = MESSAGE_CREDIT, .credit = {.entries = 1}});
        add_message(
                ret_frames, "not for the broker", "message-unexpected",
                (Message){.type = MESSAGE_CANCEL, .cancel = {.lease = 1, .why = slice_text("w")}});
}

/* ---- asking ---- */

typedef struct Asker {
        Dealer dealer;
        size_t n_answered, n_silent;
} Asker;

static void asker_close(Asker *asker) {
        dealer_close(&asker->dealer);
}

static void asker_open(const TcpBroker *broker, uint16_t port, Asker *ret_asker) {
        cleanup_free char *endpoint = mem_printf("tcp://127.0.0.1:%u", port);
        cleanup_free char *path = mem_printf("%s/.coldgate/keys/builder", broker->real.dir);
        Fault fault = FAULT_INIT;
        cleanup_key Key key;

        *ret_asker = (Asker){.n_silent = 0};
        CHECK_EQ_INT(key_read(path, &key, &fault), 0);
        dealer_open(&ret_asker->dealer, endpoint, &key, broker->real.project.broker_key.curve,
                    SLICE_NULL);
}

/* Whether this is a refusal with a reason, by the rule that is expected. */
static void judge(const BadFrame *frame, Slice answer) {
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message message;

        CHECK_EQ_INT(codec_decode(answer, &arena, &message, &fault), 0);
        if (message.type != MESSAGE_REFUSE || message.refuse.found.n == 0)
                FAIL_TEST("%s: no refusal with a reason", frame->name);
        if (frame->rule && !slice_is(message.refuse.rule, frame->rule))
                FAIL_TEST("%s: %.*s: %.*s", frame->name, SLICE_ARGS(message.refuse.rule),
                          SLICE_ARGS(message.refuse.found));
}

static void ask(Asker *asker, const BadFrame *frame, uint64_t limit_ms) {
        cleanup_buf Buf answer = BUF_INIT((size_t)2 << 20);

        if (frame->in_parts)
                CHECK(dealer_send(&asker->dealer, slice_text("a part"), true, ANSWER_MS));
        CHECK(dealer_send(&asker->dealer, buf_get(&frame->bytes), false, ANSWER_MS));
        if (!dealer_receive(&asker->dealer, &answer, limit_ms)) {
                asker->n_silent++;
                return;
        }
        judge(frame, buf_get(&answer));
        asker->n_answered++;
}

TEST(every_kind_of_bad_message_is_answered_with_a_reason) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup(frames_deinit) BadFrames frames;
        cleanup(asker_close) Asker asker;

        make_all(&frames);
        tcp_broker_start(&broker, "");
        asker_open(&broker, broker.port, &asker);
        for (size_t i = 0; i < frames.n; i++)
                ask(&asker, &frames.frames[i], ANSWER_MS);
        printf("# bad messages | %zu kinds, answered with a reason %zu, silent %zu\n", frames.n,
               asker.n_answered, asker.n_silent);
        CHECK_EQ_U64(asker.n_answered, frames.n);
        CHECK_EQ_U64(asker.n_silent, 0);
}

/* Through a line that keeps the answers. */
TEST(an_answer_that_does_not_come_is_counted_as_silence) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_tcp_proxy TcpProxy proxy;
        cleanup(frames_deinit) BadFrames frames;
        cleanup(asker_close) Asker asker;

        make_all(&frames);
        tcp_broker_start(&broker, "");
        tcp_proxy_start(&proxy, broker.port);
        asker_open(&broker, proxy.port, &asker);
        ask(&asker, &frames.frames[0], ANSWER_MS);
        CHECK_EQ_U64(asker.n_answered, 1);
        proxy.weather->holds_down = true;
        ask(&asker, &frames.frames[0], SILENCE_MS);
        CHECK_EQ_U64(asker.n_silent, 1);
}
