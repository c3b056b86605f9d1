/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The descriptor interface of Linux 5.2 and 5.12. */

#include "sandbox/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

bool mount_is_at_root(Fault *reterr_fault) {
        struct statx facts;

        if (statx(AT_FDCWD, "/", AT_NO_AUTOMOUNT, STATX_TYPE, &facts) < 0 ||
            !(facts.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) ||
            (facts.stx_attributes & STATX_ATTR_MOUNT_ROOT))
                return true;
        fault_set(reterr_fault, "sandbox.namespaces",
                  "this is a plain chroot: / is no mount point, and the kernel makes no new root");
        fault_next(reterr_fault, MOUNT_CHROOT_NEXT);
        return false;
}

int mount_clone(const char *path, bool is_recursive) {
        return open_tree(AT_FDCWD, path,
                         OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (is_recursive ? AT_RECURSIVE : 0));
}

int mount_clone_fd(int mount_fd) {
        return open_tree(mount_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
}

int mount_new(const char *type, const char *const *options, unsigned attributes) {
        cleanup_fd int fd = fsopen(type, FSOPEN_CLOEXEC);

        if (fd < 0)
                return -1;
        for (size_t i = 0; options[i]; i += 2)
                if (fsconfig(fd, FSCONFIG_SET_STRING, options[i], options[i + 1], 0) < 0)
                        return -1;
        if (fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -1;
        return fsmount(fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | attributes);
}

int mount_restrict(int mount_fd, uint64_t attributes, bool is_recursive) {
        struct mount_attr attr = {.attr_set = attributes};

        return mount_setattr(mount_fd, "", AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0), &attr,
                             sizeof attr);
}

int mount_map_owners(int mount_fd, int user_namespace_fd) {
        struct mount_attr attr = {
                .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_IDMAP,
                .userns_fd = (uint64_t)user_namespace_fd,
        };

        return mount_setattr(mount_fd, "", AT_EMPTY_PATH, &attr, sizeof attr);
}

int mount_put(int mount_fd, int root_fd, const char *path) {
        struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
        cleanup_fd int target_fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof how);

        if (target_fd < 0)
                return errno == ENOENT || errno == ENOTDIR ? MOUNT_PUT_E_MISSING : -errno;
        if (move_mount(mount_fd, "", target_fd, "",
                       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
                return -errno;
        return 0;
}

int mount_put_part(int mount_fd, const char *part) {
        return move_mount(mount_fd, "", AT_FDCWD, part, MOVE_MOUNT_F_EMPTY_PATH);
}
