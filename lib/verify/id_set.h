/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A set of object ids, for walks of histories: each is visited once. */

#include "verify/objects.h"

typedef struct IdSet {
        ObjectId *slots; /* a power of two; all zero: empty */
        size_t n, n_slots;
        bool has_zero; /* the id of nothing is an id too */
} IdSet;

void id_set_deinit(IdSet *set);
#define cleanup_id_set cleanup(id_set_deinit)

/* False if it is there already. */
bool id_set_add(IdSet *set, const ObjectId *id);
bool id_set_has(const IdSet *set, const ObjectId *id);
