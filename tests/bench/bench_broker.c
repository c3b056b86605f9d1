/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What the broker costs: memory while idle, durable answers, a restart. Printed as `row | value`.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "proto/codec.h"
#include "proto/entry.h"
#include "proto/loop.h"
#include "tests/lib/real_broker.h"
#include "tests/lib/test.h"

enum {
        ANSWER_MS = 60000,
        N_SINGLE = 500,
        N_STREAM = 5000,
        WINDOW = 64, /* submits under way at once; the channel holds some hundred */
        IDLE_KIB_MAX = 16 * 1024,
};

static void row(const char *name, uint64_t value, const char *unit) {
        printf("# %s | %llu %s\n", name, (unsigned long long)value, unit);
        (void)fflush(stdout);
}

static uint64_t resident_kib(const RealBroker *broker) {
        cleanup_buf Buf text = BUF_TEXT;
        char path[64];
        const char *line;

        (void)snprintf(path, sizeof path, "/proc/%d/status", (int)process_get_pid(broker->process));
        CHECK_EQ_INT(file_read(path, &text), 0);
        line = strstr(buf_get_text(&text), "VmRSS:");
        if (!line)
                FAIL_TEST("%s says no VmRSS", path);
        return strtoull(line + strlen("VmRSS:"), NULL, 10);
}

/* An agent without an outbox, so that it is the broker that is measured. */
typedef struct Agent {
        ChannelClient *client;
        Key key;
        Hash ledger;
        IdMaker ids;
        size_t n_submits, n_acks;
} Agent;

static void agent_deinit(Agent *agent) {
        agent->client = channel_client_free(agent->client);
        key_deinit(&agent->key);
}

static void wait_readable(Agent *agent) {
        LoopWait wait = {.client = agent->client};

        CHECK_EQ_INT(loop_wait(&wait, ANSWER_MS), 0);
}

static void send_message(Agent *agent, Message *message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;
        int r;

        message_set_present(message);
        CHECK_EQ_INT(codec_encode(message, &frame, &fault), 0);
        while ((r = channel_client_send(agent->client, buf_get(&frame))) == CHANNEL_E_FULL) {
                LoopWait wait = {.client = agent->client, .client_wants_send = true};

                CHECK_EQ_INT(loop_wait(&wait, ANSWER_MS), 0);
        }
        CHECK_EQ_INT(r, 0);
}

/* The type of the next message, MESSAGE_NONE when there is none now. */
static MessageType receive_message(Agent *agent) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message message;

        if (channel_client_receive(agent->client, &frame) == CHANNEL_E_EMPTY)
                return MESSAGE_NONE;
        CHECK_EQ_INT(codec_decode(buf_get(&frame), &arena, &message, &fault), 0);
        if (message.type == MESSAGE_WELCOME)
                CHECK(hash_from_slice(message.welcome.ledger, &agent->ledger));
        return message.type;
}

static void agent_connect(Agent *agent, const RealBroker *broker) {
        Message hello = {.type = MESSAGE_HELLO,
                         .hello = {.protocol = 1, .program = slice_text("bench")}};
        char path[512];
        Fault fault = FAULT_INIT;

        *agent = (Agent){.client = NULL};
        (void)snprintf(path, sizeof path, "%s/.coldgate/keys/builder", broker->dir);
        CHECK_EQ_INT(key_read(path, &agent->key, &fault), 0);
        CHECK_EQ_INT(channel_client_new(broker->project.endpoint, &agent->key,
                                        broker->project.broker_key.curve, &agent->client, &fault),
                     0);
        send_message(agent, &hello);
        while (receive_message(agent) != MESSAGE_WELCOME)
                wait_readable(agent);
}

static void submit_note(Agent *agent) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Message note = {.type = MESSAGE_NOTE,
                        .note = {.phase = slice_text("m"), .to = NOTE_TO_RECORD}};
        Message submit = {.type = MESSAGE_SUBMIT};
        uint8_t signature[SIGNATURE_BYTES];
        CodecFault fault;
        char text[64];
        Id id;

        (void)snprintf(text, sizeof text, "note %zu", agent->n_submits++);
        note.note.text = slice_text(text);
        message_set_present(&note);
        CHECK_EQ_INT(codec_encode(&note, &frame, &fault), 0);
        id_make(&agent->ids, clock_wall_ms(), &id);
        entry_sign(&agent->key, &agent->ledger, &id, buf_get(&frame), signature);
        submit.submit.id = id_slice(&id);
        submit.submit.frame = buf_get(&frame);
        submit.submit.signature = slice_make(signature, sizeof signature);
        send_message(agent, &submit);
}

/* Until at most `n` submits are without an answer. */
static void wait_unanswered(Agent *agent, size_t n) {
        while (agent->n_submits - agent->n_acks > n) {
                MessageType type = receive_message(agent);

                CHECK(type != MESSAGE_REFUSE);
                if (type == MESSAGE_ACK)
                        agent->n_acks++;
                else if (type == MESSAGE_NONE)
                        wait_readable(agent);
        }
}

static int compare_u64(const void *a, const void *b) {
        uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

        return (left > right) - (left < right);
}

static void measure_single(Agent *agent) {
        static uint64_t us[N_SINGLE];

        for (size_t i = 0; i < N_SINGLE; i++) {
                uint64_t before = clock_mono_ns();

                submit_note(agent);
                wait_unanswered(agent, 0);
                us[i] = (clock_mono_ns() - before) / 1000;
        }
        qsort(us, N_SINGLE, sizeof us[0], compare_u64);
        row("one submit to its durable ack, median", us[N_SINGLE / 2], "us");
        row("one submit to its durable ack, 99th percentile", us[N_SINGLE * 99 / 100], "us");
}

static void measure_stream(Agent *agent) {
        uint64_t before = clock_mono_ms(), took;

        for (size_t i = 0; i < N_STREAM; i++) {
                submit_note(agent);
                wait_unanswered(agent, WINDOW - 1);
        }
        wait_unanswered(agent, 0);
        took = clock_mono_ms() - before;
        row("durable acks with 64 under way", N_STREAM * 1000 / (took ? took : 1), "/s");
}

static bool files_are_current(void *userdata) {
        return real_broker_verb((const RealBroker *)userdata, NULL, NULL, "render", "--check") == 0;
}

TEST(the_broker_idles_in_sixteen_mebibytes) {
        cleanup_real_broker RealBroker broker;
        cleanup(agent_deinit) Agent agent = {.client = NULL};
        uint64_t before, idle_kib;

        real_broker_init(&broker);
        real_broker_approve(&broker);
        real_broker_start(&broker);
        row("resident, idle, a new ledger", resident_kib(&broker), "KiB");
        agent_connect(&agent, &broker);
        measure_single(&agent);
        measure_stream(&agent);
        CHECK(test_wait_until(files_are_current, &broker, ANSWER_MS));
        idle_kib = resident_kib(&broker);
        row("resident, idle again, after 5,500 entries", idle_kib, "KiB");
        CHECK(idle_kib < IDLE_KIB_MAX);
        real_broker_kill(&broker);
        before = clock_mono_ms();
        real_broker_start(&broker);
        row("kill -9 to ready, 5,500 entries", clock_mono_ms() - before, "ms");
        before = clock_mono_ms();
        real_broker_do(&broker, NULL, "verify");
        row("broker verify of them", clock_mono_ms() - before, "ms");
        CHECK(resident_kib(&broker) < IDLE_KIB_MAX);
}
