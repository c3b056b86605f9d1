/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A real broker that is hurt: the n-th call that it makes to the disk, or for memory, fails or is
 * its last (tests/lib/shim.h). A client says notes one after the other and remembers what was
 * acknowledged; what was not stays in its outbox. One project lives through all of it.
 */

#include "tests/lib/real_broker.h"
#include "tests/lib/shim.h"

enum { HURT_ACKS_MAX = 1 << 16 };

typedef struct Hurt {
        RealBroker broker;
        ShimState *shim;
        char *shim_path;
        Session *session; /* NULL: none */
        Id *acked;
        size_t n_acked;
        uint64_t last_ack_ms; /* monotonic */
        uint64_t ended_ms;    /* when the broker was seen to have ended by itself; 0: it did not */
        size_t n_said;
} Hurt;

/* A project with a plan. */
void hurt_init(Hurt *hurt);
void hurt_deinit(Hurt *hurt);
#define cleanup_hurt cleanup(hurt_deinit)

/* The orders for the next start; calls are counted anew. */
void hurt_order(Hurt *hurt, ShimFault fault, uint64_t at, bool is_lasting);
/* Under the shim, until it is ready; false: it ended instead. */
bool hurt_start(Hurt *hurt);
/* Says notes, each when the one before was acknowledged, until there are `n` or the broker has
 * ended. */
void hurt_say(Hurt *hurt, size_t n);
/* SIGTERM, unless it has ended: its exit status, or 128 + signal. */
int hurt_end(Hurt *hurt);
/* Of what was acknowledged, what the ledger does not have. No broker runs. */
size_t hurt_count_lost(const Hurt *hurt);
/* A broker without the shim: whatever was ever acknowledged is there, what was not is said again
 * and acknowledged, and the ledger verifies. */
void hurt_check(Hurt *hurt);
