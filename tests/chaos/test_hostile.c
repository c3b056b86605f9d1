/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Peers that flood, idle, lie and do not read, on a broker that listens on tcp; and an honest one
 * beside them. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "proto/codec.h"
#include "tests/chaos/crowds.h"
#include "tests/lib/figures.h"
#include "tests/lib/raw_agent.h"
#include "tests/lib/real_broker.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/test.h"

enum {
        ANSWER_MS = 20000,
        N_FLOODERS = 3,
        FLOOD_MS = 2000,
        POLITE_EVERY_MS = 10,
        /* This machine may be busy with other things: the figure is printed, and this is what no
         * fair broker exceeds. */
        POLITE_MS_MAX = 400,
        FLOOD_KIB_MAX = 96 << 10,
        CONNECTIONS = 64,
        N_IDLE = 600,
        CPU_WINDOW_MS = 1500,
        N_MUTATED = 3000,
        MUTATED_WINDOW = 64,
        N_GREETINGS = 200,
        REVOKED_MS = 1000,
        EVIDENCE_TEXTS = 7,
        EVIDENCE_TEXT_BYTES = 65536,
};

static pid_t broker_pid(const TcpBroker *broker) {
        return process_get_pid(broker->real.process);
}

/* ---- floods ---- */

static uint64_t head_of(RawAgent *agent) {
        size_t n_acks = agent->n_acks;

        (void)raw_agent_note(agent, "m", ANSWER_MS);
        return agent->n_acks - n_acks;
}

TEST(a_polite_agent_is_served_while_three_others_flood) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent polite;
        cleanup_figures Figures alone = {.n = 0}, beside = {.n = 0};
        pid_t flooders[N_FLOODERS];
        uint64_t end_ms, most_kib = 0;

        tcp_broker_start(&broker, "");
        for (size_t i = 0; i < N_FLOODERS; i++)
                tcp_broker_admit(&broker, (char[]){'f', (char)('0' + i), 0}, "builder");
        raw_agent_connect(&polite, &broker.real.project, "builder");
        for (int i = 0; i < 50; i++)
                figures_add(&alone, raw_agent_note(&polite, "m", ANSWER_MS));
        for (size_t i = 0; i < N_FLOODERS; i++)
                flooders[i] = raw_agent_start_flood(&broker.real.project,
                                                    (char[]){'f', (char)('0' + i), 0}, "m", 0);
        end_ms = clock_mono_ms() + FLOOD_MS;
        while (clock_mono_ms() < end_ms) {
                uint64_t kib = process_resident_kib(broker_pid(&broker));

                figures_add(&beside, raw_agent_note(&polite, "m", ANSWER_MS));
                most_kib = kib > most_kib ? kib : most_kib;
                raw_agent_hear(&polite, POLITE_EVERY_MS);
        }
        for (size_t i = 0; i < N_FLOODERS; i++)
                raw_agent_end_flood(flooders[i]);
        figures_print(&alone, "polite agent alone", "us");
        figures_print(&beside, "polite agent beside three flooders", "us");
        printf("# memory of the broker in the flood, at most | %llu KiB\n",
               (unsigned long long)most_kib);
        CHECK(figures_percentile(&beside, 99) <= POLITE_MS_MAX * 1000);
        CHECK(most_kib < FLOOD_KIB_MAX);
        CHECK_EQ_U64(head_of(&polite), 1);
}

TEST(who_has_used_up_its_quota_is_told_so_and_others_are_served) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent greedy, polite;
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        uint64_t end_ms = clock_mono_ms() + ANSWER_MS;

        tcp_broker_start(&broker, "quota-builder = 1\n");
        raw_agent_connect(&greedy, &broker.real.project, "builder");
        raw_agent_connect(&polite, &broker.real.project, "adversary");
        while (greedy.n_refusals == 0 && clock_mono_ms() < end_ms) {
                raw_agent_make_note(&greedy, "m", &frame);
                while (!raw_agent_send(&greedy, buf_get(&frame)))
                        raw_agent_hear(&greedy, 1);
                raw_agent_hear(&greedy, 0);
        }
        CHECK_EQ_TEXT(greedy.rule, "quota-entries");
        CHECK_EQ_U64(greedy.n_acks, 60); /* an hour's worth */
        (void)raw_agent_note(&polite, "m", ANSWER_MS);
}

/* ---- strangers ---- */

TEST(ten_times_as_many_idle_connections_as_the_limit_keep_nobody_out) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent good;
        int idle[N_IDLE];
        uint64_t started_ms, cpu_ms;
        size_t n_fds;

        crowds_raise_limit();
        tcp_broker_start(&broker, "connections = 64\n");
        n_fds = process_count_fds(broker_pid(&broker));
        for (size_t i = 0; i < N_IDLE; i++)
                idle[i] = crowds_open(broker.port);
        started_ms = clock_mono_ms();
        raw_agent_connect(&good, &broker.real.project, "builder");
        printf("# a good agent beside %d idle connections | welcome after %llu ms\n", N_IDLE,
               (unsigned long long)(clock_mono_ms() - started_ms));
        CHECK(clock_mono_ms() - started_ms < 4000);
        CHECK(process_count_fds(broker_pid(&broker)) <= n_fds + CONNECTIONS + 8);
        cpu_ms = process_cpu_ms(broker_pid(&broker));
        raw_agent_hear(&good, CPU_WINDOW_MS);
        cpu_ms = process_cpu_ms(broker_pid(&broker)) - cpu_ms;
        printf("# processor time beside them | %llu %%\n",
               (unsigned long long)(cpu_ms * 100 / CPU_WINDOW_MS));
        CHECK(cpu_ms * 100 / CPU_WINDOW_MS <= 30);
        (void)raw_agent_note(&good, "m", ANSWER_MS);
        for (size_t i = 0; i < N_IDLE; i++)
                fd_close(&idle[i]);
}

typedef struct FdsWanted {
        pid_t pid;
        size_t n;
} FdsWanted;

static bool has_few_fds(void *userdata) {
        const FdsWanted *wanted = userdata;

        return process_count_fds(wanted->pid) <= wanted->n;
}

/* What a client of ZeroMQ says first. */
static const uint8_t greeting[64] = {0xff, 0, 0, 0,   0,   0,   0,   0,  1,
                                     0x7f, 3, 0, 'C', 'U', 'R', 'V', 'E'};

TEST(mutated_greetings_crash_nothing_and_leave_no_descriptor) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent good;
        FdsWanted wanted;
        uint64_t kib;

        tcp_broker_start(&broker, "");
        raw_agent_connect(&good, &broker.real.project, "builder");
        wanted = (FdsWanted){broker_pid(&broker), process_count_fds(broker_pid(&broker))};
        kib = process_resident_kib(wanted.pid);
        for (size_t i = 0; i < N_GREETINGS; i++) {
                cleanup_fd int fd = crowds_open(broker.port);
                uint8_t bytes[512];

                random_bytes(bytes, sizeof bytes);
                if (i % 2)
                        memcpy(bytes, greeting, sizeof greeting);
                if (i % 4 == 1)
                        bytes[i % sizeof greeting] ^= (uint8_t)(1u << (i % 8));
                (void)!send(fd, bytes, 1 + i * 7 % sizeof bytes, MSG_NOSIGNAL);
                if (i % 10 == 0)
                        (void)raw_agent_note(&good, "m", ANSWER_MS);
        }
        CHECK(test_wait_until(has_few_fds, &wanted, ANSWER_MS));
        printf("# memory after %d mutated greetings | %lld KiB more\n", N_GREETINGS,
               (long long)(process_resident_kib(wanted.pid) - kib));
        (void)raw_agent_note(&good, "m", ANSWER_MS);
}

TEST(a_key_that_nobody_admitted_changes_nothing) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup(session_freep) Session *session = NULL;
        Fault fault = FAULT_INIT;

        tcp_broker_start(&broker, "");
        real_broker_do(&broker.real, NULL, "keygen", "stranger");
        session = real_broker_session(&broker.real, "stranger");
        CHECK_EQ_INT(session_connect(session, ANSWER_MS, &fault), SESSION_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "key-refused");
}

/* ---- admitted, and hostile ---- */

static void say_one(RawAgent *agent) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);

        raw_agent_make_note(agent, "m", &frame);
        (void)raw_agent_send(agent, buf_get(&frame));
}

/* The other one's key is not revoked: what is heard of it shows that something would be heard. */
TEST(what_a_revoked_key_says_in_mid_session_is_refused_at_once_and_others_are_accepted) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent agent, other;
        ProcessSpec revoke = {
                .argv = {bench_program("COLDGATE_BROKER"), "revoke", "builder", "--why", "lost"}};
        cleanup(process_freep) Process *process = NULL;
        uint64_t accepted_ms = 0, revoked_ms = 0, end_ms = UINT64_MAX;
        size_t n_other = 0;

        tcp_broker_start(&broker, "");
        raw_agent_connect(&agent, &broker.real.project, "builder");
        raw_agent_connect(&other, &broker.real.project, "adversary");
        (void)raw_agent_note(&agent, "m", ANSWER_MS);
        revoke.cwd = broker.real.dir;
        process = process_start(&revoke);
        while (clock_mono_ms() < end_ms) {
                size_t n_acks = agent.n_acks;

                say_one(&agent);
                say_one(&other);
                raw_agent_hear(&agent, 5);
                raw_agent_hear(&other, 0);
                if (agent.n_acks > n_acks)
                        accepted_ms = clock_mono_ms();
                if (!revoked_ms && !process_is_running(process)) {
                        revoked_ms = clock_mono_ms();
                        end_ms = revoked_ms + REVOKED_MS;
                        n_other = other.n_acks;
                }
        }
        printf("# revoked in mid-session | newest accepted %lld ms after the verb had ended; "
               "accepted before %zu, of another key in the second behind it %zu\n",
               accepted_ms > revoked_ms ? (long long)(accepted_ms - revoked_ms) : 0, agent.n_acks,
               other.n_acks - n_other);
        CHECK(accepted_ms <= revoked_ms);
        CHECK(agent.n_refusals > 0);
        CHECK_EQ_TEXT(agent.rule, "key-revoked");
        CHECK(other.n_acks > n_other);
}

/* Every byte but the message's number: what has another number is perhaps no question. */
TEST(each_mutated_frame_has_an_answer_with_a_reason) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent agent;
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        uint64_t end_ms, kib;
        size_t n_sent = 0;

        tcp_broker_start(&broker, "quota-builder = 0\n");
        raw_agent_connect(&agent, &broker.real.project, "builder");
        kib = process_resident_kib(broker_pid(&broker));
        while (n_sent < N_MUTATED) {
                uint32_t chance[2];

                random_bytes(chance, sizeof chance);
                raw_agent_make_note(&agent, "m", &frame);
                frame.data[3 + chance[0] % (frame.n - 3)] ^= (uint8_t)(1u << (chance[1] % 8));
                if (chance[1] % 7 == 0)
                        frame.n = 3 + chance[0] % (frame.n - 3);
                while (!raw_agent_send(&agent, buf_get(&frame)))
                        raw_agent_hear(&agent, 1);
                n_sent++;
                /* What a peer does not read is dropped by rule: this one reads. */
                do
                        raw_agent_hear(&agent, 0);
                while (n_sent - agent.n_acks - agent.n_refusals >= MUTATED_WINDOW);
        }
        end_ms = clock_mono_ms() + ANSWER_MS;
        while (agent.n_acks + agent.n_refusals < n_sent && clock_mono_ms() < end_ms)
                raw_agent_hear(&agent, 10);
        printf("# mutated frames | sent %zu, refused with a reason %zu, accepted %zu; memory %lld "
               "KiB more\n",
               n_sent, agent.n_refusals, agent.n_acks,
               (long long)(process_resident_kib(broker_pid(&broker)) - kib));
        CHECK_EQ_U64(agent.n_refusals, n_sent);
        (void)raw_agent_note(&agent, "m", ANSWER_MS);
}

/* A replayed frame has the first answer, one that is said by another is refused: nothing is there
 * twice. */
TEST(a_replayed_frame_counts_once_and_for_its_author_only) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent author, thief;
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX), log = BUF_TEXT;
        size_t n_notes = 0;

        tcp_broker_start(&broker, "");
        raw_agent_connect(&author, &broker.real.project, "builder");
        raw_agent_connect(&thief, &broker.real.project, "adversary");
        raw_agent_make_note(&author, "m", &frame);
        for (int i = 0; i < 5; i++)
                CHECK(raw_agent_send(&author, buf_get(&frame)));
        while (author.n_acks < 5)
                raw_agent_hear(&author, ANSWER_MS);
        CHECK(raw_agent_send(&thief, buf_get(&frame)));
        while (thief.n_refusals < 1)
                raw_agent_hear(&thief, ANSWER_MS);
        CHECK_EQ_TEXT(thief.rule, "signature-wrong");
        real_broker_do(&broker.real, &log, "log", "--json", "--kind", "note");
        for (const char *text = buf_get_text(&log); (text = strchr(text, '\n')); text++)
                n_notes++;
        CHECK_EQ_U64(n_notes, 1);
}

/* Asks for all of the ledger, again and again, and reads nothing. */
TEST(a_peer_that_never_reads_costs_little_and_holds_up_nobody) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent good;
        uint64_t kib;
        pid_t deaf;

        tcp_broker_start(&broker, "");
        raw_agent_connect(&good, &broker.real.project, "builder");
        for (int i = 0; i < 300; i++)
                (void)raw_agent_note(&good, "m", ANSWER_MS);
        kib = process_resident_kib(broker_pid(&broker));
        deaf = fork();
        if (deaf == 0) {
                Message credit = {.type = MESSAGE_CREDIT, .credit = {.entries = 65536, .after = 0}};
                RawAgent agent;

                raw_agent_connect(&agent, &broker.real.project, "adversary");
                for (;;)
                        raw_agent_send_message(&agent, &credit);
        }
        for (int i = 0; i < 100; i++)
                (void)raw_agent_note(&good, "m", ANSWER_MS);
        printf("# memory for a peer that does not read | %lld KiB more\n",
               (long long)(process_resident_kib(broker_pid(&broker)) - kib));
        CHECK(process_resident_kib(broker_pid(&broker)) < kib + (64 << 10));
        raw_agent_end_flood(deaf);
}

/* A piece of evidence that is as large as any. */
static void store_evidence(const Project *project, Hash *ret_digest) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        cleanup_raw_agent RawAgent agent;
        static char text[EVIDENCE_TEXT_BYTES + 1];
        Slice command[EVIDENCE_TEXTS];
        Message evidence = {
                .type = MESSAGE_CHECK_EVIDENCE,
                .check_evidence = {.gate = slice_text("g"),
                                   .check = slice_text("c"),
                                   .commit = slice_text("0123456789012345678901234567890123456789"),
                                   .command = command,
                                   .n_command = EVIDENCE_TEXTS,
                                   .started_ms = 1}};
        Message put = {.type = MESSAGE_EVIDENCE_PUT};
        CodecFault fault;

        memset(text, 'x', EVIDENCE_TEXT_BYTES);
        for (size_t i = 0; i < EVIDENCE_TEXTS; i++)
                command[i] = slice_text(text);
        message_set_present(&evidence);
        CHECK_EQ_INT(codec_encode(&evidence, &frame, &fault), 0);
        hash_of(buf_get(&frame), ret_digest);
        put.evidence_put.digest = hash_slice(ret_digest);
        put.evidence_put.frame = buf_get(&frame);
        raw_agent_connect(&agent, project, "adversary");
        raw_agent_send_message(&agent, &put);
        (void)raw_agent_note(&agent, "m", ANSWER_MS);
        CHECK_EQ_U64(agent.n_refusals, 0);
}

static pid_t start_asking(const Project *project, const char *key, const Hash *digest) {
        pid_t pid = fork();

        if (pid == 0) {
                Message get = {.type = MESSAGE_EVIDENCE_GET,
                               .evidence_get.digest = hash_slice(digest)};
                RawAgent agent;

                (void)!nice(19); /* as if on another machine */
                raw_agent_connect(&agent, project, key);
                for (;;)
                        raw_agent_send_message(&agent, &get);
        }
        return pid;
}

TEST(who_asks_for_the_largest_answers_and_reads_none_delays_itself) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent polite;
        cleanup_figures Figures beside = {.n = 0};
        uint64_t end_ms;
        Hash digest;
        pid_t asker;

        tcp_broker_start(&broker, "");
        tcp_broker_admit(&broker, "greedy", "observer");
        store_evidence(&broker.real.project, &digest);
        raw_agent_connect(&polite, &broker.real.project, "builder");
        (void)raw_agent_note(&polite, "m", ANSWER_MS);
        asker = start_asking(&broker.real.project, "greedy", &digest);
        end_ms = clock_mono_ms() + FLOOD_MS;
        while (clock_mono_ms() < end_ms) {
                figures_add(&beside, raw_agent_note(&polite, "m", ANSWER_MS));
                raw_agent_hear(&polite, POLITE_EVERY_MS);
        }
        raw_agent_end_flood(asker);
        figures_print(&beside, "polite agent beside one who asks for 512 KiB each time", "us");
        CHECK(figures_percentile(&beside, 100) <= 4 * POLITE_MS_MAX * 1000);
}
