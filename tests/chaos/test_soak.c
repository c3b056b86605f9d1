/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Full load for minutes: memory, descriptors, latency and the write-ahead log, part by part.
 * COLDGATE_SOAK_SECONDS: another length. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/chaos/soak.h"
#include "tests/lib/raw_agent.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/test.h"

enum {
        SENDERS = 8,
        WINDOW = 16,
        PAUSE_MS = 5,
        SOAK_SECONDS = 600,
        N_PARTS = 10,
        SETTLE_MS = 60000,
        VERIFY_MS = 600000,
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

static void start_load(const TcpBroker *broker, pid_t pids[SENDERS]) {
        for (size_t i = 0; i < SENDERS; i++)
                pids[i] = raw_agent_start_flood(&broker->real.project, "adversary", "m", WINDOW);
}

static uint64_t part_ms(void) {
        const char *given = getenv("COLDGATE_SOAK_SECONDS");

        return (given ? strtoull(given, NULL, 10) : SOAK_SECONDS) * 1000 / N_PARTS;
}

TEST(ten_minutes_of_full_load_leave_memory_descriptors_and_latency_as_they_were) {
        cleanup_raw_agent RawAgent single;
        cleanup_tcp_broker TcpBroker broker;
        SoakPart parts[N_PARTS];
        pid_t load[SENDERS];
        uint64_t seq;

        tcp_broker_start(&broker, "quota-builder = 0\nquota-adversary = 0\n");
        raw_agent_connect(&single, &broker.real.project, "builder");
        (void)raw_agent_note(&single, "m", SETTLE_MS);
        start_load(&broker, load);
        for (size_t i = 0; i < N_PARTS; i++) {
                cleanup_figures Figures latencies = {.n = 0};

                seq = single.ack_seq;
                run_part(&single, part_ms(), &latencies);
                look(&broker, &single, &latencies, &parts[i]);
                print(i, &parts[i], seq, &latencies);
        }
        for (size_t i = 0; i < SENDERS; i++)
                raw_agent_end_flood(load[i]);
        printf("# memory from the second part to the last | %lld KiB more; slope %lld KiB an "
               "hour\n",
               (long long)(parts[N_PARTS - 1].kib - parts[1].kib),
               (long long)soak_kib_an_hour(parts, N_PARTS, part_ms()));
        CHECK_EQ_TEXT(soak_judge(parts, N_PARTS), NULL);
        verify(&broker);
}
