/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A broker without rules, for tests of the agents' side: it signs what it says, numbers what it is
 * told, and misbehaves as it is asked to. */

#include "base/id.h"
#include "client/project.h"
#include "client/session.h"
#include "proto/channel.h"

enum { FAKE_ENTRIES_MAX = 256, FAKE_ROTATIONS_MAX = 4 };

typedef struct FakeBroker {
        Key key, agent;
        Hash ledger;
        Project project; /* in a fresh directory; the agent's key is keys/builder */
        ChannelServer *server;
        uint64_t head;
        Id ids[FAKE_ENTRIES_MAX]; /* message id of each entry; index is its number */

        /* How it misbehaves. */
        unsigned n_lost_answers; /* so many acks are not sent */
        bool knows_nobody;       /* no key is admitted */
        bool is_mute;
        bool says_hello_first; /* to the next submit, once */
        bool signs_falsely;
        bool welcomes_late; /* answers an older hello before the next one, once */
        uint8_t history;    /* another number: other hashes for the same entries */
        struct rotation rotations[FAKE_ROTATIONS_MAX]; /* told with each welcome */
        size_t n_rotations;
        const char *refuses; /* this rule, with two reasons, for each submit */

        /* What it saw. */
        unsigned n_hellos, n_submits, n_heartbeats;
} FakeBroker;

/* A project, a key, no server yet. */
void fake_broker_init(FakeBroker *broker);
void fake_broker_deinit(FakeBroker *broker);
#define cleanup_fake_broker cleanup(fake_broker_deinit)

void fake_broker_start(FakeBroker *broker);
/* Another key from now on, and an entry that says so, signed by `author`. */
void fake_broker_rotate(FakeBroker *broker, const Key *author);
void fake_broker_stop(FakeBroker *broker);
/* Answers everything that has come. */
void fake_broker_serve(FakeBroker *broker);

/* A session of its agent. */
Session *fake_broker_new_session(FakeBroker *broker);
/* Serves and polls until the session hands out a message of this type. Ends the test if it does not
 * within five seconds. `fault` is as session_poll left it. */
void fake_broker_await(FakeBroker *broker, Session *session, MessageType type, Arena *arena,
                       Message *ret_message, Fault *fault);
/* Serves and polls until the session refuses to go on; its fault. */
void fake_broker_await_refusal(FakeBroker *broker, Session *session, Fault *fault);
