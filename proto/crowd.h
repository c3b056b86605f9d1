/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The connections of a server, by descriptor, so that there are never more than a given number.
 * ZeroMQ accepts until there are no descriptors left, and then spins. Those that have said nothing
 * yet (strangers, or idle) are a group, and those of each key; who has to go is the quietest of the
 * largest group: neither strangers nor one key keep the others out.
 */

#include "base/sign.h"

typedef struct CrowdRow {
        bool is_open;
        bool is_silent;  /* that was said */
        bool is_heard;   /* a frame came: its key is known, and admitted */
        uint64_t cookie; /* the kernel's number of the socket: descriptors are used again */
        uint64_t at_ms;  /* accepted, or last heard */
        size_t key;      /* if it is heard */
} CrowdRow;

/* Only admitted keys are heard, so that there are few. */
typedef struct CrowdKey {
        uint8_t curve[CURVE_BYTES];
        size_t n_open;
} CrowdKey;

typedef struct Crowd {
        CrowdRow *rows; /* by descriptor */
        size_t n_rows;
        CrowdKey *keys;
        size_t n_keys;
        size_t n_open, n_unheard;
        size_t n_max; /* 0: any number */
        uint64_t n_evicted;
        uint64_t silent_due_ms; /* 0: nobody can become silent */
        uint64_t n_silent;
} Crowd;

enum { CROWD_SILENT_MS = 4000, CROWD_WHO_BYTES = 64 };

void crowd_deinit(Crowd *crowd);
/* A connection was accepted; whoever is too many now is cut off. */
void crowd_open(Crowd *crowd, int fd, uint64_t now_ms);
void crowd_close(Crowd *crowd, int fd);
/* How many, each counted once, are CROWD_SILENT_MS old now and have said nothing; `ret_who` is one
 * of them: an address, or a process. Their handshakes are through, or they would have been ended.
 * Whoever wants a routing id that another connection has is left so by ZeroMQ. */
size_t crowd_find_silent(Crowd *crowd, uint64_t now_ms, char ret_who[CROWD_WHO_BYTES]);
/* Whether it is the first that this connection says with this key. */
bool crowd_hear(Crowd *crowd, int fd, const uint8_t curve[CURVE_BYTES], uint64_t now_ms);
