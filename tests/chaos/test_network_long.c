/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Every byte; silence in each direction; partitions and loss by the kernel, in a network of the
 * test's own. */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/chaos/bad_network.h"
#include "tests/lib/figures.h"
#include "tests/lib/test.h"

enum {
        SILENT_MS = 8000,
        N_PARTITIONS = 100,
        PARTITION_MS_MAX = 4000,
        LOSS_MS = 20000,
        BACK_MS_MAX = 5000,
        TOOL_MS = 10000,
};

TEST(connections_that_are_reset_at_each_byte_leave_nothing_behind) {
        cleanup_bad_network BadNetwork network;

        bad_network_init(&network);
        bad_network_reset_each(&network, 1);
        (void)bad_network_heal(&network);
}

static void be_silent(bool is_up) {
        cleanup_bad_network BadNetwork network;
        uint64_t back_ms;

        bad_network_init(&network);
        network.proxy.weather->holds_up = is_up;
        network.proxy.weather->holds_down = !is_up;
        fleet_run(&network.fleet, SILENT_MS);
        back_ms = bad_network_heal(&network);
        printf("# silence %s | answers %llu ms after it was over\n",
               is_up ? "towards the broker" : "towards agents", (unsigned long long)back_ms);
        CHECK(back_ms <= BACK_MS_MAX);
}

TEST(silence_towards_the_broker_loses_nothing) {
        be_silent(true);
}

TEST(silence_towards_the_agents_loses_nothing) {
        be_silent(false);
}

/* ---- the kernel's ---- */

static bool run_tool(const char *command) {
        ProcessSpec spec = {.argv = {"sh", "-c", command}};

        return bench_run(&spec, TOOL_MS, NULL, NULL) == 0;
}

static void enter_own_network(void) {
        if (unshare(CLONE_NEWNET) < 0)
                SKIP("no network namespace can be made here: not root");
        if (!run_tool("ip link set lo up && nft add table inet chaos && nft add chain inet chaos "
                      "in '{ type filter hook input priority 0; }'"))
                SKIP("ip and nft are needed");
}

static void set_rule(const TcpBroker *broker, const char *match, const char *what) {
        cleanup_free char *command = mem_printf(
                "nft flush chain inet chaos in && nft add rule inet chaos in tcp %s %u %s", match,
                broker->port, what);

        CHECK(run_tool(command));
}

static uint64_t heal(BadNetwork *network) {
        CHECK(run_tool("nft flush chain inet chaos in"));
        return bad_network_heal(network);
}

TEST(a_hundred_partitions_lose_nothing_and_traffic_is_back_within_seconds) {
        static const char *const directions[] = {"dport", "sport"};
        cleanup_figures Figures back = {.n = 0};
        cleanup_bad_network BadNetwork network;

        enter_own_network();
        bad_network_init(&network);
        for (size_t i = 0; i < N_PARTITIONS; i++) {
                set_rule(&network.broker, directions[i % 2], "drop");
                fleet_run(&network.fleet, 1 + (uint64_t)rand() % PARTITION_MS_MAX);
                figures_add(&back, heal(&network));
        }
        figures_print(&back, "answers after a partition", "ms");
        CHECK(figures_percentile(&back, 99) <= BACK_MS_MAX);
}

TEST(a_fifth_of_all_packets_lost_loses_nothing) {
        cleanup_bad_network BadNetwork network;
        size_t n_acks;

        enter_own_network();
        bad_network_init(&network);
        n_acks = network.fleet.history.n_acks;
        set_rule(&network.broker, "dport", "numgen random mod 5 == 0 drop");
        fleet_run(&network.fleet, LOSS_MS);
        n_acks = network.fleet.history.n_acks - n_acks;
        (void)heal(&network);
        printf("# a fifth of the packets lost | %zu answers in %d ms\n", n_acks, LOSS_MS);
        CHECK(n_acks > 20 * LOSS_MS / 1000);
}
