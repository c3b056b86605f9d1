/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Many clients of a broker in one process and one ZeroMQ context, speaking its protocol without a
 * session around it, so that it is the broker that is measured. Their entries are signed
 * beforehand: in the field every client has a processor of its own.
 */

#include "tests/bench/load.h"
#include "tests/lib/real_broker.h"

enum { SWARM_AGENTS = 20 }; /* admitted builders, over which clients are spread */

typedef struct Swarm Swarm;

/* `broker init`, an approved plan, the agents admitted, started. */
void swarm_start_broker(RealBroker *ret_broker);

/* Connected and welcomed. */
Swarm *swarm_new(const RealBroker *broker, unsigned n_clients);
Swarm *swarm_free(Swarm *swarm);
DEFINE_FREEP(Swarm, swarm_free, swarm_freep)

/* How many entries each client may need for such a load. */
unsigned swarm_guess(const LoadShape *shape, unsigned n_clients);
/* Notes of so many bytes, so many for each client. Beyond them they are signed when they are sent.
 */
void swarm_sign(Swarm *swarm, unsigned n_each, size_t n_bytes);
void swarm_load(Swarm *swarm, const LoadShape *shape, LoadResult *ret_result);
