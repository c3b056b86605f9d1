/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * 128-bit message ids that ascend: 48 bits of milliseconds, 16 bits of counter, 64 random bits
 * (the order of UUIDv7, without its version bits). Ascending ids keep the unique index of the
 * ledger appending at its end.
 */

#include "base/slice.h"

enum { ID_BYTES = 16, ID_HEX = 32 };

typedef struct Id {
        uint8_t bytes[ID_BYTES];
} Id;

/* Makes ids for one process; each is greater than the one before, whatever the clock does. */
typedef struct IdMaker {
        uint64_t last_ms;
        uint16_t counter;
} IdMaker;

void id_make(IdMaker *maker, uint64_t now_ms, Id *ret_id);
bool id_equal(const Id *a, const Id *b);
/* False unless `slice` has exactly ID_BYTES bytes. */
bool id_from_slice(Slice slice, Id *ret_id);
Slice id_slice(const Id *id);
