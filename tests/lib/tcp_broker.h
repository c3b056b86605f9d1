/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The real broker on a port of 127.0.0.1, with an approved plan of phase "m". */

#include "tests/lib/real_broker.h"

typedef struct TcpBroker {
        RealBroker real;
        uint16_t port;
} TcpBroker;

/* `config`: lines for .coldgate/config. */
void tcp_broker_init(TcpBroker *broker, const char *config);
void tcp_broker_start(TcpBroker *broker, const char *config); /* runs as well */
void tcp_broker_deinit(TcpBroker *broker);
#define cleanup_tcp_broker cleanup(tcp_broker_deinit)

/* A port that is free now. */
uint16_t tcp_broker_find_port(void) must_check;
/* A key in .coldgate/keys, admitted. */
void tcp_broker_admit(const TcpBroker *broker, const char *name, const char *role);
