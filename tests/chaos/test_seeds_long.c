/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* As many stories as a figure needs. COLDGATE_SEEDS=n: so many; COLDGATE_SEED=n: from that one on.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "tests/sim/seeds.h"

enum { SEEDS = 100000, TO_END_EVERY = 50, TOLD_EVERY = 1000, LONG_SECONDS = 7000 };

static uint64_t number_of(const char *name, uint64_t otherwise) {
        const char *text = getenv(name);

        return text ? strtoull(text, NULL, 10) : otherwise;
}

TEST(a_hundred_thousand_stories_break_nothing) {
        uint64_t first = number_of("COLDGATE_SEED", 1), n = number_of("COLDGATE_SEEDS", SEEDS);

        (void)alarm(LONG_SECONDS);
        for (uint64_t i = 0; i < n; i++) {
                WorldSettings settings = seeds_everything(first + i);

                /* The last of them before a failure is its seed. */
                (void)printf(i % TOLD_EVERY ? "\r# seed %llu" : "\n# seed %llu",
                             (unsigned long long)settings.seed);
                (void)fflush(stdout);
                seeds_play(&settings, SEEDS_TURNS, i % TO_END_EVERY == 0, NULL);
        }
        printf("\n# seeds | %llu, %d turns each, each %dth to DONE; invariants broken 0\n",
               (unsigned long long)n, SEEDS_TURNS, TO_END_EVERY);
}
