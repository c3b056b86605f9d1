/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "tests/chaos/still.h"

#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/lib/fleet.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/test.h"

enum { SENDERS = 4, WINDOW = 16, WARM_MS = 200, ANSWER_MS = 20000, STEP_MS = 20 };

static void expect_whole(Fleet *fleet, const RealBroker *broker) {
        cleanup_free char *ledger = mem_printf("%s/.coldgate/ledger.db", broker->dir);

        history_check(&fleet->history, ledger, DECEIT_NONE);
        history_expect_whole(&fleet->history);
}

static bool anybody_is_connected(const Fleet *fleet) {
        for (size_t i = 0; i < fleet->n_sessions; i++)
                if (session_is_connected(fleet->sessions[i]))
                        return true;
        return false;
}

uint64_t still_broker(uint64_t stopped_ms) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_fleet Fleet fleet;
        uint64_t began_ms, noticed_ms = 0, now_ms;

        tcp_broker_init(&broker, "");
        fleet_init(&fleet, broker.real.dir, "m", SENDERS, WINDOW);
        real_broker_start(&broker.real);
        fleet_run(&fleet, WARM_MS);
        fleet_settle(&fleet, ANSWER_MS);
        fleet_run(&fleet, WARM_MS);
        process_signal(broker.real.process, SIGSTOP);
        fleet.is_quiet = true; /* what is under way has no answer; more would wait for the disk */
        began_ms = clock_mono_ms();
        while ((now_ms = clock_mono_ms()) - began_ms < stopped_ms) {
                if (!noticed_ms && !anybody_is_connected(&fleet))
                        noticed_ms = now_ms - fleet.answered_ms;
                fleet_step(&fleet, STEP_MS);
        }
        process_signal(broker.real.process, SIGCONT);
        fleet.is_quiet = false;
        fleet_run(&fleet, WARM_MS);
        fleet_settle(&fleet, ANSWER_MS);
        real_broker_kill(&broker.real);
        expect_whole(&fleet, &broker.real);
        printf("# a broker that stands still | noticed by all %llu ms after its last answer; %zu "
               "entries, lost 0, twice 0\n",
               (unsigned long long)noticed_ms, fleet.history.n_rows);
        CHECK(noticed_ms > 0);
        return noticed_ms;
}
