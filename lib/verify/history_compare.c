/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Two trees as sorted lists of paths, merged. */

#include "verify/history.h"

#include <stdlib.h>
#include <string.h>

#include "verify/listing.h"
#include "verify/mirror.h"

/* A file of a tree: its whole path, and what it is. */
typedef struct PathEntry {
        Slice path;
        ObjectId id;
        EntryKind kind;
} PathEntry;

static int compare_entries(const void *a, const void *b) {
        return slice_compare(((const PathEntry *)a)->path, ((const PathEntry *)b)->path);
}

static size_t list_paths(const Listing *listing, Arena *arena, PathEntry **ret_entries) {
        PathEntry *entries = arena_alloc_array(arena, listing->n_entries + 1, sizeof *entries);
        cleanup_buf Buf path = BUF_TEXT;
        size_t n = 0;

        for (size_t dir = 0; dir < listing->n_dirs; dir++) {
                for (size_t i = 0; i < listing->dirs[dir].n; i++) {
                        const ListingEntry *entry = &listing->entries[listing->dirs[dir].first + i];

                        if (entry->kind == ENTRY_DIR)
                                continue;
                        listing_get_path(listing, dir, entry->name, &path);
                        entries[n++] = (PathEntry){.path = arena_slice(arena, buf_get(&path)),
                                                   .id = entry->id,
                                                   .kind = entry->kind};
                }
        }
        qsort(entries, n, sizeof *entries, compare_entries);
        *ret_entries = entries;
        return n;
}

static int list_commit(const History *history, const char *commit, Arena *arena,
                       PathEntry **ret_entries, size_t *ret_n, Fault *reterr_fault) {
        cleanup_listing Listing listing = LISTING_INIT;
        char hex[OBJECT_ID_HEX + 1];
        ObjectId tree;
        int r = history_get_tree(history, commit, &tree, reterr_fault);

        if (r == 0) {
                object_id_format(&tree, hex);
                r = listing_open(history->mirror, hex, &tree_limits_default, &listing,
                                 reterr_fault);
        }
        if (r == 0)
                *ret_n = list_paths(&listing, arena, ret_entries);
        return r == PREP_E_FAIL ? PREP_E_ERROR : r;
}

static bool is_same(const PathEntry *a, const PathEntry *b) {
        return a->kind == b->kind && memcmp(&a->id, &b->id, sizeof a->id) == 0;
}

int history_compare(const History *history, const char *before, const char *after, Arena *arena,
                    HistoryPaths *ret_paths, Fault *reterr_fault) {
        PathEntry *old, *new;
        size_t n_old = 0, n_new = 0, i = 0, k = 0;
        int r = list_commit(history, before, arena, &old, &n_old, reterr_fault);

        if (r == 0)
                r = list_commit(history, after, arena, &new, &n_new, reterr_fault);
        if (r != 0)
                return r;
        *ret_paths = (HistoryPaths){.n_all = 0};
        ret_paths->all = arena_alloc_array(arena, n_old + n_new + 1, sizeof(Slice));
        ret_paths->differing = arena_alloc_array(arena, n_old + n_new + 1, sizeof(Slice));
        while (i < n_old || k < n_new) {
                int order = i == n_old   ? 1
                            : k == n_new ? -1
                                         : slice_compare(old[i].path, new[k].path);
                Slice path = order <= 0 ? old[i].path : new[k].path;

                ret_paths->all[ret_paths->n_all++] = path;
                if (order != 0 || !is_same(&old[i], &new[k]))
                        ret_paths->differing[ret_paths->n_differing++] = path;
                i += order <= 0;
                k += order >= 0;
        }
        return 0;
}
