/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Names below a directory, resolved by the kernel so that nothing there can lead out of it. */

#include <sys/types.h>

#include "base/defs.h"

/* openat2 with RESOLVE_BENEATH, NO_SYMLINKS, NO_MAGICLINKS and NO_XDEV; O_CLOEXEC and O_NOFOLLOW
 * are added. "" is the directory itself. A descriptor or -errno. */
int open_beneath(int dir_fd, const char *path, int flags, mode_t mode) must_check;
