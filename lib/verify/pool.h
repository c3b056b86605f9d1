/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Forked processes that work beside the one that asks, and say in bytes what came of it. Each is
 * kept, and does one job after the other. */

#include <sys/types.h>

#include "base/buf.h"

enum { POOL_ANSWER_BYTES = 1 << 20, POOL_WORKERS_MAX = 64 };

/* Does a job in the other process. Anything but 0: there is no answer, and the process ends. */
typedef int (*PoolWork)(const void *userdata, uint64_t job, Buf *answer);

typedef struct PoolWorker {
        pid_t pid;
        int fd; /* -1: there is none */
        bool is_busy;
        uint64_t job;
        Buf answer; /* what has come of it */
} PoolWorker;

typedef struct Pool {
        PoolWork work;
        const void *userdata; /* borrowed; each process sees it as it was when it was forked */
        size_t n_busy;
        PoolWorker workers[POOL_WORKERS_MAX];
} Pool;

void pool_init(Pool *pool, PoolWork work, const void *userdata);
/* Ends those at work, with all that they started, and those that wait. */
void pool_deinit(Pool *pool);

/* Gives the job to one that waits, or to a new one. False: there can be no further one now. */
bool pool_ask(Pool *pool, uint64_t job);
/* Waits a moment for an answer that is whole, which is then the caller's; it is empty where the
 * process died. False: none yet. */
bool pool_hear(Pool *pool, uint64_t *ret_job, Buf *ret_answer);
