/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What the broker costs: durable answers, flushes, memory, delivery. */

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "tests/bench/courier.h"
#include "tests/bench/echo.h"
#include "tests/bench/peer.h"
#include "tests/bench/swarm.h"
#include "tests/lib/test.h"

enum {
        LIMIT_S = 600,
        BODY_BYTES = 300,
        N_ROW = 200,    /* commits of SQLite in a round */
        N_EVENTS = 200, /* claims in a round */
        N_AGENTS = 1000,
        N_CLIENTS = 64,
};

typedef struct Bench {
        RealBroker broker;
        sqlite3 *db;
        sqlite3_stmt *insert;
} Bench;

/* ---- SQLite, as durable ---- */

static void open_sqlite(Bench *bench) {
        cleanup_free char *path = mem_printf("%s/baseline.db", test_dir());
        static const char sql[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                  "CREATE TABLE row(seq INTEGER PRIMARY KEY, bytes BLOB)";

        CHECK_EQ_INT(sqlite3_open(path, &bench->db), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_exec(bench->db, sql, NULL, NULL, NULL), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_prepare_v2(bench->db, "INSERT INTO row(bytes) VALUES (?1)", -1,
                                        &bench->insert, NULL),
                     SQLITE_OK);
}

static double commit_p50_us(Bench *bench) {
        uint8_t bytes[BODY_BYTES + 250]; /* with what the broker keeps beside the frame */
        cleanup_samples Samples us = {.values = NULL};

        random_bytes(bytes, sizeof bytes);
        for (size_t i = 0; i < N_ROW; i++) {
                uint64_t begin_ns = clock_mono_ns();

                (void)sqlite3_bind_blob(bench->insert, 1, bytes, sizeof bytes, SQLITE_STATIC);
                CHECK_EQ_INT(sqlite3_step(bench->insert), SQLITE_DONE);
                CHECK_EQ_INT(sqlite3_reset(bench->insert), SQLITE_OK);
                samples_add(&us, (double)(clock_mono_ns() - begin_ns) / 1e3);
        }
        return samples_quantile(&us, 0.5);
}

/* ---- acks ---- */

/* Seconds of processors. */
typedef struct CpuTimes {
        double broker, clients;
} CpuTimes;

static CpuTimes get_cpu_times(const Bench *bench) {
        return (CpuTimes){.broker = figures_cpu_s((int)process_get_pid(bench->broker.process)),
                          .clients = figures_cpu_s((int)getpid())};
}

static void load(Bench *bench, unsigned n_clients, unsigned window, LoadResult *ret_result,
                 CpuTimes *ret_took) {
        LoadShape shape = {.window = window, .warm_s = 0.2, .seconds = figures_is_quick() ? 1 : 2};
        cleanup(swarm_freep) Swarm *swarm = swarm_new(&bench->broker, n_clients);
        CpuTimes before, after;

        swarm_sign(swarm, swarm_guess(&shape, n_clients), BODY_BYTES);
        before = get_cpu_times(bench);
        swarm_load(swarm, &shape, ret_result);
        after = get_cpu_times(bench);
        *ret_took = (CpuTimes){.broker = after.broker - before.broker,
                               .clients = after.clients - before.clients};
}

/* Answers a second, and how often the device was told to flush for one. */
static double measure_acks(Bench *bench, unsigned window, FigureRow row, FigureRow flushes) {
        cleanup_load_result LoadResult result = {.rate = 0};
        uint64_t before = figures_flushes(bench->broker.dir), after;
        CpuTimes took;

        load(bench, N_CLIENTS, window, &result, &took);
        figures_note(row, "processor for each: broker %.0f us, clients %.0f us",
                     took.broker * 1e6 / (double)result.n_answers,
                     took.clients * 1e6 / (double)result.n_answers);
        after = figures_flushes(bench->broker.dir);
        if (flushes != _ROW_MAX && before == UINT64_MAX)
                figures_skip(flushes, "the device is not in /proc/diskstats");
        else if (flushes != _ROW_MAX)
                figures_add(flushes, (double)(after - before) / (double)result.n_answers, 1);
        return result.rate;
}

static void measure_one(Bench *bench) {
        cleanup_load_result LoadResult result = {.rate = 0};
        uint64_t before, after;
        double commit_us = commit_p50_us(bench);
        CpuTimes took;

        before = figures_flushes(bench->broker.dir);
        load(bench, 1, 1, &result, &took);
        after = figures_flushes(bench->broker.dir);
        figures_add(ROW_ACK_ONE, samples_quantile(&result.us, 0.5), commit_us);
        figures_note(ROW_ACK_ONE, "p99 %.0f us", samples_quantile(&result.us, 0.99));
        if (before != UINT64_MAX)
                figures_add(ROW_FLUSH_ONE, (double)(after - before) / (double)result.n_answers, 1);
}

static void measure_many(Bench *bench) {
        double limit = figures_verify_rate(1);

        figures_add(ROW_ACKS_MANY, measure_acks(bench, 1, ROW_ACKS_MANY, _ROW_MAX), limit);
        figures_add(ROW_ACKS_DEEP, measure_acks(bench, 16, ROW_ACKS_DEEP, ROW_FLUSH_DEEP), limit);
}

/* ---- events ---- */

static void measure_events(Bench *bench, Echo *echo) {
        cleanup_samples Samples whole = {.values = NULL}, ack = {.values = NULL},
                                event = {.values = NULL}, echoes = {.values = NULL};
        cleanup(courier_freep) Courier *courier = courier_new(&bench->broker);
        double commit_us = commit_p50_us(bench), echo_us;

        for (size_t i = 0; i < N_EVENTS; i++)
                courier_claim(courier, &ack, &event, &whole);
        echo_measure(echo, N_EVENTS, &echoes);
        echo_us = samples_quantile(&echoes, 0.5);
        figures_add(ROW_ACK_ONE_CLAIM, samples_quantile(&ack, 0.5), commit_us);
        figures_add(ROW_EVENT, samples_quantile(&event, 0.5), echo_us);
        figures_add(ROW_EVENT_WHOLE, samples_quantile(&whole, 0.5), echo_us);
        figures_add(ROW_EVENT_P99, samples_quantile(&event, 0.99), samples_quantile(&echoes, 0.99));
}

static pid_t start_busy_clients(Bench *bench) {
        pid_t pid = fork();

        CHECK(pid >= 0);
        if (pid == 0) {
                LoadShape shape = {.window = 1, .seconds = LIMIT_S};
                Swarm *swarm = swarm_new(&bench->broker, N_CLIENTS);
                LoadResult result;

                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                swarm_sign(swarm, 1, BODY_BYTES); /* the rest while it runs: they are busy */
                swarm_load(swarm, &shape, &result);
                _exit(0);
        }
        return pid;
}

static void measure_busy_events(Bench *bench, Echo *echo) {
        cleanup_samples Samples whole = {.values = NULL}, ack = {.values = NULL},
                                event = {.values = NULL}, echoes = {.values = NULL};
        cleanup(courier_freep) Courier *courier = courier_new(&bench->broker);
        pid_t busy;

        echo_measure(echo, N_EVENTS, &echoes);
        busy = start_busy_clients(bench);
        for (size_t i = 0; i < N_EVENTS; i++)
                courier_claim(courier, &ack, &event, &whole);
        (void)kill(busy, SIGKILL);
        CHECK_EQ_INT(waitpid(busy, NULL, 0), busy);
        figures_add(ROW_EVENT_BUSY, samples_quantile(&event, 0.5), samples_quantile(&echoes, 0.5));
        figures_add(ROW_EVENT_BUSY_P99, samples_quantile(&event, 0.99),
                    samples_quantile(&echoes, 0.99));
}

/* ---- memory ---- */

static double resident(const Bench *bench) {
        return figures_resident((int)process_get_pid(bench->broker.process));
}

static void measure_memory(Bench *bench) {
        const char *why = NULL;
        Peer *redis = peer_start(PEER_REDIS, &why);
        double redis_mib = redis ? figures_resident(peer_get_pid(redis)) : 0;
        double idle_mib = resident(bench);
        Swarm *swarm = swarm_new(&bench->broker, N_AGENTS);

        figures_add(ROW_MEMORY_IDLE, idle_mib, redis_mib);
        figures_add(ROW_MEMORY_AGENTS, resident(bench), redis_mib);
        if (why)
                figures_note(ROW_MEMORY_IDLE, "redis: %s", why);
        (void)swarm_free(swarm);
        (void)peer_free(redis);
}

TEST(what_the_broker_costs) {
        Bench bench = {.db = NULL};
        Echo *echo = echo_start(test_dir());

        swarm_start_broker(&bench.broker);
        open_sqlite(&bench);
        figures_begin(LIMIT_S);
        measure_memory(&bench);
        for (unsigned i = 0; i < figures_size(5, 1); i++) {
                measure_one(&bench);
                measure_many(&bench);
                measure_events(&bench, echo);
                measure_busy_events(&bench, echo);
        }
        figures_end();
        (void)sqlite3_finalize(bench.insert);
        (void)sqlite3_close(bench.db);
        (void)echo_free(echo);
        real_broker_deinit(&bench.broker);
}
