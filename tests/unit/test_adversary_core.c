/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The adversary's scheduling, with a clock that we turn. */

#include "adversary-agent/core.h"

#include "tests/lib/test.h"

enum { LEASE_MS = 30000 };

/* What was asked for since the last look: a letter each, the credit as a digit. */
typedef struct Asked {
        char letters[64];
        size_t n;
        uint64_t leases[64];
} Asked;

static Asked take(Core *core) {
        static const char letters[_EFFECT_MAX] = {[EFFECT_START] = 'S',
                                                  [EFFECT_KILL] = 'K',
                                                  [EFFECT_RENEW] = 'R',
                                                  [EFFECT_GIVE_UP] = 'G'};
        Asked asked = {.n = 0};
        Effect effect;

        while (core_next(core, &effect) && asked.n < sizeof asked.letters - 1) {
                asked.leases[asked.n] = effect.lease;
                asked.letters[asked.n++] = effect.kind == EFFECT_CREDIT ? (char)('0' + effect.jobs)
                                                                        : letters[effect.kind];
        }
        return asked;
}

static void offer(Core *core, uint64_t lease, size_t n_gates, uint64_t now_ms) {
        Slice gates[] = {slice_text("M1"), slice_text("M2"), slice_text("M3")};
        struct offer message = {.claim = lease - 1,
                                .lease = lease,
                                .lease_ms = LEASE_MS,
                                .gates = gates,
                                .n_gates = n_gates,
                                .phase = slice_text("phase"),
                                .plan = slice_text("plan")};

        CHECK(core_offer(core, &message, now_ms));
}

TEST(credit_is_told_at_each_connection) {
        cleanup(core_freep) Core *core = core_new(3);

        core_welcome(core);
        CHECK_EQ_TEXT(take(core).letters, "3");
        core_welcome(core);
        CHECK_EQ_TEXT(take(core).letters, "3");
}

TEST(an_offer_starts_a_worker_and_its_end_gives_the_place_back) {
        cleanup(core_freep) Core *core = core_new(1);

        offer(core, 10, 1, 0);
        CHECK_EQ_TEXT(take(core).letters, "S");
        core_worker_ended(core, 10, true, 5);
        CHECK_EQ_TEXT(take(core).letters, "1");
        CHECK_EQ_U64(core_count(core), 0);
}

TEST(gates_that_did_not_pass_are_known_to_those_behind_them) {
        cleanup(core_freep) Core *core = core_new(1);
        const Job *job;

        offer(core, 10, 3, 0);
        core_decided(core, 10, DECISION_PASS);
        core_worker_ended(core, 10, true, 1);
        core_decided(core, 10, DECISION_FAIL);
        core_worker_ended(core, 10, true, 2);
        job = core_find(core, 10);
        CHECK_EQ_U64(job->n_not_passed, 1);
        CHECK_EQ_SLICE(job->not_passed[0], slice_text("M2"));
}

TEST(the_gates_of_a_claim_are_verified_one_after_the_other) {
        cleanup(core_freep) Core *core = core_new(4);

        offer(core, 10, 3, 0);
        CHECK_EQ_TEXT(take(core).letters, "S");
        CHECK_EQ_U64(core_find(core, 10)->at, 0);
        core_worker_ended(core, 10, true, 1);
        CHECK_EQ_TEXT(take(core).letters, "S");
        CHECK_EQ_U64(core_find(core, 10)->at, 1);
        core_worker_ended(core, 10, true, 2);
        core_worker_ended(core, 10, true, 3);
        CHECK_EQ_TEXT(take(core).letters, "S4");
        CHECK(core_find(core, 10) == NULL);
}

TEST(no_more_workers_run_than_there_are_places) {
        cleanup(core_freep) Core *core = core_new(2);

        offer(core, 10, 1, 0);
        offer(core, 20, 1, 0);
        offer(core, 30, 1, 0);
        CHECK_EQ_TEXT(take(core).letters, "SS");
        core_worker_ended(core, 10, true, 1);
        CHECK_EQ_TEXT(take(core).letters, "0S");
        CHECK_EQ_INT(core_find(core, 30)->state, JOB_RUNS);
}

TEST(an_offer_that_comes_twice_is_one_job) {
        cleanup(core_freep) Core *core = core_new(2);

        offer(core, 10, 1, 0);
        offer(core, 10, 1, 0);
        CHECK_EQ_TEXT(take(core).letters, "S");
        CHECK_EQ_U64(core_count(core), 1);
}

TEST(a_cancelled_job_is_killed_and_forgotten_when_its_worker_has_ended) {
        cleanup(core_freep) Core *core = core_new(1);

        offer(core, 10, 2, 0);
        (void)take(core);
        CHECK(core_cancel(core, 10));
        CHECK_EQ_TEXT(take(core).letters, "K");
        CHECK(core_cancel(core, 10));
        CHECK_EQ_TEXT(take(core).letters, "");
        core_worker_ended(core, 10, false, 1);
        CHECK_EQ_TEXT(take(core).letters, "1");
        CHECK(core_find(core, 10) == NULL);
}

TEST(a_job_that_waits_is_forgotten_at_once_when_it_is_cancelled) {
        cleanup(core_freep) Core *core = core_new(1);

        offer(core, 10, 1, 0);
        offer(core, 20, 1, 0);
        (void)take(core);
        CHECK(core_cancel(core, 20));
        CHECK_EQ_TEXT(take(core).letters, "0");
        CHECK(core_find(core, 20) == NULL);
        CHECK(core_find(core, 10) != NULL);
}

TEST(a_lease_of_somebody_else_is_not_ours) {
        cleanup(core_freep) Core *core = core_new(1);

        CHECK(!core_cancel(core, 10));
        CHECK_EQ_TEXT(take(core).letters, "");
}

TEST(a_worker_that_dies_is_replaced_once_and_then_stood_in_for) {
        cleanup(core_freep) Core *core = core_new(1);

        offer(core, 10, 2, 0);
        (void)take(core);
        core_worker_ended(core, 10, false, 1);
        CHECK_EQ_TEXT(take(core).letters, "S");
        core_worker_ended(core, 10, false, 2);
        CHECK_EQ_TEXT(take(core).letters, "G");
        CHECK_EQ_U64(core_find(core, 10)->at, 0);
        core_worker_ended(core, 10, true, 3);
        CHECK_EQ_TEXT(take(core).letters, "S");
        CHECK_EQ_U64(core_find(core, 10)->at, 1);
        CHECK_EQ_U64(core_find(core, 10)->n_tries, 1);
}

TEST(a_lease_is_renewed_while_its_worker_lives) {
        cleanup(core_freep) Core *core = core_new(1);

        offer(core, 10, 1, 1000);
        (void)take(core);
        core_tick(core, 1000 + CORE_RENEW_MS - 1);
        CHECK_EQ_TEXT(take(core).letters, "");
        CHECK_EQ_INT(core_wait_ms(core, 1000 + CORE_RENEW_MS - 1), 1);
        core_tick(core, 1000 + CORE_RENEW_MS);
        CHECK_EQ_TEXT(take(core).letters, "R");
}

TEST(a_short_lease_is_renewed_in_time) {
        cleanup(core_freep) Core *core = core_new(1);
        Slice gate = slice_text("M1");
        struct offer message = {
                .claim = 1, .lease = 2, .lease_ms = 900, .gates = &gate, .n_gates = 1};

        CHECK(core_offer(core, &message, 0));
        (void)take(core);
        CHECK_EQ_INT(core_wait_ms(core, 0), 300);
        core_tick(core, 300);
        CHECK_EQ_TEXT(take(core).letters, "R");
}

TEST(what_the_worker_says_renews_at_once) {
        cleanup(core_freep) Core *core = core_new(1);
        struct progress progress = {.what = slice_text("proxy-subnet"), .n_done = 1, .n_total = 4};

        offer(core, 10, 1, 0);
        (void)take(core);
        core_progress(core, 10, &progress, 7);
        CHECK_EQ_TEXT(take(core).letters, "R");
        CHECK_EQ_TEXT(core_find(core, 10)->what, "proxy-subnet");
        CHECK_EQ_INT(core_wait_ms(core, 7), CORE_RENEW_MS);
}

TEST(a_worker_that_says_nothing_for_too_long_is_killed_and_its_lease_not_renewed) {
        cleanup(core_freep) Core *core = core_new(1);
        Asked asked;

        offer(core, 10, 1, 0);
        (void)take(core);
        core_tick(core, CORE_STALL_MS);
        asked = take(core);
        CHECK_EQ_TEXT(asked.letters, "K");
        core_worker_ended(core, 10, false, CORE_STALL_MS + 1);
        CHECK_EQ_TEXT(take(core).letters, "S");
}

TEST(stopping_kills_what_runs_and_starts_nothing) {
        cleanup(core_freep) Core *core = core_new(1);
        struct offer late = {.claim = 40, .lease = 41, .n_gates = 1};

        offer(core, 10, 2, 0);
        offer(core, 20, 1, 0);
        (void)take(core);
        core_stop(core);
        CHECK_CONTAINS(take(core).letters, "K");
        CHECK_EQ_U64(core_count(core), 1);
        CHECK(!core_offer(core, &late, 1));
        core_worker_ended(core, 10, false, 1);
        CHECK_EQ_TEXT(take(core).letters, "0");
        CHECK_EQ_U64(core_count(core), 0);
}

TEST(there_is_room_for_so_many_jobs_and_no_more) {
        cleanup(core_freep) Core *core = core_new(1);
        Slice gate = slice_text("M1");

        for (uint64_t i = 1; i <= CORE_JOBS_MAX; i++)
                offer(core, i * 10, 1, 0);
        CHECK(!core_offer(
                core, &(struct offer){.claim = 9, .lease = 9, .gates = &gate, .n_gates = 1}, 0));
}
