/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A repository with two commits and a mirror of it, for tests of fetching. */

#include "tests/lib/repo.h"
#include "verify/mirror.h"

enum { STORY_FETCH_MS = 30000 };

typedef struct Story {
        Repo repo;
        RepoId first, second;
        Mirror *mirror; /* still empty */
} Story;

/* The id of no object. */
extern const char story_nowhere[];

void story_make(Story *ret_story);
void story_deinit(Story *story);
#define cleanup_story cleanup(story_deinit)

Mirror *story_open_mirror(const char *dir, const char *url) must_check;
void story_expect_fetched(Mirror *mirror, const char *commit);
void story_expect_refused(Mirror *mirror, const char *commit, int expected, const char *rule);
size_t story_count_packs(const Mirror *mirror);
bool story_has_file(const char *dir, const char *name);
/* From now on the repository's URL leads nowhere. */
void story_move_away(const Story *story);
