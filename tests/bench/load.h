/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Load on a server by many connections of one process: closed (each connection keeps so many
 * messages without an answer) or open (so many a second, whatever the server does; the time of an
 * answer counts from when its message was scheduled). The same loop for every server, so that they
 * can be compared.
 */

#include "tests/bench/figures.h"

/* Connections to one server, by their number. */
typedef struct LoadSide {
        void *userdata;
        unsigned n_connections;
        void (*publish)(void *userdata, unsigned connection);
        /* Answers that have come since. */
        size_t (*take)(void *userdata, unsigned connection);
        /* Until some connection has something to take, at most so long. */
        void (*wait)(void *userdata, unsigned timeout_ms);
} LoadSide;

typedef struct LoadShape {
        unsigned window; /* without an answer at once, each connection; 0: open */
        double rate;     /* of an open load, all connections, a second */
        double warm_s, seconds;
} LoadShape;

typedef struct LoadResult {
        double rate; /* answers a second */
        Samples us;
        uint64_t n_answers; /* warming up included */
} LoadResult;

void load_run(const LoadSide *side, const LoadShape *shape, LoadResult *ret_result);
void load_result_deinit(LoadResult *result);
#define cleanup_load_result cleanup(load_result_deinit)
