/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* One call of git. For repository.c and repository_import.c. */

#include <sys/types.h>

#include "base/buf.h"
#include "base/fault.h"

/* Of the newest imported commit until HEAD has it. */
#define REPOSITORY_IMPORT_REF "refs/coldgate/import"

enum { GIT_ARGS_MAX = 256 };

typedef struct GitProcess {
        pid_t pid;
        int out_fd, err_fd; /* files in memory, so that git never waits for us */
} GitProcess;

#define GIT_PROCESS_INIT ((GitProcess){.pid = 0, .out_fd = -1, .err_fd = -1})

/* `in_fd` -1: nothing to read. -ENOENT, -EACCES: there is no git. */
int git_start(GitProcess *git, const char *dir, const char *const *args, int in_fd) must_check;
/* Waits for its end: 128 and the signal where one ended it. */
int git_wait(GitProcess *git, int *ret_status) must_check;
/* What it printed; what it complained of, in a line. */
int git_read(const GitProcess *git, Buf *ret_out) must_check;
int git_refuse(const GitProcess *git, const char *dir, Fault *reterr_fault);
/* Kills it if it still runs. */
void git_end(GitProcess *git);
#define cleanup_git cleanup(git_end)
