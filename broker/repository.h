/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The git repository into which rendered files are committed, through git itself: an environment
 * made from nothing, no hooks, no signing, no questions. Commits are made by fast-import, which
 * needs neither an index nor the work tree; of the user's index only our paths are brought up.
 */

#include "base/buf.h"
#include "base/fault.h"

enum { COMMIT_ID_BYTES = 65 };

typedef struct Repository {
        char *dir;     /* where the files are, and git is run */
        char *git_dir; /* of its work tree */
        char *prefix;  /* of the files in the tree: "", or "docs/" */
        bool is_bare;
        char head[COMMIT_ID_BYTES]; /* "" if nothing was committed yet */
} Repository;

enum { _REPOSITORY_E_SUCCESS, REPOSITORY_E_REFUSED };

/* Rules: git-missing, repository-missing, repository-busy (in the middle of a merge, a rebase and
 * the like, or locked), repository-detached. */
int repository_open(const char *dir, Repository *ret_repository, Fault *reterr_fault) must_check;
void repository_deinit(Repository *repository);
#define cleanup_repository cleanup(repository_deinit)

/* A file as HEAD has it, named from `dir`; empty if it has none. Rule git-failed. */
int repository_read(const Repository *repository, const char *name, Buf *ret_bytes,
                    Fault *reterr_fault) must_check;

/* HEAD from what it was to `commit`. Rule repository-moved: somebody else was faster. */
int repository_advance(Repository *repository, const char *commit, Fault *reterr_fault) must_check;
/* These files in the user's index as HEAD has them; nothing else in it changes. Rule
 * repository-busy. */
int repository_bring_up(const Repository *repository, const char *const *names, size_t n_names,
                        Fault *reterr_fault) must_check;

/* ---- repository_import.c: a stream of commits onto HEAD ---- */

typedef struct Import Import;

int import_start(const Repository *repository, Import **ret_import) must_check;
/* Kills git if it still runs; what was imported is garbage then. */
Import *import_free(Import *import);
DEFINE_FREEP(Import, import_free, import_freep)

typedef struct ImportAuthor {
        const char *name; /* plain */
        uint64_t wall_ms;
} ImportAuthor;

int import_commit(Import *import, const ImportAuthor *author, Slice message) must_check;
/* A file of the commit, named from the repository's `dir`. */
int import_file(Import *import, const char *name, Slice bytes) must_check;
/* The newest commit's id. Rule git-failed. */
int import_finish(Import *import, char ret_commit[COMMIT_ID_BYTES], Fault *reterr_fault) must_check;
