/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Which evidence may be removed: what only verdicts in phases that are DONE name, all of them older
 * than is asked for, none of them the ground of a finding that is not closed; and what no entry
 * names, while no claim is open whose verdict may be on its way.
 */

#include "broker/ledger.h"
#include "broker/state.h"

typedef struct Collection {
        Hash *digests; /* ascending */
        size_t n, n_allocated;
        uint64_t n_bytes;
        size_t n_unnamed; /* of them: what no entry names */
        size_t n_kept;
        uint64_t n_kept_bytes;
} Collection;

void collection_deinit(Collection *collection);

/* `state` is the ledger's; verdicts that came after `before_ms` are young. */
int collect(Ledger *ledger, const State *state, uint64_t before_ms,
            Collection *ret_collection) must_check;
