/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Mounts that nobody but the calling process and its children sees, and that end with them. */

#include "base/defs.h"

/* A tmpfs over `dir`, as root or with a user namespace; false where neither is allowed. */
bool mounts_tmpfs(const char *dir, const char *options) must_check;
/* Nothing is at `path` any more, as service managers hide things. */
bool mounts_hide(const char *path) must_check;
