/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Every byte; silence in each direction; partitions and loss by the kernel, in a network of the
 * test's own. COLDGATE_PARTITIONS: another number of them. */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/chaos/bad_network.h"
#include "tests/lib/figures.h"
#include "tests/lib/handshake.h"
#include "tests/lib/test.h"

enum {
        SILENT_MS = 8000,
        N_PARTITIONS = 100,
        PARTITION_MS_MAX = 4000,
        PARTITION_LONG_MS = 30000,
        LOSS_MS = 20000,
        BACK_MS_MAX = 5000,
        TOOL_MS = 10000,
        SECOND_MS = 1000,
        ANSWERS_LEAST = 20, /* in a second */
        TRICKLE_MS = 6000,
        N_CLAIMS = 6,
};

TEST(connections_that_are_reset_at_each_byte_leave_nothing_behind) {
        cleanup_bad_network BadNetwork network;

        bad_network_init(&network, false);
        bad_network_reset_each(&network, 1);
        (void)bad_network_heal(&network);
}

static void be_silent(bool is_up) {
        cleanup_bad_network BadNetwork network;
        uint64_t back_ms;

        bad_network_init(&network, false);
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

/* Of the broker's port, in these directions. */
typedef enum Cut {
        CUT_TO_BROKER = 1,
        CUT_TO_AGENTS = 2,
        CUT_BOTH = 3,
} Cut;

static void cut_off(const TcpBroker *broker, Cut cut) {
        static const char *const ends[] = {"dport", "sport"};

        for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
                cleanup_free char *command = mem_printf(
                        "nft add rule inet chaos in tcp %s %u counter drop", ends[i], broker->port);

                if (cut & (Cut)(1u << i))
                        CHECK(run_tool(command));
        }
}

/* Packets that the rules have dropped. */
static uint64_t count_dropped(void) {
        ProcessSpec spec = {.argv = {"sh", "-c",
                                     "nft list chain inet chaos in | grep -o 'packets [0-9]*' | "
                                     "awk '{n += $2} END {print n}'"}};
        cleanup_buf Buf out = BUF_TEXT;

        CHECK_EQ_INT(bench_run(&spec, TOOL_MS, &out, NULL), 0);
        return strtoull(buf_get_text(&out), NULL, 10);
}

static uint64_t heal(BadNetwork *network) {
        CHECK(run_tool("nft flush chain inet chaos in"));
        return bad_network_heal(network);
}

static uint64_t partitions(void) {
        const char *given = getenv("COLDGATE_PARTITIONS");

        return given ? strtoull(given, NULL, 10) : N_PARTITIONS;
}

/* Each way in its turn; what no packet met was no partition. */
static void be_partitioned(uint64_t least_ms, uint64_t most_ms, const char *name) {
        cleanup_figures Figures back = {.n = 0};
        cleanup_bad_network BadNetwork network;

        enter_own_network();
        bad_network_init(&network, true);
        for (size_t i = 0; i < partitions(); i++) {
                cut_off(&network.broker, CUT_TO_BROKER + (Cut)(i % CUT_BOTH));
                fleet_run(&network.fleet, least_ms + (uint64_t)rand() % (most_ms - least_ms + 1));
                CHECK(most_ms < PARTITION_LONG_MS || count_dropped() > 0);
                figures_add(&back, heal(&network));
        }
        figures_print(&back, name, "ms");
        CHECK(figures_percentile(&back, 100) <= BACK_MS_MAX);
}

TEST(a_hundred_partitions_lose_nothing_and_traffic_is_back_within_seconds) {
        be_partitioned(1, PARTITION_MS_MAX, "answers after a partition");
}

TEST(a_hundred_partitions_of_half_a_minute_lose_nothing_and_traffic_is_back_within_seconds) {
        be_partitioned(PARTITION_LONG_MS, PARTITION_LONG_MS,
                       "answers after a partition of half a minute");
}

/* ---- lines that lose and are slow ---- */

typedef struct Line {
        const char *name;
        bool loses;       /* a fifth of all packets, both ways */
        const char *rate; /* of both ways together; NULL: any */
} Line;

static void spoil(const Line *line, uint16_t port) {
        static const char *const ends[] = {"dport", "sport"};

        for (size_t i = 0; line->loses && i < ARRAY_SIZE(ends); i++) {
                cleanup_free char *rule =
                        mem_printf("nft add rule inet chaos in tcp %s %u numgen random mod 5 == 0 "
                                   "counter drop",
                                   ends[i], port);

                CHECK(run_tool(rule));
        }
        if (line->rate) {
                cleanup_free char *rule =
                        mem_printf("tc qdisc add dev lo root tbf rate %s burst 16kb latency 400ms",
                                   line->rate);

                CHECK(run_tool(rule));
        }
}

static void mend(const Line *line) {
        CHECK(run_tool("nft flush chain inet chaos in"));
        if (line->rate)
                CHECK(run_tool("tc qdisc del dev lo root"));
}

/* What the kernel has done: dropped by a rule, held back by a queue. A fault that was never there
 * shows nothing. */
static uint64_t count_harm(const Line *line) {
        ProcessSpec spec = {
                .argv = {"sh", "-c",
                         line->loses ? "nft list chain inet chaos in | grep -o 'packets [0-9]*' | "
                                       "awk '{n += $2} END {print n}'"
                                     : "tc -s qdisc show dev lo | grep -o 'overlimits [0-9]*' | "
                                       "cut -d' ' -f2"}};
        cleanup_buf Buf out = BUF_TEXT;

        CHECK_EQ_INT(bench_run(&spec, TOOL_MS, &out, NULL), 0);
        return strtoull(buf_get_text(&out), NULL, 10);
}

/* Answers in a second; what was said before is settled afterwards, and nothing is lost. */
static uint64_t answers_on(const Line *line, uint64_t duration_ms) {
        cleanup_bad_network BadNetwork network;
        uint64_t n_harm;
        size_t n_acks;

        enter_own_network();
        bad_network_init(&network, true);
        n_acks = network.fleet.history.n_acks;
        spoil(line, network.broker.port);
        fleet_run(&network.fleet, duration_ms);
        n_acks = network.fleet.history.n_acks - n_acks;
        n_harm = count_harm(line);
        mend(line);
        (void)bad_network_heal(&network);
        printf("# %s | %zu answers in %llu ms, lost 0; packets dropped or held back %llu\n",
               line->name, n_acks, (unsigned long long)duration_ms, (unsigned long long)n_harm);
        CHECK(n_harm > 0);
        return n_acks * SECOND_MS / duration_ms;
}

static const Line loss = {.name = "a fifth lost", .loses = true};
static const Line megabit = {.name = "1 Mbit", .rate = "1mbit"};
static const Line both = {.name = "a fifth lost of 1 Mbit", .loses = true, .rate = "1mbit"};
static const Line trickle = {.name = "8 kbit", .rate = "8kbit"};

TEST(a_fifth_of_all_packets_lost_loses_nothing) {
        CHECK(answers_on(&loss, LOSS_MS) >= ANSWERS_LEAST);
}

TEST(a_line_of_a_megabit_loses_nothing) {
        CHECK(answers_on(&megabit, LOSS_MS) >= ANSWERS_LEAST);
}

TEST(a_megabit_of_which_a_fifth_is_lost_loses_nothing) {
        CHECK(answers_on(&both, LOSS_MS) >= ANSWERS_LEAST);
}

TEST(a_line_of_eight_kilobits_is_slower_than_that) {
        CHECK(answers_on(&trickle, TRICKLE_MS) < ANSWERS_LEAST);
}

/* ---- who lives ---- */

static void start_far_apart(Handshake *handshake, uint16_t port) {
        cleanup_free char *endpoint = mem_printf("tcp://127.0.0.1:%u", port);

        handshake_init_at(handshake, endpoint, "6s");
        handshake_start(handshake);
}

TEST(a_live_adversary_is_not_taken_for_dead_on_a_bad_line) {
        uint16_t port = tcp_broker_find_port();
        cleanup_handshake Handshake handshake;

        enter_own_network();
        start_far_apart(&handshake, port);
        spoil(&both, port);
        for (unsigned i = 0; i < N_CLAIMS; i++) {
                cleanup_free char *text = mem_printf("hello %u\n", i);

                handshake_commit(&handshake, "greeting", text);
                CHECK_EQ_INT(BUILDER(&handshake, NULL, "claim", "SLOW", "--wait"), 0);
        }
        mend(&both);
        printf("# %s | claims %u, verdicts %u, leases lapsed %u, alerts %u\n", both.name,
               handshake_count(&handshake, "claim"), handshake_count(&handshake, "verdict"),
               handshake_count(&handshake, "lapse"), handshake_count(&handshake, "alert"));
        CHECK_EQ_U64(handshake_count(&handshake, "verdict"), N_CLAIMS);
        CHECK_EQ_U64(handshake_count(&handshake, "lapse"), 0);
        CHECK_EQ_U64(handshake_count(&handshake, "alert"), 0);
        handshake_verify(&handshake);
}
