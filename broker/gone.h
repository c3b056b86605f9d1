/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Evidence that verdicts name and that is not there: did a later entry remove it? */

#include "base/hash.h"

typedef struct Missing {
        Hash digest;
        uint64_t seq; /* of the verdict */
} Missing;

typedef struct Gone {
        Missing *missing; /* in the order of the entries */
        size_t n_missing, n_allocated;
        Hash *removed;
        size_t n_removed;
} Gone;

void gone_deinit(Gone *gone);
void gone_add_missing(Gone *gone, const Hash *digest, uint64_t seq);
/* Digests, one behind the other. */
void gone_add_removed(Gone *gone, Slice digests);
/* The first verdict whose evidence nothing removed; 0: none. */
uint64_t gone_find_unexplained(Gone *gone);
