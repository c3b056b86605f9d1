/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A process that verifies one gate: `adversary-agent work`. It makes itself ready and waits for a
 * byte from us; its one job is then on standard input. It says on standard output how far it is,
 * then gives its evidence and its verdict, as frames (adversary-agent/framing.h). It leads a
 * process group and dies with us, however we die.
 */

#include <sys/types.h>

#include "base/buf.h"
#include "proto/message.h"

enum { WORKER_TELL_FD = 3 };     /* the worker's end */
enum { WORKER_GRACE_MS = 3000 }; /* between asking it to stop and killing all of it */

typedef struct Worker {
        pid_t pid;
        int pidfd, out_fd;
        int in_fd;   /* until it has its job */
        int tell_fd; /* what it waits for is written there: never blocks */
        uint64_t lease;
        uint64_t kill_at_ms; /* monotonic; 0: not asked to stop */
        Buf stream;
        bool has_ended;
        bool gave_verdict; /* for the owner's use */
} Worker;

/* It waits for its job, at no cost but memory. */
int worker_start(Worker **ret_worker) must_check;
/* Once. That it had died shows as with any that dies. */
int worker_give(Worker *worker, uint64_t lease, const Message *job) must_check;
bool worker_is_dead(Worker *worker);
/* Kills what is left of it, and removes what it left in `scratch`. */
Worker *worker_free(Worker *worker, const char *scratch);

enum { _WORKER_E_SUCCESS, WORKER_E_NOTHING, WORKER_E_ENDED };

/* The next message that it said; texts point into `arena`. WORKER_E_NOTHING: none now.
 * WORKER_E_ENDED: it is dead, and all that it said was handed out. */
int worker_hear(Worker *worker, Arena *arena, Message *ret_message) must_check;
/* Tells it something small; lost if it is dead, or does not read. */
void worker_tell(const Worker *worker, const Message *message);
/* Asks it to stop and clean up; worker_tick kills it if it does not. */
void worker_stop(Worker *worker, uint64_t now_ms);
void worker_tick(Worker *worker, uint64_t now_ms);
