/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * As root, the tree belongs to us and the command is somebody else: a mapped mount shows it as the
 * command's own, and the overlay's copies in the upper layer then really are. Unprivileged, tree
 * and command have one owner. What the kernel cannot do ends in a copy.
 */

#include "sandbox/workspace.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/copy.h"
#include "sandbox/mount.h"
#include "sandbox/place.h"

static int broken(Fault *reterr_fault, const char *what, int error) {
        fault_set(reterr_fault, "sandbox.workspace", "%s: %s", what, strerror(error));
        return WORKSPACE_E_BROKEN;
}

static bool put_lower(const Setup *setup) {
        cleanup_fd int fd = mount_clone(setup->spec.tree, false);
        struct stat facts;

        if (fd < 0 || fstat(fd, &facts) < 0)
                return false;
        if (setup->is_root
                    ? mount_map_owners(fd, setup->idmap_fd) < 0
                    : facts.st_uid != geteuid() || mount_restrict(fd, MOUNT_ATTR_RDONLY, false) < 0)
                return false;
        return mount_put_part(fd, PART_LOWER) == 0;
}

/* The names of moved directories are kept in attributes that only root may write. */
static bool mount_overlay(const Setup *setup) {
        const char *options =
                setup->is_root ? "lowerdir=" PART_LOWER ",upperdir=" PART_WORK_UPPER
                                 ",workdir=" PART_WORK_OWN ",redirect_dir=on,metacopy=off,index=off"
                               : "lowerdir=" PART_LOWER ",upperdir=" PART_WORK_UPPER
                                 ",workdir=" PART_WORK_OWN ",userxattr,metacopy=off,index=off";

        if (!setup->spec.tree || setup->spec.force_copy || (setup->is_root && setup->idmap_fd < 0))
                return false;
        return put_lower(setup) &&
               mount("overlay", PART_WORK, "overlay", MS_NOSUID | MS_NODEV, options) == 0;
}

static int make_copy(const Setup *setup, Fault *reterr_fault) {
        bool is_others = setup->is_root && !setup->spec.on_host;
        int r;

        if (mkdir(PART_COPY, 0755) < 0 ||
            (is_others && chown(PART_COPY, setup->uid, setup->gid) < 0))
                return broken(reterr_fault, PART_COPY, errno);
        if (!setup->spec.tree)
                return 0;
        r = copy_tree(setup->spec.tree, PART_COPY, is_others ? setup->uid : (uid_t)-1,
                      is_others ? setup->gid : (gid_t)-1);
        return r < 0 ? broken(reterr_fault, "the tree cannot be copied", -r) : 0;
}

int workspace_copy(const Setup *setup, Fault *reterr_fault) {
        return make_copy(setup, reterr_fault);
}

int workspace_put(const Setup *setup, int root_fd, Buf *isolation, Fault *reterr_fault) {
        bool is_overlay = mount_overlay(setup);
        cleanup_fd int fd = -1;
        int r;

        if (!is_overlay) {
                r = make_copy(setup, reterr_fault);
                if (r != 0)
                        return r;
        }
        buf_text(isolation, is_overlay ? ", workspace overlay" : ", workspace copy");
        fd = mount_clone(is_overlay ? PART_WORK : PART_COPY, false);
        if (fd < 0 || mount_restrict(fd, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false) < 0)
                return broken(reterr_fault, SANDBOX_WORK, errno);
        r = mount_put(fd, root_fd, SANDBOX_WORK);
        return r != 0 ? broken(reterr_fault, SANDBOX_WORK, r < 0 ? -r : ENOENT) : 0;
}
