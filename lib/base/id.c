/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Time-ordered ids. A clock that goes back does not: the last time is kept, the counter carries. */

#include "base/id.h"

#include "base/hash.h"

void id_make(IdMaker *maker, uint64_t now_ms, Id *ret_id) {
        Id id;

        if (now_ms > maker->last_ms) {
                maker->last_ms = now_ms;
                maker->counter = 0;
        } else if (++maker->counter == 0) {
                maker->last_ms++;
        }
        for (int i = 0; i < 6; i++)
                id.bytes[i] = (uint8_t)(maker->last_ms >> (40 - 8 * i));
        id.bytes[6] = (uint8_t)(maker->counter >> 8);
        id.bytes[7] = (uint8_t)maker->counter;
        random_bytes(id.bytes + 8, 8);
        *ret_id = id;
}

bool id_equal(const Id *a, const Id *b) {
        return memcmp(a->bytes, b->bytes, ID_BYTES) == 0;
}

bool id_from_slice(Slice slice, Id *ret_id) {
        if (slice.n != ID_BYTES)
                return false;
        memcpy(ret_id->bytes, slice.data, ID_BYTES);
        return true;
}

Slice id_slice(const Id *id) {
        return slice_make(id->bytes, ID_BYTES);
}
