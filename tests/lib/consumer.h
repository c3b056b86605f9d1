/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* An agent in a process of its own that wants to have every entry. */

#include <sys/types.h>

#include "tests/lib/real_broker.h"

typedef struct Consumed {
        uint64_t seq; /* the newest entry it was given */
        uint64_t n, n_disordered;
        uint64_t n_again; /* given once more, and known by its number */
} Consumed;

/* With this key, from the first entry on. What it has had so far is shared memory, until the test
 * ends. */
Consumed *consumer_start(const RealBroker *broker, const char *key, pid_t *ret_pid);
/* Until it has had that entry; ends the test if it does not. */
void consumer_await(const Consumed *consumed, uint64_t seq, uint64_t limit_ms);
void consumer_end(pid_t pid);
