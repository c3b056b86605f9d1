/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* An agent that stands still for a minute under full load, and what the others notice of it; and
 * that the same measure notices what it must. A broker that stands still, a reader that does not
 * let go, an adversary whose lease was given to another, a builder that hears late. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/chaos/still.h"
#include "tests/lib/consumer.h"
#include "tests/lib/figures.h"
#include "tests/lib/fleet.h"
#include "tests/lib/handshake.h"
#include "tests/lib/raw_agent.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/test.h"

enum {
        SENDERS = 4,
        WINDOW = 16,
        BEFORE_MS = 20000,
        STOPPED_MS = 60000,
        CONTROL_MS = 4000,
        STALL_EVERY_MS = 400,
        STALL_MS = 100,
        PAUSE_MS = 5,
        SLACK_US = 20000, /* of the machine, which is not ours alone */
        STOPPED_KIB_MAX = 5 << 10,
        ANSWER_MS = 60000,
        CATCH_UP_MS = 1200000,
        LONG_SECONDS = 7000,
        STILL_MS = 10000,
        NOTICED_MS_MAX = 4000,
        READER_MS = 60000,
        READER_STEP_MS = 50,
        WITHOUT_MS = 5000,
        LOG_WARNED_BYTES = 16 << 20,
        LOG_BYTES_MAX = 72 << 20,
        ROOM_MS_MAX = 5000,
        STOOD_STILL_MS = 5000, /* longer than it takes to be given up */
};

typedef struct Crowd {
        TcpBroker broker;
        RawAgent single;
        pid_t load[SENDERS], consumer;
        Consumed *consumed;
} Crowd;

static void start_load(const RealBroker *broker, pid_t load[SENDERS]) {
        for (size_t i = 0; i < SENDERS; i++)
                load[i] = raw_agent_start_flood(&broker->project, "adversary", "m", WINDOW);
}

static void crowd_init(Crowd *crowd) {
        (void)alarm(LONG_SECONDS);
        *crowd = (Crowd){.consumer = 0};
        tcp_broker_start(&crowd->broker, "quota-builder = 0\nquota-adversary = 0\n");
        crowd->consumed = consumer_start(&crowd->broker.real, "operator", &crowd->consumer);
        raw_agent_connect(&crowd->single, &crowd->broker.real.project, "builder");
        start_load(&crowd->broker.real, crowd->load);
}

static void end_load(const pid_t load[SENDERS]) {
        for (size_t i = 0; i < SENDERS; i++)
                raw_agent_end_flood(load[i]);
}

static void crowd_deinit(Crowd *crowd) {
        consumer_end(crowd->consumer);
        raw_agent_deinit(&crowd->single);
        tcp_broker_deinit(&crowd->broker);
}

static uint64_t measure(Crowd *crowd, uint64_t duration_ms, const char *name) {
        cleanup_figures Figures latencies = {.n = 0};
        uint64_t end_ms = clock_mono_ms() + duration_ms;

        while (clock_mono_ms() < end_ms) {
                figures_add(&latencies, raw_agent_note(&crowd->single, "m", ANSWER_MS));
                raw_agent_hear(&crowd->single, PAUSE_MS);
        }
        figures_print(&latencies, name, "us");
        (void)fflush(stdout);
        return figures_percentile(&latencies, 99);
}

static bool is_like_before(uint64_t before_us, uint64_t us) {
        return us * 2 <= before_us * 3 + SLACK_US;
}

TEST(an_agent_that_stands_still_for_a_minute_under_load_is_noticed_by_nobody_and_gets_all) {
        cleanup(crowd_deinit) Crowd crowd;
        uint64_t before_us, us, kib, seq;
        pid_t pid;

        crowd_init(&crowd);
        before_us = measure(&crowd, BEFORE_MS, "others, before");
        pid = process_get_pid(crowd.broker.real.process);
        kib = process_resident_kib(pid);
        seq = crowd.single.ack_seq;
        CHECK(kill(crowd.consumer, SIGSTOP) == 0);
        us = measure(&crowd, STOPPED_MS, "others, beside one that stands still");
        kib = process_resident_kib(pid) - kib;
        printf("# entries a second meanwhile | %llu; memory of the broker %lld KiB more\n",
               (unsigned long long)((crowd.single.ack_seq - seq) * 1000 / STOPPED_MS),
               (long long)kib);
        end_load(crowd.load);
        (void)raw_agent_note(&crowd.single, "m", ANSWER_MS);
        CHECK(kill(crowd.consumer, SIGCONT) == 0);
        consumer_await(crowd.consumed, crowd.single.ack_seq, CATCH_UP_MS);
        printf("# delivered | %llu, out of order %llu, again %llu\n",
               (unsigned long long)crowd.consumed->n,
               (unsigned long long)crowd.consumed->n_disordered,
               (unsigned long long)crowd.consumed->n_again);
        CHECK_EQ_U64(crowd.consumed->n, crowd.consumed->seq);
        CHECK_EQ_U64(crowd.consumed->n_disordered, 0);
        CHECK((int64_t)kib <= STOPPED_KIB_MAX);
        CHECK(is_like_before(before_us, us));
}

/* Stops the broker again and again for a moment, as a consumer would that it waits for. */
static pid_t start_stalls(pid_t broker) {
        pid_t pid = fork();

        if (pid != 0)
                return pid;
        for (;;) {
                (void)usleep(STALL_EVERY_MS * 1000);
                (void)kill(broker, SIGSTOP);
                (void)usleep(STALL_MS * 1000);
                (void)kill(broker, SIGCONT);
        }
}

TEST(a_broker_that_waited_for_somebody_would_be_noticed_by_the_others) {
        cleanup(crowd_deinit) Crowd crowd;
        uint64_t before_us, us;
        pid_t stalls;

        crowd_init(&crowd);
        end_load(crowd.load);
        before_us = measure(&crowd, CONTROL_MS, "others, before");
        stalls = start_stalls(process_get_pid(crowd.broker.real.process));
        us = measure(&crowd, CONTROL_MS, "others, while it waits now and then");
        consumer_end(stalls);
        process_signal(crowd.broker.real.process, SIGCONT);
        CHECK(!is_like_before(before_us, us));
}

TEST(agents_notice_within_four_seconds_a_broker_that_stands_still_for_ten) {
        CHECK(still_broker(STILL_MS) <= NOTICED_MS_MAX);
}

/* ---- a reader that does not let go ---- */

static uint64_t log_bytes_of(const RealBroker *broker) {
        cleanup_free char *log = mem_printf("%s/.coldgate/ledger.db-wal", broker->dir);
        struct stat facts;

        return stat(log, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

/* The longest that it was meanwhile. */
static uint64_t load_for(Fleet *fleet, const RealBroker *broker, uint64_t duration_ms) {
        uint64_t end_ms = clock_mono_ms() + duration_ms, most = 0;

        while (clock_mono_ms() < end_ms) {
                uint64_t bytes;

                fleet_run(fleet, READER_STEP_MS);
                bytes = log_bytes_of(broker);
                most = bytes > most ? bytes : most;
        }
        return most;
}

/* A transaction that is not ended. */
static pid_t start_reader(const RealBroker *broker) {
        cleanup_free char *path = mem_printf("%s/.coldgate/ledger.db", broker->dir);
        int ready[2];
        char byte;
        pid_t pid;

        CHECK(pipe(ready) == 0);
        pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
                sqlite3 *db = NULL;

                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
                    sqlite3_exec(db, "BEGIN; SELECT count(*) FROM entry;", NULL, NULL, NULL) !=
                            SQLITE_OK ||
                    write(ready[1], "r", 1) != 1)
                        _exit(1);
                for (;;)
                        (void)pause();
        }
        CHECK(read(ready[0], &byte, 1) == 1);
        return pid;
}

static void expect_alarm(const RealBroker *broker, pid_t reader) {
        cleanup_free char *process = mem_printf("process %d", (int)reader);
        cleanup_buf Buf alerts = BUF_TEXT;

        process_wait_text(broker->process, "the write-ahead log has", ANSWER_MS);
        CHECK_CONTAINS(process_get_err(broker->process), process);
        real_broker_do(broker, &alerts, "alerts");
        CHECK_CONTAINS(buf_get_text(&alerts), "write-ahead log is long");
        CHECK_CONTAINS(buf_get_text(&alerts), process);
}

TEST(a_reader_that_holds_on_for_a_minute_under_load_is_an_alarm_and_costs_nothing_that_was_said) {
        cleanup_free char *ledger = NULL;
        cleanup_tcp_broker TcpBroker broker;
        cleanup_fleet Fleet fleet;
        uint64_t without, most, ended_ms;
        pid_t reader, load[SENDERS];

        tcp_broker_init(&broker, "quota-builder = 0\nquota-adversary = 0\n");
        fleet_init(&fleet, broker.real.dir, "m", SENDERS, WINDOW);
        fleet.may_be_refused = true; /* log-full: it is said again */
        real_broker_start(&broker.real);
        start_load(&broker.real, load);
        without = load_for(&fleet, &broker.real, WITHOUT_MS);
        reader = start_reader(&broker.real);
        most = load_for(&fleet, &broker.real, READER_MS);
        expect_alarm(&broker.real, reader);
        consumer_end(reader);
        ended_ms = clock_mono_ms();
        while (fleet.answered_ms < ended_ms) {
                CHECK(clock_mono_ms() - ended_ms < ROOM_MS_MAX);
                fleet_step(&fleet, READER_STEP_MS);
        }
        printf("# a reader for %d s | log at most %llu KiB, %llu KiB without it; an answer %llu ms "
               "after its end\n",
               READER_MS / 1000, (unsigned long long)most >> 10, (unsigned long long)without >> 10,
               (unsigned long long)(fleet.answered_ms - ended_ms));
        end_load(load);
        fleet_settle(&fleet, ANSWER_MS);
        real_broker_kill(&broker.real);
        ledger = mem_printf("%s/.coldgate/ledger.db", broker.real.dir);
        history_check(&fleet.history, ledger, DECEIT_NONE);
        history_expect_whole(&fleet.history);
        CHECK(without < LOG_WARNED_BYTES && most >= LOG_WARNED_BYTES && most <= LOG_BYTES_MAX);
}

/* ---- a lease that was given to another ---- */

static bool has_lapsed(void *userdata) {
        return handshake_count(userdata, "lapse") >= 1;
}

static Process *start_other_adversary(const Handshake *handshake) {
        Process *other;

        CHECK_EQ_INT(BROKER(handshake, NULL, "keygen", "other"), 0);
        CHECK_EQ_INT(
                BROKER(handshake, NULL, "admit", "other", "adversary", ".coldgate/keys/other.pub"),
                0);
        other = handshake_spawn(handshake, "COLDGATE_ADVERSARY", "run", "--key",
                                ".coldgate/keys/other");
        process_wait_text(other, "ready", HANDSHAKE_MS);
        return other;
}

/* The first one's worker has its verdict while its daemon stands still, and the other has given
 * one: it comes back with a verdict on a lease that is another's. */
TEST(a_lease_that_was_given_to_another_stays_with_it_when_its_first_holder_comes_back) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *builder = NULL, *other = NULL;
        cleanup_buf Buf leases = BUF_TEXT, verdicts = BUF_TEXT;

        handshake_init(&handshake);
        handshake_start(&handshake);
        builder = handshake_spawn(&handshake, "COLDGATE_BUILDER", "claim", "SLOW", "--wait");
        process_wait_text(handshake.adversary, "verifying", HANDSHAKE_MS);
        process_signal(handshake.adversary, SIGSTOP);
        other = start_other_adversary(&handshake);
        CHECK(test_wait_until(has_lapsed, &handshake, HANDSHAKE_MS));
        CHECK_EQ_INT(process_wait(builder, HANDSHAKE_MS), 0);
        process_signal(handshake.adversary, SIGCONT);
        process_wait_text(handshake.adversary, "lease", HANDSHAKE_MS);
        printf("# %s", process_get_err(handshake.adversary));
        CHECK_EQ_INT(BROKER(&handshake, &leases, "log", "--kind", "lease"), 0);
        CHECK_EQ_INT(BROKER(&handshake, &verdicts, "log", "--kind", "verdict"), 0);
        printf("# %s# %s", buf_get_text(&leases), buf_get_text(&verdicts));
        CHECK_CONTAINS(buf_get_text(&leases), "attempt 2");
        CHECK_CONTAINS(buf_get_text(&verdicts), "other");
        CHECK_EQ_U64(handshake_count(&handshake, "lease"), 2);
        CHECK_EQ_U64(handshake_count(&handshake, "verdict"), 1);
        handshake_verify(&handshake);
}

/* ---- a builder ---- */

TEST(a_builder_that_stood_still_while_its_claim_was_decided_hears_of_it) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *builder = NULL;

        handshake_init(&handshake);
        handshake_start(&handshake);
        builder = handshake_spawn(&handshake, "COLDGATE_BUILDER", "claim", "SLOW", "--wait");
        process_wait_text(handshake.adversary, "verifying", HANDSHAKE_MS);
        process_signal(builder, SIGSTOP);
        handshake_await(&handshake, "verdict", 1);
        (void)usleep(STOOD_STILL_MS * 1000);
        process_signal(builder, SIGCONT);
        CHECK_EQ_INT(process_wait(builder, HANDSHAKE_MS), 0);
        CHECK_EQ_U64(handshake_count(&handshake, "claim"), 1);
        CHECK_EQ_U64(handshake_count(&handshake, "verdict"), 1);
}
