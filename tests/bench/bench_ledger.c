/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A large ledger: starting on it, looking into it, verifying it; beside an empty one. */

#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/session.h"
#include "tests/bench/figures.h"
#include "tests/bench/fill.h"
#include "tests/lib/test.h"

enum {
        LIMIT_S = 900,
        FIRST_ACK_MS = 60000,
        REST_LIMIT_MS = 300000,
        VERIFY_LIMIT_MS = 300000,
        VERB_LIMIT_MS = 60000,
        REST_STEP_MS = 500, /* without processor time: it rests */
        N_LOOKS = 9,
};

typedef struct Bench {
        RealBroker small, large;
        uint64_t n_entries, verdict;
} Bench;

static double ms_since(uint64_t begin_ns) {
        return (double)(clock_mono_ns() - begin_ns) / 1e6;
}

static double resident(const RealBroker *broker) {
        return figures_resident((int)process_get_pid(broker->process));
}

static double cpu_s(const RealBroker *broker) {
        return figures_cpu_s((int)process_get_pid(broker->process));
}

/* From starting it until a note is acknowledged. */
static double first_ack_ms(RealBroker *broker) {
        Message note = {.type = MESSAGE_NOTE,
                        .note = {.phase = slice_text("m"),
                                 .to = NOTE_TO_RECORD,
                                 .text = slice_text("the first after a start")}};
        uint64_t begin_ns = clock_mono_ns(), seq = 0;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;

        message_set_present(&note);
        real_broker_start(broker);
        session = real_broker_session(broker, "builder");
        if (session_connect(session, FIRST_ACK_MS, &fault) != 0 ||
            session_call(session, &note, FIRST_ACK_MS, &seq, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
        return ms_since(begin_ns);
}

/* Until it has used no processor time for a while. */
static void wait_for_rest(const RealBroker *broker) {
        uint64_t end_ms = clock_mono_ms() + REST_LIMIT_MS;
        double before = -1, now = cpu_s(broker);

        while (now - before >= 0.02 && clock_mono_ms() < end_ms) {
                (void)usleep(REST_STEP_MS * 1000);
                before = now;
                now = cpu_s(broker);
        }
}

static void measure_starts(Bench *bench) {
        for (unsigned i = 0; i < figures_size(3, 1); i++) {
                double small_ms = first_ack_ms(&bench->small);

                figures_add(ROW_START, first_ack_ms(&bench->large), small_ms);
                figures_add(ROW_MEMORY_FULL, resident(&bench->large), resident(&bench->small));
                real_broker_kill(&bench->large);
                real_broker_kill(&bench->small);
        }
}

static void measure_rest(Bench *bench) {
        (void)first_ack_ms(&bench->small);
        (void)first_ack_ms(&bench->large);
        wait_for_rest(&bench->small);
        wait_for_rest(&bench->large);
        figures_add(ROW_MEMORY_REST, resident(&bench->large), resident(&bench->small));
        figures_add(ROW_REST, cpu_s(&bench->large), cpu_s(&bench->small));
}

/* ---- verbs ---- */

static double run_ms(const Bench *bench, const ProcessSpec *spec) {
        uint64_t begin_ns;

        (void)bench;
        begin_ns = clock_mono_ns();
        bench_run_expect(spec, VERB_LIMIT_MS, 0, NULL);
        return ms_since(begin_ns);
}

static void measure_looks(const Bench *bench) {
        cleanup_free char *show = mem_printf("%llu", (unsigned long long)bench->verdict);
        cleanup_free char *sql = mem_printf("SELECT hex(hash) FROM entry WHERE seq = %s", show);
        const char *broker = bench_program("COLDGATE_BROKER"), *cwd = bench->large.dir;
        ProcessSpec sqlite = {.argv = {"sqlite3", "-readonly", ".coldgate/ledger.db", sql},
                              .cwd = cwd};
        ProcessSpec verbs[] = {
                {.argv = {broker, "status"}, .cwd = cwd},
                {.argv = {broker, "log", "--tail", "10"}, .cwd = cwd},
                {.argv = {broker, "show", show}, .cwd = cwd},
        };
        static const FigureRow rows[] = {ROW_STATUS, ROW_LOG_TAIL, ROW_SHOW};

        for (unsigned i = 0; i < figures_size(N_LOOKS, 3); i++)
                for (size_t j = 0; j < ARRAY_SIZE(verbs); j++) {
                        double sqlite_ms = run_ms(bench, &sqlite);

                        figures_add(rows[j], run_ms(bench, &verbs[j]), sqlite_ms);
                }
}

static void measure_verify(const Bench *bench) {
        unsigned n_cores = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_BROKER"), "verify"},
                            .cwd = bench->large.dir};

        for (unsigned i = 0; i < figures_size(2, 1); i++) {
                double limit = figures_verify_rate(n_cores);
                uint64_t begin_ns = clock_mono_ns();

                bench_run_expect(&spec, VERIFY_LIMIT_MS, 0, NULL);
                figures_add(ROW_VERIFY, (double)bench->n_entries * 1e3 / ms_since(begin_ns), limit);
        }
}

static void open_bench(Bench *bench) {
        Fill *fill;

        bench->n_entries = figures_size(1000000, 50000);
        real_broker_init(&bench->small);
        real_broker_approve(&bench->small);
        real_broker_init(&bench->large);
        real_broker_approve(&bench->large);
        fill = fill_open(&bench->large);
        fill_up_to(fill, bench->n_entries - 3);
        bench->verdict = fill_verdict(fill);
        (void)fill_close(fill);
}

TEST(a_large_ledger) {
        Bench bench;

        (void)alarm(LIMIT_S); /* longer than a test may take */
        open_bench(&bench);
        figures_begin(LIMIT_S);
        for (int row = ROW_START; row <= ROW_SHOW; row++)
                figures_note((FigureRow)row, "%llu entries", (unsigned long long)bench.n_entries);
        measure_starts(&bench);
        measure_rest(&bench);
        measure_looks(&bench);
        real_broker_stop(&bench.large);
        measure_verify(&bench);
        figures_end();
        real_broker_deinit(&bench.large);
        real_broker_deinit(&bench.small);
}
