/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The connections of a server, by descriptor, so that there are never more than a given number.
 * ZeroMQ accepts until there are no descriptors left, and then spins. Who has to go: who has been
 * longest without having said anything (a stranger, or idle), else the quietest connection of the
 * key that has most.
 */

#include "base/sign.h"

typedef struct CrowdRow {
        bool is_open;
        bool is_heard;   /* a frame came: its key is known, and admitted */
        uint64_t cookie; /* the kernel's number of the socket: descriptors are used again */
        uint64_t at_ms;  /* accepted, or last heard */
        uint8_t curve[CURVE_BYTES];
} CrowdRow;

typedef struct Crowd {
        CrowdRow *rows; /* by descriptor */
        size_t n_rows;
        size_t n_open, n_max; /* 0: any number */
        uint64_t n_evicted;
} Crowd;

void crowd_deinit(Crowd *crowd);
/* A connection was accepted; whoever is too many now is cut off. */
void crowd_open(Crowd *crowd, int fd, uint64_t now_ms);
void crowd_close(Crowd *crowd, int fd);
void crowd_hear(Crowd *crowd, int fd, const uint8_t curve[CURVE_BYTES], uint64_t now_ms);
