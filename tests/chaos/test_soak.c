/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Full load for minutes: memory, descriptors, latency and the write-ahead log, part by part.
 * COLDGATE_SOAK_SECONDS: another length. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/lib/figures.h"
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
        GROWTH_KIB_MAX = 8 << 10,
        FDS_MORE_MAX = 4,
        WAL_KIB_MAX = 64 << 10,
};

typedef struct Part {
        uint64_t kib, wal_kib;
        uint64_t seq; /* of the newest entry */
        size_t n_fds;
} Part;

static uint64_t size_kib(const char *path) {
        struct stat facts;

        return stat(path, &facts) == 0 ? (uint64_t)facts.st_size / 1024 : 0;
}

/* Beside the load, of one that says a note at a time. */
static void run_part(RawAgent *single, uint64_t duration_ms, Figures *latencies) {
        uint64_t end_ms = clock_mono_ms() + duration_ms;

        while (clock_mono_ms() < end_ms) {
                figures_add(latencies, raw_agent_note(single, "m", SETTLE_MS));
                raw_agent_hear(single, PAUSE_MS);
        }
}

static void look(const TcpBroker *broker, const RawAgent *single, Part *ret_part) {
        cleanup_free char *wal = mem_printf("%s/.coldgate/ledger.db-wal", broker->real.dir);
        pid_t pid = process_get_pid(broker->real.process);

        *ret_part = (Part){.kib = process_resident_kib(pid),
                           .wal_kib = size_kib(wal),
                           .n_fds = process_count_fds(pid),
                           .seq = single->ack_seq};
}

static void print(size_t i, const Part *part, const Part *before, Figures *latencies) {
        char name[64];

        (void)snprintf(name, sizeof name, "part %zu: latency", i + 1);
        figures_print(latencies, name, "us");
        printf("# part %zu: entries %llu, memory %llu KiB, descriptors %zu, log %llu KiB\n", i + 1,
               (unsigned long long)(part->seq - before->seq), (unsigned long long)part->kib,
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
        Part parts[N_PARTS + 1];
        pid_t load[SENDERS];

        tcp_broker_start(&broker, "quota-builder = 0\nquota-adversary = 0\n");
        raw_agent_connect(&single, &broker.real.project, "builder");
        (void)raw_agent_note(&single, "m", SETTLE_MS);
        start_load(&broker, load);
        look(&broker, &single, &parts[0]);
        for (size_t i = 0; i < N_PARTS; i++) {
                cleanup_figures Figures latencies = {.n = 0};

                run_part(&single, part_ms(), &latencies);
                look(&broker, &single, &parts[i + 1]);
                print(i, &parts[i + 1], &parts[i], &latencies);
                CHECK(parts[i + 1].wal_kib <= WAL_KIB_MAX);
        }
        for (size_t i = 0; i < SENDERS; i++)
                raw_agent_end_flood(load[i]);
        printf("# memory from the second part to the last | %lld KiB more\n",
               (long long)(parts[N_PARTS].kib - parts[2].kib));
        CHECK((int64_t)(parts[N_PARTS].kib - parts[2].kib) <= GROWTH_KIB_MAX);
        CHECK(parts[N_PARTS].n_fds <= parts[1].n_fds + FDS_MORE_MAX);
        verify(&broker);
}
