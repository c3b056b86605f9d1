/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * ZeroMQ's sockets, with every option that decides who gets in and what is lost as a row.
 */

#include "proto/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <zmq.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/late.h"
#include "base/log.h"
#include "base/mem.h"
#include "proto/codec.h"
#include "proto/crowd.h"
#include "proto/endpoint.h"
#include "proto/zap.h"
#include "proto/zmq_load.h"

#define LATE LATE_DECLARE
#include "proto/zmq.def"

static const char monitor_endpoint[] = "inproc://monitor";
static const char user_id_property[] = "User-Id";

enum {
        /* Hidden behind the draft switch in zmq.h, but there. Without it a server whose handler is
         * gone lets everybody in. */
        OPTION_ZAP_ENFORCE_DOMAIN = 93,
        /* What CURVE puts around a frame on the wire; and so much above the limit is still read
         * and answered, for ZeroMQ only ends the connection of who says more. */
        WIRE_MORE_BYTES = 1 << 16,
        /* One receive passes over so many messages that no channel made, not more: whoever sends
         * nothing else shall not hold up the loop. */
        DROPS_MAX = 64,
        GIVEN_ROUTE_BYTES = 5,
        SECOND_MS = 1000,
        OWN_FDS = 48, /* of the program and of ZeroMQ, beside its connections */
        MONITORED = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                    ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                    ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED,
        FAILURES = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                   ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
        MONITOR_EVENT_BYTES = 6,
        CONNECT_AGAIN_MS = 1000,
};

typedef struct OptionValue {
        int option;
        int value;
} OptionValue;

static const OptionValue server_options[] = {
        {ZMQ_CURVE_SERVER, 1},
        {OPTION_ZAP_ENFORCE_DOMAIN, 1},
        {ZMQ_ROUTER_MANDATORY, 1},
        {ZMQ_ROUTER_HANDOVER, 0},
        {ZMQ_HANDSHAKE_IVL, 3000},
        /* None of its own: libzmq ends the process when one is due on a connection that was lost
         * while its frames waited. Clients say how long they may be silent. */
        {ZMQ_HEARTBEAT_IVL, 0},
        {ZMQ_LINGER, 200},
        /* Of each connection; frames of a MiB, at worst. With fewer to receive, the last words of a
         * peer that ends are lost. */
        {ZMQ_RCVHWM, 64},
        /* As many as a batch can have answers for one peer: what does not fit is dropped and asked
         * again. */
        {ZMQ_SNDHWM, 1024},
        /* A peer that does not read keeps its connection no longer than this (tcp only). */
        {ZMQ_TCP_MAXRT, 10000},
};

/* IMMEDIATE: nothing is taken before the handshake is through, so that FULL tells the session that
 * it is not connected. LINGER lets a program that says one thing and ends be heard. A broker that
 * stands still is noticed after IVL and TIMEOUT at most: before four seconds are over; TTL lets the
 * broker notice as soon that we do. RCVHWM is more than anybody gives credit for, so that what is
 * said above of heartbeats cannot happen here. */
static const OptionValue client_options[] = {
        {ZMQ_IMMEDIATE, 1},        {ZMQ_RECONNECT_IVL, 50},   {ZMQ_RECONNECT_IVL_MAX, 2000},
        {ZMQ_HANDSHAKE_IVL, 3000}, {ZMQ_HEARTBEAT_IVL, 1000}, {ZMQ_HEARTBEAT_TIMEOUT, 2750},
        {ZMQ_HEARTBEAT_TTL, 3000}, {ZMQ_LINGER, 500},         {ZMQ_RCVHWM, 1024},
        {ZMQ_SNDHWM, 64},
};

struct ChannelServer {
        void *context;
        void *zap;
        void *router;
        void *monitor;
        Endpoint endpoint;
        ChannelAdmits admits;
        void *userdata;
        Crowd crowd;
        bool is_crowded; /* it was said */
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

/* ---- sockets ---- */

static int load_library(Fault *reterr_fault) {
        const char *why = zmq_load();

        if (!why)
                return 0;
        fault_set(reterr_fault, "library-missing", "%s", why);
        fault_next(reterr_fault, "install ZeroMQ's library (Debian: apt-get install libzmq5)");
        return CHANNEL_E_REFUSED;
}

static void socket_close(void **socket) {
        if (*socket)
                (void)late_zmq_close(*socket);
        *socket = NULL;
}

static void context_free(void *context) {
        if (!context)
                return;
        while (late_zmq_ctx_term(context) < 0 && errno == EINTR)
                ;
}

static int set_options(void *socket, const OptionValue *options, size_t n_options) {
        const int64_t frame_max = FRAME_MAX + WIRE_MORE_BYTES;

        for (size_t i = 0; i < n_options; i++)
                if (late_zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof(int)) <
                    0)
                        return error_origin(-errno);
        if (late_zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) < 0)
                return error_origin(-errno);
        return 0;
}

static int set_key(void *socket, int option, const uint8_t key[CURVE_BYTES]) {
        return late_zmq_setsockopt(socket, option, key, CURVE_BYTES) < 0 ? error_origin(-errno) : 0;
}

static int refuse_endpoint(const char *endpoint, Fault *reterr_fault) {
        fault_set(reterr_fault, errno == EADDRINUSE ? "endpoint-in-use" : "endpoint-unusable", "%s",
                  late_zmq_strerror(errno));
        fault_place(reterr_fault, "%s", endpoint);
        return CHANNEL_E_REFUSED;
}

static int monitor_open(void *context, void *watched, void **ret_monitor) {
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

static void monitor_close(void *watched, void **monitor) {
        if (watched)
                (void)late_zmq_socket_monitor(watched, NULL, 0);
        socket_close(monitor);
}

/* The next event's number; 0 when there is none. What else it tells, a descriptor perhaps. */
static int monitor_read(void *monitor, int *ret_value) {
        uint8_t event[MONITOR_EVENT_BYTES];
        char peer[128];
        uint16_t number;
        int n;

        if (!monitor || late_zmq_recv(monitor, event, sizeof event, ZMQ_DONTWAIT) != sizeof event)
                return 0;
        n = late_zmq_recv(monitor, peer, sizeof peer, ZMQ_DONTWAIT);
        memcpy(&number, event, sizeof number);
        memcpy(ret_value, event + sizeof number, sizeof *ret_value);
        if (number & FAILURES)
                log_write(LOG_DEBUG, "handshake failed at %.*s (event %#x)",
                          n < 0 ? 0 : (int)size_min((size_t)n, sizeof peer), peer, number);
        return number;
}

/* ---- frames ---- */

static void message_close(zmq_msg_t *message) {
        (void)late_zmq_msg_close(message);
}

/* The next part: 0, CHANNEL_E_EMPTY, or fatal. */
static int receive_part(void *socket, zmq_msg_t *part) {
        while (late_zmq_msg_recv(part, socket, ZMQ_DONTWAIT) < 0) {
                if (errno == EAGAIN)
                        return CHANNEL_E_EMPTY;
                if (errno != EINTR)
                        return error_origin(-errno);
        }
        return 0;
}

static Slice part_get(zmq_msg_t *part) {
        return slice_make(late_zmq_msg_data(part), late_zmq_msg_size(part));
}

/* Reads away what is left of a message that has more parts than ours. */
static int drop_parts(void *socket, zmq_msg_t *part) {
        while (late_zmq_msg_more(part))
                TRY(receive_part(socket, part));
        return 0;
}

static int send_part(void *socket, Slice bytes, int flags) {
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

/* ---- server ---- */

static void server_note_events(ChannelServer *server) {
        uint64_t n_evicted = server->crowd.n_evicted;
        int event, fd = -1;

        while ((event = monitor_read(server->monitor, &fd)) != 0) {
                if (event == ZMQ_EVENT_ACCEPTED)
                        crowd_open(&server->crowd, fd, clock_mono_ms());
                if (event == ZMQ_EVENT_DISCONNECTED)
                        crowd_close(&server->crowd, fd);
        }
        if (server->crowd.n_evicted != n_evicted && !server->is_crowded)
                log_write(LOG_WARNING, "more than %zu connections: the quietest are closed",
                          server->crowd.n_max);
        server->is_crowded = server->crowd.n_evicted != n_evicted;
}

/* One line for all that became so at once: who has a key shall not fill the log. */
static void server_note_silent(ChannelServer *server) {
        char who[CROWD_WHO_BYTES], other[CROWD_WHO_BYTES];
        size_t n_others = 0;

        if (!crowd_find_silent(&server->crowd, clock_mono_ms(), who))
                return;
        while (crowd_find_silent(&server->crowd, clock_mono_ms(), other))
                n_others++;
        log_write(LOG_WARNING,
                  "%s (and %zu others) has shown an admitted key and said nothing for %d s: it is "
                  "idle, or wants the routing id of another connection",
                  who, n_others, CROWD_SILENT_MS / SECOND_MS);
}

/* What is accepted before we look needs descriptors as well: half of them. */
void channel_server_limit(ChannelServer *server, size_t n_connections) {
        struct rlimit limit = {.rlim_cur = RLIM_INFINITY};
        size_t n_most;

        (void)getrlimit(RLIMIT_NOFILE, &limit);
        n_most = limit.rlim_cur > OWN_FDS ? (limit.rlim_cur - OWN_FDS) / 2 : 1;
        if (n_most < n_connections)
                log_write(LOG_WARNING,
                          "%zu connections at most: this process may have %llu descriptors", n_most,
                          (unsigned long long)limit.rlim_cur);
        server->crowd.n_max = size_min(n_connections, n_most);
}

uint64_t channel_server_count_silent(const ChannelServer *server) {
        return server->crowd.n_silent;
}

uint64_t channel_server_deadline(const ChannelServer *server) {
        return server->crowd.silent_due_ms ? server->crowd.silent_due_ms : UINT64_MAX;
}

int channel_server_serve_zap(ChannelServer *server) {
        server_note_events(server);
        return server->zap ? zap_serve(server->zap, server->admits, server->userdata) : 0;
}

void channel_server_kill_zap(ChannelServer *server) {
        socket_close(&server->zap);
}

static int server_configure(ChannelServer *server, const Key *key) {
        TRY(set_options(server->router, server_options, ARRAY_SIZE(server_options)));
        if (late_zmq_setsockopt(server->router, ZMQ_ZAP_DOMAIN, zap_domain, strlen(zap_domain)) < 0)
                return error_origin(-errno);
        return set_key(server->router, ZMQ_CURVE_SECRETKEY, key->curve_secret);
}

/* ZeroMQ numbers routes from rand() on, which begins the same in each process: nobody shall know
 * the route of another. */
static void seed_routes(void) {
        unsigned seed;

        random_bytes(&seed, sizeof seed);
        srand(seed);
}

/* In this order: nobody may knock before there is somebody who answers. */
static int server_open(ChannelServer *server, const Key *key) {
        server->context = late_zmq_ctx_new();
        if (!server->context)
                return error_origin(-errno);
        TRY(zap_open(server->context, &server->zap));
        seed_routes();
        server->router = late_zmq_socket(server->context, ZMQ_ROUTER);
        if (!server->router)
                return error_origin(-errno);
        TRY(server_configure(server, key));
        return monitor_open(server->context, server->router, &server->monitor);
}

int channel_server_new(const char *endpoint, const Key *key, ChannelAdmits admits, void *userdata,
                       ChannelServer **ret_server, Fault *reterr_fault) {
        cleanup(channel_server_freep) ChannelServer *server = mem_new(ChannelServer);

        server->endpoint = ENDPOINT_INIT;
        server->admits = admits;
        server->userdata = userdata;
        if (load_library(reterr_fault) || endpoint_open(endpoint, &server->endpoint, reterr_fault))
                return CHANNEL_E_REFUSED;
        TRY(server_open(server, key));
        if (late_zmq_bind(server->router, server->endpoint.address) < 0)
                return refuse_endpoint(endpoint, reterr_fault);
        *ret_server = TAKE(server);
        return 0;
}

ChannelServer *channel_server_free(ChannelServer *server) {
        if (!server)
                return NULL;
        monitor_close(server->router, &server->monitor);
        socket_close(&server->router);
        socket_close(&server->zap);
        context_free(server->context);
        crowd_deinit(&server->crowd);
        endpoint_close(&server->endpoint);
        free(server);
        return NULL;
}

typedef struct Sender {
        Route route; /* none: it is longer than any of ours */
        uint8_t curve[CURVE_BYTES];
        bool is_known; /* false: to be dropped, there is nobody to answer */
} Sender;

/* Ids that ZeroMQ gives are a zero and a number. HANDOVER is off: a chosen one that another
 * connection has is not given, and the first message is taken for an id instead. But who is silent
 * could wait until it is free, and be sent what is meant for its former owner. */
static bool is_route_chosen(const Route *route) {
        return route->n != GIVEN_ROUTE_BYTES || route->bytes[0] != 0;
}

static void log_route(const Route *route) {
        char text[2 * ROUTE_BYTES_MAX + 1];

        if (!log_is_on(LOG_DEBUG))
                return;
        hex_encode(slice_make(route->bytes, route->n), text);
        log_write(LOG_DEBUG, "first heard of route %s", text);
}

static void learn_sender(ChannelServer *server, zmq_msg_t *part, Sender *sender) {
        const char *user_id = late_zmq_msg_gets(part, user_id_property);

        sender->is_known = user_id && hex_decode(slice_text(user_id), sender->curve, CURVE_BYTES);
        if (sender->is_known && crowd_hear(&server->crowd, late_zmq_msg_get(part, ZMQ_SRCFD),
                                           sender->curve, clock_mono_ms()))
                log_route(&sender->route);
}

/* One message as it came; its frame is left in `part`. */
static int server_take(ChannelServer *server, zmq_msg_t *part, Sender *ret_sender) {
        int r = receive_part(server->router, part);
        bool has_more;
        Slice id;

        if (r)
                return r;
        *ret_sender = (Sender){.is_known = false};
        id = part_get(part);
        if (id.n <= ROUTE_BYTES_MAX) {
                memcpy(ret_sender->route.bytes, id.data, id.n);
                ret_sender->route.n = id.n;
        }
        if (!late_zmq_msg_more(part))
                return 0;
        TRY(receive_part(server->router, part));
        learn_sender(server, part, ret_sender);
        has_more = late_zmq_msg_more(part);
        TRY(drop_parts(server->router, part));
        if (is_route_chosen(&ret_sender->route))
                return CHANNEL_E_ROUTE;
        if (has_more)
                return CHANNEL_E_PARTS;
        return late_zmq_msg_size(part) > FRAME_MAX ? CHANNEL_E_TOO_LARGE : 0;
}

int channel_server_receive(ChannelServer *server, Buf *ret_frame, Route *ret_route,
                           uint8_t ret_curve[CURVE_BYTES]) {
        for (int i = 0; i < DROPS_MAX; i++) {
                cleanup(message_close) zmq_msg_t part;
                Sender sender;
                int r;

                (void)late_zmq_msg_init(&part);
                r = server_take(server, &part, &sender);
                if (r == CHANNEL_E_EMPTY)
                        server_note_silent(server);
                if (r < 0 || r == CHANNEL_E_EMPTY)
                        return r;
                if (!sender.is_known)
                        continue;
                *ret_route = sender.route;
                memcpy(ret_curve, sender.curve, CURVE_BYTES);
                if (r)
                        return r;
                buf_clear(ret_frame);
                buf_slice(ret_frame, part_get(&part));
                return 0;
        }
        return CHANNEL_E_EMPTY;
}

int channel_server_send(ChannelServer *server, const Route *route, Slice frame) {
        int r;

        if (frame.n > FRAME_MAX)
                return CHANNEL_E_TOO_LARGE;
        r = send_part(server->router, slice_make(route->bytes, route->n), ZMQ_SNDMORE);
        return r ? r : send_part(server->router, frame, 0);
}

/* ---- client ---- */

static int client_open(ChannelClient *client, const Key *key,
                       const uint8_t server_curve[CURVE_BYTES]) {
        client->context = late_zmq_ctx_new();
        if (!client->context)
                return error_origin(-errno);
        client->dealer = late_zmq_socket(client->context, ZMQ_DEALER);
        if (!client->dealer)
                return error_origin(-errno);
        TRY(set_options(client->dealer, client_options, ARRAY_SIZE(client_options)));
        TRY(set_key(client->dealer, ZMQ_CURVE_SERVERKEY, server_curve));
        TRY(set_key(client->dealer, ZMQ_CURVE_PUBLICKEY, key->public.curve));
        TRY(set_key(client->dealer, ZMQ_CURVE_SECRETKEY, key->curve_secret));
        return monitor_open(client->context, client->dealer, &client->monitor);
}

int channel_client_new(const char *endpoint, const Key *key,
                       const uint8_t server_curve[CURVE_BYTES], ChannelClient **ret_client,
                       Fault *reterr_fault) {
        cleanup(channel_client_freep) ChannelClient *client = mem_new(ChannelClient);

        client->endpoint = ENDPOINT_INIT;
        if (load_library(reterr_fault) || endpoint_open(endpoint, &client->endpoint, reterr_fault))
                return CHANNEL_E_REFUSED;
        TRY(client_open(client, key, server_curve));
        if (late_zmq_connect(client->dealer, client->endpoint.address) < 0)
                return refuse_endpoint(endpoint, reterr_fault);
        *ret_client = TAKE(client);
        return 0;
}

ChannelClient *channel_client_free(ChannelClient *client) {
        if (!client)
                return NULL;
        monitor_close(client->dealer, &client->monitor);
        socket_close(&client->dealer);
        context_free(client->context);
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

        while ((event = monitor_read(client->monitor, &value)) != 0) {
                bool is_connected = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;

                if (!is_connected && !(event & FAILURES))
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
                cleanup(message_close) zmq_msg_t part;
                bool is_ours;
                int r;

                (void)late_zmq_msg_init(&part);
                r = receive_part(client->dealer, &part);
                if (r)
                        return r;
                is_ours = !late_zmq_msg_more(&part) && late_zmq_msg_size(&part) <= FRAME_MAX;
                TRY(drop_parts(client->dealer, &part));
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
        return frame.n > FRAME_MAX ? CHANNEL_E_TOO_LARGE : send_part(client->dealer, frame, 0);
}

/* ---- for loop.c ---- */

ChannelSockets channel_server_get_sockets(const ChannelServer *server) {
        return (ChannelSockets){server->router, server->zap, server->monitor};
}

ChannelSockets channel_client_get_sockets(const ChannelClient *client) {
        return (ChannelSockets){client->dealer, NULL, client->monitor};
}
