/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Where workspaces live: a directory of ours alone (0700).
 *
 *     trees/TREE        a verified tree, by its id; trees/TREE.lock guards it
 *     job-PID-N/        one gate in the making, removed by whoever runs it or outlives it
 */

#include "base/fault.h"

#include <sys/types.h>

enum { _SCRATCH_E_SUCCESS, SCRATCH_E_CHROOT };

/* Makes `dir` and, as root, a private mount namespace for this process and what it starts, with a
 * tmpfs on `dir`: nobody else sees it, it dies with the last of us, and it is fast. `ret_private`
 * says whether that could be had. To be called before anything is put there. SCRATCH_E_CHROOT:
 * there can be neither that nor a sandbox (fault). */
int scratch_make_private(const char *dir, bool *ret_private, Fault *reterr_fault) must_check;

/* A fresh directory below `scratch`. Caller frees the path. */
int scratch_open_job(const char *scratch, char **ret_dir) must_check;
/* A fresh directory of one run, below `scratch`. Where that was made private it is a file system of
 * its own, with room for `n_bytes` in so many files: what fills it has filled its own. Otherwise a
 * directory. */
int scratch_make_run(const char *scratch, const char *dir, uint64_t n_bytes) must_check;
/* Bytes that can still be written there. */
uint64_t scratch_get_room(const char *dir);

typedef enum ScratchFill {
        SCRATCH_HAS_ROOM,
        SCRATCH_FULL_BY_RUN,    /* its own file system is, or it wrote more than it may */
        SCRATCH_FULL_BY_OTHERS, /* the shared file system is, and it wrote little */
} ScratchFill;

/* After a run, before its directory is removed. `room` is what there was before; `most` is what it
 * may write, 0: what there is. */
ScratchFill scratch_look(const char *dir, uint64_t room, uint64_t most);
/* Removes what the process left there; pid 0: what anybody left. Best effort: true if all is gone.
 */
bool scratch_remove_jobs(const char *scratch, pid_t pid);
/* Removes a directory, and what was mounted on it or below; what cannot be removed now is
 * left to whoever removes what is above it. */
void scratch_drop(const char *dir);
