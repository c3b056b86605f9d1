/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Many strangers that say a byte now and then, and begin again when they are cut off: a greeting,
 * then a command that is as long as any may be. And an agent that says as much as it can: frames
 * that are as large as any, on many connections. */

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "proto/codec.h"
#include "tests/chaos/crowds.h"
#include "tests/lib/figures.h"
#include "tests/lib/raw_agent.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/test.h"

enum {
        N_SLOW = 200,
        CONNECTIONS = 64,
        FDS_MORE = 8,
        SLOW_MS = 12000,
        BYTE_EVERY_MS = 20,
        ANSWER_MS = 20000,
        WELCOME_MS_MAX = 4000,
        NOTE_MS_MAX = 400, /* at the 99th percentile, on a machine that is busy */
        GROWTH_KIB_MAX = 16 << 10,
        GREETING_BYTES = 64,
        N_LARGE = 16,
        LARGE_MS = 8000,
        LARGE_KIB_MAX = 256 << 10,
};

/* What a client of ZeroMQ says first; a command of a MiB is announced behind it. */
static const uint8_t slow_bytes[] = {0xff, 0,   0, 0, 0, 0, 0, 0, 1, 0x7f, 3,    0, 'C', 'U', 'R',
                                     'V',  'E', 0, 0, 0, 0, 0, 0, 0, 0,    0,    0, 0,   0,   0,
                                     0,    0,   0, 0, 0, 0, 0, 0, 0, 0,    0,    0, 0,   0,   0,
                                     0,    0,   0, 0, 0, 0, 0, 0, 0, 0,    0,    0, 0,   0,   0,
                                     0,    0,   0, 0, 6, 0, 0, 0, 0, 0,    0x10, 0, 0};

typedef struct Slow {
        int fd;
        bool is_greeted; /* it says the greeting at once */
        size_t n_said;
} Slow;

typedef struct SlowPeers {
        Slow peers[N_SLOW];
        uint16_t port;
        size_t n_cut_off;
} SlowPeers;

static void slow_peers_open(uint16_t port, SlowPeers *ret_slow) {
        crowds_raise_limit();
        *ret_slow = (SlowPeers){.port = port};
        for (size_t i = 0; i < N_SLOW; i++)
                ret_slow->peers[i] = (Slow){.fd = crowds_open(port), .is_greeted = i % 2};
}

static void slow_peers_close(SlowPeers *slow) {
        for (size_t i = 0; i < N_SLOW; i++)
                fd_close(&slow->peers[i].fd);
}

/* Who was cut off begins again. */
static void say_a_byte(SlowPeers *slow, Slow *peer) {
        size_t n = peer->n_said == 0 && peer->is_greeted ? GREETING_BYTES : 1;
        const uint8_t zero = 0, *bytes = &zero;
        char heard[256];
        ssize_t sent;

        if (recv(peer->fd, heard, sizeof heard, MSG_DONTWAIT) == 0) {
                fd_close(&peer->fd);
                *peer = (Slow){.fd = crowds_open(slow->port), .is_greeted = peer->is_greeted};
                slow->n_cut_off++;
                return;
        }
        if (peer->n_said < sizeof slow_bytes)
                bytes = slow_bytes + peer->n_said;
        sent = send(peer->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        peer->n_said += sent > 0 ? (size_t)sent : 0;
}

/* Beside one who says a note at a time. */
static void say_for(SlowPeers *slow, RawAgent *good, uint64_t duration_ms, Figures *notes) {
        uint64_t end_ms = clock_mono_ms() + duration_ms;

        while (clock_mono_ms() < end_ms) {
                for (size_t i = 0; i < N_SLOW; i++)
                        say_a_byte(slow, &slow->peers[i]);
                figures_add(notes, raw_agent_note(good, "m", ANSWER_MS));
                raw_agent_hear(good, BYTE_EVERY_MS);
        }
}

TEST(who_says_a_byte_now_and_then_keeps_nobody_out_and_costs_little) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent good, newcomer;
        cleanup_figures Figures notes = {.n = 0};
        cleanup(slow_peers_close) SlowPeers slow;
        uint64_t began_ms, welcome_ms, kib, more_kib;
        size_t n_fds;
        pid_t pid;

        tcp_broker_start(&broker, "connections = 64\n");
        pid = process_get_pid(broker.real.process);
        raw_agent_connect(&good, &broker.real.project, "builder");
        (void)raw_agent_note(&good, "m", ANSWER_MS);
        n_fds = process_count_fds(pid);
        kib = process_resident_kib(pid);
        slow_peers_open(broker.port, &slow);
        say_for(&slow, &good, SLOW_MS / 2, &notes);
        began_ms = clock_mono_ms();
        raw_agent_connect(&newcomer, &broker.real.project, "adversary");
        welcome_ms = clock_mono_ms() - began_ms;
        say_for(&slow, &good, SLOW_MS / 2, &notes);
        more_kib = process_resident_kib(pid) - kib;
        printf("# %d slow strangers for %d s | cut off %zu times; a newcomer welcome after %llu ms; "
               "memory %lld KiB more\n",
               N_SLOW, SLOW_MS / 1000, slow.n_cut_off, (unsigned long long)welcome_ms,
               (long long)more_kib);
        figures_print(&notes, "an honest note beside them", "us");
        CHECK(slow.n_cut_off > 0 && welcome_ms <= WELCOME_MS_MAX);
        CHECK(process_count_fds(pid) <= n_fds + CONNECTIONS + FDS_MORE);
        CHECK((int64_t)more_kib <= GROWTH_KIB_MAX);
        CHECK(figures_percentile(&notes, 99) <= NOTE_MS_MAX * 1000);
}

/* ---- the largest frames ---- */

/* On a connection of its own, in a process of its own, as if on another machine. */
static pid_t start_large(const Project *project) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        pid_t pid = fork();
        RawAgent agent;

        CHECK(pid >= 0);
        if (pid > 0)
                return pid;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)!nice(19);
        raw_agent_connect(&agent, project, "adversary");
        for (size_t i = 0; i < FRAME_MAX; i++)
                buf_byte(&frame, 0x91);
        for (;;) {
                while (raw_agent_send(&agent, buf_get(&frame)))
                        ;
                raw_agent_hear(&agent, 1);
        }
}

TEST(a_flood_of_the_largest_frames_on_many_connections_costs_little_memory) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent good;
        cleanup_figures Figures notes = {.n = 0};
        uint64_t end_ms, kib, most_kib = 0;
        pid_t large[N_LARGE], pid;

        tcp_broker_start(&broker, "");
        pid = process_get_pid(broker.real.process);
        raw_agent_connect(&good, &broker.real.project, "builder");
        kib = process_resident_kib(pid);
        for (size_t i = 0; i < N_LARGE; i++)
                large[i] = start_large(&broker.real.project);
        end_ms = clock_mono_ms() + LARGE_MS;
        while (clock_mono_ms() < end_ms) {
                uint64_t now_kib = process_resident_kib(pid);

                most_kib = now_kib > most_kib ? now_kib : most_kib;
                figures_add(&notes, raw_agent_note(&good, "m", ANSWER_MS));
        }
        for (size_t i = 0; i < N_LARGE; i++)
                raw_agent_end_flood(large[i]);
        printf("# frames of %d KiB on %d connections of one key | memory %lld KiB more at most\n",
               FRAME_MAX / 1024, N_LARGE, (long long)(most_kib - kib));
        figures_print(&notes, "an honest note beside them", "us");
        CHECK((int64_t)(most_kib - kib) <= LARGE_KIB_MAX);
        CHECK_EQ_U64(good.n_refusals, 0);
}
