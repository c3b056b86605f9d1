/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Where workspaces live: a directory of ours alone (0700).
 *
 *     trees/TREE        a verified tree, by its id; trees/TREE.lock guards it
 *     job-PID-N/        one gate in the making, removed by whoever runs it or outlives it
 */

#include "base/defs.h"

#include <sys/types.h>

/* Makes `dir` and, as root, a private mount namespace for this process and what it starts, with a
 * tmpfs on `dir`: nobody else sees it, it dies with the last of us, and it is fast. `ret_private`
 * says whether that could be had. To be called before anything is put there. */
int scratch_make_private(const char *dir, bool *ret_private) must_check;

/* A fresh directory below `scratch`. Caller frees the path. */
int scratch_open_job(const char *scratch, char **ret_dir) must_check;
/* Removes what the process left there; pid 0: what anybody left. Best effort: true if all is gone.
 */
bool scratch_remove_jobs(const char *scratch, pid_t pid);
/* Removes a directory, and what scratch_make_private mounted on it; what cannot be removed now is
 * left to whoever removes what is above it. */
void scratch_drop(const char *dir);
