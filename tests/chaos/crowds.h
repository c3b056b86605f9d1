/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A server that may have few descriptors, many connections that say nothing, and a good client that
 * comes behind them. */

#include "base/defs.h"

typedef struct Crowds {
        const char *server;
        size_t n_fds, n_idle;
        bool is_served;       /* the good one, in time */
        uint64_t welcome_ms;  /* until it was */
        uint64_t cpu_percent; /* of a processor, beside them */
} Crowds;

/* The real broker. */
void crowds_try(size_t n_fds, size_t n_idle, Crowds *ret_crowds);
/* A ROUTER of ZeroMQ as it is; it serves the good client as long as there are no others. */
void crowds_try_plain(size_t n_fds, size_t n_idle, Crowds *ret_crowds);
void crowds_print(const Crowds *crowds);
/* As many connections as this process may have at once, `n_wished` at most. */
size_t crowds_most(size_t n_wished);
/* This process may have as many descriptors as it may ever. */
void crowds_raise_limit(void);
/* A connection to a port of 127.0.0.1 that is asked for, not waited for. */
int crowds_open(uint16_t port) must_check;
