/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The handshake, whatever the world does to it. */

#include "tests/lib/test.h"
#include "tests/sim/sim.h"

static void check_clean(const SimResult *result) {
        CHECK(result->is_done);
        CHECK_EQ_U64(result->n_claims, 2);
        CHECK_EQ_U64(result->n_verdicts, 4);
}

TEST(a_dishonest_claim_fails_and_the_mended_one_is_done) {
        SimResult result = sim_play(&(SimSettings){.seed = 1});

        check_clean(&result);
        CHECK_EQ_U64(result.n_crashes, 0);
}

/* Killed at each append and each commit of the story; it ends the same. */
static void crash_at_each(FakeCall call, uint64_t n_least) {
        uint64_t n = 0;

        for (uint64_t at = 1;; at++) {
                SimResult result =
                        sim_play(&(SimSettings){.seed = 1, .fail_call = call, .fail_at = at});

                check_clean(&result);
                if (!result.has_failed)
                        break;
                CHECK_EQ_U64(result.n_crashes, 1);
                n++;
        }
        CHECK(n >= n_least);
}

TEST(a_crash_at_any_append_changes_nothing_in_the_end) {
        /* Two claims, two leases, four verdicts, done. */
        crash_at_each(FAKE_APPEND, 9);
}

TEST(a_crash_at_any_commit_changes_nothing_in_the_end) {
        /* The same; a claim and its lease share one. */
        crash_at_each(FAKE_COMMIT, 7);
}

TEST(a_network_that_loses_and_repeats_only_delays) {
        for (uint64_t seed = 1; seed <= 40; seed++) {
                SimResult result = sim_play(
                        &(SimSettings){.seed = seed, .loss_percent = 25, .repeat_percent = 25});

                CHECK(result.is_done);
        }
}

TEST(a_broker_that_is_killed_again_and_again_gets_there) {
        size_t n_crashes = 0;

        for (uint64_t seed = 1; seed <= 40; seed++) {
                SimResult result = sim_play(&(SimSettings){
                        .seed = seed, .loss_percent = 5, .kill_broker_permille = 30});

                CHECK(result.is_done);
                n_crashes += result.n_crashes;
        }
        CHECK(n_crashes > 40);
}

TEST(an_adversary_that_is_killed_again_and_again_gets_there) {
        for (uint64_t seed = 1; seed <= 40; seed++) {
                SimResult result =
                        sim_play(&(SimSettings){.seed = seed, .kill_adversary_permille = 20});

                CHECK(result.is_done);
        }
}

TEST(everything_at_once_gets_there) {
        for (uint64_t seed = 1; seed <= 40; seed++) {
                SimResult result = sim_play(&(SimSettings){.seed = seed,
                                                           .loss_percent = 15,
                                                           .repeat_percent = 15,
                                                           .kill_broker_permille = 10,
                                                           .kill_adversary_permille = 10});

                CHECK(result.is_done);
        }
}
