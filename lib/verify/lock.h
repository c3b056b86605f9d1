/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Named resources that are held while a gate or a check runs (`lock` in a plan). Who gives them is
 * the request's affair; here is the giver for a machine without a broker: a file for each resource
 * in a directory of the user's, locked with flock, so that what dies lets go.
 */

#include "verify/verify.h"

typedef struct LockFiles LockFiles;

/* In `dir`, which is made; NULL: the user's own, below XDG_STATE_HOME. */
LockFiles *lock_files_new(const char *dir);
LockFiles *lock_files_free(LockFiles *files); /* lets all of them go */
DEFINE_FREEP(LockFiles, lock_files_free, lock_files_freep)

/* For a request; `files` outlives it. */
VerifyLocks lock_files_get(LockFiles *files);
