/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Memory, descriptors, latency and the write-ahead log, part by part. */

#include "tests/chaos/soak_run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/lib/raw_agent.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/test.h"

enum {
        SENDERS = 8,
        WINDOW = 16,
        PAUSE_MS = 5,
        N_PARTS = 10,
        SETTLE_MS = 60000,
        VERIFY_MS = 3600000,
        MEASURE_MS = 10000,
        SECOND_MS = 1000,
};

/* Beside the load, of one that says a note at a time. */
static void run_part(RawAgent *single, uint64_t duration_ms, Figures *latencies) {
        uint64_t end_ms = clock_mono_ms() + duration_ms;

        while (clock_mono_ms() < end_ms) {
                figures_add(latencies, raw_agent_note(single, "m", SETTLE_MS));
                raw_agent_hear(single, PAUSE_MS);
        }
}

static void look(const TcpBroker *broker, const RawAgent *single, Figures *latencies,
                 SoakPart *ret_part) {
        cleanup_free char *wal = mem_printf("%s/.coldgate/ledger.db-wal", broker->real.dir);

        soak_look(process_get_pid(broker->real.process), wal, latencies, ret_part);
        ret_part->seq = single->ack_seq;
}

static void print(size_t i, const SoakPart *part, uint64_t seq_before, Figures *latencies) {
        char name[64];

        (void)snprintf(name, sizeof name, "part %zu: latency", i + 1);
        figures_print(latencies, name, "us");
        printf("# part %zu: entries %llu, memory %llu KiB, descriptors %zu, log %llu KiB\n", i + 1,
               (unsigned long long)(part->seq - seq_before), (unsigned long long)part->kib,
               part->n_fds, (unsigned long long)part->wal_kib);
        (void)fflush(stdout);
}

static void verify(TcpBroker *broker) {
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_BROKER"), "verify"},
                            .cwd = broker->real.dir};

        process_signal(broker->real.process, SIGTERM);
        CHECK_EQ_INT(process_wait(broker->real.process, SETTLE_MS), 0);
        bench_run_expect(&spec, VERIFY_MS, 0, NULL);
}

/* `n_a_second`, all of them together; 0: as much as there can be. */
static void start_load(const TcpBroker *broker, uint64_t n_a_second, pid_t pids[SENDERS]) {
        for (size_t i = 0; i < SENDERS; i++)
                pids[i] = raw_agent_start_flow(&broker->real.project, "adversary", "m", WINDOW,
                                               (n_a_second + SENDERS - 1) / SENDERS);
}

static void end_load(const pid_t pids[SENDERS]) {
        for (size_t i = 0; i < SENDERS; i++)
                raw_agent_end_flood(pids[i]);
}

/* Entries a second that it takes, with one that says a note at a time beside them. */
static uint64_t measure(const TcpBroker *broker, RawAgent *single) {
        cleanup_figures Figures latencies = {.n = 0};
        uint64_t seq = single->ack_seq;
        pid_t load[SENDERS];

        start_load(broker, 0, load);
        run_part(single, MEASURE_MS, &latencies);
        end_load(load);
        return (single->ack_seq - seq) * SECOND_MS / MEASURE_MS;
}

static uint64_t part_ms_of(const SoakPlan *plan) {
        const char *given = getenv("COLDGATE_SOAK_SECONDS");

        return (given ? strtoull(given, NULL, 10) : plan->seconds) * SECOND_MS / N_PARTS;
}

void soak_run(const SoakPlan *plan) {
        cleanup_raw_agent RawAgent single;
        cleanup_tcp_broker TcpBroker broker;
        uint64_t part_ms = part_ms_of(plan), n_a_second = 0, seq;
        SoakPart parts[N_PARTS];
        pid_t load[SENDERS];

        tcp_broker_start(&broker, "quota-builder = 0\nquota-adversary = 0\n");
        raw_agent_connect(&single, &broker.real.project, "builder");
        (void)raw_agent_note(&single, "m", SETTLE_MS);
        if (plan->percent)
                n_a_second = measure(&broker, &single) * plan->percent / 100;
        if (plan->percent)
                printf("# %u %% of what it takes: %llu entries a second\n", plan->percent,
                       (unsigned long long)n_a_second);
        start_load(&broker, n_a_second, load);
        for (size_t i = 0; i < N_PARTS; i++) {
                cleanup_figures Figures latencies = {.n = 0};

                seq = single.ack_seq;
                run_part(&single, part_ms, &latencies);
                look(&broker, &single, &latencies, &parts[i]);
                print(i, &parts[i], seq, &latencies);
        }
        end_load(load);
        printf("# memory from the second part to the last | %lld KiB more; slope %lld KiB an "
               "hour\n",
               (long long)(parts[N_PARTS - 1].kib - parts[1].kib),
               (long long)soak_kib_an_hour(parts, N_PARTS, part_ms));
        CHECK_EQ_TEXT(plan->judge(parts, N_PARTS, part_ms), NULL);
        verify(&broker);
}
