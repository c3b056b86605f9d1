/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A commit's tree and the directory that it is written to, for tests of the two. The repository's
 * own objects serve as the mirror. Whatever fails ends the test. */

#include "tests/lib/repo.h"
#include "verify/tree.h"

typedef struct Space {
        Repo repo;
        RepoId tree;
        char *mirror;
        const char *dir;
        TreeFacts facts;
} Space;

/* An empty repository and an empty directory. */
void space_begin(Space *ret_space);
void space_deinit(Space *space);
#define cleanup_space cleanup(space_deinit)

/* The repository's files become the tree. */
void space_commit(Space *space);
void space_write(Space *space);
/* Some of each kind, nested, committed and written. */
void space_make(Space *ret_space);

void space_expect_whole(const Space *space);
void space_expect_differing(const Space *space, const char *place, const char *found);
/* Writing is refused; `place` may be NULL. */
void space_expect_refused(Space *space, const TreeLimits *limits, int expected, const char *rule,
                          const char *place);
void space_expect_empty(const Space *space);

/* A path below the directory; to be freed. */
char *space_path(const Space *space, const char *path) must_check;
