/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The Builder's own repository, asked with the Builder's own git. (The adversary never runs git in
 * somebody else's.) */

#include <sys/types.h>

#include "base/fault.h"

enum { COMMIT_TEXT_MAX = 65 };

/* A git that is at work. */
typedef struct GitQuestion {
        pid_t pid;
        int fd; /* -1: nothing was asked */
} GitQuestion;

#define GIT_QUESTION_NONE ((GitQuestion){.fd = -1})

enum { _GIT_E_SUCCESS, GIT_E_REFUSED, GIT_E_NONE };

/* The top of the repository that holds the current directory, and the commit of its HEAD, "" where
 * it has none. GIT_E_NONE: there is no repository; GIT_E_REFUSED: git cannot be run (rule
 * git-missing). Caller frees. */
int git_find_top(char **ret_top, char ret_head[COMMIT_TEXT_MAX], Fault *reterr_fault) must_check;
/* The full id of the commit that `rev` names there. Rule claim-commit-unresolved. */
int git_resolve(const char *rev, char ret_commit[COMMIT_TEXT_MAX], Fault *reterr_fault) must_check;
/* The same, and a full id where there is no repository to ask, or not that one. */
int git_name_commit(const char *rev, char ret_commit[COMMIT_TEXT_MAX],
                    Fault *reterr_fault) must_check;
/* Refuses a shallow clone, from which an adversary cannot fetch; rule claim-shallow. */
int git_check_whole(const char *top, Fault *reterr_fault) must_check;
/* Begins to look for changes in the repository that holds the current directory. */
int git_ask_changes(GitQuestion *ret_question) must_check;
/* Refuses changes that are in no commit, untracked files included. Asks, where `question` has not
 * been asked. Rule claim-dirty-tree. */
int git_check_clean(const char *top, GitQuestion *question, Fault *reterr_fault) must_check;
void git_question_deinit(GitQuestion *question);

/* ---- pure ---- */

/* Of `rev-parse --show-toplevel HEAD^{commit}`, which found a commit or failed for want of one: as
 * git_find_top. False: it names no repository. */
bool git_read_top(Slice out, bool has_head, char **ret_top,
                  char ret_head[COMMIT_TEXT_MAX]) must_check;
/* How many entries `status -z` has; the first of them are named, fit to be shown. */
size_t git_list_changes(Slice out, Buf *names);
/* 40 or 64 lower-case hex digits. */
bool commit_is_full(const char *text);
/* file:// and the path, its odd bytes percent-encoded. */
void git_append_file_url(const char *path, Buf *url);
