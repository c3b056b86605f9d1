/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A broker whose loop stands still while ZeroMQ's own threads go on: connections are taken, and
 * nobody answers whether their keys are admitted. */

#include "tests/lib/tcp_broker.h"

enum { MUTE_CLIENTS_MAX = 16 };

typedef struct Mute {
        uint64_t back_ms; /* until the last of those that may has got in */
} Mute;

/* The loop of the broker with this pid stands still between the two. Skips the test where no
 * process can be traced. */
void mute_begin(pid_t pid);
void mute_end(pid_t pid);

/* So many clients with the key of `builder` and one with an unknown key begin to connect once the
 * loop stands still. Ends the test if any gets in before it goes on, or the unknown one ever. */
void mute_try(const TcpBroker *broker, size_t n_allowed, uint64_t mute_ms, Mute *ret_mute);
