/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * CURVE sockets over ZeroMQ. The server answers ZAP itself and fails closed: the handler is bound
 * before the socket, a domain is always set, ZMQ_ZAP_ENFORCE_DOMAIN (93) is set and checked. Who
 * sent a frame is the ZAP User-Id of that frame, never the routing id. Sends never block and
 * ROUTER_MANDATORY is on: a peer that is gone or full is a condition. Why each option: the rows in
 * channel_server.c and docs/decisions/009-who-gets-in.md.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "base/sign.h"
#include "base/slice.h"

enum { ROUTE_BYTES_MAX = 32, USER_ID_HEX = 64 };

/* Where an answer goes; opaque, valid while the peer stays connected. */
typedef struct Route {
        uint8_t bytes[ROUTE_BYTES_MAX];
        size_t n;
} Route;

typedef struct ChannelServer ChannelServer;
typedef struct ChannelClient ChannelClient;

/* Says whether a Curve25519 public key may connect. Asked once for each connection. */
typedef bool (*ChannelAdmits)(void *userdata, const uint8_t curve[CURVE_BYTES]);

enum {
        _CHANNEL_E_SUCCESS,
        CHANNEL_E_REFUSED,   /* endpoint or library unusable; the fault says why */
        CHANNEL_E_EMPTY,     /* nothing to receive now */
        CHANNEL_E_GONE,      /* no such peer any more */
        CHANNEL_E_FULL,      /* the peer does not read: try again later */
        CHANNEL_E_TOO_LARGE, /* larger than FRAME_MAX */
        CHANNEL_E_PARTS,     /* a message of several parts; a frame is one */
        CHANNEL_E_ROUTE,     /* its sender has chosen its own routing id: no channel does */
};

/* Binds `endpoint` (ipc://… or tcp://…; an ipc path too long for a socket address is reached
 * through /proc/self/fd). */
int channel_server_new(const char *endpoint, const Key *key, ChannelAdmits admits, void *userdata,
                       ChannelServer **ret_server, Fault *reterr_fault) must_check;
ChannelServer *channel_server_free(ChannelServer *server);
/* One frame; `ret_curve` is the sender's transport key as ZAP established it.
 * The buffer's ceiling is FRAME_MAX or more. CHANNEL_E_EMPTY. With CHANNEL_E_TOO_LARGE,
 * CHANNEL_E_PARTS and CHANNEL_E_ROUTE the message is gone and its sender is told, to be answered.
 */
int channel_server_receive(ChannelServer *server, Buf *ret_frame, Route *ret_route,
                           uint8_t ret_curve[CURVE_BYTES]) must_check;
/* CHANNEL_E_GONE, CHANNEL_E_FULL, CHANNEL_E_TOO_LARGE. */
int channel_server_send(ChannelServer *server, const Route *route, Slice frame) must_check;
/* Answers waiting ZAP requests. To be called whenever loop_wait says zap_is_ready. */
int channel_server_serve_zap(ChannelServer *server) must_check;
/* Never more connections than these, nor than descriptors are there for: whoever comes new pushes
 * out the quietest (crowd.h). */
void channel_server_limit(ChannelServer *server, size_t n_connections);
/* Connections whose key was admitted and that said nothing for seconds; each is logged. One that
 * wants the routing id of another is among them: ZeroMQ leaves it unheard. */
uint64_t channel_server_count_silent(const ChannelServer *server);
/* Handshakes that have failed, but for so many that were forgiven beforehand. */
uint64_t channel_server_count_failed(const ChannelServer *server);
void channel_server_forgive(ChannelServer *server);
/* Monotonic time at which channel_server_receive should be called though nothing came; UINT64_MAX:
 * never. */
uint64_t channel_server_deadline(const ChannelServer *server);
/* For tests: closes the ZAP handler; from then on nobody new is let in. */
void channel_server_kill_zap(ChannelServer *server);

int channel_client_new(const char *endpoint, const Key *key,
                       const uint8_t server_curve[CURVE_BYTES], ChannelClient **ret_client,
                       Fault *reterr_fault) must_check;
ChannelClient *channel_client_free(ChannelClient *client);
/* As above. CHANNEL_E_EMPTY. */
int channel_client_receive(ChannelClient *client, Buf *ret_frame) must_check;
/* CHANNEL_E_FULL: not connected now, or the broker does not read. CHANNEL_E_TOO_LARGE. */
int channel_client_send(ChannelClient *client, Slice frame) must_check;
/* How often a connection was made. It reconnects by itself: when this grew, the broker does not
 * know the new connection yet. */
uint64_t channel_client_count_connections(ChannelClient *client);
/* The newest handshake failed because the broker does not admit our key. It is tried again
 * after a second, within whatever is called then. */
bool channel_client_is_key_refused(ChannelClient *client);

/* For loop.c: ZeroMQ's sockets, NULL where there is none. */
typedef struct ChannelSockets {
        void *frames;
        void *zap;
        void *monitor;
} ChannelSockets;

ChannelSockets channel_server_get_sockets(const ChannelServer *server);
ChannelSockets channel_client_get_sockets(const ChannelClient *client);

DEFINE_FREEP(ChannelServer, channel_server_free, channel_server_freep)
DEFINE_FREEP(ChannelClient, channel_client_free, channel_client_freep)
