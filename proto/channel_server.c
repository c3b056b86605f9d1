/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The broker's end: who gets in and what is lost, each option a row. */

#include "proto/channel.h"

#include <inttypes.h>
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
#include "proto/channel_socket.h"
#include "proto/codec.h"
#include "proto/crowd.h"
#include "proto/endpoint.h"
#include "proto/zap.h"

#define LATE LATE_DECLARE
#include "proto/zmq.def"

static const char user_id_property[] = "User-Id";

enum {
        /* Hidden behind the draft switch in zmq.h, but there. Without it a server whose handler is
         * gone lets everybody in. */
        OPTION_ZAP_ENFORCE_DOMAIN = 93,
        GIVEN_ROUTE_BYTES = 5,
        SECOND_MS = 1000,
        FAILED_EVERY_MS = 10000,
        OWN_FDS = 48, /* of the program and of ZeroMQ, beside its connections */
};

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
        /* A client's word on how long it may be silent holds from its ping to the next frame, not
         * longer: a machine that is gone in between is the kernel's to notice. Whoever pings is
         * never asked. */
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, 5},
        {ZMQ_TCP_KEEPALIVE_INTVL, 2},
        {ZMQ_TCP_KEEPALIVE_CNT, 3},
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
        bool is_crowded;   /* it was said */
        uint64_t n_failed; /* handshakes; of which so many were said, and when */
        uint64_t n_failed_said, failed_said_ms;
        size_t n_forgiven; /* that are to fail */
};

static void server_note_failure(ChannelServer *server) {
        if (server->n_forgiven)
                server->n_forgiven--;
        else
                server->n_failed++;
}

/* Whoever knocks again and again shall not fill the log. */
static void server_say_failures(ChannelServer *server) {
        uint64_t now_ms = clock_mono_ms();

        if (server->n_failed == server->n_failed_said ||
            (server->failed_said_ms && now_ms - server->failed_said_ms < FAILED_EVERY_MS))
                return;
        log_write(LOG_WARNING,
                  "%" PRIu64 " handshakes have failed: keys that are not admitted, or no agents",
                  server->n_failed - server->n_failed_said);
        server->n_failed_said = server->n_failed;
        server->failed_said_ms = now_ms;
}

static void server_note_events(ChannelServer *server) {
        uint64_t n_evicted = server->crowd.n_evicted;
        int event, fd = -1;

        while ((event = socket_read_event(server->monitor, &fd)) != 0) {
                if (event == ZMQ_EVENT_ACCEPTED)
                        crowd_open(&server->crowd, fd, clock_mono_ms());
                if (event == ZMQ_EVENT_DISCONNECTED)
                        crowd_close(&server->crowd, fd);
                if (socket_is_failure(event))
                        server_note_failure(server);
        }
        server_say_failures(server);
        if (server->crowd.n_evicted != n_evicted && !server->is_crowded)
                log_write(LOG_WARNING, "more than %zu connections: the quietest are closed",
                          server->crowd.n_max);
        server->is_crowded = server->crowd.n_evicted != n_evicted;
}

/* One line for all that became so at once: who has a key shall not fill the log. */
static void server_note_silent(ChannelServer *server) {
        char who[CROWD_WHO_BYTES];
        size_t n = crowd_find_silent(&server->crowd, clock_mono_ms(), who);

        if (n == 0)
                return;
        log_write(LOG_WARNING,
                  "%s (and %zu others) has shown an admitted key and said nothing for %d s: it is "
                  "idle, or wants the routing id of another connection",
                  who, n - 1, CROWD_SILENT_MS / SECOND_MS);
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

uint64_t channel_server_count_failed(const ChannelServer *server) {
        return server->n_failed;
}

void channel_server_forgive(ChannelServer *server) {
        server->n_forgiven++;
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
        TRY(socket_set_options(server->router, server_options, ARRAY_SIZE(server_options)));
        if (late_zmq_setsockopt(server->router, ZMQ_ZAP_DOMAIN, zap_domain, strlen(zap_domain)) < 0)
                return error_origin(-errno);
        return socket_set_key(server->router, ZMQ_CURVE_SECRETKEY, key->curve_secret);
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
        return socket_watch(server->context, server->router, &server->monitor);
}

int channel_server_new(const char *endpoint, const Key *key, ChannelAdmits admits, void *userdata,
                       ChannelServer **ret_server, Fault *reterr_fault) {
        cleanup(channel_server_freep) ChannelServer *server = mem_new(ChannelServer);

        server->endpoint = ENDPOINT_INIT;
        server->admits = admits;
        server->userdata = userdata;
        if (socket_load(reterr_fault) || endpoint_open(endpoint, &server->endpoint, reterr_fault))
                return CHANNEL_E_REFUSED;
        TRY(server_open(server, key));
        if (late_zmq_bind(server->router, server->endpoint.address) < 0)
                return socket_refuse(endpoint, reterr_fault);
        *ret_server = TAKE(server);
        return 0;
}

ChannelServer *channel_server_free(ChannelServer *server) {
        if (!server)
                return NULL;
        socket_unwatch(server->router, &server->monitor);
        socket_close(&server->router);
        socket_close(&server->zap);
        socket_free_context(server->context);
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
        bool has_more;
        Slice id;
        int r;

        *ret_sender = (Sender){.is_known = false};
        r = part_receive(server->router, part);
        if (r)
                return r;
        id = part_get(part);
        if (id.n <= ROUTE_BYTES_MAX) {
                memcpy(ret_sender->route.bytes, id.data, id.n);
                ret_sender->route.n = id.n;
        }
        if (!late_zmq_msg_more(part))
                return 0;
        TRY(part_receive(server->router, part));
        learn_sender(server, part, ret_sender);
        has_more = late_zmq_msg_more(part);
        TRY(part_drop_more(server->router, part));
        if (is_route_chosen(&ret_sender->route))
                return CHANNEL_E_ROUTE;
        if (has_more)
                return CHANNEL_E_PARTS;
        return late_zmq_msg_size(part) > FRAME_MAX ? CHANNEL_E_TOO_LARGE : 0;
}

int channel_server_receive(ChannelServer *server, Buf *ret_frame, Route *ret_route,
                           uint8_t ret_curve[CURVE_BYTES]) {
        for (int i = 0; i < DROPS_MAX; i++) {
                cleanup(part_close) zmq_msg_t part;
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
        r = part_send(server->router, slice_make(route->bytes, route->n), ZMQ_SNDMORE);
        return r ? r : part_send(server->router, frame, 0);
}

ChannelSockets channel_server_get_sockets(const ChannelServer *server) {
        return (ChannelSockets){server->router, server->zap, server->monitor};
}
