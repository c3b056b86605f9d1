/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Straight on the channel. */

#include "tests/lib/raw_agent.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "proto/codec.h"
#include "proto/entry.h"
#include "proto/loop.h"
#include "tests/lib/test.h"

enum { CONNECT_MS = 20000, STEP_MS = 100, SECOND_NS = 1000000000 };

void raw_agent_deinit(RawAgent *agent) {
        agent->client = channel_client_free(agent->client);
        key_deinit(&agent->key);
}

bool raw_agent_send(RawAgent *agent, Slice frame) {
        int r = channel_client_send(agent->client, frame);

        if (r != CHANNEL_E_FULL)
                CHECK_EQ_INT(r, 0);
        return r == 0;
}

void raw_agent_send_message(RawAgent *agent, Message *message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        uint64_t end_ms = clock_mono_ms() + CONNECT_MS;
        CodecFault fault;

        message_set_present(message);
        CHECK_EQ_INT(codec_encode(message, &frame, &fault), 0);
        while (!raw_agent_send(agent, buf_get(&frame))) {
                LoopWait wait = {.client = agent->client, .client_wants_send = true};

                CHECK(clock_mono_ms() < end_ms);
                CHECK_EQ_INT(loop_wait(&wait, STEP_MS), 0);
        }
}

static void count(RawAgent *agent, const Message *message) {
        switch ((int)message->type) {
        case MESSAGE_WELCOME:
                CHECK(hash_from_slice(message->welcome.ledger, &agent->ledger));
                break;
        case MESSAGE_ACK:
                agent->n_acks++;
                agent->ack_seq = message->ack.seq;
                CHECK(hash_from_slice(message->ack.hash, &agent->ack_hash));
                break;
        case MESSAGE_REFUSE:
                agent->n_refusals++;
                agent->n_busy += slice_is(message->refuse.rule, "busy");
                (void)snprintf(agent->rule, sizeof agent->rule, "%.*s",
                               SLICE_ARGS(message->refuse.rule));
                break;
        default: agent->n_others++;
        }
}

/* False when there is nothing more now. */
static bool hear_one(RawAgent *agent, MessageType *ret_type) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message message;

        if (channel_client_receive(agent->client, &frame) == CHANNEL_E_EMPTY)
                return false;
        CHECK_EQ_INT(codec_decode(buf_get(&frame), &arena, &message, &fault), 0);
        count(agent, &message);
        *ret_type = message.type;
        return true;
}

void raw_agent_hear(RawAgent *agent, uint64_t limit_ms) {
        LoopWait wait = {.client = agent->client};
        MessageType type;

        if (limit_ms)
                CHECK_EQ_INT(loop_wait(&wait, (int64_t)limit_ms), 0);
        while (hear_one(agent, &type))
                ;
}

void raw_agent_connect(RawAgent *agent, const Project *project, const char *key) {
        cleanup_free char *path = mem_printf("%s/keys/%s", project->dir, key);
        Message hello = {.type = MESSAGE_HELLO,
                         .hello = {.protocol = 1, .program = slice_text("raw")}};
        uint64_t end_ms = clock_mono_ms() + CONNECT_MS;
        MessageType type = MESSAGE_NONE;
        Fault fault = FAULT_INIT;

        *agent = (RawAgent){.client = NULL};
        CHECK_EQ_INT(key_read(path, &agent->key, &fault), 0);
        CHECK_EQ_INT(channel_client_new(project->endpoint, &agent->key, project->broker_key.curve,
                                        &agent->client, &fault),
                     0);
        raw_agent_send_message(agent, &hello);
        while (type != MESSAGE_WELCOME) {
                LoopWait wait = {.client = agent->client};

                CHECK(clock_mono_ms() < end_ms);
                CHECK_EQ_INT(loop_wait(&wait, STEP_MS), 0);
                while (type != MESSAGE_WELCOME && hear_one(agent, &type))
                        ;
        }
}

void raw_agent_make_note(RawAgent *agent, const char *phase, Buf *ret_frame) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Message note = {.type = MESSAGE_NOTE,
                        .note = {.phase = slice_text(phase), .to = NOTE_TO_RECORD}};
        Message submit = {.type = MESSAGE_SUBMIT};
        uint8_t signature[SIGNATURE_BYTES];
        CodecFault fault;
        char text[64];
        Id id;

        (void)snprintf(text, sizeof text, "raw %zu", agent->n_submits++);
        note.note.text = slice_text(text);
        message_set_present(&note);
        CHECK_EQ_INT(codec_encode(&note, &frame, &fault), 0);
        id_make(&agent->ids, clock_wall_ms(), &id);
        entry_sign(&agent->key, &agent->ledger, &id, buf_get(&frame), signature);
        submit.submit.id = id_slice(&id);
        submit.submit.frame = buf_get(&frame);
        submit.submit.signature = slice_make(signature, sizeof signature);
        message_set_present(&submit);
        buf_clear(ret_frame);
        CHECK_EQ_INT(codec_encode(&submit, ret_frame, &fault), 0);
}

uint64_t raw_agent_note(RawAgent *agent, const char *phase, uint64_t limit_ms) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        uint64_t started_ns = clock_mono_ns(), end_ms = clock_mono_ms() + limit_ms;
        size_t n_acks = agent->n_acks;

        raw_agent_make_note(agent, phase, &frame);
        CHECK(raw_agent_send(agent, buf_get(&frame)));
        while (agent->n_acks == n_acks) {
                if (clock_mono_ms() >= end_ms)
                        FAIL_TEST("no answer within %llu ms; refused %zu, newest %s",
                                  (unsigned long long)limit_ms, agent->n_refusals, agent->rule);
                raw_agent_hear(agent, STEP_MS);
        }
        return (clock_mono_ns() - started_ns) / 1000;
}

/* What is late is said at once, so that the mean holds. */
static void await_turn(RawAgent *agent, uint64_t started_ns, uint64_t n_a_second) {
        uint64_t due_ns = started_ns, now_ns;

        if (!n_a_second)
                return;
        due_ns += agent->n_submits * SECOND_NS / n_a_second;
        while ((now_ns = clock_mono_ns()) < due_ns)
                raw_agent_hear(agent, (due_ns - now_ns) / (SECOND_NS / 1000) + 1);
}

static void noreturn_ say_for_ever(const Project *project, const char *key, const char *phase,
                                   size_t window, uint64_t n_a_second) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        uint64_t started_ns;
        RawAgent agent;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)!nice(19);
        raw_agent_connect(&agent, project, key);
        started_ns = clock_mono_ns();
        for (;;) {
                raw_agent_hear(&agent, 0);
                if (window && agent.n_submits - agent.n_acks - agent.n_refusals >= window) {
                        raw_agent_hear(&agent, STEP_MS);
                        continue;
                }
                await_turn(&agent, started_ns, n_a_second);
                raw_agent_make_note(&agent, phase, &frame);
                while (!raw_agent_send(&agent, buf_get(&frame)))
                        raw_agent_hear(&agent, 1);
        }
}

pid_t raw_agent_start_flow(const Project *project, const char *key, const char *phase,
                           size_t window, uint64_t n_a_second) {
        pid_t pid = fork();

        if (pid == 0)
                say_for_ever(project, key, phase, window, n_a_second);
        CHECK(pid > 0);
        return pid;
}

pid_t raw_agent_start_flood(const Project *project, const char *key, const char *phase,
                            size_t window) {
        return raw_agent_start_flow(project, key, phase, window, 0);
}

void raw_agent_end_flood(pid_t pid) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
}
