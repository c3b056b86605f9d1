/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * One worker that is started before there is a job for it, so that a claim does not wait for the
 * dynamic linker and for libraries that make themselves ready. It is used once, as any worker; the
 * next is started a moment after, when the processors are not needed for what has just begun.
 */

#include "adversary-agent/worker.h"

enum { STANDBY_MS = 100 }; /* from a job's beginning until the next worker is started */

typedef struct Standby {
        const char *scratch; /* the workers' */
        Worker *worker;
        uint64_t due_ms; /* monotonic, of the next start; 0: none is due */
} Standby;

/* Gives the job to the one that waits, or to one that is started now. */
int standby_take(Standby *standby, uint64_t lease, const Message *job,
                 Worker **ret_worker) must_check;
void standby_step(Standby *standby, uint64_t now_ms);
void standby_deinit(Standby *standby);
