/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A tree with all that is below it, as a list: read once, checked against the limits before a
 * byte is written, and then walked by the writer and by the verifier alike.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "verify/objects.h"
#include "verify/tree.h"

typedef enum EntryKind {
        ENTRY_DIR,
        ENTRY_FILE,
        ENTRY_PROGRAM,
        ENTRY_LINK,
        ENTRY_SUBMODULE, /* an empty directory; what it names is not fetched */
} EntryKind;

typedef struct ListingEntry {
        const char *name;
        uint64_t n_bytes; /* of files and links */
        ObjectId id;
        EntryKind kind;
} ListingEntry;

typedef struct ListingDir {
        const char *name; /* "" for the root */
        size_t parent;
        size_t first, n;   /* its entries, in ascending order of their names' bytes */
        size_t depth;      /* 0 for the root */
        size_t n_path;     /* bytes of its path */
        bool is_submodule; /* without entries */
        ObjectId id;
} ListingDir;

/* Parents come before their children; entries of one directory are neighbours. */
typedef struct Listing {
        Objects *objects;
        Arena names;
        ListingDir *dirs;
        size_t n_dirs, n_dirs_allocated;
        ListingEntry *entries;
        size_t n_entries, n_entries_allocated;
        TreeFacts facts;
} Listing;

#define LISTING_INIT ((Listing){.names = ARENA_INIT})

/* Opens the mirror and reads the tree. PREP_E_FAIL (claim.bad-tree), PREP_E_ERROR (prep.limits,
 * prep.mirror, prep.unsupported). What was read until then is in the listing even so. */
int listing_open(const char *mirror_path, const char *tree, const TreeLimits *limits,
                 Listing *ret_listing, Fault *reterr_fault) must_check;
void listing_deinit(Listing *listing);
#define cleanup_listing cleanup(listing_deinit)

/* One entry from the head of a tree's bytes, which is taken off: kind, id and name, nothing else is
 * looked at. False: it is none. */
bool listing_entry_parse(Slice *rest, Slice *ret_name, ListingEntry *ret_entry) must_check;

/* The path of a directory, and of an entry in it, relative to the root. Replaces what is in
 * `path`. */
void listing_get_dir_path(const Listing *listing, size_t dir, Buf *path);
void listing_get_path(const Listing *listing, size_t dir, const char *name, Buf *path);
/* The place of a fault: the path of `name` in `dir`, made printable. */
void listing_fault_place(const Listing *listing, size_t dir, const char *name, Fault *fault);
