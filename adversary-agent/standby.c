/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A worker that waits. */

#include "adversary-agent/standby.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

int standby_take(Standby *standby, uint64_t lease, const Message *job, Worker **ret_worker) {
        int r;

        if (standby->worker && worker_is_dead(standby->worker))
                standby_deinit(standby);
        if (!standby->worker)
                TRY(worker_start(&standby->worker));
        r = worker_give(standby->worker, lease, job);
        if (r < 0) {
                standby_deinit(standby);
                return r;
        }
        standby->due_ms = clock_mono_ms() + STANDBY_MS;
        *ret_worker = TAKE(standby->worker);
        return 0;
}

/* One that cannot be started now is started when there is a job, and that is then told. */
void standby_step(Standby *standby, uint64_t now_ms) {
        if (!standby->due_ms || now_ms < standby->due_ms)
                return;
        standby->due_ms = 0;
        if (!standby->worker && worker_start(&standby->worker) != 0)
                log_write(LOG_WARNING, "no worker can be started ahead of its job");
}

void standby_deinit(Standby *standby) {
        standby->worker = worker_free(standby->worker, standby->scratch);
}
