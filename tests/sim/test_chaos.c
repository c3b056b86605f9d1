/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The whole handshake, whatever the world does to it. COLDGATE_SEED=n plays that story alone,
 * COLDGATE_SEEDS=n so many of each kind.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "tests/sim/seeds.h"

enum { TURNS = 500, SEEDS = 6, END_MS = 3600 * 1000 };

static uint64_t number_of(const char *name, uint64_t otherwise) {
        const char *text = getenv(name);

        return text ? strtoull(text, NULL, 10) : otherwise;
}

static void play(const WorldSettings *settings) {
        World *world = world_new(settings);

        world->auditor.tells = getenv("COLDGATE_SEED");
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

        if (n > SEEDS)
                (void)alarm(0); /* that many take longer than a test may */
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
        WorldSettings settings = seeds_everything(0);

        settings.swap_permille = 0;
        play_seeds(settings);
}

/* ---- killed at each append and each commit of a story that goes well; it ends the same ---- */

static size_t count_kind(const FakePort *port, const char *kind) {
        size_t n = 0;

        for (size_t i = 0; i < port->n_durable; i++)
                n += slice_is(port->entries[i].kind, kind);
        return n;
}

static void crash_at_each(FakeCall call, uint64_t n_least) {
        bool has_failed = true;
        uint64_t at;

        for (at = 1; has_failed; at++) {
                World *world =
                        world_new(&(WorldSettings){.seed = 1, .fail_call = call, .fail_at = at});

                world_end_well(world, END_MS);
                has_failed = world->has_failed;
                CHECK_EQ_U64(world->n_crashes, has_failed);
                CHECK_EQ_U64(count_kind(&world->desk.port, "claim"), 1);
                CHECK_EQ_U64(count_kind(&world->desk.port, "verdict"), 5);
                CHECK_EQ_U64(count_kind(&world->desk.port, "done"), 1);
                world_free(world);
        }
        CHECK(at > n_least);
}

TEST(a_crash_at_any_append_changes_nothing_in_the_end) {
        /* A claim, four leases, five verdicts, an answer, what is verified again for it, done. */
        crash_at_each(FAKE_APPEND, 13);
}

TEST(a_crash_at_any_commit_changes_nothing_in_the_end) {
        /* The same; a lease shares one with what made it possible. */
        crash_at_each(FAKE_COMMIT, 9);
}
