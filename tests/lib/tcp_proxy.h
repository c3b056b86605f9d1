/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A bad network: a process between a port of its own and another one of 127.0.0.1. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { TCP_SAID_BYTES = 4096 };

/* Shared with the process; may be changed at any time. */
typedef struct TcpWeather {
        volatile uint32_t reset_after;  /* bytes from the client of a new connection; 0: never */
        volatile uint32_t reset_spread; /* and up to so many more, by chance */
        volatile uint32_t delay_ms_max; /* of each piece, by chance, from 0 */
        volatile uint32_t piece_max;    /* bytes that go on at once; 0: what there is */
        volatile uint32_t flip_at;      /* of what its client says, one bit of this byte; 0: none */
        volatile uint32_t swap_one_in;  /* pieces, by chance, whose halves change places; 0: none */
        volatile bool holds_up, holds_down; /* to the server, to the client */
        volatile bool resets_all;           /* now; no more when it has */
        volatile uint32_t n_connections, n_resets, n_swaps;
        volatile uint64_t n_up; /* bytes that went on to the server, of all */
        /* What the first client said. */
        uint8_t said[TCP_SAID_BYTES];
        volatile uint32_t n_said;
} TcpWeather;

typedef struct TcpProxy {
        TcpWeather *weather;
        uint16_t port;
        pid_t pid;
} TcpProxy;

void tcp_proxy_start(TcpProxy *proxy, uint16_t to_port);
void tcp_proxy_stop(TcpProxy *proxy);
#define cleanup_tcp_proxy cleanup(tcp_proxy_stop)
