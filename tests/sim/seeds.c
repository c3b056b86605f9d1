/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Each story with a bug is played by a process of its own: the failure that is wanted ends it. */

#include "tests/sim/seeds.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/test.h"

enum { END_MS = 3600 * 1000 };

WorldSettings seeds_everything(uint64_t seed) {
        return (WorldSettings){.seed = seed,
                               .loss_percent = 10,
                               .repeat_percent = 10,
                               .late_percent = 10,
                               .cut_permille = 3,
                               .full_permille = 5,
                               .kill_broker_permille = 12,
                               .kill_agent_permille = 5,
                               .jump_permille = 8,
                               .sleep_permille = 8,
                               .swap_permille = 25};
}

/* What stands in the ledger now, what is on its way, and when. */
static void add_turn(const World *world, Hasher *trace) {
        hash_add_field(trace, hash_slice(&desk_state(&world->desk)->head_hash));
        for (size_t i = 0; i < world->n_flights; i++)
                hash_add_field(trace,
                               slice_make(world->flights[i].bytes, world->flights[i].n_bytes));
        hash_add_u64(trace, world->desk.port.mono_ms);
        hash_add_u64(trace, world->desk.port.wall_ms);
}

void seeds_play(const WorldSettings *settings, size_t n_turns, bool to_end, Hash *ret_trace) {
        World *world = world_new(settings);
        Hasher trace;

        hash_start(&trace);
        for (size_t i = 0; i < n_turns && world_phase(world)->state != PHASE_STATE_DONE; i++) {
                world_turn(world);
                if (ret_trace)
                        add_turn(world, &trace);
        }
        if (to_end && world_phase(world)->state != PHASE_STATE_DONE)
                world_end_well(world, END_MS);
        if (ret_trace)
                hash_finish(&trace, ret_trace);
        world_free(world);
}

static bool fails(FakeBug bug, uint64_t seed) {
        WorldSettings settings = seeds_everything(seed);
        int status = 0;
        pid_t pid;

        settings.bug = bug;
        (void)fflush(stdout);
        pid = fork();
        if (pid == 0) {
                int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

                (void)dup2(nowhere, STDOUT_FILENO);
                seeds_play(&settings, SEEDS_TURNS, false, NULL);
                _exit(0);
        }
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status));
        return WEXITSTATUS(status) != 0;
}

uint64_t seeds_find(FakeBug bug, uint64_t n_max) {
        for (uint64_t seed = 1; seed <= n_max; seed++)
                if (fails(bug, seed))
                        return seed;
        return 0;
}
