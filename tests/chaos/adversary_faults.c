/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The n-th call of a real adversary to the disk, from a claim to its verdict, fails, tears, or is
 * its last. The claim is decided once all the same; its own disk is never taken for a fault of
 * the product, and never for none.
 */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/chaos/extent.h"
#include "tests/lib/handshake.h"
#include "tests/lib/history.h"
#include "tests/lib/shim.h"
#include "tests/lib/test.h"

enum { N_CYCLES = 1, CLAIM_MS = 60000, LASTING_MS = 3000, STATUS_INCONCLUSIVE = 3 };

typedef struct Hurting {
        Handshake handshake;
        ShimState *shim;
        char *preload, *orders;
        size_t n_commits;
        uint64_t n_ends, n_faults, n_inconclusive;
} Hurting;

static void start_adversary(Hurting *hurting) {
        const char *const env[] = {hurting->preload, hurting->orders, NULL};
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_ADVERSARY"), "run"},
                            .cwd = hurting->handshake.dir,
                            .env = env};
        Handshake *handshake = &hurting->handshake;

        handshake->adversary = process_free(handshake->adversary);
        handshake->adversary = process_start(&spec);
        process_wait_text(handshake->adversary, "ready", HANDSHAKE_MS);
}

static void hurting_init(Hurting *hurting) {
        cleanup_free char *path = mem_printf("%s/shim", test_dir());
        char *slash;

        *hurting = (Hurting){.n_commits = 0};
        handshake_init(&hurting->handshake);
        hurting->shim = shim_state_new(path);
        CHECK(hurting->shim);
        hurting->shim->ops = SHIM_ALL;
        (void)snprintf(hurting->shim->program, sizeof hurting->shim->program, "adversary-agent");
        /* The directories of this test stand beside each other. */
        (void)snprintf(hurting->shim->root, sizeof hurting->shim->root, "%s",
                       hurting->handshake.dir);
        slash = strrchr(hurting->shim->root, '/');
        CHECK(slash);
        *slash = 0;
        hurting->preload = mem_printf("LD_PRELOAD=%s", bench_program("COLDGATE_SHIM_LIBRARY"));
        hurting->orders = mem_printf("COLDGATE_SHIM=%s", path);
        handshake_start_broker(&hurting->handshake);
        start_adversary(hurting);
}

static void hurting_deinit(Hurting *hurting) {
        handshake_deinit(&hurting->handshake);
        free(hurting->preload);
        free(hurting->orders);
}

static void order(Hurting *hurting, ShimFault fault, uint64_t at, bool is_lasting) {
        hurting->shim->at = 0;
        hurting->shim->fault = fault;
        hurting->shim->is_lasting = is_lasting;
        atomic_store(&hurting->shim->n_calls, 0);
        atomic_store(&hurting->shim->n_faults, 0);
        hurting->shim->at = at;
}

typedef struct Waiting {
        Hurting *hurting;
        Process *builder;
        uint64_t heal_ms; /* monotonic; from then on the disk is good */
} Waiting;

/* Whenever the adversary ends it is started again, on a good disk: what hurt it may have been long
 * ago where the machine is busy. */
static bool is_decided(void *userdata) {
        const Waiting *waiting = userdata;
        Hurting *hurting = waiting->hurting;
        bool has_ended = !process_is_running(hurting->handshake.adversary);

        if (!process_is_running(waiting->builder))
                return true;
        if (has_ended || clock_mono_ms() >= waiting->heal_ms)
                hurting->shim->at = 0;
        if (has_ended) {
                hurting->n_ends++;
                start_adversary(hurting);
        }
        return false;
}

/* A claim of what holds or of what does not, at a commit that the adversary has not seen yet: the
 * builder's exit status. */
static int claim(Hurting *hurting, bool holds) {
        cleanup_free char *text =
                mem_printf("%s %zu\n", holds ? "hello" : "bye", hurting->n_commits++);
        cleanup(process_freep) Process *builder = NULL;
        Handshake *handshake = &hurting->handshake;
        Waiting waiting = {.hurting = hurting, .heal_ms = clock_mono_ms() + LASTING_MS};

        handshake_commit(handshake, "greeting", text);
        waiting.builder = builder =
                handshake_spawn(handshake, "COLDGATE_BUILDER", "claim", "GREETS", "--wait");
        if (!test_wait_until(is_decided, &waiting, CLAIM_MS))
                FAIL_TEST("fault %u in %s, and no end:\n%s\n%s", hurting->shim->fault,
                          hurting->shim->fault_path, process_get_err(builder),
                          process_get_err(handshake->adversary));
        hurting->shim->at = 0;
        return process_wait(builder, CLAIM_MS);
}

static void cycle(Hurting *hurting, ShimFault fault, uint64_t at, bool is_lasting) {
        bool holds = hurting->n_commits % 2, is_met;
        int status;

        if (!process_is_running(hurting->handshake.adversary))
                start_adversary(hurting);
        order(hurting, fault, at, is_lasting);
        status = claim(hurting, holds);
        is_met = atomic_load(&hurting->shim->n_faults) > 0;
        hurting->n_faults += is_met;
        hurting->n_inconclusive += status == STATUS_INCONCLUSIVE;
        if ((status != STATUS_INCONCLUSIVE || !is_met) && status != (holds ? 0 : 1))
                FAIL_TEST("fault %d of call %" PRIu64 ", of %s: a claim that %s has status %d:\n%s",
                          fault, at, hurting->shim->fault_path, holds ? "holds" : "does not",
                          status, process_get_err(hurting->handshake.adversary));
}

static uint64_t count_calls(Hurting *hurting) {
        order(hurting, SHIM_NOTHING, 0, false);
        CHECK_EQ_INT(claim(hurting, true), 0);
        return atomic_load(&hurting->shim->n_calls);
}

static void check_claims(Hurting *hurting) {
        cleanup_free char *ledger = mem_printf("%s/.coldgate/ledger.db", hurting->handshake.dir);
        cleanup_history History history = {.n_senders = 0};

        process_signal(hurting->handshake.broker, SIGTERM);
        CHECK_EQ_INT(process_wait(hurting->handshake.broker, HANDSHAKE_MS), 0);
        history_check_claims(&history, ledger);
        CHECK_EQ_U64(history.n_undecided, 0);
        CHECK_EQ_U64(history.n_decided_twice, 0);
        handshake_verify(&hurting->handshake);
}

TEST(a_claim_is_decided_once_wherever_the_adversarys_disk_fails_or_it_ends) {
        static const ShimFault faults[] = {SHIM_KILL_MIDDLE, SHIM_EIO, SHIM_KILL_AFTER, SHIM_ENOSPC,
                                           SHIM_TEAR};
        cleanup(hurting_deinit) Hurting hurting;
        uint64_t seed = extent_seed(), n_calls, n;

        extent_begin();
        hurting_init(&hurting);
        n_calls = count_calls(&hurting);
        CHECK(n_calls > 0);
        n = extent_is_long ? n_calls : N_CYCLES;
        for (uint64_t i = 0; i < n; i++)
                cycle(&hurting, faults[(extent_is_long ? i : seed) % ARRAY_SIZE(faults)],
                      extent_is_long ? i + 1 : 1 + extent_draw(seed) % n_calls, i / 2 % 2);
        order(&hurting, SHIM_NOTHING, 0, false);
        if (!process_is_running(hurting.handshake.adversary))
                start_adversary(&hurting);
        CHECK_EQ_INT(claim(&hurting, true), 0);
        check_claims(&hurting);
        printf("# %" PRIu64 " calls from claim to verdict, %" PRIu64 " claims, %" PRIu64
               " faults met; ended by it %" PRIu64 ", not carried out %" PRIu64
               ", decided twice 0, never 0; seed %" PRIu64 "\n",
               n_calls, n, hurting.n_faults, hurting.n_ends, hurting.n_inconclusive, seed);
}

TEST(a_claim_that_nobody_decides_is_seen) {
        cleanup_history History history = {.n_senders = 0};
        cleanup_free char *ledger = NULL;
        cleanup_handshake Handshake handshake;

        handshake_init(&handshake);
        handshake_start_broker(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, NULL, "claim", "GREETS"), 0);
        process_signal(handshake.broker, SIGTERM);
        CHECK_EQ_INT(process_wait(handshake.broker, HANDSHAKE_MS), 0);
        ledger = mem_printf("%s/.coldgate/ledger.db", handshake.dir);
        history_check_claims(&history, ledger);
        CHECK_EQ_U64(history.n_undecided, 1);
}
