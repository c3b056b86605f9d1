/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Other servers that keep messages, from Debian's packages: started on a free port of the loopback
 * with a fresh directory, spoken to in their own protocols, ended with the test.
 */

#include "base/buf.h"
#include "tests/bench/load.h"
#include "tests/lib/bench.h"

typedef enum PeerKind { PEER_REDIS, PEER_RABBIT, PEER_NATS, PEER_MOSQUITTO, _PEER_MAX } PeerKind;

typedef struct PeerPost {
        unsigned connection;
        uint64_t n_before; /* that this connection published */
        Slice body;
} PeerPost;

/* A protocol. */
typedef struct PeerWire {
        /* Once for a server, on a connection of its own; or NULL. */
        void (*prepare)(int fd);
        /* Until it can publish; blocking. `number` tells connections apart. */
        void (*greet)(int fd, unsigned number);
        void (*publish)(const PeerPost *post, Buf *out);
        /* Takes whole answers off the bytes: how many bytes they were. */
        size_t (*take)(Slice bytes, uint64_t n_answers_before, size_t *ret_n_answers);
} PeerWire;

extern const PeerWire peer_wire_resp, peer_wire_amqp, peer_wire_nats, peer_wire_mqtt;

typedef struct Peer Peer;

/* NULL and why, if the program is not there. */
Peer *peer_start(PeerKind kind, const char **ret_why);
Peer *peer_free(Peer *peer);
DEFINE_FREEP(Peer, peer_free, peer_freep)
int peer_get_pid(const Peer *peer);

/* Load with messages of so many bytes. */
void peer_load(Peer *peer, unsigned n_connections, size_t n_bytes, const LoadShape *shape,
               LoadResult *ret_result);

/* For the protocols: all of it, or the test ends. */
void peer_write(int fd, Slice bytes);
void peer_read(int fd, void *bytes, size_t n);
