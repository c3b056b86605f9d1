/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A broker, agents, and a bad network between them. */

#include "tests/lib/fleet.h"
#include "tests/lib/tcp_broker.h"
#include "tests/lib/tcp_proxy.h"

typedef struct BadNetwork {
        TcpBroker broker;
        TcpProxy proxy;
        Fleet fleet;
} BadNetwork;

/* With something said already; through the proxy, or direct. */
void bad_network_init(BadNetwork *network, bool is_direct);
void bad_network_deinit(BadNetwork *network);
#define cleanup_bad_network cleanup(bad_network_deinit)

/* Good weather again; everything is answered, nothing is lost, broken or there twice. The time
 * until the first answer. */
uint64_t bad_network_heal(BadNetwork *network);

/* Connections that are reset behind the n-th byte of what their client says, for each n from 1 in
 * such steps; the broker has as many descriptors afterwards as before. */
void bad_network_reset_each(BadNetwork *network, uint32_t step);
/* So many connections that are reset, to a server that closes none: the descriptors that it has too
 * many, after a while. */
size_t bad_network_reset_keeper(uint32_t n, uint64_t limit_ms) must_check;
