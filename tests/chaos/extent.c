/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "tests/chaos/extent.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

enum { LONG_SECONDS = 7000 };

void extent_begin(void) {
        if (extent_is_long)
                (void)alarm(LONG_SECONDS);
}

uint64_t extent_seed(void) {
        const char *text = getenv("COLDGATE_SEED");

        return text ? strtoull(text, NULL, 0) : clock_wall_ms() % 1000000;
}

/* splitmix64 */
uint64_t extent_draw(uint64_t seed) {
        uint64_t z = seed + 0x9e3779b97f4a7c15;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
}
