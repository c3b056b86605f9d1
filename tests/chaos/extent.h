/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* How much of it: the same cases are a short run of `./check` and, in a program of their own, an
 * exhaustive one of `./check --long`. */

#include <stdbool.h>
#include <stdint.h>

extern const bool extent_is_long;

/* At the beginning of a test: a long one may take long. */
void extent_begin(void);
/* COLDGATE_SEED, or another one each time; tests print it. */
uint64_t extent_seed(void);
/* The same number for the same seed, and nothing like that of the next. */
uint64_t extent_draw(uint64_t seed);
