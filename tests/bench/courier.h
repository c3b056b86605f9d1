/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A builder that claims and an adversary that takes, in one process, so that one clock sees both.
 */

#include "tests/bench/figures.h"
#include "tests/lib/real_broker.h"

typedef struct Courier Courier;

Courier *courier_new(const RealBroker *broker);
Courier *courier_free(Courier *courier);
DEFINE_FREEP(Courier, courier_free, courier_freep)

/* A claim, until the builder has its ack and the adversary its offer; then it is withdrawn. In us:
 * from sending to the ack, from the ack to the offer (0 if that came first), from sending to the
 * offer. */
void courier_claim(Courier *courier, Samples *ack, Samples *event, Samples *whole);
