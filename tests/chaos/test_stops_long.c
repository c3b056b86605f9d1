/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* An agent that stands still for a minute under full load, and what the others notice of it; and
 * that the same measure notices what it must. */

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/lib/consumer.h"
#include "tests/lib/figures.h"
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
};

typedef struct Crowd {
        TcpBroker broker;
        RawAgent single;
        pid_t load[SENDERS], consumer;
        Consumed *consumed;
} Crowd;

static void crowd_init(Crowd *crowd) {
        (void)alarm(LONG_SECONDS);
        *crowd = (Crowd){.consumer = 0};
        tcp_broker_start(&crowd->broker, "quota-builder = 0\nquota-adversary = 0\n");
        crowd->consumed = consumer_start(&crowd->broker.real, "operator", &crowd->consumer);
        raw_agent_connect(&crowd->single, &crowd->broker.real.project, "builder");
        for (size_t i = 0; i < SENDERS; i++)
                crowd->load[i] = raw_agent_start_flood(&crowd->broker.real.project, "adversary",
                                                       "m", WINDOW);
}

static void end_load(Crowd *crowd) {
        for (size_t i = 0; i < SENDERS; i++)
                raw_agent_end_flood(crowd->load[i]);
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
        end_load(&crowd);
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
        end_load(&crowd);
        before_us = measure(&crowd, CONTROL_MS, "others, before");
        stalls = start_stalls(process_get_pid(crowd.broker.real.process));
        us = measure(&crowd, CONTROL_MS, "others, while it waits now and then");
        consumer_end(stalls);
        process_signal(crowd.broker.real.process, SIGCONT);
        CHECK(!is_like_before(before_us, us));
}
