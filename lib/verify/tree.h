/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A commit's tree as raw bytes on disk, and the proof that it is exactly that. Objects are read by
 * libgit2 (its home); our own writer puts the bytes: no eol, ident, filter, export-subst.
 */

#include "verify/mirror.h"

typedef struct TreeFacts {
        uint64_t n_files, n_dirs, n_links, n_bytes;
        uint64_t n_submodules; /* left as empty directories: what they name is not fetched */
        uint64_t n_pointers;   /* files that stand for one kept elsewhere (Git LFS); tree_verify */
} TreeFacts;

typedef struct TreeLimits {
        uint64_t n_entries, n_bytes, file_bytes, depth;
} TreeLimits;

extern const TreeLimits tree_limits_default;

/* Writes the tree below `dir`, which must exist and be empty. PREP_E_FAIL (claim.bad-tree: names
 * that no checkout may have), PREP_E_ERROR (prep.limits, before anything is written; prep.space,
 * prep.mirror, prep.workspace). */
int tree_write(const char *mirror_path, const char *tree, const char *dir, const TreeLimits *limits,
               TreeFacts *ret_facts, Fault *reterr_fault) must_check;

/* Compares the disk with the tree: every file's bytes, mode, nlink 1, nothing missing, nothing
 * extra. The mode of `dir` itself is its maker's affair. PREP_E_ERROR with rule prep.tree-mismatch
 * and the first difference as its place, or as tree_write. */
int tree_verify(const char *mirror_path, const char *tree, const char *dir,
                const TreeLimits *limits, TreeFacts *ret_facts, Fault *reterr_fault) must_check;
