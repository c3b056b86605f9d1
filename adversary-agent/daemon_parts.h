/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the files of the daemon share; nobody else includes it. */

#include "adversary-agent/daemon.h"
#include "adversary-agent/holder.h"
#include "adversary-agent/mailbag.h"
#include "adversary-agent/prober.h"
#include "adversary-agent/sealer.h"
#include "adversary-agent/standby.h"
#include "adversary-agent/worker.h"

enum { DAEMON_MESSAGES_MAX = 64 /* of one source in one turn of the loop */ };

typedef struct Daemon {
        const DaemonSettings *settings;
        Session *session;
        Core *core;
        Worker *workers[CORE_JOBS_MAX];
        size_t n_workers;
        Standby standby;
        Mailbag bag;
        Holder holder;
        Sealer sealer;
        Prober prober;
        uint64_t stop_by_ms; /* monotonic; 0: nobody wants us to stop */
        bool has_ended;      /* the session has */
        int status;
} Daemon;

Worker *daemon_find_worker(Daemon *daemon, uint64_t lease);
/* Its job as a worker is told it, without what only the plan's own run needs; borrows from both. */
void daemon_describe_job(const Daemon *daemon, const Job *job, Message *ret_message);
/* All that the core wants. */
int daemon_carry_out(Daemon *daemon) must_check;
/* All that the broker has said. */
int daemon_hear_broker(Daemon *daemon) must_check;
