/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One poll over all pairs; a delay delays everybody, which is what a bad line does. */

#include "tests/lib/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/test.h"

enum { PAIRS_MAX = 64, PIECE_BYTES = 16384, POLL_MS = 5 };

typedef struct Pair {
        int client, server; /* -1: no pair */
        uint64_t n_up;
        uint64_t reset_at; /* 0: never */
        uint64_t flip_at;
        bool is_first;
} Pair;

typedef struct State {
        TcpWeather *weather;
        uint16_t to_port;
        int listener;
        Pair pairs[PAIRS_MAX];
} State;

static struct sockaddr_in loopback(uint16_t port) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
}

/* With SO_LINGER of nothing, close is a reset. */
static void end_pair(Pair *pair, bool is_reset) {
        const struct linger now = {.l_onoff = 1};

        if (is_reset) {
                (void)setsockopt(pair->client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
                (void)setsockopt(pair->server, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        }
        (void)close(pair->client);
        (void)close(pair->server);
        pair->client = pair->server = -1;
}

static void accept_pair(State *state) {
        struct sockaddr_in address = loopback(state->to_port);
        TcpWeather *weather = state->weather;
        int client = accept4(state->listener, NULL, NULL, SOCK_CLOEXEC);
        int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        Pair *pair = NULL;

        for (size_t i = 0; i < PAIRS_MAX && !pair; i++)
                if (state->pairs[i].client < 0)
                        pair = &state->pairs[i];
        if (client < 0 || !pair ||
            connect(server, (struct sockaddr *)&address, sizeof address) < 0) {
                if (client >= 0)
                        (void)close(client);
                (void)close(server);
                return;
        }
        *pair = (Pair){.client = client,
                       .server = server,
                       .reset_at = weather->reset_after,
                       .flip_at = weather->flip_at,
                       .is_first = weather->n_connections == 0};
        if (pair->reset_at && weather->reset_spread)
                pair->reset_at += (uint64_t)rand() % weather->reset_spread;
        weather->n_connections++;
}

static void look_at(TcpWeather *weather, const Pair *pair, char *bytes, size_t n) {
        for (size_t i = 0; i < n; i++) {
                uint64_t place = pair->n_up + i;

                if (pair->flip_at && place + 1 == pair->flip_at)
                        bytes[i] = (char)(bytes[i] ^ (1 << (rand() % 8)));
                if (pair->is_first && place < TCP_SAID_BYTES) {
                        weather->said[place] = (uint8_t)bytes[i];
                        weather->n_said = (uint32_t)place + 1;
                }
        }
}

static void swap_halves(TcpWeather *weather, char *bytes, size_t n) {
        char first[PIECE_BYTES];

        if (!weather->swap_one_in || n < 2 || (uint32_t)rand() % weather->swap_one_in)
                return;
        memcpy(first, bytes, n / 2);
        memmove(bytes, bytes + n / 2, n - n / 2);
        memcpy(bytes + n - n / 2, first, n / 2);
        weather->n_swaps++;
}

/* False: the pair is over. */
static bool pass_on(State *state, Pair *pair, bool is_up) {
        TcpWeather *weather = state->weather;
        int from = is_up ? pair->client : pair->server, to = is_up ? pair->server : pair->client;
        size_t n_max = weather->piece_max ? weather->piece_max : PIECE_BYTES;
        char bytes[PIECE_BYTES];
        ssize_t n;

        if (is_up && pair->reset_at && pair->reset_at - pair->n_up < n_max)
                n_max = pair->reset_at - pair->n_up;
        n = recv(from, bytes, n_max, MSG_DONTWAIT);
        if (n <= 0)
                return false;
        if (is_up)
                look_at(weather, pair, bytes, (size_t)n);
        swap_halves(weather, bytes, (size_t)n);
        if (weather->delay_ms_max)
                (void)usleep((useconds_t)((uint32_t)rand() % weather->delay_ms_max) * 1000);
        if (send(to, bytes, (size_t)n, MSG_NOSIGNAL) != n)
                return false;
        pair->n_up += is_up ? (uint64_t)n : 0;
        weather->n_up += is_up ? (uint64_t)n : 0;
        if (!is_up || !pair->reset_at || pair->n_up < pair->reset_at)
                return true;
        weather->n_resets++;
        end_pair(pair, true);
        return true;
}

static void reset_all(State *state) {
        for (size_t i = 0; i < PAIRS_MAX; i++)
                if (state->pairs[i].client >= 0) {
                        state->weather->n_resets++;
                        end_pair(&state->pairs[i], true);
                }
        state->weather->resets_all = false;
}

static void serve_pair(State *state, Pair *pair) {
        const TcpWeather *weather = state->weather;
        struct pollfd ends[2] = {{.fd = weather->holds_up ? -1 : pair->client, .events = POLLIN},
                                 {.fd = weather->holds_down ? -1 : pair->server, .events = POLLIN}};

        (void)poll(ends, 2, 0);
        for (int i = 0; i < 2 && pair->client >= 0; i++)
                if (ends[i].revents && !pass_on(state, pair, i == 0))
                        end_pair(pair, false);
}

static void noreturn_ serve(State *state) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (size_t i = 0; i < PAIRS_MAX; i++)
                state->pairs[i] = (Pair){.client = -1, .server = -1};
        for (;;) {
                struct pollfd all[1 + 2 * PAIRS_MAX] = {{.fd = state->listener, .events = POLLIN}};
                size_t n = 1;

                for (size_t i = 0; i < PAIRS_MAX; i++) {
                        if (!state->weather->holds_up)
                                all[n++] = (struct pollfd){.fd = state->pairs[i].client,
                                                           .events = POLLIN};
                        if (!state->weather->holds_down)
                                all[n++] = (struct pollfd){.fd = state->pairs[i].server,
                                                           .events = POLLIN};
                }
                (void)poll(all, n, POLL_MS);
                if (state->weather->resets_all)
                        reset_all(state);
                if (all[0].revents)
                        accept_pair(state);
                for (size_t i = 0; i < PAIRS_MAX; i++)
                        if (state->pairs[i].client >= 0)
                                serve_pair(state, &state->pairs[i]);
        }
}

void tcp_proxy_start(TcpProxy *proxy, uint16_t to_port) {
        State state = {.to_port = to_port};
        struct sockaddr_in address = loopback(0);
        socklen_t n = sizeof address;

        state.weather = mmap(NULL, sizeof *state.weather, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        CHECK(state.weather != MAP_FAILED);
        state.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK(bind(state.listener, (struct sockaddr *)&address, n) == 0);
        CHECK(listen(state.listener, PAIRS_MAX) == 0);
        CHECK(getsockname(state.listener, (struct sockaddr *)&address, &n) == 0);
        *proxy = (TcpProxy){.weather = state.weather, .port = ntohs(address.sin_port)};
        proxy->pid = fork();
        if (proxy->pid == 0)
                serve(&state);
        CHECK(proxy->pid > 0);
        (void)close(state.listener);
}

void tcp_proxy_stop(TcpProxy *proxy) {
        (void)kill(proxy->pid, SIGKILL);
        (void)waitpid(proxy->pid, NULL, 0);
        (void)munmap(proxy->weather, sizeof *proxy->weather);
}
