/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Programs that stand still and go on again; answers that are lost. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "proto/codec.h"
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
        WARM_MS = 200,
        STOP_MS = 6000,
        NOTICED_MS_MAX = 4500,
        STOPPED_LOAD_MS = 1500,
        STOPPED_KIB_MAX = 5 << 10,
        ANSWER_MS = 20000,
        N_REPEATED = 40,
        REPEATS_MAX = 5,
        RESTART_EVERY = 10,
};

TEST(agents_notice_a_broker_that_stands_still_and_nothing_is_lost) {
        /* 3.9 s by the settings, and a machine that is busy */
        CHECK(still_broker(STOP_MS) <= NOTICED_MS_MAX);
}

/* ---- a consumer ---- */

TEST(a_consumer_that_stands_still_costs_the_broker_nothing_and_gets_all_in_order) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_fleet Fleet fleet;
        Consumed *consumed;
        uint64_t kib, more_kib;
        pid_t pid;

        tcp_broker_init(&broker, "");
        fleet_init(&fleet, broker.real.dir, "m", SENDERS, WINDOW);
        real_broker_start(&broker.real);
        consumed = consumer_start(&broker.real, "operator", &pid);
        fleet_run(&fleet, WARM_MS);
        kib = process_resident_kib(process_get_pid(broker.real.process));
        CHECK(kill(pid, SIGSTOP) == 0);
        fleet_run(&fleet, STOPPED_LOAD_MS);
        more_kib = process_resident_kib(process_get_pid(broker.real.process)) - kib;
        CHECK(kill(pid, SIGCONT) == 0);
        fleet_settle(&fleet, ANSWER_MS);
        consumer_await(consumed, fleet.history.acks[fleet.history.n_acks - 1].seq, ANSWER_MS);
        printf("# a consumer that stands still under load | memory %lld KiB more, %llu entries "
               "delivered, out of order %llu, again %llu\n",
               (long long)more_kib, (unsigned long long)consumed->n,
               (unsigned long long)consumed->n_disordered, (unsigned long long)consumed->n_again);
        CHECK_EQ_U64(consumed->n_disordered, 0);
        CHECK((int64_t)more_kib < STOPPED_KIB_MAX);
        consumer_end(pid);
}

TEST(a_consumer_that_is_killed_under_load_gets_what_follows_its_cursor) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_fleet Fleet fleet;
        Consumed *consumed, *next;
        pid_t pid;

        tcp_broker_init(&broker, "");
        fleet_init(&fleet, broker.real.dir, "m", SENDERS, WINDOW);
        real_broker_start(&broker.real);
        consumed = consumer_start(&broker.real, "operator", &pid);
        fleet_run(&fleet, WARM_MS);
        consumer_end(pid);
        fleet_run(&fleet, WARM_MS);
        fleet_settle(&fleet, ANSWER_MS);
        next = consumer_start(&broker.real, "operator", &pid);
        consumer_await(next, fleet.history.acks[fleet.history.n_acks - 1].seq, ANSWER_MS);
        CHECK_EQ_U64(consumed->n_disordered + next->n_disordered, 0);
        CHECK_EQ_U64(next->n, next->seq);
        consumer_end(pid);
}

/* ---- an adversary ---- */

static bool has_lapsed(void *userdata) {
        return handshake_count(userdata, "lapse") >= 1;
}

TEST(an_adversary_that_hangs_loses_its_lease_and_its_late_verdict_counts_for_nothing) {
        cleanup_handshake Handshake handshake;
        cleanup(process_freep) Process *builder = NULL;

        handshake_init(&handshake);
        handshake_start(&handshake);
        builder = handshake_spawn(&handshake, "COLDGATE_BUILDER", "claim", "SLOW", "--wait");
        process_wait_text(handshake.adversary, "verifying", HANDSHAKE_MS);
        process_signal(handshake.adversary, SIGSTOP);
        CHECK(test_wait_until(has_lapsed, &handshake, HANDSHAKE_MS));
        process_signal(handshake.adversary, SIGCONT);
        CHECK_EQ_INT(process_wait(builder, HANDSHAKE_MS), 0);
        CHECK_EQ_U64(handshake_count(&handshake, "claim"), 1);
        CHECK_EQ_U64(handshake_count(&handshake, "verdict"), 1);
        handshake_verify(&handshake);
}

/* ---- answers that are lost ---- */

typedef struct Receipts {
        RawAgent agent;
        uint64_t seqs[N_REPEATED];
        Hash hashes[N_REPEATED];
        size_t n_other; /* answers that differ from the first one */
} Receipts;

/* The answer to note `i`; three in ten are taken for lost. */
static bool take_receipt(Receipts *receipts, size_t i, Slice frame) {
        uint64_t seq = receipts->seqs[i];
        Hash hash = receipts->hashes[i];
        RawAgent *agent = &receipts->agent;
        size_t n_acks = agent->n_acks;
        uint64_t end_ms = clock_mono_ms() + ANSWER_MS;

        CHECK(raw_agent_send(agent, frame));
        while (agent->n_acks == n_acks) {
                CHECK(clock_mono_ms() < end_ms && agent->n_refusals == 0);
                raw_agent_hear(agent, 100);
        }
        if (seq && (agent->ack_seq != seq || !hash_equal(&agent->ack_hash, &hash)))
                receipts->n_other++;
        if (rand() % 10 < 3)
                return false;
        receipts->seqs[i] = agent->ack_seq;
        receipts->hashes[i] = agent->ack_hash;
        return true;
}

static void restart(TcpBroker *broker, RawAgent *agent) {
        size_t n_submits = agent->n_submits;

        raw_agent_deinit(agent);
        real_broker_kill(&broker->real);
        real_broker_start(&broker->real);
        raw_agent_connect(agent, &broker->real.project, "builder");
        agent->n_submits = n_submits;
}

TEST(a_note_said_several_times_across_restarts_is_one_entry_with_one_receipt) {
        cleanup_tcp_broker TcpBroker broker;
        Receipts receipts = {.n_other = 0};
        Buf frames[N_REPEATED];
        cleanup_buf Buf log = BUF_TEXT;
        size_t n_sent = 0, n_notes = 0;

        srand((unsigned)clock_wall_ms());
        tcp_broker_start(&broker, "");
        raw_agent_connect(&receipts.agent, &broker.real.project, "builder");
        for (size_t i = 0; i < N_REPEATED; i++) {
                frames[i] = BUF_INIT(FRAME_MAX);
                raw_agent_make_note(&receipts.agent, "m", &frames[i]);
        }
        for (size_t i = 0; i < N_REPEATED; i++) {
                for (int n = 1 + rand() % REPEATS_MAX; n > 0 || !receipts.seqs[i]; n--, n_sent++)
                        (void)take_receipt(&receipts, i, buf_get(&frames[i]));
                if (i % RESTART_EVERY == RESTART_EVERY - 1)
                        restart(&broker, &receipts.agent);
        }
        for (size_t i = 0; i < N_REPEATED; i++) {
                (void)take_receipt(&receipts, i, buf_get(&frames[i]));
                buf_deinit(&frames[i]);
        }
        real_broker_do(&broker.real, &log, "log", "--json", "--kind", "note");
        for (const char *text = buf_get_text(&log); (text = strchr(text, '\n')); text++)
                n_notes++;
        printf("# notes | %d, said %zu times; entries %zu, receipts that differ %zu\n", N_REPEATED,
               n_sent + N_REPEATED, n_notes, receipts.n_other);
        CHECK_EQ_U64(n_notes, N_REPEATED);
        CHECK_EQ_U64(receipts.n_other, 0);
        raw_agent_deinit(&receipts.agent);
}
