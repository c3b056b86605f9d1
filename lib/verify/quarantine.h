/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Where git fetches into: a bare repository of its own inside the mirror's directory, with the
 * mirror's objects as alternates. git never writes into the mirror; whole packs are moved there
 * once everything about them has been proved, and everything else is thrown away.
 */

#include "base/buf.h"

/* A bare repository made by hand: no templates, no hooks. `alternates` (may be NULL) is the path of
 * another objects directory, relative to its own. Not synced. -errno. */
int bare_make(const char *path, const char *alternates) must_check;

/* Without refs; back to what it was when it was made. -errno. */
int bare_forget(const char *path) must_check;
int bare_empty(const char *path) must_check;
/* Calls `visit` with the absolute path of each file of a pack that git finished and whose name ends
 * so; ends at the first that is not 0. */
int bare_each_pack_file(const char *git_dir, const char *suffix,
                        int (*visit)(void *userdata, const char *path), void *userdata) must_check;

/* An empty quarantine; what an earlier one held is removed. -errno. */
int quarantine_reset(const char *mirror) must_check;
int quarantine_remove(const char *mirror) must_check;
/* `<mirror>/quarantine`; to be freed. */
char *quarantine_get_path(const char *mirror) must_check;

/* Whether there are objects outside of packs. */
bool quarantine_has_loose(const char *mirror);
/* Moves the packs into the mirror, synced, their indexes last, so that a reader or a crash sees
 * whole packs only. -errno; -EBADMSG if there are objects outside of packs. */
int quarantine_move_in(const char *mirror) must_check;
