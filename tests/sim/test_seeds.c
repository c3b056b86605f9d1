/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A seed is a story, and stories find bugs. */

#include <stdio.h>

#include "tests/lib/test.h"
#include "tests/sim/seeds.h"

enum { SEEDS_MAX = 1000, SEEDS_SHORT = 20 };

TEST(the_same_seed_is_the_same_story_bit_for_bit) {
        for (uint64_t seed = 1; seed <= 3; seed++) {
                WorldSettings settings = seeds_everything(seed);
                Hash first, again;

                seeds_play(&settings, SEEDS_TURNS, true, &first);
                seeds_play(&settings, SEEDS_TURNS, true, &again);
                CHECK(hash_equal(&first, &again));
                settings.seed++;
                seeds_play(&settings, SEEDS_TURNS, true, &again);
                CHECK(!hash_equal(&first, &again));
        }
}

TEST(no_bug_is_found_where_there_is_none) {
        CHECK_EQ_U64(seeds_find(FAKE_BUG_NONE, SEEDS_SHORT), 0);
}

static void expect_found(FakeBug bug, const char *what) {
        uint64_t seed = seeds_find(bug, SEEDS_MAX);

        printf("# %s | found by seed %llu\n", what, (unsigned long long)seed);
        CHECK(seed > 0);
}

TEST(a_broker_that_answers_before_its_commit_is_found) {
        expect_found(FAKE_BUG_ACK_FIRST, "answers before the commit");
}

TEST(a_broker_that_knows_for_a_while_only_what_was_said_is_found) {
        expect_found(FAKE_BUG_WINDOW, "knows for two seconds what was said");
}

TEST(a_broker_that_trusts_routes_is_found) {
        expect_found(FAKE_BUG_ROUTE, "trusts routes");
}
