/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A verdict on its way: first its evidence, in small batches, each confirmed by asking for its last
 * piece back; then the verdict itself, which the session keeps until it is answered. So a verdict
 * never names evidence that the broker does not have.
 */

#include "client/session.h"

enum { DELIVERY_BATCH = 16, DELIVERY_ASK_MS = 5000 };

typedef struct Delivery {
        Arena arena; /* of the evidence */
        Slice *frames;
        Hash *digests;
        size_t n, n_allocated;
        size_t n_confirmed, n_sent;
        uint64_t asked_ms; /* monotonic; 0: nothing is asked now */
        Buf verdict;       /* its frame; empty: the worker has not said it yet */
        Buf probe;         /* job of the probe program that follows it; empty: none */
        Id id;
        bool is_submitted;
        uint64_t lease;
        char *gate;
        Decision decision;
} Delivery;

Delivery *delivery_new(uint64_t lease);
Delivery *delivery_free(Delivery *delivery);

void delivery_add_evidence(Delivery *delivery, const struct evidence_put *evidence);
/* Takes a copy; from then on it can be sent. */
int delivery_set_verdict(Delivery *delivery, const Message *verdict) must_check;
/* Does what can be done now. */
int delivery_step(Delivery *delivery, Session *session, uint64_t now_ms) must_check;
/* An EVIDENCE answer. */
void delivery_hear(Delivery *delivery, const struct evidence *evidence);
/* A new connection: what was not confirmed is sent again. */
void delivery_restart(Delivery *delivery);
