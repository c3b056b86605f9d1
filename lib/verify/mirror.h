/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The Adversary's own copy of a repository (design: verification.md §1): one bare mirror for each
 * repository URL, fetched by the git program in an environment built from nothing, into a
 * quarantine that is moved in only when fsck has passed. Never a git command in the claimant's
 * repository, never one with the workspace as its directory.
 */

#include "base/fault.h"
#include "base/slice.h"

enum { COMMIT_HEX_MAX = 64 };

/*
 * What came of getting a commit ready. The fault's rule is the reason class of the verdict, so
 * that the classification of verification.md §3 is decided here, where the evidence is.
 */
enum {
        _PREP_E_SUCCESS,
        PREP_E_URL,   /* not a URL that may be fetched: rule "claim.repository-url": FAIL */
        PREP_E_FAIL,  /* claim.commit-absent, claim.bad-tree, claim.not-a-commit: FAIL */
        PREP_E_ERROR, /* prep.fetch, prep.limits, prep.tree-mismatch, prep.space, prep.mirror (it is
                         damaged or cannot be used), prep.workspace, prep.unsupported: INCONCLUSIVE
                       */
};

/* Only https://, ssh:// and file:// URLs without option-like or control characters; no `::`. */
int repository_url_check(Slice url, Fault *reterr_fault) must_check;
/* 40 or 64 lower-case hex digits. */
bool commit_id_is_full(Slice commit);

typedef struct Mirror Mirror;

/* Makes the mirror below `mirrors_dir` if it is not there. Locks it against other processes while
 * fetching only. */
int mirror_open(const char *mirrors_dir, const char *url, Mirror **ret_mirror,
                Fault *reterr_fault) must_check;
Mirror *mirror_free(Mirror *mirror);
DEFINE_FREEP(Mirror, mirror_free, mirror_freep)

/* Makes sure that the commit and all its trees and blobs are there; fetches only if they are not.
 */
int mirror_fetch(Mirror *mirror, const char *commit, uint64_t timeout_ms,
                 Fault *reterr_fault) must_check;
/* The id of the commit's tree. */
int mirror_get_tree(Mirror *mirror, const char *commit, char ret_tree[COMMIT_HEX_MAX + 1],
                    Fault *reterr_fault) must_check;
/* The bare repository's path, for tree.c. */
const char *mirror_get_path(const Mirror *mirror);
