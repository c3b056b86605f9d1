/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* For inputs that are one frame. */

#include "tests/fuzz/mutate.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t n_max, unsigned seed) {
        size_t n_frame = seed % 2 ? mutate_frame(data, n, n_max, seed) : 0;

        return n_frame ? n_frame : LLVMFuzzerMutate(data, n, n_max);
}
