/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Walks over commits and their trees, each object once. */

#include "verify/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "plan/regex.h"
#include "verify/id_set.h"
#include "verify/listing.h"
#include "verify/mirror.h"

enum {
        COMMITS_MAX = 1000000,
        TREES_MAX = 10000000,
        DEPTH_MAX = 128,
        OBJECT_BYTES_MAX = 64 << 20, /* of a commit or a tree */
        PATH_BYTES_MAX = 4096,
        ENTRIES_PER_LOOK = 256, /* between two looks at the clock */
};

/* Commits still to be looked at, the oldest found first. */
typedef struct Walk {
        const History *history;
        Fault *fault;
        IdSet seen;
        ObjectId *queue;
        size_t first, n, n_allocated;
} Walk;

static void walk_deinit(Walk *walk) {
        id_set_deinit(&walk->seen);
        free(walk->queue);
}

static int damaged(Fault *reterr_fault, const ObjectId *id) {
        char hex[OBJECT_ID_HEX + 1];

        object_id_format(id, hex);
        fault_set(reterr_fault, "prep.mirror", "object %s cannot be read as what it must be", hex);
        fault_next(reterr_fault, "remove the mirror's directory; it is fetched anew");
        return PREP_E_ERROR;
}

static int over_limit(Fault *reterr_fault, const char *what) {
        fault_set(reterr_fault, "prep.limits", "%s", what);
        return PREP_E_ERROR;
}

static int look_around(const History *history, Fault *reterr_fault) {
        if (history->is_cancelled && history->is_cancelled(history->userdata))
                return HISTORY_E_CANCELLED;
        if (clock_mono_ms() > history->deadline_ms)
                return over_limit(reterr_fault,
                                  "the history could not be read within the check's timeout");
        return 0;
}

static int read_object(const History *history, const ObjectId *id, ObjectKind wanted,
                       Object *ret_object, Fault *reterr_fault) {
        ObjectKind kind;
        uint64_t n_bytes;

        if (objects_stat(history->objects, id, &kind, &n_bytes) != 0 || kind != wanted)
                return damaged(reterr_fault, id);
        if (n_bytes > OBJECT_BYTES_MAX)
                return over_limit(reterr_fault, "a commit or a tree is larger than is read");
        return objects_read(history->objects, id, ret_object) == 0 ? 0 : damaged(reterr_fault, id);
}

static int walk_push(Walk *walk, const ObjectId *id) {
        if (!id_set_add(&walk->seen, id))
                return 0;
        if (walk->seen.n > COMMITS_MAX)
                return over_limit(walk->fault, "the history has more commits than are read");
        if (walk->n == walk->n_allocated) {
                walk->n_allocated = size_max(256, walk->n_allocated * 2);
                walk->queue = mem_resize(walk->queue, walk->n_allocated, sizeof *walk->queue);
        }
        walk->queue[walk->n++] = *id;
        return 0;
}

static int walk_start(Walk *walk, const char *commit) {
        ObjectId id;

        if (!object_id_parse(slice_text(commit), &id)) {
                fault_set(walk->fault, "prep.unsupported", "%.64s is no full id of SHA-1", commit);
                return PREP_E_ERROR;
        }
        return walk_push(walk, &id);
}

/* The header's `tree` and `parent` lines, which stand first. */
static int walk_parents(Walk *walk, const ObjectId *commit, Slice bytes, ObjectId *ret_tree) {
        bool has_tree = false;

        while (bytes.n) {
                size_t n = slice_find(bytes, slice_text("\n"));
                Slice line = slice_head(bytes, n);
                ObjectId id;
                int r;

                bytes = slice_from(bytes, n + 1);
                if (!has_tree) {
                        has_tree = slice_is(slice_head(line, 5), "tree ") &&
                                   object_id_parse(slice_from(line, 5), ret_tree);
                        if (!has_tree)
                                return damaged(walk->fault, commit);
                        continue;
                }
                if (!slice_is(slice_head(line, 7), "parent "))
                        return 0;
                if (!object_id_parse(slice_from(line, 7), &id))
                        return damaged(walk->fault, commit);
                r = walk_push(walk, &id);
                if (r != 0)
                        return r;
        }
        return has_tree ? 0 : damaged(walk->fault, commit);
}

/* The next commit, its parents put into the queue; false in `ret_is_there` once there is none. */
static int walk_next(Walk *walk, ObjectId *ret_commit, ObjectId *ret_tree, bool *ret_is_there) {
        cleanup_object Object object = OBJECT_INIT;
        int r = look_around(walk->history, walk->fault);

        *ret_is_there = walk->first < walk->n;
        if (r != 0 || !*ret_is_there)
                return r;
        *ret_commit = walk->queue[walk->first++];
        r = read_object(walk->history, ret_commit, OBJECT_COMMIT, &object, walk->fault);
        return r != 0 ? r : walk_parents(walk, ret_commit, object.bytes, ret_tree);
}

int history_descends(const History *history, const char *younger, const char *elder,
                     bool *ret_descends, Fault *reterr_fault) {
        cleanup(walk_deinit) Walk walk = {.history = history, .fault = reterr_fault};
        ObjectId wanted, commit, tree;
        bool is_there = true;
        int r = walk_start(&walk, younger);

        if (r == 0 && !object_id_parse(slice_text(elder), &wanted)) {
                fault_set(reterr_fault, "prep.unsupported", "%.64s is no full id of SHA-1", elder);
                r = PREP_E_ERROR;
        }
        while (r == 0 && is_there && !id_set_has(&walk.seen, &wanted))
                r = walk_next(&walk, &commit, &tree, &is_there);
        *ret_descends = r == 0 && id_set_has(&walk.seen, &wanted);
        return r;
}

static int find_entry(const History *history, const ObjectId *tree, Slice wanted,
                      ListingEntry *ret_entry, bool *ret_is_there, Fault *reterr_fault) {
        cleanup_object Object object = OBJECT_INIT;
        int r = read_object(history, tree, OBJECT_TREE, &object, reterr_fault);

        *ret_is_there = false;
        for (Slice rest = object.bytes; r == 0 && rest.n && !*ret_is_there;) {
                Slice name = SLICE_NULL;

                if (!listing_entry_parse(&rest, &name, ret_entry))
                        return damaged(reterr_fault, tree);
                *ret_is_there = slice_equal(name, wanted);
        }
        return r;
}

static int find_place(const History *history, const ObjectId *tree, Slice path,
                      HistoryPlace *ret_place, Fault *reterr_fault) {
        ListingEntry entry = {.kind = ENTRY_DIR, .id = *tree};
        bool is_there = true;

        *ret_place = (HistoryPlace){.kind = HISTORY_NOTHING};
        while (path.n && entry.kind == ENTRY_DIR) {
                size_t n = slice_find(path, slice_text("/"));
                ObjectId dir = entry.id;
                int r = find_entry(history, &dir, slice_head(path, n), &entry, &is_there,
                                   reterr_fault);

                if (r != 0 || !is_there)
                        return r;
                path = slice_from(path, n + 1);
        }
        if (path.n)
                return 0;
        ret_place->kind = entry.kind == ENTRY_FILE || entry.kind == ENTRY_PROGRAM ? HISTORY_FILE
                                                                                  : HISTORY_OTHER;
        ret_place->id = entry.id;
        return 0;
}

int history_get_tree(const History *history, const char *commit, ObjectId *ret_tree,
                     Fault *reterr_fault) {
        cleanup(walk_deinit) Walk walk = {.history = history, .fault = reterr_fault};
        ObjectId id;
        bool is_there;
        int r = walk_start(&walk, commit);

        return r == 0 ? walk_next(&walk, &id, ret_tree, &is_there) : r;
}

int history_find(const History *history, const char *commit, Slice path, HistoryPlace *ret_place,
                 Fault *reterr_fault) {
        ObjectId tree;
        int r = history_get_tree(history, commit, &tree, reterr_fault);

        return r == 0 ? find_place(history, &tree, path, ret_place, reterr_fault) : r;
}

int history_had(const History *history, const char *commit, Slice path, const ObjectId *blob,
                bool *ret_had, Fault *reterr_fault) {
        cleanup(walk_deinit) Walk walk = {.history = history, .fault = reterr_fault};
        HistoryPlace place = {.kind = HISTORY_NOTHING};
        ObjectId id, tree;
        bool is_there = true;
        int r = walk_start(&walk, commit);

        *ret_had = false;
        while (r == 0 && !*ret_had) {
                r = walk_next(&walk, &id, &tree, &is_there);
                if (r != 0 || !is_there)
                        break;
                r = find_place(history, &tree, path, &place, reterr_fault);
                *ret_had = r == 0 && place.kind == HISTORY_FILE &&
                           memcmp(&place.id, blob, sizeof *blob) == 0;
        }
        return r;
}

/* A search in progress. Trees and blobs that were seen in a younger commit are not read again. */
typedef struct Search {
        const History *history;
        Slice expression;
        Arena *arena;
        HistoryMatch *match;
        Fault *fault;
        IdSet seen;
        Buf path;
        uint64_t n_entries;
        bool has_gap; /* something could not be searched; the fault says what */
} Search;

static void search_deinit(Search *search) {
        id_set_deinit(&search->seen);
        buf_deinit(&search->path);
}

static void leave_gap(Search *search, const char *why) {
        cleanup_buf Buf shown = BUF_TEXT;

        if (search->has_gap)
                return;
        search->has_gap = true;
        text_make_name_visible(buf_get(&search->path), &shown);
        fault_set(search->fault, "prep.limits", "a version of %s %s", buf_get_text(&shown), why);
}

static int search_blob(Search *search, const ObjectId *id) {
        cleanup_object Object blob = OBJECT_INIT;
        ObjectKind kind;
        uint64_t n_bytes;
        size_t start = 0;

        if (objects_stat(search->history->objects, id, &kind, &n_bytes) != 0 || kind != OBJECT_BLOB)
                return damaged(search->fault, id);
        if (n_bytes > REGEX_SUBJECT_BYTES_MAX) {
                leave_gap(search, "is larger than is searched");
                return 0;
        }
        if (objects_read(search->history->objects, id, &blob) != 0)
                return damaged(search->fault, id);
        search->match->n_blobs++;
        switch (regex_search(search->expression, blob.bytes, REGEX_WHOLE, &start)) {
        case REGEX_NONE: break;
        case REGEX_LIMIT: leave_gap(search, "makes the expression too much work"); break;
        case REGEX_FOUND:
                search->match->is_found = true;
                search->match->path = arena_slice(search->arena, buf_get(&search->path));
                break;
        }
        return 0;
}

static int search_tree(Search *search, const ObjectId *id, unsigned depth);

static int search_entry(Search *search, Slice name, const ListingEntry *entry, unsigned depth) {
        size_t n = search->path.n;
        int r = 0;

        if (++search->n_entries % ENTRIES_PER_LOOK == 0)
                r = look_around(search->history, search->fault);
        if (r != 0 || entry->kind == ENTRY_SUBMODULE || !id_set_add(&search->seen, &entry->id))
                return r;
        if (search->seen.n > TREES_MAX || n + name.n + 1 > PATH_BYTES_MAX)
                return over_limit(search->fault,
                                  "the history has more files, or longer paths, than are read");
        buf_text(&search->path, n ? "/" : "");
        buf_slice(&search->path, name);
        r = entry->kind == ENTRY_DIR ? search_tree(search, &entry->id, depth + 1)
                                     : search_blob(search, &entry->id);
        search->path.n = n;
        return r;
}

static int search_tree(Search *search, const ObjectId *id, unsigned depth) {
        cleanup_object Object tree = OBJECT_INIT;
        int r;

        if (depth > DEPTH_MAX)
                return over_limit(search->fault, "directories stand in each other too deep");
        r = read_object(search->history, id, OBJECT_TREE, &tree, search->fault);
        for (Slice rest = tree.bytes; r == 0 && rest.n && !search->match->is_found;) {
                ListingEntry entry = {.n_bytes = 0};
                Slice name = SLICE_NULL;

                if (!listing_entry_parse(&rest, &name, &entry))
                        return damaged(search->fault, id);
                r = search_entry(search, name, &entry, depth);
        }
        return r;
}

int history_search(const History *history, const char *commit, Slice expression, Arena *arena,
                   HistoryMatch *ret_match, Fault *reterr_fault) {
        cleanup(walk_deinit) Walk walk = {.history = history, .fault = reterr_fault};
        cleanup(search_deinit) Search search = {.history = history,
                                                .expression = expression,
                                                .arena = arena,
                                                .match = ret_match,
                                                .fault = reterr_fault,
                                                .path = BUF_TEXT};
        ObjectId id, tree;
        bool is_there = true;
        int r = walk_start(&walk, commit);

        *ret_match = (HistoryMatch){.is_found = false};
        while (r == 0 && !ret_match->is_found) {
                r = walk_next(&walk, &id, &tree, &is_there);
                if (r != 0 || !is_there)
                        break;
                ret_match->n_commits++;
                if (id_set_add(&search.seen, &tree))
                        r = search_tree(&search, &tree, 0);
                object_id_format(&id, ret_match->commit);
        }
        return r == 0 && search.has_gap && !ret_match->is_found ? PREP_E_ERROR : r;
}
