/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The broker beside other servers that keep messages: the same load on each, in turn. Ours is
 * encrypted, signed, checked against the rules and chained; theirs is in clear text and none of it.
 */

#include "base/mem.h"
#include "tests/bench/peer.h"
#include "tests/bench/swarm.h"
#include "tests/lib/test.h"

enum { BODY_BYTES = 300, LIMIT_S = 600, N_SHAPES = 4, OPEN_SHAPE = 3, OPEN_RATE = 5000 };

static const struct {
        unsigned n_connections, window;
        FigureRow rows[_PEER_MAX];
} shape_rows[N_SHAPES] = {
        {1,
         1,
         {ROW_PEERS_ONE_REDIS, ROW_PEERS_ONE_RABBIT, ROW_PEERS_ONE_NATS, ROW_PEERS_ONE_MOSQUITTO}},
        {64,
         1,
         {ROW_PEERS_MANY_REDIS, ROW_PEERS_MANY_RABBIT, ROW_PEERS_MANY_NATS,
          ROW_PEERS_MANY_MOSQUITTO}},
        {64,
         16,
         {ROW_PEERS_DEEP_REDIS, ROW_PEERS_DEEP_RABBIT, ROW_PEERS_DEEP_NATS,
          ROW_PEERS_DEEP_MOSQUITTO}},
        {8, 0, {ROW_OPEN_REDIS, ROW_OPEN_RABBIT, ROW_OPEN_NATS, ROW_OPEN_MOSQUITTO}},
};

static LoadShape make_shape(size_t i) {
        return (LoadShape){.window = shape_rows[i].window,
                           .rate = OPEN_RATE,
                           .warm_s = 0.3,
                           .seconds = figures_is_quick() ? 0.7 : 3};
}

/* What the row of the shape is about. */
static double get_figure(size_t i, LoadResult *result) {
        return i == OPEN_SHAPE ? samples_quantile(&result->us, 0.99) : result->rate;
}

static double load_ours(const RealBroker *broker, size_t i) {
        LoadShape shape = make_shape(i);
        cleanup(swarm_freep) Swarm *swarm = swarm_new(broker, shape_rows[i].n_connections);
        cleanup_load_result LoadResult result = {.rate = 0};

        swarm_sign(swarm, swarm_guess(&shape, shape_rows[i].n_connections), BODY_BYTES);
        swarm_load(swarm, &shape, &result);
        return get_figure(i, &result);
}

static void measure_round(const RealBroker *broker, Peer *const *peers) {
        for (size_t i = 0; i < N_SHAPES; i++) {
                double ours = load_ours(broker, i);

                for (size_t kind = 0; kind < _PEER_MAX; kind++) {
                        cleanup_load_result LoadResult result = {.rate = 0};
                        LoadShape shape = make_shape(i);

                        if (!peers[kind])
                                continue;
                        peer_load(peers[kind], shape_rows[i].n_connections, BODY_BYTES, &shape,
                                  &result);
                        figures_add(shape_rows[i].rows[kind], ours, get_figure(i, &result));
                }
        }
}

TEST(the_broker_beside_other_servers) {
        cleanup_real_broker RealBroker broker;
        Peer *peers[_PEER_MAX] = {NULL};
        const char *why;

        swarm_start_broker(&broker);
        for (size_t kind = 0; kind < _PEER_MAX; kind++) {
                peers[kind] = peer_start((PeerKind)kind, &why);
                for (size_t i = 0; !peers[kind] && i < N_SHAPES; i++)
                        figures_skip(shape_rows[i].rows[kind], why);
        }
        figures_begin(LIMIT_S);
        for (unsigned i = 0; i < figures_size(3, 1); i++)
                measure_round(&broker, peers);
        figures_end();
        for (size_t kind = 0; kind < _PEER_MAX; kind++)
                peers[kind] = peer_free(peers[kind]);
}
