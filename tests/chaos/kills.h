/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* kill -9 at chance moments, under load. */

#include "tests/lib/fleet.h"
#include "tests/lib/handshake.h"

enum { KILL_SENDERS = 8, KILL_WINDOW = 16 };

typedef struct KillPlan {
        size_t n_kills;
        uint64_t interval_ms_max; /* of load before each kill, from 1 ms */
        size_t verify_every;      /* kills; 0: `broker verify` at the end only */
} KillPlan;

/* Of ten kills eight are the broker's, one the adversary's, one a sender's and a builder's. The
 * history is checked after each of the broker's. Ends the test if anything is lost, said twice, out
 * of order or broken, or a claim decided twice or never; prints the figures. */
void kills_run(const KillPlan *plan);
