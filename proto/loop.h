/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* One wait for everything a program waits for: a channel, descriptors (children's pipes, pidfds, a
 * signalfd), a deadline. Home of zmq_poll. */

#include "base/defs.h"
#include "proto/channel.h"

enum { LOOP_SOURCES_MAX = 300 };

typedef struct LoopWait {
        ChannelServer *server; /* may be NULL */
        ChannelClient *client; /* may be NULL */
        struct {
                int fd;
                bool wants_write;
                bool is_ready; /* set by loop_wait: readable or writable, or hung up */
        } fds[LOOP_SOURCES_MAX];
        size_t n_fds;
        bool client_wants_send; /* wait also until the client can send, e.g. is connected */
        /* Set by loop_wait. Read each channel until CHANNEL_E_EMPTY. */
        bool server_is_ready, zap_is_ready, client_is_ready;
} LoopWait;

/* Adds a descriptor to the wait; its index in fds. */
size_t loop_add_fd(LoopWait *wait, int fd, bool wants_write);

/* Until something is ready or `timeout_ms` (-1: for ever) has passed. A signal also ends it. */
int loop_wait(LoopWait *wait, int64_t timeout_ms) must_check;

/* SIGTERM and SIGINT (and SIGCHLD if wanted) as a readable descriptor; blocks them from then on. */
int loop_signal_fd(bool with_children, int *ret_fd) must_check;
/* SIGHUP too, by the same descriptor: for programs that read their settings again. */
int loop_signal_add_hup(int signal_fd) must_check;
/* Reads one signal from it; 0 when there is none. */
int loop_signal_read(int signal_fd);
