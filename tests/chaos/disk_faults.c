/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The n-th call of a real broker to the disk, or for memory, fails, tears, or is its last: for each
 * n of a short story, or for some in `./check`. It ends by itself where it must, answers nothing
 * after a sync that failed, and loses nothing.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "broker/ledger.h"
#include "tests/chaos/extent.h"
#include "tests/lib/hurt.h"
#include "tests/lib/test.h"

enum {
        N_NOTES = 6,
        N_CYCLES = 4,
        END_MS = 1000,
        LOAD_MS = 2000,
        MEMORY_STRIDE_LONG = 8,
        N_TRIALS = 6,
        TRIALS_MAX = 1024,
        VERB_MS = 30000
};

typedef struct Tally {
        uint64_t n_cycles, n_faults, n_ends, slowest_ms;
} Tally;

/* How many calls the story makes. */
static uint64_t count_calls(Hurt *hurt) {
        hurt_order(hurt, SHIM_NOTHING, 0, false);
        CHECK(hurt_start(hurt));
        hurt_say(hurt, N_NOTES);
        CHECK_EQ_INT(hurt_end(hurt), 0);
        return atomic_load(&hurt->shim->n_calls);
}

static bool is_of_the_ledger(const ShimState *shim) {
        return strstr(shim->fault_path, "/ledger.db") && !strstr(shim->fault_path, "-shm") &&
               (shim->fault_op == SHIM_WRITE || shim->fault_op == SHIM_SYNC);
}

/* `asked_ms`: when it was asked to end. */
static void judge(const Hurt *hurt, int status, uint64_t asked_ms, Tally *tally) {
        uint64_t fault_ms = atomic_load(&hurt->shim->fault_ms);

        tally->n_cycles++;
        tally->n_faults += fault_ms > 0;
        if (!fault_ms || hurt->shim->fault >= SHIM_KILL_BEFORE || fault_ms >= asked_ms ||
            !is_of_the_ledger(hurt->shim))
                return;
        tally->n_ends++;
        if (status == 0 || status >= 128 || !hurt->ended_ms)
                FAIL_TEST("call %" PRIu64 " of %s failed, and the status is %d", hurt->shim->at,
                          hurt->shim->fault_path, status);
        if (hurt->last_ack_ms > fault_ms)
                FAIL_TEST("an answer %" PRIu64 " ms after call %" PRIu64 " of %s had failed",
                          hurt->last_ack_ms - fault_ms, hurt->shim->at, hurt->shim->fault_path);
        if (hurt->ended_ms - fault_ms > tally->slowest_ms)
                tally->slowest_ms = hurt->ended_ms - fault_ms;
}

static void cycle(Hurt *hurt, ShimFault fault, uint64_t at, bool is_lasting, Tally *tally) {
        uint64_t asked_ms;
        int status;

        hurt_order(hurt, fault, at, is_lasting);
        if (hurt_start(hurt))
                hurt_say(hurt, N_NOTES);
        asked_ms = clock_mono_ms();
        status = hurt_end(hurt);
        judge(hurt, status, asked_ms, tally);
        hurt_check(hurt);
}

/* What ends a program by itself does not last. */
static void cycle_once_and_lasting(Hurt *hurt, ShimFault fault, uint64_t at, Tally *tally) {
        cycle(hurt, fault, at, false, tally);
        if (fault < SHIM_KILL_BEFORE)
                cycle(hurt, fault, at, true, tally);
}

static void print_tally(const Hurt *hurt, const Tally *tally, uint64_t seed) {
        printf("# %" PRIu64 " cycles, %" PRIu64 " faults, %" PRIu64
               " of them in writes and syncs of the ledger: it ended within %" PRIu64
               " ms; %zu acknowledged, lost 0; seed %" PRIu64 "\n",
               tally->n_cycles, tally->n_faults, tally->n_ends, tally->slowest_ms, hurt->n_acked,
               seed);
}

/* Each call and each fault, once and from there on, or some. */
static void hurt_at_calls(Hurt *hurt, const ShimFault *faults, size_t n_faults, uint64_t stride) {
        uint64_t seed = extent_seed(), n_calls = count_calls(hurt);
        Tally tally = {0};

        if (extent_is_long)
                for (uint64_t at = 1 + seed % stride; at <= n_calls; at += stride)
                        for (size_t i = 0; i < n_faults; i++)
                                cycle_once_and_lasting(hurt, faults[i], at, &tally);
        for (uint64_t i = 0; !extent_is_long && i < N_CYCLES; i++)
                cycle(hurt, faults[i % n_faults], 1 + extent_draw(seed + i) % n_calls, i % 2,
                      &tally);
        CHECK(tally.n_faults > 0);
        print_tally(hurt, &tally, seed);
}

TEST(a_call_to_the_disk_that_fails_costs_no_acknowledged_entry) {
        static const ShimFault faults[] = {SHIM_EIO, SHIM_ENOSPC, SHIM_EROFS, SHIM_TEAR};
        cleanup_hurt Hurt hurt;

        extent_begin();
        hurt_init(&hurt);
        hurt_at_calls(&hurt, faults, ARRAY_SIZE(faults), 1);
}

TEST(a_call_to_the_disk_that_is_the_last_costs_no_acknowledged_entry) {
        static const ShimFault faults[] = {SHIM_KILL_BEFORE, SHIM_KILL_MIDDLE, SHIM_KILL_AFTER};
        cleanup_hurt Hurt hurt;

        extent_begin();
        hurt_init(&hurt);
        hurt_at_calls(&hurt, faults, ARRAY_SIZE(faults), 1);
}

/* The first sync of each later commit: none of them is answered. */
TEST(nothing_is_answered_after_a_sync_of_the_ledger_has_failed) {
        cleanup_hurt Hurt hurt;
        Tally tally = {0};
        uint64_t n_calls;

        extent_begin();
        hurt_init(&hurt);
        (void)snprintf(hurt.shim->only, sizeof hurt.shim->only, "ledger.db-wal");
        hurt.shim->ops = SHIM_SYNC;
        n_calls = count_calls(&hurt);
        CHECK(n_calls >= N_NOTES);
        for (uint64_t at = 2; at < n_calls - 1; at += extent_is_long ? 1 : 3)
                cycle(&hurt, SHIM_EIO, at, true, &tally);
        CHECK(tally.n_ends > 0);
        CHECK(tally.slowest_ms <= END_MS + (extent_is_long ? 0 : LOAD_MS));
        print_tally(&hurt, &tally, 0);
}

/* COLDGATE_STRIDE=1: each allocation, on a machine that has an hour for it. */
static uint64_t memory_stride(void) {
        const char *given = getenv("COLDGATE_STRIDE");

        return given ? strtoull(given, NULL, 10) : MEMORY_STRIDE_LONG;
}

TEST(memory_that_runs_out_costs_no_acknowledged_entry) {
        static const ShimFault faults[] = {SHIM_EIO};
        cleanup_hurt Hurt hurt;

        extent_begin();
        hurt_init(&hurt);
        hurt.shim->ops = SHIM_MALLOC;
        hurt_at_calls(&hurt, faults, ARRAY_SIZE(faults), memory_stride());
}

/* ---- an agent ---- */

/* `builder-agent note`, hurt or not: its exit status. */
static int say_by_hand(Hurt *hurt, uint64_t number, bool is_hurt) {
        cleanup_free char *preload =
                mem_printf("LD_PRELOAD=%s", bench_program("COLDGATE_SHIM_LIBRARY"));
        cleanup_free char *orders = mem_printf("COLDGATE_SHIM=%s", hurt->shim_path);
        cleanup_free char *text = mem_printf("trial %06" PRIu64 ".", number);
        const char *const env[] = {is_hurt ? preload : NULL, orders, NULL};
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_BUILDER"), "note", text},
                            .cwd = hurt->broker.dir,
                            .env = env};

        return bench_run(&spec, VERB_MS, NULL, NULL);
}

typedef struct Trials {
        uint8_t *counts;
        uint64_t n;
} Trials;

static int count_trial(void *userdata, const Entry *entry) {
        Trials *trials = userdata;

        for (uint64_t i = 0; i < trials->n; i++) {
                cleanup_free char *text = mem_printf("trial %06" PRIu64 ".", i);

                trials->counts[i] += slice_is(entry->kind, "note") &&
                                     slice_find(entry->frame, slice_text(text)) < entry->frame.n;
        }
        return 0;
}

static void count_trials(const Hurt *hurt, Trials *trials) {
        cleanup_free char *path = mem_printf("%s/.coldgate/ledger.db", hurt->broker.dir);
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(ledger_open(path, LEDGER_READ, &ledger, &fault), 0);
        CHECK_EQ_INT(ledger_walk(ledger, 1, SLICE_NULL, count_trial, trials), 0);
}

/* Of those whose author was told that they are there, as far as one reads the ledger. */
static uint64_t count_wrong(const Hurt *hurt, Trials *trials, const bool *was_told,
                            uint64_t *ret_n_there) {
        uint64_t n = 0;

        count_trials(hurt, trials);
        for (uint64_t i = 0; i < trials->n; i++) {
                n += trials->counts[i] > 1 || (was_told[i] && !trials->counts[i]);
                *ret_n_there += trials->counts[i];
        }
        return n;
}

static uint64_t count_calls_of_agent(Hurt *hurt) {
        (void)snprintf(hurt->shim->program, sizeof hurt->shim->program, "builder-agent");
        hurt_order(hurt, SHIM_NOTHING, 0, false);
        CHECK_EQ_INT(say_by_hand(hurt, TRIALS_MAX, true), 0);
        return atomic_load(&hurt->shim->n_calls);
}

TEST(what_an_agent_was_told_is_there_once_wherever_its_disk_fails_or_it_ends) {
        static const ShimFault faults[] = {SHIM_KILL_BEFORE, SHIM_KILL_MIDDLE, SHIM_KILL_AFTER,
                                           SHIM_EIO,         SHIM_ENOSPC,      SHIM_TEAR};
        uint64_t seed = extent_seed(), n_calls, n_told = 0, n_there = 0;
        uint8_t counts[TRIALS_MAX] = {0};
        bool was_told[TRIALS_MAX] = {false};
        Trials trials = {.counts = counts};
        cleanup_hurt Hurt hurt;

        extent_begin();
        hurt_init(&hurt);
        real_broker_start(&hurt.broker);
        n_calls = count_calls_of_agent(&hurt);
        trials.n = extent_is_long ? n_calls * ARRAY_SIZE(faults) : N_TRIALS;
        CHECK(n_calls > 0 && trials.n <= TRIALS_MAX);
        for (uint64_t i = 0; i < trials.n; i++) {
                uint64_t at =
                        extent_is_long ? i / ARRAY_SIZE(faults) : extent_draw(seed + i) % n_calls;

                hurt_order(&hurt, faults[i % ARRAY_SIZE(faults)], at + 1, i % 2);
                was_told[i] = say_by_hand(&hurt, i, true) == 0;
                n_told += was_told[i];
        }
        CHECK_EQ_INT(say_by_hand(&hurt, TRIALS_MAX + 1, false), 0); /* says what was kept too */
        CHECK_EQ_U64(count_wrong(&hurt, &trials, was_told, &n_there), 0);
        printf("# %" PRIu64 " trials over %" PRIu64 " calls: %" PRIu64 " told, %" PRIu64
               " there, each once; seed %" PRIu64 "\n",
               trials.n, n_calls, n_told, n_there, seed);
        real_broker_stop(&hurt.broker);
        real_broker_do(&hurt.broker, NULL, "verify");
}

TEST(what_an_agent_was_told_and_is_not_there_or_is_there_twice_is_seen) {
        uint8_t counts[4] = {0};
        /* 0: said; 1: said twice, each time as another note; 2: taken for said; 3: never said. */
        const bool was_told[4] = {true, true, true, false};
        Trials trials = {.counts = counts, .n = 4};
        uint64_t n_there = 0;
        cleanup_hurt Hurt hurt;

        hurt_init(&hurt);
        real_broker_start(&hurt.broker);
        CHECK_EQ_INT(say_by_hand(&hurt, 0, false), 0);
        CHECK_EQ_INT(say_by_hand(&hurt, 1, false), 0);
        CHECK_EQ_INT(say_by_hand(&hurt, 1, false), 0);
        real_broker_stop(&hurt.broker);
        CHECK_EQ_U64(count_wrong(&hurt, &trials, was_told, &n_there), 2);
        CHECK_EQ_U64(n_there, 3);
}

/* What all of the above rest on. */
TEST(an_acknowledgement_that_is_not_in_the_ledger_is_seen) {
        cleanup_hurt Hurt hurt;

        hurt_init(&hurt);
        hurt_order(&hurt, SHIM_NOTHING, 0, false);
        CHECK(hurt_start(&hurt));
        hurt_say(&hurt, 2);
        CHECK_EQ_INT(hurt_end(&hurt), 0);
        CHECK_EQ_U64(hurt_count_lost(&hurt), 0);
        hurt.acked[0].bytes[0] ^= 1;
        CHECK_EQ_U64(hurt_count_lost(&hurt), 1);
}
