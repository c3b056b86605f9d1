/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Paths of the host that the plan opens: seen inside at their own names, read-only; a socket there
 * answers. What would hide them yields, and shows of what it hides no more than the way to them.
 */

#include "sandbox/setup.h"

/* Outside, before PID 1 is: which paths these really are, and mount points for those below a place
 * of ours. SETUP_E_BROKEN with rule sandbox.access. */
int access_prepare(Setup *setup, Fault *reterr_fault) must_check;
/* Whether a path that is to be hidden is one of them, or below one. */
bool access_opens(const Setup *setup, const char *path);
/* Whether one of them is below a directory that is to be hidden. */
bool access_is_below(const Setup *setup, const char *hidden);
/* Makes, in the directory that hides `hidden`, the mount points of those below it. -errno. */
int access_make_way(const Setup *setup, const char *hidden, int hiding_fd) must_check;
/* Whether a path was made by us on the way to one of them: no residue of the command. */
bool access_made(const Setup *setup, const char *path);
/* Inside, before the new root is entered. SETUP_E_BROKEN with rule sandbox.access. */
int access_put(const Setup *setup, int root_fd, Buf *isolation, Fault *reterr_fault) must_check;
