/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One ROUTER; whoever says "worker" first is the worker. */

#include "tests/bench/echo.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zmq.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/sign.h"
#include "tests/lib/test.h"

enum { ECHO_BYTES = 300, ROUTE_MAX = 64, ANSWER_MS = 20000 };

static const char worker_word[] = "worker";

struct Echo {
        char *endpoint;
        Key server, client;
        pid_t broker, worker;
        int ready_fd; /* the worker writes to it when the broker knows it */
        void *context, *socket;
};

static void *make_socket(void *context, int type) {
        void *socket = zmq_socket(context, type);
        int zero = 0;

        CHECK(socket != NULL);
        CHECK_EQ_INT(zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero), 0);
        return socket;
}

static void set_key(void *socket, int option, const uint8_t *key) {
        CHECK_EQ_INT(zmq_setsockopt(socket, option, key, CURVE_BYTES), 0);
}

static void *connect_echo(const Echo *echo, void *context) {
        void *socket = make_socket(context, ZMQ_DEALER);

        set_key(socket, ZMQ_CURVE_SERVERKEY, echo->server.public.curve);
        set_key(socket, ZMQ_CURVE_PUBLICKEY, echo->client.public.curve);
        set_key(socket, ZMQ_CURVE_SECRETKEY, echo->client.curve_secret);
        CHECK_EQ_INT(zmq_connect(socket, echo->endpoint), 0);
        return socket;
}

/* From the worker to the client and back; what comes before there is a worker waits. */
static void forward(void *router) {
        uint8_t worker[ROUTE_MAX], client[ROUTE_MAX], from[ROUTE_MAX], body[ECHO_BYTES];
        int n_worker = 0, n_client = 0;

        for (;;) {
                int n_from = zmq_recv(router, from, sizeof from, 0);
                int n = zmq_recv(router, body, sizeof body, 0);
                bool is_worker = n_from == n_worker && memcmp(from, worker, (size_t)n_from) == 0;

                if (n == (int)strlen(worker_word)) {
                        memcpy(worker, from, (size_t)n_from);
                        n_worker = n_from;
                        is_worker = true;
                        memcpy(client, from, (size_t)n_from); /* told that it is known */
                        n_client = n_from;
                }
                if (!is_worker) {
                        memcpy(client, from, (size_t)n_from);
                        n_client = n_from;
                }
                (void)zmq_send(router, is_worker ? client : worker,
                               (size_t)(is_worker ? n_client : n_worker), ZMQ_SNDMORE);
                (void)zmq_send(router, body, (size_t)n, 0);
        }
}

static void noreturn_ run_broker(const Echo *echo) {
        void *router = make_socket(zmq_ctx_new(), ZMQ_ROUTER);
        int one = 1;

        CHECK_EQ_INT(zmq_setsockopt(router, ZMQ_CURVE_SERVER, &one, sizeof one), 0);
        set_key(router, ZMQ_CURVE_SECRETKEY, echo->server.curve_secret);
        CHECK_EQ_INT(zmq_bind(router, echo->endpoint), 0);
        forward(router);
        _exit(0);
}

static void noreturn_ run_worker(const Echo *echo) {
        void *socket = connect_echo(echo, zmq_ctx_new());
        uint8_t body[ECHO_BYTES];

        (void)zmq_send(socket, worker_word, strlen(worker_word), 0);
        (void)zmq_recv(socket, body, sizeof body, 0);
        (void)!write(echo->ready_fd, "", 1);
        for (;;) {
                int n = zmq_recv(socket, body, sizeof body, 0);

                (void)zmq_send(socket, body, (size_t)n, 0);
        }
}

static pid_t spawn(const Echo *echo, void (*run)(const Echo *echo)) {
        pid_t pid = fork();

        CHECK(pid >= 0);
        if (pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                run(echo);
        }
        return pid;
}

Echo *echo_start(const char *dir) {
        Echo *echo = mem_new(Echo);
        unsigned answer_ms = ANSWER_MS;
        char byte;
        int ready[2];

        echo->endpoint = mem_printf("ipc://%s/echo", dir);
        key_make(&echo->server);
        key_make(&echo->client);
        CHECK_EQ_INT(pipe2(ready, O_CLOEXEC), 0);
        echo->ready_fd = ready[1];
        echo->broker = spawn(echo, run_broker);
        echo->worker = spawn(echo, run_worker);
        CHECK_EQ_INT(read(ready[0], &byte, 1), 1);
        (void)close(ready[0]);
        (void)close(ready[1]);
        echo->context = zmq_ctx_new();
        echo->socket = connect_echo(echo, echo->context);
        CHECK_EQ_INT(zmq_setsockopt(echo->socket, ZMQ_RCVTIMEO, &answer_ms, sizeof(int)), 0);
        return echo;
}

Echo *echo_free(Echo *echo) {
        const pid_t pids[] = {echo ? echo->broker : 0, echo ? echo->worker : 0};

        if (!echo)
                return NULL;
        for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
                (void)kill(pids[i], SIGKILL);
                (void)waitpid(pids[i], NULL, 0);
        }
        (void)zmq_close(echo->socket);
        (void)zmq_ctx_term(echo->context);
        free(echo->endpoint);
        free(echo);
        return NULL;
}

void echo_measure(Echo *echo, unsigned n, Samples *us) {
        uint8_t body[ECHO_BYTES] = {0};

        for (unsigned i = 0; i < n; i++) {
                uint64_t begin_ns = clock_mono_ns();

                CHECK_EQ_INT(zmq_send(echo->socket, body, sizeof body, 0), ECHO_BYTES);
                CHECK_EQ_INT(zmq_recv(echo->socket, body, sizeof body, 0), ECHO_BYTES);
                samples_add(us, (double)(clock_mono_ns() - begin_ns) / 1e3);
        }
}
