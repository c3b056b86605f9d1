/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Small git repositories for tests, honest and hand-made. Author and dates are fixed, so that ids
 * are the same on every run. Whatever fails ends the test. */

#include "base/buf.h"
#include "base/slice.h"

enum { REPO_ID_HEX = 40, REPO_PATH_MAX = 256 };

typedef struct Repo {
        char path[REPO_PATH_MAX];
        char url[REPO_PATH_MAX + 8]; /* file://… */
} Repo;

typedef char RepoId[REPO_ID_HEX + 1];

/* An empty repository in a fresh directory; it is removed with the test. */
void repo_make(Repo *ret_repo);
/* All of the working tree, ignored files too, as a commit on the current branch. */
void repo_commit(const Repo *repo, const char *message, RepoId ret_commit);
/* What one git command prints, its last newline removed. */
#define repo_ask(repo, id, ...) repo_ask_argv((repo), (id), (const char *[]){__VA_ARGS__, NULL})
void repo_ask_argv(const Repo *repo, RepoId ret_id, const char *const *arguments);

/* Objects that git would not make: nothing about the bytes is checked. */
void repo_object(const Repo *repo, const char *kind, Slice bytes, RepoId ret_id);
/* One entry more at the end of a tree's bytes; `mode` as octal text. */
void repo_tree_add(Buf *tree, const char *mode, Slice name, const char *id);
/* All objects that are in no pack yet, as they are, into one. */
void repo_pack(const Repo *repo);
/* A commit of that tree without parents, as the head of `branch`. */
void repo_commit_tree(const Repo *repo, const char *tree, const char *branch, RepoId ret_commit);
