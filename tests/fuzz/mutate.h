/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Changes of inputs that bytes turned round by chance do not find. In builds with libFuzzer only;
 * mutate_frame.c and mutate_pieces.c are what it calls. */

#include <stddef.h>
#include <stdint.h>

/* What libFuzzer has, and what it looks for. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t n_max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t n_max, unsigned seed);

/* A field of the frame in `data` becomes another that its row allows, in place; where there is no
 * frame, or by chance, there is a new one. Returns its length; 0: it was not to be had in `n_max`,
 * and nothing was changed. */
size_t mutate_frame(uint8_t *data, size_t n, size_t n_max, uint64_t seed);
