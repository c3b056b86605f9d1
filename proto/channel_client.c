/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* An agent's end. */

#include "proto/channel.h"

#include <stdlib.h>

#include <zmq.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/late.h"
#include "base/mem.h"
#include "proto/channel_socket.h"
#include "proto/codec.h"
#include "proto/endpoint.h"

#define LATE LATE_DECLARE
#include "proto/zmq.def"

enum { CONNECT_AGAIN_MS = 1000 };

/* IMMEDIATE: nothing is taken before the handshake is through, so that FULL tells the session that
 * it is not connected. LINGER lets a program that says one thing and ends be heard. A broker that
 * stands still is noticed after IVL and TIMEOUT at most: before four seconds are over; TTL lets the
 * broker notice as soon that we do. RCVHWM is more than anybody gives credit for, so that what is
 * said above of heartbeats cannot happen here. CONNECT_TIMEOUT: else the kernel asks ever more
 * seldom whether a network is back, and is believed. */
static const OptionValue client_options[] = {
        {ZMQ_IMMEDIATE, 1},
        {ZMQ_RECONNECT_IVL, 50},
        {ZMQ_RECONNECT_IVL_MAX, 2000},
        {ZMQ_HANDSHAKE_IVL, 3000},
        {ZMQ_CONNECT_TIMEOUT, 2000},
        {ZMQ_HEARTBEAT_IVL, 1000},
        {ZMQ_HEARTBEAT_TIMEOUT, 2750},
        {ZMQ_HEARTBEAT_TTL, 3000},
        {ZMQ_LINGER, 500},
        {ZMQ_RCVHWM, 1024},
        {ZMQ_SNDHWM, 64},
};

struct ChannelClient {
        void *context;
        void *dealer;
        void *monitor;
        Endpoint endpoint;
        uint64_t n_connections;
        bool is_key_refused;
        uint64_t connect_again_ms; /* monotonic; 0: ZeroMQ itself goes on trying */
};

static int client_open(ChannelClient *client, const Key *key,
                       const uint8_t server_curve[CURVE_BYTES]) {
        client->context = late_zmq_ctx_new();
        if (!client->context)
                return error_origin(-errno);
        client->dealer = late_zmq_socket(client->context, ZMQ_DEALER);
        if (!client->dealer)
                return error_origin(-errno);
        TRY(socket_set_options(client->dealer, client_options, ARRAY_SIZE(client_options)));
        TRY(socket_set_key(client->dealer, ZMQ_CURVE_SERVERKEY, server_curve));
        TRY(socket_set_key(client->dealer, ZMQ_CURVE_PUBLICKEY, key->public.curve));
        TRY(socket_set_key(client->dealer, ZMQ_CURVE_SECRETKEY, key->curve_secret));
        return socket_watch(client->context, client->dealer, &client->monitor);
}

int channel_client_new(const char *endpoint, const Key *key,
                       const uint8_t server_curve[CURVE_BYTES], ChannelClient **ret_client,
                       Fault *reterr_fault) {
        cleanup(channel_client_freep) ChannelClient *client = mem_new(ChannelClient);

        client->endpoint = ENDPOINT_INIT;
        if (socket_load(reterr_fault) || endpoint_open(endpoint, &client->endpoint, reterr_fault))
                return CHANNEL_E_REFUSED;
        TRY(client_open(client, key, server_curve));
        if (late_zmq_connect(client->dealer, client->endpoint.address) < 0)
                return socket_refuse(endpoint, reterr_fault);
        *ret_client = TAKE(client);
        return 0;
}

ChannelClient *channel_client_free(ChannelClient *client) {
        if (!client)
                return NULL;
        socket_unwatch(client->dealer, &client->monitor);
        socket_close(&client->dealer);
        socket_free_context(client->context);
        endpoint_close(&client->endpoint);
        free(client);
        return NULL;
}

/* After a handshake that failed ZeroMQ gives the endpoint up, but a key may be admitted later and a
 * broker may come back. */
static void client_connect_again(ChannelClient *client) {
        if (!client->connect_again_ms || clock_mono_ms() < client->connect_again_ms)
                return;
        client->connect_again_ms = 0;
        (void)late_zmq_disconnect(client->dealer, client->endpoint.address);
        (void)late_zmq_connect(client->dealer, client->endpoint.address);
}

static void client_note_events(ChannelClient *client) {
        int event, value = 0;

        while ((event = socket_read_event(client->monitor, &value)) != 0) {
                bool is_connected = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;

                if (!is_connected && !socket_is_failure(event))
                        continue;

                client->n_connections += is_connected;
                client->is_key_refused = event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
                client->connect_again_ms = is_connected ? 0 : clock_mono_ms() + CONNECT_AGAIN_MS;
        }
        client_connect_again(client);
}

uint64_t channel_client_count_connections(ChannelClient *client) {
        client_note_events(client);
        return client->n_connections;
}

bool channel_client_is_key_refused(ChannelClient *client) {
        client_note_events(client);
        return client->is_key_refused;
}

int channel_client_receive(ChannelClient *client, Buf *ret_frame) {
        client_note_events(client);
        for (int i = 0; i < DROPS_MAX; i++) {
                cleanup(part_close) zmq_msg_t part;
                bool is_ours;
                int r;

                (void)late_zmq_msg_init(&part);
                r = part_receive(client->dealer, &part);
                if (r)
                        return r;
                is_ours = !late_zmq_msg_more(&part) && late_zmq_msg_size(&part) <= FRAME_MAX;
                TRY(part_drop_more(client->dealer, &part));
                if (!is_ours)
                        continue;
                buf_clear(ret_frame);
                buf_slice(ret_frame, part_get(&part));
                return 0;
        }
        return CHANNEL_E_EMPTY;
}

int channel_client_send(ChannelClient *client, Slice frame) {
        client_note_events(client);
        return frame.n > FRAME_MAX ? CHANNEL_E_TOO_LARGE : part_send(client->dealer, frame, 0);
}

ChannelSockets channel_client_get_sockets(const ChannelClient *client) {
        return (ChannelSockets){client->dealer, NULL, client->monitor};
}
