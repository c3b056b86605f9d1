/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Probe programs beside verifications: one at a time, behind the verdict that it follows, in a
 * place of its own, so that no verdict waits for it. What it reports becomes entries of the agent.
 */

#include "adversary-agent/worker.h"
#include "client/session.h"

enum {
        PROBER_QUEUE_MAX = 16,
        PROBER_SAID_MAX = 32,              /* entries of one run */
        PROBER_AROUND_MS = 10 * 60 * 1000, /* beside its own time: fetching, cleaning up */
};

typedef struct Prober {
        Session *session;
        const char *scratch;
        Buf queue[PROBER_QUEUE_MAX]; /* frames of jobs, oldest first */
        size_t n;
        Worker *worker;           /* NULL: none runs */
        uint64_t stop_at_ms;      /* monotonic: of the one that runs */
        Id said[PROBER_SAID_MAX]; /* whose answers are awaited, or were */
        size_t n_said;
} Prober;

void prober_deinit(Prober *prober);

/* Of a job with `probe`, whose verdict is in the ledger as `verdict_seq`. Where too many wait, it
 * is left out, and that is logged. */
int prober_add(Prober *prober, Slice job_frame, Slice verdict_frame,
               uint64_t verdict_seq) must_check;
/* Starts, hears, ends. */
int prober_step(Prober *prober, uint64_t now_ms) must_check;
/* When it is due, monotonic; 0: not before something happens. */
uint64_t prober_due_ms(const Prober *prober);
/* False: it is not about an entry of a probe program. */
bool prober_on_ack(const Prober *prober, const struct ack *ack);
bool prober_on_refuse(const Prober *prober, const struct refuse *refuse);
