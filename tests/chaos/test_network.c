/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Resets, delays, pieces and another order between agents and broker. */

#include <stdio.h>

#include "tests/chaos/bad_network.h"
#include "tests/lib/test.h"

enum { RESET_STEP = 97, BAD_MS = 1200, N_KEPT = 10, KEPT_MS = 200, SWAP_ONE_IN = 20 };

TEST(connections_that_are_reset_anywhere_leave_nothing_behind) {
        cleanup_bad_network BadNetwork network;

        bad_network_init(&network, false);
        bad_network_reset_each(&network, RESET_STEP);
        (void)bad_network_heal(&network);
}

TEST(a_server_that_keeps_what_was_reset_is_seen_to_keep_it) {
        CHECK_EQ_U64(bad_network_reset_keeper(N_KEPT, KEPT_MS), N_KEPT);
}

TEST(connections_that_are_reset_again_and_again_lose_nothing) {
        cleanup_bad_network BadNetwork network;

        bad_network_init(&network, false);
        network.proxy.weather->reset_spread = 8000;
        network.proxy.weather->reset_after = 500;
        for (size_t i = 0; i < network.fleet.n_sessions; i++)
                fleet_restart(&network.fleet, i);
        fleet_run(&network.fleet, BAD_MS);
        printf("# reset | %u times; an answer %llu ms after it was over\n",
               network.proxy.weather->n_resets, (unsigned long long)bad_network_heal(&network));
        CHECK(network.proxy.weather->n_resets > 0);
}

TEST(a_slow_line_that_gives_pieces_by_chance_loses_nothing) {
        cleanup_bad_network BadNetwork network;
        size_t n_acks;

        bad_network_init(&network, false);
        network.proxy.weather->piece_max = 100;
        network.proxy.weather->delay_ms_max = 3;
        n_acks = network.fleet.history.n_acks;
        fleet_run(&network.fleet, BAD_MS);
        n_acks = network.fleet.history.n_acks - n_acks;
        (void)bad_network_heal(&network);
        printf("# a slow line | %zu answers in %d ms\n", n_acks, BAD_MS);
        CHECK(n_acks > 0);
}

TEST(a_line_that_gives_bytes_in_another_order_loses_nothing) {
        cleanup_bad_network BadNetwork network;

        bad_network_init(&network, false);
        network.proxy.weather->swap_one_in = SWAP_ONE_IN;
        fleet_run(&network.fleet, BAD_MS);
        printf("# another order | %u times; an answer %llu ms after it was over\n",
               network.proxy.weather->n_swaps, (unsigned long long)bad_network_heal(&network));
        CHECK(network.proxy.weather->n_swaps > 0);
}
