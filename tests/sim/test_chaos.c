/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The whole handshake, whatever the world does to it. COLDGATE_SEED=n plays that story alone,
 * COLDGATE_SEEDS=n so many of each kind.
 */

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/test.h"
#include "tests/sim/world.h"

enum { TURNS = 500, SEEDS = 6, END_MS = 3600 * 1000 };

static uint64_t number_of(const char *name, uint64_t otherwise) {
        const char *text = getenv(name);

        return text ? strtoull(text, NULL, 10) : otherwise;
}

static void play(const WorldSettings *settings) {
        World *world = world_new(settings);

        (void)printf("# seed %llu\n", (unsigned long long)settings->seed);
        (void)fflush(stdout);
        for (size_t i = 0; i < TURNS && world_phase(world)->state != PHASE_STATE_DONE; i++)
                world_turn(world);
        if (world_phase(world)->state != PHASE_STATE_DONE)
                world_end_well(world, END_MS);
        (void)printf("# seed %llu: %zu entries, %zu turns, %zu refused, %zu crashes, %zu pings\n",
                     (unsigned long long)settings->seed, world->desk.port.n_durable, world->n_turns,
                     world->auditor.n_refused, world->n_crashes, world->auditor.oracle.n_pings);
        world_free(world);
}

static void play_seeds(WorldSettings settings) {
        uint64_t only = number_of("COLDGATE_SEED", 0);
        uint64_t n = number_of("COLDGATE_SEEDS", SEEDS);

        for (uint64_t seed = 1; seed <= n; seed++) {
                settings.seed = only ? only : seed;
                play(&settings);
                if (only)
                        return;
        }
}

TEST(whatever_people_say_it_ends_well) {
        play_seeds((WorldSettings){.late_percent = 2});
}

TEST(whatever_the_network_does_it_ends_well) {
        play_seeds((WorldSettings){.loss_percent = 12,
                                   .repeat_percent = 15,
                                   .late_percent = 10,
                                   .cut_permille = 3,
                                   .full_permille = 5});
}

TEST(whoever_is_killed_it_ends_well) {
        play_seeds((WorldSettings){
                .loss_percent = 2, .kill_broker_permille = 20, .kill_agent_permille = 8});
}

TEST(whatever_the_clocks_do_it_ends_well) {
        play_seeds((WorldSettings){.loss_percent = 2,
                                   .kill_broker_permille = 5,
                                   .jump_permille = 15,
                                   .sleep_permille = 15});
}

TEST(everything_at_once_ends_well) {
        play_seeds((WorldSettings){.loss_percent = 10,
                                   .repeat_percent = 10,
                                   .late_percent = 10,
                                   .cut_permille = 3,
                                   .full_permille = 5,
                                   .kill_broker_permille = 12,
                                   .kill_agent_permille = 5,
                                   .jump_permille = 8,
                                   .sleep_permille = 8});
}
