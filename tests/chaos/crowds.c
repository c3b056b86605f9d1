/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "tests/chaos/crowds.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zmq.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/dealer.h"
#include "tests/lib/figures.h"
#include "tests/lib/raw_agent.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/test.h"

enum {
        ANSWER_MS = 20000,
        CPU_WINDOW_MS = 1000,
        OWN_FDS = 128,
        SLICE = 100,
        SLICE_MS = 20,
        PERCENT = 100,
};

void crowds_raise_limit(void) {
        struct rlimit limit;

        CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
        limit.rlim_cur = limit.rlim_max;
        CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

size_t crowds_most(size_t n_wished) {
        struct rlimit limit;

        CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
        return size_min(n_wished, limit.rlim_max - OWN_FDS);
}

int crowds_open(uint16_t port) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        CHECK(fd >= 0);
        (void)!connect(fd, (struct sockaddr *)&address, sizeof address);
        return fd;
}

/* In slices, so that they are really there and not only asked for. */
static int *open_idle(uint16_t port, size_t n) {
        int *fds = mem_alloc(n * sizeof *fds);

        crowds_raise_limit();
        for (size_t i = 0; i < n; i++) {
                struct pollfd item = {.fd = -1, .events = POLLOUT};

                fds[i] = item.fd = crowds_open(port);
                if (i % SLICE == SLICE - 1 || i + 1 == n)
                        (void)poll(&item, 1, SLICE_MS);
        }
        return fds;
}

static void close_idle(int *fds, size_t n) {
        for (size_t i = 0; i < n; i++)
                fd_close(&fds[i]);
        free(fds);
}

static uint64_t percent_of(uint64_t cpu_ms) {
        return cpu_ms * PERCENT / CPU_WINDOW_MS;
}

/* ---- the broker ---- */

static void start_with_few(TcpBroker *broker, size_t n_fds) {
        cleanup_free char *command = mem_printf("ulimit -n %zu && exec \"%s\" run", n_fds,
                                                bench_program("COLDGATE_BROKER"));
        ProcessSpec spec = {.argv = {"sh", "-c", command}, .cwd = broker->real.dir};

        broker->real.process = process_start(&spec);
        process_wait_text(broker->real.process, "broker: ready on ", ANSWER_MS);
}

void crowds_try(size_t n_fds, size_t n_idle, Crowds *ret_crowds) {
        cleanup_tcp_broker TcpBroker broker;
        cleanup_raw_agent RawAgent good;
        uint64_t began_ms, cpu_ms;
        int *idle;

        *ret_crowds = (Crowds){.server = "broker", .n_fds = n_fds, .n_idle = n_idle};
        tcp_broker_init(&broker, "");
        start_with_few(&broker, n_fds);
        idle = open_idle(broker.port, n_idle);
        began_ms = clock_mono_ms();
        raw_agent_connect(&good, &broker.real.project, "builder");
        ret_crowds->welcome_ms = clock_mono_ms() - began_ms;
        ret_crowds->is_served = true;
        cpu_ms = process_cpu_ms(process_get_pid(broker.real.process));
        raw_agent_hear(&good, CPU_WINDOW_MS);
        cpu_ms = process_cpu_ms(process_get_pid(broker.real.process)) - cpu_ms;
        ret_crowds->cpu_percent = percent_of(cpu_ms);
        (void)raw_agent_note(&good, "m", ANSWER_MS);
        CHECK(process_is_running(broker.real.process));
        close_idle(idle, n_idle);
}

/* ---- ZeroMQ as it is ---- */

static void echo_for_ever(void *router) {
        for (;;) {
                char id[256], text[256];
                int n = zmq_recv(router, id, sizeof id, 0);
                int n_text = zmq_recv(router, text, sizeof text, 0);

                if (n < 0 || n_text < 0)
                        continue;
                (void)zmq_send(router, id, (size_t)n, ZMQ_SNDMORE);
                (void)zmq_send(router, text, (size_t)n_text, 0);
        }
}

static pid_t start_plain(const char *endpoint, size_t n_fds) {
        pid_t pid = fork();
        struct rlimit limit = {n_fds, n_fds};
        void *router;

        CHECK(pid >= 0);
        if (pid > 0)
                return pid;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
                _exit(EXIT_FAILURE);
        router = zmq_socket(zmq_ctx_new(), ZMQ_ROUTER);
        if (!router || zmq_bind(router, endpoint) < 0)
                _exit(EXIT_FAILURE);
        echo_for_ever(router);
        _exit(EXIT_SUCCESS);
}

static bool is_answered(const char *endpoint, uint64_t limit_ms) {
        cleanup_buf Buf frame = BUF_INIT(256);
        cleanup_dealer Dealer good;

        dealer_open(&good, endpoint, NULL, NULL, SLICE_NULL);
        return dealer_send(&good, slice_text("hello"), false, limit_ms) &&
               dealer_receive(&good, &frame, limit_ms);
}

void crowds_try_plain(size_t n_fds, size_t n_idle, Crowds *ret_crowds) {
        uint16_t port = tcp_broker_find_port();
        cleanup_free char *endpoint = mem_printf("tcp://127.0.0.1:%u", port);
        pid_t pid = start_plain(endpoint, n_fds);
        uint64_t cpu_ms;
        int *idle;

        *ret_crowds = (Crowds){.server = "plain ROUTER", .n_fds = n_fds, .n_idle = n_idle};
        CHECK(is_answered(endpoint, ANSWER_MS));
        idle = open_idle(port, n_idle);
        cpu_ms = process_cpu_ms(pid);
        ret_crowds->is_served = is_answered(endpoint, CPU_WINDOW_MS);
        ret_crowds->cpu_percent = percent_of(process_cpu_ms(pid) - cpu_ms);
        close_idle(idle, n_idle);
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
}

void crowds_print(const Crowds *crowds) {
        printf("# %s, %zu descriptors, %zu idle connections | a good client %s %llu ms; processor "
               "%llu %%\n",
               crowds->server, crowds->n_fds, crowds->n_idle,
               crowds->is_served ? "served after" : "not served, after",
               (unsigned long long)(crowds->is_served ? crowds->welcome_ms : CPU_WINDOW_MS),
               (unsigned long long)crowds->cpu_percent);
}
