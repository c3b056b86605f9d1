/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A mirror that somebody could not read, or died of reading: a mark in its directory, so that the
 * next who fetches has git look into its packs. A mirror is a cache: what does not hold is thrown
 * away, and fetched anew.
 */

#include "base/defs.h"

/* From now on this process leaves the mark there should it die by SIGBUS, SIGSEGV or SIGABRT: what
 * is mapped from a disk that fails cannot be read and asked for an error. */
void suspect_watch(const char *git_dir);
void suspect_mark(const char *git_dir);
bool suspect_is(const char *git_dir);
/* Behind a look into it. -errno. */
int suspect_clear(const char *git_dir) must_check;
