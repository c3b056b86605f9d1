/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Open addressing. Ids are hashes; an attacker who chooses them by their first bytes makes this
 * slow, at worst as slow as the walk's own limits allow. */

#include "verify/id_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SLOTS_LEAST = 1024 };

static const ObjectId nothing;

void id_set_deinit(IdSet *set) {
        free(set->slots);
        *set = (IdSet){.slots = NULL};
}

/* Bytes of the end: those at the beginning are what people choose for vanity. */
static size_t place_of(const IdSet *set, const ObjectId *id) {
        uint64_t number;

        memcpy(&number, id->bytes + OBJECT_ID_BYTES - sizeof number, sizeof number);
        return (size_t)number & (set->n_slots - 1);
}

static bool is_equal(const ObjectId *a, const ObjectId *b) {
        return memcmp(a->bytes, b->bytes, OBJECT_ID_BYTES) == 0;
}

/* Where it is, or would be. */
static ObjectId *find(const IdSet *set, const ObjectId *id) {
        size_t i = place_of(set, id);

        while (!is_equal(&set->slots[i], &nothing) && !is_equal(&set->slots[i], id))
                i = (i + 1) & (set->n_slots - 1);
        return &set->slots[i];
}

static void grow(IdSet *set) {
        IdSet larger = {.n_slots = size_max(SLOTS_LEAST, set->n_slots * 2), .n = set->n};

        larger.slots = mem_new_array(ObjectId, larger.n_slots);
        for (size_t i = 0; i < set->n_slots; i++)
                if (!is_equal(&set->slots[i], &nothing))
                        *find(&larger, &set->slots[i]) = set->slots[i];
        free(set->slots);
        set->slots = larger.slots;
        set->n_slots = larger.n_slots;
}

bool id_set_has(const IdSet *set, const ObjectId *id) {
        if (is_equal(id, &nothing))
                return set->has_zero;
        return set->n_slots && is_equal(find(set, id), id);
}

bool id_set_add(IdSet *set, const ObjectId *id) {
        if (id_set_has(set, id))
                return false;
        if (is_equal(id, &nothing)) {
                set->has_zero = true;
                return true;
        }
        if (set->n + 1 > set->n_slots / 2)
                grow(set);
        *find(set, id) = *id;
        set->n++;
        return true;
}
