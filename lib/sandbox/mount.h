/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Mounts as descriptors: made or cloned first, put at their place afterwards. No path of the host
 * is ever resolved with a link of the new root in it, or the other way round. */

#include "base/defs.h"
#include "base/fault.h"

enum { _MOUNT_E_SUCCESS, MOUNT_E_BROKEN };

#define MOUNT_CHROOT_NEXT                                                                          \
        "from outside: unshare --mount sh -c 'mount --rbind DIR DIR && exec chroot DIR COMMAND'; " \
        "or a container"

/* False, with the fault set, where / is no mount point: in a plain chroot nobody can make one, and
 * without it there is no sandbox. */
bool mount_is_at_root(Fault *reterr_fault);

/* Each gives a detached mount, or -1 with errno. `options` are pairs of name and value and end with
 * NULL; `attributes` are MOUNT_ATTR_* beside NOSUID. */
int mount_clone(const char *path, bool is_recursive);
/* The same of a mount that has been put somewhere. */
int mount_clone_fd(int mount_fd) must_check;
int mount_new(const char *type, const char *const *options, unsigned attributes);

/* Adds MOUNT_ATTR_* to a mount, and below it. -1 with errno. */
int mount_restrict(int mount_fd, uint64_t attributes, bool is_recursive);
/* The files' owners are shown through the user namespace. -1 with errno. */
int mount_map_owners(int mount_fd, int user_namespace_fd);

enum { _MOUNT_PUT_SUCCESS, MOUNT_PUT_E_MISSING };

/* Puts it at a path below `root_fd`, which is where links begin. MOUNT_PUT_E_MISSING: there is no
 * such path. -errno. */
int mount_put(int mount_fd, int root_fd, const char *path) must_check;
/* At a name in the working directory. -1 with errno. */
int mount_put_part(int mount_fd, const char *part);
