/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A copy of a verified tree: directories, files, links; modes and times as they are. */

#include <sys/types.h>

#include "base/defs.h"

/* Into an empty directory. Given to `uid` and `gid` unless they are -1. -errno. */
int copy_tree(const char *from, const char *to, uid_t uid, gid_t gid) must_check;
