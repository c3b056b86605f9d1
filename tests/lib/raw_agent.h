/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* An agent without an outbox and without manners: it sends what it is told to, valid or not, and
 * counts what comes back. */

#include <sys/types.h>

#include "base/hash.h"
#include "base/id.h"
#include "client/project.h"
#include "proto/channel.h"
#include "proto/message.h"

typedef struct RawAgent {
        ChannelClient *client;
        Key key;
        Hash ledger;
        IdMaker ids;
        size_t n_submits, n_acks, n_refusals, n_busy, n_others;
        char rule[64];    /* of the newest refusal */
        uint64_t ack_seq; /* of the newest ack */
        Hash ack_hash;
} RawAgent;

/* Connects with a key of .coldgate/keys, says hello, waits for the welcome. */
void raw_agent_connect(RawAgent *agent, const Project *project, const char *key);
void raw_agent_deinit(RawAgent *agent);
#define cleanup_raw_agent cleanup(raw_agent_deinit)

/* A signed note of this phase as a frame to send. */
void raw_agent_make_note(RawAgent *agent, const char *phase, Buf *ret_frame);
/* False: the channel takes nothing now. */
bool raw_agent_send(RawAgent *agent, Slice frame);
void raw_agent_send_message(RawAgent *agent, Message *message);
/* Counts all that has come, after having waited for something as long as this. */
void raw_agent_hear(RawAgent *agent, uint64_t limit_ms);
/* In a process of its own, with the least of priorities, as if on another machine: says notes until
 * it is killed, with so many unanswered at most; 0: as many as the channel takes. */
pid_t raw_agent_start_flood(const Project *project, const char *key, const char *phase,
                            size_t window);
/* The same, at so many a second. */
pid_t raw_agent_start_flow(const Project *project, const char *key, const char *phase,
                           size_t window, uint64_t n_a_second);
void raw_agent_end_flood(pid_t pid);
/* Says a note and waits for its answer: microseconds. Ends the test without one. */
uint64_t raw_agent_note(RawAgent *agent, const char *phase, uint64_t limit_ms);
