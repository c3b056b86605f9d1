/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* An admitted agent that wants to end the broker by what decision 046 describes: it floods, pings
 * the transport among its frames and resets the connection while the broker works on others. */

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/chaos/mute.h"
#include "tests/lib/dealer.h"
#include "tests/lib/fleet.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/tcp_proxy.h"
#include "tests/lib/test.h"

enum {
        ANSWER_MS = 20000,
        WARM_MS = 100,
        N_SENDERS = 2,
        WINDOW = 16,
        N_ATTACKS = 3,
        N_FRAMES = 600, /* more than the broker takes of one connection before it has looked */
        PER_PING = 8,   /* frames, and a millisecond, which is a ping */
        TURN_MS = 50,   /* of libzmq's own thread in the broker, while the loop stands still */
        PING_BYTES = 42,
        STATUS_ABORTED = 128 + SIGABRT,
};

typedef struct Attack {
        const TcpBroker *broker;
        TcpProxy proxy;
        Dealer dealer;
} Attack;

static void attack_init(Attack *attack, const TcpBroker *broker) {
        cleanup_free char *path = mem_printf("%s/.coldgate/keys/adversary", broker->real.dir);
        cleanup_free char *endpoint = NULL;
        Fault fault = FAULT_INIT;
        cleanup_key Key key;

        attack->broker = broker;
        tcp_proxy_start(&attack->proxy, broker->port);
        endpoint = mem_printf("tcp://127.0.0.1:%u", attack->proxy.port);
        CHECK_EQ_INT(key_read(path, &key, &fault), 0);
        dealer_open_pinging(&attack->dealer, endpoint, &key, broker->real.project.broker_key.curve);
}

static void attack_deinit(Attack *attack) {
        dealer_close(&attack->dealer);
        tcp_proxy_stop(&attack->proxy);
}

static bool has_gone_on(void *userdata) {
        const Attack *attack = userdata;

        return attack->proxy.weather->n_up > PING_BYTES * N_FRAMES / 2;
}

static bool is_reset(void *userdata) {
        return !((const Attack *)userdata)->proxy.weather->resets_all;
}

/* All that it says arrives at once while the loop stands still, then the reset. */
static void attack_once(const TcpBroker *broker) {
        cleanup(attack_deinit) Attack attack;
        pid_t pid = process_get_pid(broker->real.process);

        attack_init(&attack, broker);
        CHECK(dealer_send(&attack.dealer, slice_text("x"), false, ANSWER_MS));
        attack.proxy.weather->holds_up = true;
        for (int i = 0; i < N_FRAMES; i++) {
                CHECK(dealer_send(&attack.dealer, slice_text("x"), false, ANSWER_MS));
                (void)poll(NULL, 0, i % PER_PING == 0);
        }
        mute_begin(pid);
        attack.proxy.weather->n_up = 0;
        attack.proxy.weather->holds_up = false;
        CHECK(test_wait_until(has_gone_on, &attack, ANSWER_MS));
        (void)poll(NULL, 0, TURN_MS);
        attack.proxy.weather->resets_all = true;
        CHECK(test_wait_until(is_reset, &attack, ANSWER_MS));
        (void)poll(NULL, 0, TURN_MS);
        mute_end(pid);
}

TEST(an_admitted_agent_that_resets_its_connection_among_its_pings_ends_nothing) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_free char *ledger = NULL;
        cleanup_fleet Fleet fleet;

        tcp_broker_init(&broker, "");
        fleet_init(&fleet, broker.real.dir, "m", N_SENDERS, WINDOW);
        real_broker_start(&broker.real);
        for (int i = 0; i < N_ATTACKS; i++) {
                fleet_run(&fleet, WARM_MS);
                attack_once(&broker);
        }
        fleet_run(&fleet, WARM_MS);
        fleet_settle(&fleet, ANSWER_MS);
        CHECK(process_is_running(broker.real.process));
        real_broker_stop(&broker.real);
        ledger = mem_printf("%s/.coldgate/ledger.db", broker.real.dir);
        history_check(&fleet.history, ledger, DECEIT_NONE);
        history_expect_whole(&fleet.history);
        printf("# resets among pings | %d, the broker ended by them 0 times; %zu entries, lost 0, "
               "twice 0\n",
               N_ATTACKS, fleet.history.n_rows);
}

/* The same broker without quiet_resets.c. */
TEST(a_broker_that_lets_libzmq_hear_of_resets_is_ended_by_one) {
        cleanup_tcp_broker TcpBroker broker;
        bool has_ended = false;

        CHECK_EQ_INT(setenv("COLDGATE_BROKER", bench_program("COLDGATE_BROKER_LOUD"), 1), 0);
        tcp_broker_start(&broker, "");
        for (int i = 0; i < N_ATTACKS && !has_ended; i++) {
                attack_once(&broker);
                (void)poll(NULL, 0, TURN_MS);
                has_ended = !process_is_running(broker.real.process);
        }
        CHECK(has_ended);
        CHECK_EQ_INT(process_wait(broker.real.process, ANSWER_MS), STATUS_ABORTED);
        CHECK_CONTAINS(process_get_err(broker.real.process), "!_io_error");
}
