/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What libFuzzer calls, and replay.c where there is no libFuzzer. Returns 0; ends the process where
 * what must hold does not. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static inline void must(bool holds) {
        if (!holds)
                abort();
}
