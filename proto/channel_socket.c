/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What both ends of a channel do with ZeroMQ's sockets. */

#include "proto/channel_socket.h"

#include <errno.h>
#include <string.h>

#include <zmq.h>

#include "base/error.h"
#include "base/late.h"
#include "base/log.h"
#include "proto/channel.h"
#include "proto/codec.h"
#include "proto/zmq_load.h"

#define LATE LATE_DECLARE
#include "proto/zmq.def"

static const char monitor_endpoint[] = "inproc://monitor";

enum {
        /* What CURVE puts around a frame on the wire; and so much above the limit is still read
         * and answered, for ZeroMQ only ends the connection of who says more. */
        WIRE_MORE_BYTES = 1 << 16,
        MONITORED = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                    ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                    ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED,
        MONITOR_EVENT_BYTES = 6,
};

int socket_load(Fault *reterr_fault) {
        const char *why = zmq_load();

        if (!why)
                return 0;
        fault_set(reterr_fault, "library-missing", "%s", why);
        fault_next(reterr_fault, "install ZeroMQ's library (Debian: apt-get install libzmq5)");
        return CHANNEL_E_REFUSED;
}

void socket_close(void **socket) {
        if (*socket)
                (void)late_zmq_close(*socket);
        *socket = NULL;
}

void socket_free_context(void *context) {
        if (!context)
                return;
        while (late_zmq_ctx_term(context) < 0 && errno == EINTR)
                ;
}

int socket_set_options(void *socket, const OptionValue *options, size_t n_options) {
        const int64_t frame_max = FRAME_MAX + WIRE_MORE_BYTES;

        for (size_t i = 0; i < n_options; i++)
                if (late_zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof(int)) <
                    0)
                        return error_origin(-errno);
        if (late_zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) < 0)
                return error_origin(-errno);
        return 0;
}

int socket_set_key(void *socket, int option, const uint8_t key[CURVE_BYTES]) {
        return late_zmq_setsockopt(socket, option, key, CURVE_BYTES) < 0 ? error_origin(-errno) : 0;
}

int socket_refuse(const char *endpoint, Fault *reterr_fault) {
        fault_set(reterr_fault, errno == EADDRINUSE ? "endpoint-in-use" : "endpoint-unusable", "%s",
                  late_zmq_strerror(errno));
        fault_place(reterr_fault, "%s", endpoint);
        return CHANNEL_E_REFUSED;
}

int socket_watch(void *context, void *watched, void **ret_monitor) {
        const int unlimited = 0;
        void *monitor;

        if (late_zmq_socket_monitor(watched, monitor_endpoint, MONITORED) < 0)
                return error_origin(-errno);
        monitor = late_zmq_socket(context, ZMQ_PAIR);
        if (!monitor)
                return error_origin(-errno);
        *ret_monitor = monitor;
        /* Where it could fill up, ZeroMQ's own thread would wait for us. */
        if (late_zmq_setsockopt(monitor, ZMQ_RCVHWM, &unlimited, sizeof unlimited) < 0 ||
            late_zmq_connect(monitor, monitor_endpoint) < 0)
                return error_origin(-errno);
        return 0;
}

void socket_unwatch(void *watched, void **monitor) {
        if (watched)
                (void)late_zmq_socket_monitor(watched, NULL, 0);
        socket_close(monitor);
}

bool socket_is_failure(int event) {
        return event & (ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
}

int socket_read_event(void *monitor, int *ret_value) {
        uint8_t event[MONITOR_EVENT_BYTES];
        char peer[128];
        uint16_t number;
        int n;

        if (!monitor || late_zmq_recv(monitor, event, sizeof event, ZMQ_DONTWAIT) != sizeof event)
                return 0;
        n = late_zmq_recv(monitor, peer, sizeof peer, ZMQ_DONTWAIT);
        memcpy(&number, event, sizeof number);
        memcpy(ret_value, event + sizeof number, sizeof *ret_value);
        if (socket_is_failure(number))
                log_write(LOG_DEBUG, "handshake failed at %.*s (event %#x)",
                          n < 0 ? 0 : (int)size_min((size_t)n, sizeof peer), peer, number);
        return number;
}

void part_close(zmq_msg_t *part) {
        (void)late_zmq_msg_close(part);
}

int part_receive(void *socket, zmq_msg_t *part) {
        while (late_zmq_msg_recv(part, socket, ZMQ_DONTWAIT) < 0) {
                if (errno == EAGAIN)
                        return CHANNEL_E_EMPTY;
                if (errno != EINTR)
                        return error_origin(-errno);
        }
        return 0;
}

Slice part_get(zmq_msg_t *part) {
        return slice_make(late_zmq_msg_data(part), late_zmq_msg_size(part));
}

int part_drop_more(void *socket, zmq_msg_t *part) {
        while (late_zmq_msg_more(part))
                TRY(part_receive(socket, part));
        return 0;
}

int part_send(void *socket, Slice bytes, int flags) {
        while (late_zmq_send(socket, bytes.data, bytes.n, flags | ZMQ_DONTWAIT) < 0) {
                if (errno == EAGAIN)
                        return CHANNEL_E_FULL;
                if (errno == EHOSTUNREACH)
                        return CHANNEL_E_GONE;
                if (errno != EINTR)
                        return error_origin(-errno);
        }
        return 0;
}
