/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Reading trees breadth first. Every limit is checked as soon as it can be: a tree that names
 * itself a thousand times over ends at the entry that is one too many, not when memory does.
 */

#include "verify/listing.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "verify/tree_name.h"

enum {
        TREE_BYTES_MAX = 64 << 20,
        PATH_BYTES_MAX = 4000,
        LINK_BYTES_MAX = 4095,
        MODE_DIGITS_MAX = 10
};

const TreeLimits tree_limits_default = {
        .n_entries = 500000,
        .n_bytes = (uint64_t)4 << 30,
        .file_bytes = (uint64_t)512 << 20,
        .depth = 128,
};

typedef struct Reader {
        const TreeLimits *limits;
        Listing *listing;
        Fault *fault;
} Reader;

void listing_get_dir_path(const Listing *listing, size_t dir, Buf *path) {
        size_t end = listing->dirs[dir].n_path;

        buf_clear(path);
        if (!buf_reserve(path, end))
                return;
        path->n = end;
        path->data[end] = 0;
        for (; dir != 0; dir = listing->dirs[dir].parent) {
                size_t n = strlen(listing->dirs[dir].name);

                memcpy(path->data + end - n, listing->dirs[dir].name, n);
                end -= n;
                if (end)
                        path->data[--end] = '/';
        }
}

void listing_get_path(const Listing *listing, size_t dir, const char *name, Buf *path) {
        listing_get_dir_path(listing, dir, path);
        if (path->n && *name)
                buf_byte(path, '/');
        buf_text(path, name);
}

void listing_fault_place(const Listing *listing, size_t dir, const char *name, Fault *fault) {
        cleanup_buf Buf path = BUF_TEXT, shown = BUF_INIT(sizeof fault->place - 1);

        listing_get_path(listing, dir, name, &path);
        text_make_name_visible(buf_get(&path), &shown);
        fault_place(fault, "%s", buf_get_text(&shown));
}

void listing_deinit(Listing *listing) {
        (void)objects_free(listing->objects);
        arena_deinit(&listing->names);
        free(listing->dirs);
        free(listing->entries);
        *listing = LISTING_INIT;
}

static int bad_tree(Reader *reader, size_t dir, const char *name, const char *why) {
        fault_set(reader->fault, "claim.bad-tree", "an entry of the commit's tree %s", why);
        fault_next(reader->fault, "mend the tree, commit, claim again");
        listing_fault_place(reader->listing, dir, name, reader->fault);
        return PREP_E_FAIL;
}

static int over_limit(Reader *reader, size_t dir, const char *name, const char *what,
                      uint64_t limit) {
        fault_set(reader->fault, "prep.limits",
                  "the commit's tree is over a limit: %s, at most %llu", what,
                  (unsigned long long)limit);
        listing_fault_place(reader->listing, dir, name, reader->fault);
        return PREP_E_ERROR;
}

static int unreadable(Reader *reader, const ObjectId *id, int condition) {
        char hex[OBJECT_ID_HEX + 1];

        object_id_format(id, hex);
        fault_set(reader->fault, "prep.mirror", "object %s is %s in the mirror", hex,
                  condition == OBJECTS_E_MISSING ? "missing" : "damaged");
        objects_doubt(reader->listing->objects);
        fault_next(reader->fault, "remove the mirror's directory; it is fetched anew");
        return PREP_E_ERROR;
}

static size_t dir_add(Listing *listing, const char *name, size_t parent, const ObjectId *id) {
        const ListingDir *above = listing->n_dirs ? &listing->dirs[parent] : NULL;
        ListingDir dir = {.name = name, .parent = parent, .id = *id};

        if (above) {
                dir.depth = above->depth + 1;
                dir.n_path = above->n_path + (above->n_path ? 1 : 0) + strlen(name);
        }
        if (!listing->dirs || listing->n_dirs == listing->n_dirs_allocated) {
                listing->n_dirs_allocated = size_max(64, listing->n_dirs_allocated * 2);
                listing->dirs =
                        mem_resize(listing->dirs, listing->n_dirs_allocated, sizeof *listing->dirs);
        }
        listing->dirs[listing->n_dirs] = dir;
        return listing->n_dirs++;
}

static void entry_add(Listing *listing, const ListingEntry *entry) {
        if (listing->n_entries == listing->n_entries_allocated) {
                listing->n_entries_allocated = size_max(256, listing->n_entries_allocated * 2);
                listing->entries = mem_resize(listing->entries, listing->n_entries_allocated,
                                              sizeof *listing->entries);
        }
        listing->entries[listing->n_entries++] = *entry;
}

/* 100664 is what some importers of old wrote; git takes it for 100644. */
static bool kind_from_mode(unsigned mode, EntryKind *ret_kind) {
        switch (mode) {
        case 0040000: *ret_kind = ENTRY_DIR; return true;
        case 0100644:
        case 0100664: *ret_kind = ENTRY_FILE; return true;
        case 0100755: *ret_kind = ENTRY_PROGRAM; return true;
        case 0120000: *ret_kind = ENTRY_LINK; return true;
        case 0160000: *ret_kind = ENTRY_SUBMODULE; return true;
        default: return false;
        }
}

/* Mode in octal, a blank, the name, NUL, the id. */
bool listing_entry_parse(Slice *rest, Slice *ret_name, ListingEntry *ret_entry) {
        size_t n_mode = slice_find(slice_head(*rest, MODE_DIGITS_MAX), slice_text(" "));
        unsigned mode = 0;
        const uint8_t *nul;

        for (size_t i = 0; i < n_mode; i++) {
                if (rest->data[i] < '0' || rest->data[i] > '7')
                        return false;
                mode = mode * 8 + (rest->data[i] - '0');
        }
        if (n_mode == 0 || n_mode >= rest->n || rest->data[n_mode] != ' ' ||
            !kind_from_mode(mode, &ret_entry->kind))
                return false;
        *rest = slice_from(*rest, n_mode + 1);
        nul = rest->n ? memchr(rest->data, 0, rest->n) : NULL;
        if (!nul || rest->n - (size_t)(nul - rest->data) - 1 < OBJECT_ID_BYTES)
                return false;
        *ret_name = slice_head(*rest, (size_t)(nul - rest->data));
        memcpy(ret_entry->id.bytes, nul + 1, OBJECT_ID_BYTES);
        *rest = slice_from(*rest, ret_name->n + 1 + OBJECT_ID_BYTES);
        return true;
}

static int blob_check(Reader *reader, size_t dir, ListingEntry *entry) {
        TreeFacts *facts = &reader->listing->facts;
        ObjectKind kind;
        int r = objects_stat(reader->listing->objects, &entry->id, &kind, &entry->n_bytes);

        if (r != 0)
                return unreadable(reader, &entry->id, r);
        if (kind != OBJECT_BLOB)
                return bad_tree(reader, dir, entry->name, "is called a file and is none");
        if (entry->kind == ENTRY_LINK && (!entry->n_bytes || entry->n_bytes > LINK_BYTES_MAX))
                return bad_tree(reader, dir, entry->name,
                                "is a symbolic link with a target that no link can have");
        if (entry->n_bytes > reader->limits->file_bytes)
                return over_limit(reader, dir, entry->name, "bytes of a file",
                                  reader->limits->file_bytes);
        facts->n_bytes += entry->n_bytes;
        if (facts->n_bytes > reader->limits->n_bytes)
                return over_limit(reader, dir, entry->name, "bytes of all files",
                                  reader->limits->n_bytes);
        if (entry->kind == ENTRY_LINK)
                facts->n_links++;
        else
                facts->n_files++;
        return 0;
}

static int subdir_check(Reader *reader, size_t dir, const ListingEntry *entry) {
        size_t added;

        if (reader->listing->dirs[dir].depth + 1 > reader->limits->depth)
                return over_limit(reader, dir, entry->name, "directories in each other",
                                  reader->limits->depth);
        added = dir_add(reader->listing, entry->name, dir, &entry->id);
        reader->listing->dirs[added].is_submodule = entry->kind == ENTRY_SUBMODULE;
        if (entry->kind == ENTRY_SUBMODULE)
                reader->listing->facts.n_submodules++;
        else
                reader->listing->facts.n_dirs++;
        return 0;
}

static int entry_take(Reader *reader, size_t dir, Slice name, ListingEntry *entry) {
        const char *why = tree_name_check(name);
        int r;

        entry->name = arena_text(&reader->listing->names, slice_head(name, TREE_NAME_MAX));
        if (why)
                return bad_tree(reader, dir, entry->name, why);
        if (reader->listing->n_entries >= reader->limits->n_entries)
                return over_limit(reader, dir, entry->name, "entries", reader->limits->n_entries);
        if (reader->listing->dirs[dir].n_path + 1 + name.n > PATH_BYTES_MAX)
                return over_limit(reader, dir, entry->name, "bytes of a path", PATH_BYTES_MAX);
        if (entry->kind == ENTRY_DIR || entry->kind == ENTRY_SUBMODULE)
                r = subdir_check(reader, dir, entry);
        else
                r = blob_check(reader, dir, entry);
        if (r != 0)
                return r;
        entry_add(reader->listing, entry);
        return 0;
}

static int entry_compare(const void *a, const void *b) {
        return strcmp(((const ListingEntry *)a)->name, ((const ListingEntry *)b)->name);
}

/* git sorts as if directories ended in a slash; a pair of equal names need not be neighbours. */
static int dir_sort(Reader *reader, size_t dir) {
        ListingDir *sorted = &reader->listing->dirs[dir];
        ListingEntry *entries = reader->listing->entries + sorted->first;

        sorted->n = reader->listing->n_entries - sorted->first;
        if (sorted->n)
                qsort(entries, sorted->n, sizeof *entries, entry_compare);
        for (size_t i = 1; i < sorted->n; i++)
                if (strcmp(entries[i - 1].name, entries[i].name) == 0)
                        return bad_tree(reader, dir, entries[i].name, "is there twice");
        return 0;
}

static int dir_read(Reader *reader, size_t dir) {
        ObjectId id = reader->listing->dirs[dir].id;
        cleanup_object Object tree = OBJECT_INIT;
        ObjectKind kind;
        uint64_t n_bytes;
        Slice rest;
        int r = objects_stat(reader->listing->objects, &id, &kind, &n_bytes);

        if (r != 0)
                return unreadable(reader, &id, r);
        if (kind != OBJECT_TREE)
                return bad_tree(reader, dir, "", "is called a directory and is none");
        if (n_bytes > TREE_BYTES_MAX)
                return over_limit(reader, dir, "", "bytes of a tree object", TREE_BYTES_MAX);
        r = objects_read(reader->listing->objects, &id, &tree);
        if (r != 0)
                return unreadable(reader, &id, r);
        reader->listing->dirs[dir].first = reader->listing->n_entries;
        for (rest = tree.bytes; rest.n;) {
                ListingEntry entry = {.n_bytes = 0};
                Slice name = SLICE_NULL;

                if (!listing_entry_parse(&rest, &name, &entry))
                        return bad_tree(reader, dir, "", "cannot be read as one");
                r = entry_take(reader, dir, name, &entry);
                if (r != 0)
                        return r;
        }
        return dir_sort(reader, dir);
}

int listing_open(const char *mirror_path, const char *tree, const TreeLimits *limits,
                 Listing *ret_listing, Fault *reterr_fault) {
        Reader reader = {.limits = limits, .listing = ret_listing, .fault = reterr_fault};
        ObjectId id;

        *ret_listing = LISTING_INIT;
        if (!object_id_parse(slice_text(tree), &id)) {
                fault_set(reterr_fault, "prep.unsupported", "the tree's id is not one of SHA-1");
                return PREP_E_ERROR;
        }
        if (objects_open(mirror_path, &ret_listing->objects) != 0)
                return unreadable(&reader, &id, OBJECTS_E_DAMAGED);
        (void)dir_add(ret_listing, "", 0, &id);
        for (size_t dir = 0; dir < ret_listing->n_dirs; dir++) {
                int r = ret_listing->dirs[dir].is_submodule ? 0 : dir_read(&reader, dir);

                if (r != 0)
                        return r;
        }
        return 0;
}
