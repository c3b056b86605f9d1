/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One zmq_poll. It looks at a socket's state, not at its edges, so that what was not read before
 * the wait is found again. */

#include "proto/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <zmq.h>

#include "base/error.h"
#include "base/late.h"
#include "proto/zmq_load.h"

#define LATE LATE_DECLARE
#include "proto/zmq.def"

/* Beside the descriptors: three sockets of a server, two of a client. */
enum { CHANNEL_ITEMS_MAX = 5, ITEMS_MAX = LOOP_SOURCES_MAX + CHANNEL_ITEMS_MAX };

typedef struct Poll {
        zmq_pollitem_t items[ITEMS_MAX];
        bool *ready[ITEMS_MAX]; /* what an item's event means */
        size_t n;
} Poll;

static void add_item(Poll *poll, zmq_pollitem_t item, bool *ready) {
        *ready = false;
        poll->items[poll->n] = item;
        poll->ready[poll->n++] = ready;
}

static void add_socket(Poll *poll, void *socket, short events, bool *ready) {
        if (socket)
                add_item(poll, (zmq_pollitem_t){.socket = socket, .events = events}, ready);
}

static void add_channels(Poll *poll, LoopWait *wait) {
        wait->server_is_ready = wait->zap_is_ready = wait->client_is_ready = false;
        if (wait->server) {
                ChannelSockets sockets = channel_server_get_sockets(wait->server);

                add_socket(poll, sockets.frames, ZMQ_POLLIN, &wait->server_is_ready);
                add_socket(poll, sockets.zap, ZMQ_POLLIN, &wait->zap_is_ready);
                add_socket(poll, sockets.monitor, ZMQ_POLLIN, &wait->zap_is_ready);
        }
        if (wait->client) {
                ChannelSockets sockets = channel_client_get_sockets(wait->client);
                short events = ZMQ_POLLIN | (wait->client_wants_send ? ZMQ_POLLOUT : 0);

                add_socket(poll, sockets.frames, events, &wait->client_is_ready);
                add_socket(poll, sockets.monitor, ZMQ_POLLIN, &wait->client_is_ready);
        }
}

static void add_fds(Poll *poll, LoopWait *wait) {
        for (size_t i = 0; i < wait->n_fds; i++) {
                short events = wait->fds[i].wants_write ? ZMQ_POLLOUT : ZMQ_POLLIN;

                add_item(poll, (zmq_pollitem_t){.fd = wait->fds[i].fd, .events = events},
                         &wait->fds[i].is_ready);
        }
}

size_t loop_add_fd(LoopWait *wait, int fd, bool wants_write) {
        assert(wait->n_fds < LOOP_SOURCES_MAX);
        wait->fds[wait->n_fds].fd = fd;
        wait->fds[wait->n_fds].wants_write = wants_write;
        wait->fds[wait->n_fds].is_ready = false;
        return wait->n_fds++;
}

int loop_wait(LoopWait *wait, int64_t timeout_ms) {
        Poll poll = {.n = 0};
        long timeout = timeout_ms < 0 ? -1 : (long)(timeout_ms > INT_MAX ? INT_MAX : timeout_ms);

        if (zmq_load())
                return error_origin(-ELIBACC);
        add_channels(&poll, wait);
        add_fds(&poll, wait);
        if (late_zmq_poll(poll.items, (int)poll.n, timeout) < 0)
                return errno == EINTR ? 0 : error_origin(-errno);
        for (size_t i = 0; i < poll.n; i++)
                if (poll.items[i].revents)
                        *poll.ready[i] = true;
        return 0;
}

int loop_signal_fd(bool with_children, int *ret_fd) {
        sigset_t signals;
        int fd;

        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGTERM);
        (void)sigaddset(&signals, SIGINT);
        if (with_children)
                (void)sigaddset(&signals, SIGCHLD);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return error_origin(-errno);
        fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd < 0)
                return error_origin(-errno);
        *ret_fd = fd;
        return 0;
}

int loop_signal_add_hup(int signal_fd) {
        sigset_t signals;

        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGHUP);
        (void)sigaddset(&signals, SIGTERM);
        (void)sigaddset(&signals, SIGINT);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0 ||
            signalfd(signal_fd, &signals, 0) != signal_fd)
                return error_origin(-errno);
        return 0;
}

int loop_signal_read(int signal_fd) {
        struct signalfd_siginfo info;

        return read(signal_fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}
