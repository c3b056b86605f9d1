/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/collect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "broker/finding.h"
#include "broker/fold.h"

enum { NAMED_FIRST = 256 };

/* A digest that a verdict names. */
typedef struct Named {
        Hash digest;
        bool is_needed;
} Named;

typedef struct Collecting {
        Ledger *ledger;
        const State *state;
        uint64_t before_ms;
        bool keeps_unnamed;
        Named *named; /* sorted by digest, after the first walk */
        size_t n_named, n_allocated;
        Collection *collection;
} Collecting;

void collection_deinit(Collection *collection) {
        free(collection->digests);
        *collection = (Collection){.n = 0};
}

static void collecting_deinit(Collecting *collecting) {
        free(collecting->named);
}

static bool is_ground_of_finding(const State *state, uint64_t verdict_seq) {
        for (size_t i = 0; i < state->n_findings; i++)
                if (state->findings[i]->verdict_seq == verdict_seq &&
                    state->findings[i]->state != FINDING_STATE_CLOSED)
                        return true;
        return false;
}

static bool is_needed(const Collecting *collecting, const Entry *entry) {
        const PhaseRecord *phase = state_find_phase(collecting->state, entry->phase);

        return !phase || phase->state != PHASE_STATE_DONE ||
               entry->received_ms >= collecting->before_ms ||
               is_ground_of_finding(collecting->state, entry->seq);
}

static void add_named(Collecting *collecting, const Hash *digest, bool needed) {
        if (collecting->n_named == collecting->n_allocated) {
                collecting->n_allocated =
                        collecting->n_allocated ? collecting->n_allocated * 2 : NAMED_FIRST;
                collecting->named = mem_resize(collecting->named, collecting->n_allocated,
                                               sizeof *collecting->named);
        }
        collecting->named[collecting->n_named++] = (Named){*digest, needed};
}

static void add_results(Collecting *collecting, const struct check_result *results, size_t n,
                        bool needed) {
        for (size_t i = 0; i < n; i++) {
                Hash digest;

                if (hash_from_slice(results[i].evidence, &digest))
                        add_named(collecting, &digest, needed);
        }
}

static int hear_entry(void *userdata, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Collecting *collecting = userdata;
        Fault fault = FAULT_INIT;
        Message message;
        bool needed;

        if (!slice_is(entry->kind, "verdict"))
                return 0;
        if (fold_decode(entry, &arena, &message, &fault) != 0)
                return error_origin(-EUCLEAN); /* it was folded before */
        needed = is_needed(collecting, entry);
        add_results(collecting, message.verdict.checks, message.verdict.n_checks, needed);
        add_results(collecting, message.verdict.sealed, message.verdict.n_sealed, needed);
        return 0;
}

/* What is needed comes first, so that it is what a search by digest finds. */
static int compare(const void *a, const void *b) {
        const Named *left = a, *right = b;
        int order = memcmp(&left->digest, &right->digest, sizeof left->digest);

        return order ? order : right->is_needed - left->is_needed;
}

static void drop_repetitions(Collecting *collecting) {
        size_t n = 0;

        if (collecting->n_named)
                qsort(collecting->named, collecting->n_named, sizeof *collecting->named, compare);
        for (size_t i = 0; i < collecting->n_named; i++)
                if (n == 0 ||
                    !hash_equal(&collecting->named[n - 1].digest, &collecting->named[i].digest))
                        collecting->named[n++] = collecting->named[i];
        collecting->n_named = n;
}

static int compare_digest(const void *digest, const void *named) {
        return memcmp(digest, &((const Named *)named)->digest, sizeof(Hash));
}

static void take(Collection *collection, const Hash *digest, size_t n_bytes, bool is_named) {
        if (collection->n == collection->n_allocated) {
                collection->n_allocated =
                        collection->n_allocated ? collection->n_allocated * 2 : NAMED_FIRST;
                collection->digests = mem_resize(collection->digests, collection->n_allocated,
                                                 sizeof *collection->digests);
        }
        collection->digests[collection->n++] = *digest;
        collection->n_bytes += n_bytes;
        collection->n_unnamed += !is_named;
}

static int hear_evidence(void *userdata, const Hash *digest, Slice frame, const char *defect) {
        Collecting *collecting = userdata;
        Collection *collection = collecting->collection;
        const Named *named = NULL;

        if (defect)
                return error_origin(-EUCLEAN); /* `broker verify` names it; nothing is removed */
        if (collecting->n_named)
                named = bsearch(digest, collecting->named, collecting->n_named,
                                sizeof *collecting->named, compare_digest);
        if (named ? !named->is_needed : !collecting->keeps_unnamed) {
                take(collection, digest, frame.n, named);
        } else {
                collection->n_kept++;
                collection->n_kept_bytes += frame.n;
        }
        return 0;
}

static bool has_open_claim(const State *state) {
        for (size_t i = 0; i < state->n_claims; i++)
                if (claim_is_open(state->claims[i]))
                        return true;
        return false;
}

int collect(Ledger *ledger, const State *state, uint64_t before_ms, Collection *ret_collection) {
        cleanup(collecting_deinit) Collecting collecting = {
                .ledger = ledger,
                .state = state,
                .before_ms = before_ms,
                .keeps_unnamed = has_open_claim(state),
                .collection = ret_collection,
        };

        *ret_collection = (Collection){.n = 0};
        TRY(ledger_walk(ledger, 1, SLICE_NULL, hear_entry, &collecting));
        drop_repetitions(&collecting);
        return ledger_evidence_walk(ledger, NULL, hear_evidence, &collecting);
}
