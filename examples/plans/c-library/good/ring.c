/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#include "ring.h"

static size_t place(const Ring *ring, size_t i)
{
	return (ring->first + i) % RING_SIZE;
}

bool ring_put(Ring *ring, int value)
{
	if (ring->n == RING_SIZE)
		return false;
	ring->values[place(ring, ring->n++)] = value;
	return true;
}

bool ring_take(Ring *ring, int *ret_value)
{
	if (ring->n == 0)
		return false;
	*ret_value = ring->values[place(ring, 0)];
	ring->first = place(ring, 1);
	ring->n--;
	return true;
}

size_t ring_count(const Ring *ring)
{
	return ring->n;
}
