/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What both ends of a channel do with ZeroMQ's sockets: proto/channel_server.c, channel_client.c.
 */

#include "base/fault.h"
#include "base/sign.h"
#include "base/slice.h"

enum {
        /* One receive passes over so many messages that no channel made, not more: whoever sends
         * nothing else shall not hold up the loop. */
        DROPS_MAX = 64,
};

struct zmq_msg_t;

typedef struct OptionValue {
        int option;
        int value;
} OptionValue;

/* CHANNEL_E_REFUSED: libzmq is not there (rule library-missing). */
int socket_load(Fault *reterr_fault) must_check;
void socket_close(void **socket);
void socket_free_context(void *context);
/* And the largest message. */
int socket_set_options(void *socket, const OptionValue *options, size_t n_options) must_check;
int socket_set_key(void *socket, int option, const uint8_t key[CURVE_BYTES]) must_check;
/* CHANNEL_E_REFUSED, for what libzmq has just said of the endpoint. */
int socket_refuse(const char *endpoint, Fault *reterr_fault);

/* What happens to the connections of a socket. */
int socket_watch(void *context, void *watched, void **ret_monitor) must_check;
void socket_unwatch(void *watched, void **monitor);
/* The next event's number; 0 when there is none. What else it tells, a descriptor perhaps. */
int socket_read_event(void *monitor, int *ret_value);
/* Whether an event is a handshake that failed. */
bool socket_is_failure(int event);

void part_close(struct zmq_msg_t *part);
/* The next part: 0, CHANNEL_E_EMPTY, or fatal. */
int part_receive(void *socket, struct zmq_msg_t *part) must_check;
Slice part_get(struct zmq_msg_t *part);
/* Reads away what is left of a message that has more parts than ours. */
int part_drop_more(void *socket, struct zmq_msg_t *part) must_check;
/* CHANNEL_E_FULL, CHANNEL_E_GONE. */
int part_send(void *socket, Slice bytes, int flags) must_check;
