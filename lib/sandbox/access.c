/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Real paths first, then binds over whatever is there. */

#include "sandbox/access.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/mount.h"
#include "sandbox/place.h"

static const char *const refused_paths[] = {SANDBOX_WORK, "/proc", "/sys", "/dev"};

static int broken(Fault *reterr_fault, const char *path, const char *why) {
        fault_set(reterr_fault, "sandbox.access", "%s: %s", path, why);
        return SETUP_E_BROKEN;
}

/* A directory or an empty file at `path` below `dir_fd`, with its parents. -errno. */
static int make_point(int dir_fd, const char *path, bool is_dir) {
        cleanup_free char *part = mem_strdup(path);
        cleanup_fd int fd = -1;

        for (char *slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = 0;
                if (mkdirat(dir_fd, part, 0711) < 0 && errno != EEXIST)
                        return -errno;
                *slash = '/';
        }
        if (is_dir)
                return mkdirat(dir_fd, part, 0755) < 0 && errno != EEXIST ? -errno : 0;
        fd = openat(dir_fd, part, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0444);
        return fd < 0 ? -errno : 0;
}

static const char *below(const char *path, const char *directory) {
        return path + strlen(directory) + 1;
}

/* What stands at a place of ours inside stands in its part outside. */
static int make_point_in_place(const char *real, bool is_dir) {
        for (size_t i = 0; i < n_place_rows; i++) {
                const Place *place = &place_rows[i];
                cleanup_free char *path = NULL;

                if (!place->is_mounted || !path_is_below(real, place->path))
                        continue;
                if (strcmp(real, place->path) == 0)
                        return 0;
                path = mem_printf("%s/%s", place->part, below(real, place->path));
                return make_point(AT_FDCWD, path, is_dir);
        }
        return 0;
}

/* A socket that its group may write is answered to those of the group. The group of root is none
 * that a command is put in. */
static void join_group(Setup *setup, const struct stat *facts) {
        if (S_ISSOCK(facts->st_mode) && facts->st_gid && facts->st_mode & S_IWGRP &&
            !(facts->st_mode & S_IWOTH))
                setup->groups[setup->n_groups++] = facts->st_gid;
}

static int prepare_one(Setup *setup, const char *path, Fault *reterr_fault) {
        char real[PATH_MAX];
        struct stat facts;
        int r;

        if (!realpath(path, real) || stat(real, &facts) < 0)
                return broken(reterr_fault, path, strerror(errno));
        for (size_t i = 0; i < ARRAY_SIZE(refused_paths); i++)
                if (path_is_below(real, refused_paths[i]) || strcmp(real, "/") == 0)
                        return broken(reterr_fault, path, "this cannot be opened to a sandbox");
        r = make_point_in_place(real, S_ISDIR(facts.st_mode));
        if (r < 0)
                return broken(reterr_fault, path, strerror(-r));
        if (setup->is_root)
                join_group(setup, &facts);
        setup->access[setup->n_access++] = arena_text(&setup->arena, slice_text(real));
        return 0;
}

int access_prepare(Setup *setup, Fault *reterr_fault) {
        const char *const *paths = setup->spec.access;
        size_t n = 0;

        while (paths && paths[n])
                n++;
        setup->access = arena_alloc_array(&setup->arena, n + 1, sizeof(char *));
        setup->groups = arena_alloc_array(&setup->arena, n + 1, sizeof(gid_t));
        for (size_t i = 0; i < n; i++) {
                int r = prepare_one(setup, paths[i], reterr_fault);

                if (r != 0)
                        return r;
        }
        return 0;
}

bool access_opens(const Setup *setup, const char *path) {
        for (size_t i = 0; i < setup->n_access; i++)
                if (path_is_below(path, setup->access[i]))
                        return true;
        return false;
}

static bool is_strictly_below(const char *path, const char *directory) {
        return path_is_below(path, directory) && strcmp(path, directory) != 0;
}

bool access_is_below(const Setup *setup, const char *hidden) {
        for (size_t i = 0; i < setup->n_access; i++)
                if (is_strictly_below(setup->access[i], hidden))
                        return true;
        return false;
}

int access_make_way(const Setup *setup, const char *hidden, int hiding_fd) {
        for (size_t i = 0; i < setup->n_access; i++) {
                const char *path = setup->access[i];
                struct stat facts;
                int r;

                if (!is_strictly_below(path, hidden))
                        continue;
                if (stat(path, &facts) < 0)
                        return -errno;
                r = make_point(hiding_fd, below(path, hidden), S_ISDIR(facts.st_mode));
                if (r < 0)
                        return r;
        }
        return 0;
}

bool access_made(const Setup *setup, const char *path) {
        for (size_t i = 0; i < setup->n_access; i++)
                if (path_is_below(setup->access[i], path))
                        return true;
        return false;
}

int access_put(const Setup *setup, int root_fd, Buf *isolation, Fault *reterr_fault) {
        for (size_t i = 0; i < setup->n_access; i++) {
                const char *path = setup->access[i];
                cleanup_fd int fd = mount_clone(path, true);
                int r;

                if (fd < 0 || mount_restrict(fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, true) < 0)
                        return broken(reterr_fault, path, strerror(errno));
                r = mount_put(fd, root_fd, path);
                if (r != 0)
                        return broken(reterr_fault, path, strerror(r < 0 ? -r : ENOENT));
                buf_printf(isolation, "%s%s", i ? " " : ", host access: ", path);
        }
        return 0;
}
