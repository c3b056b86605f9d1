/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * What the objects of a mirror say about commits: who descends from whom, what differs between
 * two, what ever stood in a file. Objects are read and hashed, nothing is run, no date is
 * believed. The mirror has each commit that is asked about with all of its history.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "plan/plan.h"
#include "verify/objects.h"

/* PREP_E_ERROR (verify/mirror.h) with rule prep.mirror or prep.limits from all of these, also where
 * an object is not what it must be. */

typedef struct History {
        Objects *objects;
        const char *mirror;   /* its path */
        uint64_t deadline_ms; /* monotonic; passing it is prep.limits */
        bool (*is_cancelled)(void *userdata);
        void *userdata;
} History;

enum { HISTORY_E_CANCELLED = 100 };

/* Whether `younger` is `elder` or descends from it. HISTORY_E_CANCELLED. */
int history_descends(const History *history, const char *younger, const char *elder,
                     bool *ret_descends, Fault *reterr_fault) must_check;

typedef enum HistoryKind {
        HISTORY_NOTHING,
        HISTORY_FILE,
        HISTORY_OTHER, /* a directory, a link, a submodule */
} HistoryKind;

/* What stands at a path of a commit, `/` between its parts; links are not followed. */
typedef struct HistoryPlace {
        HistoryKind kind;
        ObjectId id;
} HistoryPlace;

int history_get_tree(const History *history, const char *commit, ObjectId *ret_tree,
                     Fault *reterr_fault) must_check;
int history_find(const History *history, const char *commit, Slice path, HistoryPlace *ret_place,
                 Fault *reterr_fault) must_check;
/* Whether this blob is the file at the path, in the commit or in one that it descends from.
 * HISTORY_E_CANCELLED. */
int history_had(const History *history, const char *commit, Slice path, const ObjectId *blob,
                bool *ret_had, Fault *reterr_fault) must_check;

typedef struct HistoryPaths {
        Slice *differing; /* sorted; files, links and submodules that differ, came or went */
        size_t n_differing;
        Slice *all; /* of either tree */
        size_t n_all;
} HistoryPaths;

/* Both trees, in the arena. */
int history_compare(const History *history, const char *before, const char *after, Arena *arena,
                    HistoryPaths *ret_paths, Fault *reterr_fault) must_check;

typedef struct HistoryMatch {
        bool is_found;
        char commit[OBJECT_ID_HEX + 1];
        Slice path;                  /* in the arena */
        uint64_t n_commits, n_blobs; /* that were looked at */
} HistoryMatch;

/* Whether any version of any file that can be reached matches: the first one that is met, from the
 * newest back. What cannot be searched (too large, too much work for the expression) is
 * prep.limits, unless something was found. HISTORY_E_CANCELLED. */
int history_search(const History *history, const char *commit, Slice expression, Arena *arena,
                   HistoryMatch *ret_match, Fault *reterr_fault) must_check;
