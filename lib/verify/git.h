/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The git program, for the network side only. It runs in an environment built from nothing, at
 * "/" as its directory, without a terminal, in a session of its own that is killed at the end.
 */

#include "base/buf.h"

enum { GIT_ARGS_MAX = 64 };

typedef struct GitCommand {
        const char *git_dir;     /* absolute; a repository that we made ourselves */
        const char *const *args; /* the verb and what follows; NULL-terminated */
        bool is_for_ssh;         /* the ssh agent of our user may be asked */
        uint64_t deadline_ms;    /* on the monotonic clock */
} GitCommand;

enum {
        _GIT_E_SUCCESS,
        GIT_E_FAILED,  /* it ended with anything but 0 */
        GIT_E_TIMEOUT, /* it was killed at the deadline */
        GIT_E_MISSING, /* there is no git on this machine */
};

/* What it prints on both streams goes into `output` up to the ceiling of that; more is read and
 * dropped. Strangers wrote some of it: only the result may decide anything. When this returns, git
 * and what it started are dead or have been killed. GIT_E_*. */
int git_run(const GitCommand *command, Buf *output) must_check;

/* The line of `output` that tells most, made printable: the first that git calls an error. */
void git_get_complaint(const Buf *output, Buf *text);
