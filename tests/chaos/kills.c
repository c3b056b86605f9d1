/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One kill after the other; the next load begins when an answer has come. */

#include "tests/chaos/kills.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/lib/figures.h"
#include "tests/lib/test.h"

enum { STEP_MS = 20, SETTLE_MS = 60000, VERIFY_MS = 600000, SAY_EVERY = 100 };

typedef struct Kills {
        const KillPlan *plan;
        Handshake handshake;
        Fleet fleet;
        Process *builder; /* claims, again and again */
        char *ledger;
        Figures restarts; /* µs from the start of a broker to the first durable answer */
        size_t n_brokers, n_adversaries, n_agents;
} Kills;

static void deinit(Kills *kills) {
        kills->builder = process_free(kills->builder);
        fleet_deinit(&kills->fleet);
        handshake_deinit(&kills->handshake);
        figures_deinit(&kills->restarts);
        free(kills->ledger);
}

/* What is killed in mid-verification counts as an attempt: here nobody shall be exhausted. */
static void allow_attempts(const Handshake *handshake) {
        cleanup_free char *path = mem_printf("%s/.coldgate/config", handshake->dir);
        FILE *config = fopen(path, "ae");

        CHECK(config && fputs("attempts = 100\n", config) >= 0 && fclose(config) == 0);
}

static void init(Kills *kills, const KillPlan *plan) {
        *kills = (Kills){.plan = plan};
        handshake_init(&kills->handshake);
        allow_attempts(&kills->handshake);
        kills->ledger = mem_printf("%s/.coldgate/ledger.db", kills->handshake.dir);
        fleet_init(&kills->fleet, kills->handshake.dir, "story", KILL_SENDERS, KILL_WINDOW);
        handshake_start(&kills->handshake);
}

static void keep_claiming(Kills *kills) {
        if (kills->builder && process_is_running(kills->builder))
                return;
        kills->builder = process_free(kills->builder);
        kills->builder = handshake_spawn(&kills->handshake, "COLDGATE_BUILDER", "claim", "COUNTS");
}

static void await_answer(Kills *kills) {
        uint64_t started_ms = clock_mono_ms(), started_ns = clock_mono_ns();

        while (kills->fleet.answered_ms < started_ms) {
                if (clock_mono_ms() - started_ms > HANDSHAKE_MS)
                        FAIL_TEST("no answer after a restart: %s",
                                  process_get_err(kills->handshake.broker));
                fleet_step(&kills->fleet, STEP_MS);
        }
        figures_add(&kills->restarts, (clock_mono_ns() - started_ns) / 1000);
}

static void verify(const Kills *kills) {
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_BROKER"), "verify"},
                            .cwd = kills->handshake.dir};

        bench_run_expect(&spec, VERIFY_MS, 0, NULL);
}

static void kill_broker(Kills *kills, bool with_verify) {
        Handshake *handshake = &kills->handshake;

        kills->n_brokers++;
        process_kill(handshake->broker);
        history_check(&kills->fleet.history, kills->ledger, DECEIT_NONE);
        history_expect_whole(&kills->fleet.history);
        if (with_verify)
                verify(kills);
        handshake->broker = process_free(handshake->broker);
        handshake->broker = handshake_spawn(handshake, "COLDGATE_BROKER", "run");
        await_answer(kills);
}

static void kill_adversary(Kills *kills) {
        Handshake *handshake = &kills->handshake;

        kills->n_adversaries++;
        process_kill(handshake->adversary);
        handshake->adversary = process_free(handshake->adversary);
        handshake->adversary = handshake_spawn(handshake, "COLDGATE_ADVERSARY", "run");
}

static void kill_agents(Kills *kills, size_t i) {
        kills->n_agents++;
        fleet_restart(&kills->fleet, i % KILL_SENDERS);
        process_kill(kills->builder);
}

static bool all_are_decided(void *userdata) {
        Kills *kills = userdata;

        history_check_claims(&kills->fleet.history, kills->ledger);
        return kills->fleet.history.n_undecided == 0;
}

static void end(Kills *kills) {
        const History *history = &kills->fleet.history;

        kills->builder = process_free(kills->builder);
        fleet_settle(&kills->fleet, SETTLE_MS);
        if (!test_wait_until(all_are_decided, kills, SETTLE_MS))
                FAIL_TEST("%zu gates of claims are not decided", history->n_undecided);
        process_kill(kills->handshake.broker);
        history_check(&kills->fleet.history, kills->ledger, DECEIT_NONE);
        history_expect_whole(history);
        verify(kills);
        CHECK(kills->n_brokers > 0 && history->n_acks > 0);
        printf("# kills | broker %zu, adversary %zu, agents %zu\n", kills->n_brokers,
               kills->n_adversaries, kills->n_agents);
        printf("# entries | %zu, acknowledged %zu; lost 0, twice 0, out of order 0\n",
               history->n_rows, history->n_acks);
        figures_print(&kills->restarts, "restart to first durable answer", "us");
}

void kills_run(const KillPlan *plan) {
        cleanup(deinit) Kills kills;
        unsigned seed = (unsigned)clock_wall_ms();

        printf("# seed %u\n", seed);
        srand(seed);
        init(&kills, plan);
        for (size_t i = 0; i < plan->n_kills; i++) {
                if (i && i % SAY_EVERY == 0)
                        (void)fprintf(stderr, "# kill %zu: %zu entries\n", i,
                                      kills.fleet.history.n_rows);
                keep_claiming(&kills);
                fleet_run(&kills.fleet, 1 + (uint64_t)rand() % plan->interval_ms_max);
                if (i % 10 == 3)
                        kill_adversary(&kills);
                else if (i % 10 == 7)
                        kill_agents(&kills, i / 10);
                else
                        kill_broker(&kills, plan->verify_every && i % plan->verify_every == 0);
        }
        end(&kills);
}
