/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>

#define RING_PUBLIC __attribute__((visibility("default")))

enum { RING_SIZE = 4 };

/* A queue of bounded length. All zero is an empty one. */
typedef struct Ring {
	int values[RING_SIZE];
	size_t first, n;
} Ring;

/* False, and nothing has changed, if it is full. */
RING_PUBLIC bool ring_put(Ring *ring, int value);
/* False if it is empty. */
RING_PUBLIC bool ring_take(Ring *ring, int *ret_value);
RING_PUBLIC size_t ring_count(const Ring *ring);

#endif
