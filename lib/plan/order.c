/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Ids are looked up in a sorted index; placing takes the first item whose needs are placed. */

#include "plan/order.h"

#include <stdlib.h>

#include "base/nearest.h"

enum { SUGGEST_MAX = 64 };

typedef struct IndexEntry {
        Slice id;
        size_t i;
} IndexEntry;

typedef struct Ordering {
        const OrderItem *items;
        size_t n_items;
        const char *what;
        Arena *arena;
        FaultList *faults;
        IndexEntry *index;
        size_t **needs; /* as indices */
} Ordering;

static int compare_entries(const void *a, const void *b) {
        const IndexEntry *left = a, *right = b;
        int order = slice_compare(left->id, right->id);

        return order ? order : (left->i > right->i) - (left->i < right->i);
}

static int compare_id(const void *key, const void *entry) {
        return slice_compare(*(const Slice *)key, ((const IndexEntry *)entry)->id);
}

static bool index_make(Ordering *ordering) {
        size_t n = ordering->n_items;
        bool is_good = true;

        ordering->index = arena_alloc_array(ordering->arena, n, sizeof *ordering->index);
        for (size_t i = 0; i < n; i++)
                ordering->index[i] = (IndexEntry){ordering->items[i].id, i};
        if (n)
                qsort(ordering->index, n, sizeof *ordering->index, compare_entries);
        for (size_t i = 1; i < n; i++) {
                const OrderItem *item = &ordering->items[ordering->index[i].i];

                if (!slice_equal(ordering->index[i].id, ordering->index[i - 1].id))
                        continue;
                faults_add(ordering->faults, item->place, "plan-duplicate",
                           "the %s `%.*s` is there twice", ordering->what, SLICE_ARGS(item->id));
                is_good = false;
        }
        return is_good;
}

static void refuse_unknown(const Ordering *ordering, const OrderItem *item, Slice need) {
        const char *names[SUGGEST_MAX], *nearest;
        Fault *fault = faults_add(ordering->faults, item->place, "plan-needs-unknown",
                                  "`%.*s` needs the %s `%.*s`, which is not there",
                                  SLICE_ARGS(item->id), ordering->what, SLICE_ARGS(need));
        size_t n = size_min(ordering->n_items, SUGGEST_MAX);

        for (size_t i = 0; i < n; i++)
                names[i] = arena_text(ordering->arena, ordering->items[i].id);
        nearest = nearest_word(need, names, n);
        if (nearest)
                fault_next(fault, "did you mean `%s`?", nearest);
}

static bool needs_resolve(Ordering *ordering) {
        bool is_good = true;

        ordering->needs =
                arena_alloc_array(ordering->arena, ordering->n_items, sizeof *ordering->needs);
        for (size_t i = 0; i < ordering->n_items; i++) {
                const OrderItem *item = &ordering->items[i];

                ordering->needs[i] =
                        arena_alloc_array(ordering->arena, item->n_needs, sizeof(size_t));
                for (size_t k = 0; k < item->n_needs; k++) {
                        const IndexEntry *entry =
                                bsearch(&item->needs[k], ordering->index, ordering->n_items,
                                        sizeof *entry, compare_id);

                        if (entry) {
                                ordering->needs[i][k] = entry->i;
                                continue;
                        }
                        refuse_unknown(ordering, item, item->needs[k]);
                        is_good = false;
                }
        }
        return is_good;
}

static bool is_ready(const Ordering *ordering, size_t i, const bool *placed) {
        for (size_t k = 0; k < ordering->items[i].n_needs; k++)
                if (!placed[ordering->needs[i][k]])
                        return false;
        return true;
}

static void refuse_circle(const Ordering *ordering, const bool *placed) {
        for (size_t i = 0; i < ordering->n_items; i++) {
                if (placed[i])
                        continue;
                faults_add(ordering->faults, ordering->items[i].place, "plan-needs-circle",
                           "the %s `%.*s` waits for itself through its needs", ordering->what,
                           SLICE_ARGS(ordering->items[i].id));
                return;
        }
}

bool order_by_needs(const OrderItem *items, size_t n_items, const char *what, Arena *arena,
                    FaultList *faults, size_t **ret_order) {
        Ordering ordering = {items, n_items, what, arena, faults, NULL, NULL};
        bool *placed = arena_alloc_array(arena, n_items, sizeof *placed);
        size_t *order = arena_alloc_array(arena, n_items, sizeof *order), n = 0, first = 0;

        if (!index_make(&ordering) || !needs_resolve(&ordering))
                return false;
        while (n < n_items) {
                size_t i = first;

                while (i < n_items && (placed[i] || !is_ready(&ordering, i, placed)))
                        i++;
                if (i == n_items) {
                        refuse_circle(&ordering, placed);
                        return false;
                }
                placed[i] = true;
                order[n++] = i;
                while (first < n_items && placed[first])
                        first++;
        }
        *ret_order = order;
        return true;
}
