/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#include "ring.h"

#include <stdio.h>

static bool empty_gives_nothing(void)
{
	Ring ring = {.n = 0};
	int value;

	return !ring_take(&ring, &value) && ring_count(&ring) == 0;
}

static bool first_in_first_out(void)
{
	Ring ring = {.n = 0};
	int a, b;

	return ring_put(&ring, 1) && ring_put(&ring, 2) && ring_take(&ring, &a) &&
	       ring_take(&ring, &b) && a == 1 && b == 2;
}

static bool goes_round(void)
{
	Ring ring = {.n = 0};
	int value;

	for (int i = 0; i < 3 * RING_SIZE; i++)
		if (!ring_put(&ring, i) || !ring_take(&ring, &value) || value != i)
			return false;
	return true;
}

int main(void)
{
	static const struct {
		const char *name;
		bool (*holds)(void);
	} tests[] = {
		{"an empty ring gives nothing", empty_gives_nothing},
		{"first in, first out", first_in_first_out},
		{"it goes round", goes_round},
	};
	int n = sizeof tests / sizeof tests[0], n_failed = 0;

	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		bool holds = tests[i].holds();

		printf("%sok %d - %s\n", holds ? "" : "not ", i + 1, tests[i].name);
		n_failed += !holds;
	}
	return n_failed != 0;
}
