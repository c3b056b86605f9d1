/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Two ways to the same view. As root, an overlay over the host's root directory: whatever is
 * written outside of the workspace is then in its upper layer. Where that cannot be had (an
 * unprivileged user namespace, a root directory that is an overlay of overlays), a tmpfs with the
 * host's top-level directories bound into it, read-only.
 */

#include "sandbox/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/proc.h"
#include "sandbox/access.h"
#include "sandbox/mount.h"
#include "sandbox/place.h"
#include "sandbox/workspace.h"

enum { MOUNTS_MAX = 1024, MOUNT_TABLE_BYTES_MAX = 4 << 20 };

/* Of all that is seen of the host. */
#define HOST_ATTRIBUTES (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

static const char *const device_names[] = {"null", "zero", "full", "random", "urandom", "tty"};

static const struct {
        const char *name, *target;
} device_links[] = {
        {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
        {"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"},
};

static int broken(Fault *reterr_fault, const char *what, int error) {
        fault_set(reterr_fault, "sandbox.mounts", "%s: %s", what, strerror(error));
        return ROOT_E_BROKEN;
}

/* The host's directory is often absent, and always covered. */
static int make_targets(const char *below) {
        static const char *const paths[] = {"proc", "sys", "dev", "work"};

        for (size_t i = 0; i < ARRAY_SIZE(paths) + n_place_rows; i++) {
                const char *path = i < ARRAY_SIZE(paths)
                                           ? paths[i]
                                           : place_rows[i - ARRAY_SIZE(paths)].path + 1;
                cleanup_free char *host = mem_printf("/%s", path);
                cleanup_free char *target = mem_printf("%s/%s", below, path);
                struct stat facts;

                if (strchr(path, '/') ||
                    (strcmp(below, PART_UPPER) == 0 && lstat(host, &facts) == 0))
                        continue;
                if (mkdir(target, 0755) < 0)
                        return -1;
        }
        return 0;
}

static bool is_hidden(const Setup *setup, const char *path) {
        for (size_t i = 0; i < setup->n_hide; i++)
                if (path_is_below(path, setup->hide[i]))
                        return true;
        return place_covers(path);
}

/* False: not seen inside. That is less than the host has, never more. */
static bool bind_mount_of_host(const Setup *setup, int root_fd, const char *path) {
        cleanup_fd int fd = -1;

        if (!path[1] || is_hidden(setup, path))
                return false;
        fd = mount_clone(path, false);
        if (fd < 0 || mount_restrict(fd, HOST_ATTRIBUTES, false) < 0)
                return false;
        return mount_put(fd, root_fd, path) == 0;
}

/* An overlay shows one file system; the host's others are bound into it, parents first, as they
 * stand in the table. */
static int bind_mounts_of_host(const Setup *setup, int root_fd, Fault *reterr_fault) {
        cleanup_buf Buf table = BUF_INIT(MOUNT_TABLE_BYTES_MAX), path = BUF_INIT(PATH_MAX);
        size_t n = 0;

        if (file_read("/proc/self/mountinfo", &table) != 0)
                return broken(reterr_fault, "the table of mounts cannot be read", errno);
        for (Slice rest = buf_get(&table); rest.n && n < MOUNTS_MAX;) {
                ProcMount mount;

                if (!proc_read_mount(proc_take_line(&rest), &mount))
                        continue;
                buf_clear(&path);
                proc_unescape(mount.path, &path);
                (void)bind_mount_of_host(setup, root_fd, buf_get_text(&path));
                n++;
        }
        return 0;
}

static int bind_top(const char *name) {
        cleanup_free char *host = mem_printf("/%s", name);
        cleanup_free char *target = mem_printf("%s/%s", PART_ROOT, name);
        cleanup_fd int fd = -1;
        char link[PATH_MAX];
        ssize_t n = readlink(host, link, sizeof link - 1);

        if (place_covers(host))
                return 0;
        if (n >= 0) {
                link[n] = 0;
                return symlink(link, target);
        }
        fd = open(host, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return 0; /* files beside the root's directories are nothing that a program needs */
        fd_close(&fd);
        fd = mount_clone(host, true);
        if (fd < 0 || mkdir(target, 0755) < 0 || mount_restrict(fd, HOST_ATTRIBUTES, true) < 0)
                return -1;
        return mount_put_part(fd, target);
}

static int bind_tops(Fault *reterr_fault) {
        DIR *entries = opendir("/");
        struct dirent *entry;
        int r = 0;

        if (!entries)
                return broken(reterr_fault, "the root directory cannot be read", errno);
        while (r == 0 && (entry = readdir(entries)))
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                    bind_top(entry->d_name) < 0)
                        r = broken(reterr_fault, entry->d_name, errno);
        (void)closedir(entries);
        return r;
}

static bool mount_overlay(const Setup *setup) {
        if (!setup->is_root || make_targets(PART_UPPER) < 0)
                return false;
        return mount("overlay", PART_ROOT, "overlay", MS_NOSUID | MS_NODEV,
                     "lowerdir=/,upperdir=" PART_UPPER ",workdir=" PART_WORKING
                     ",redirect_dir=on,metacopy=off,index=off") == 0;
}

static int make_root(const Setup *setup, bool *ret_is_overlay, int *ret_root_fd,
                     Fault *reterr_fault) {
        bool is_overlay = mount_overlay(setup);

        if (!is_overlay &&
            (mount("tmpfs", PART_ROOT, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=4m") < 0 ||
             make_targets(PART_ROOT) < 0))
                return broken(reterr_fault, "the new root cannot be mounted", errno);
        *ret_root_fd = open(PART_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (*ret_root_fd < 0)
                return broken(reterr_fault, "the new root", errno);
        *ret_is_overlay = is_overlay;
        return is_overlay ? bind_mounts_of_host(setup, *ret_root_fd, reterr_fault)
                          : bind_tops(reterr_fault);
}

static int put(int mount_fd, int root_fd, const char *path, Fault *reterr_fault) {
        int r = mount_fd < 0 ? -errno : mount_put(mount_fd, root_fd, path);

        if (r == 0)
                return 0;
        return broken(reterr_fault, path, r < 0 ? -r : ENOENT);
}

static int put_places(int root_fd, Fault *reterr_fault) {
        for (size_t i = 0; i < n_place_rows; i++) {
                const Place *place = &place_rows[i];
                cleanup_fd int fd = -1;
                int r;

                if (!place->is_mounted)
                        continue;
                fd = mount_clone(place->part, false);
                if (fd < 0 || mount_restrict(fd, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false) < 0)
                        return broken(reterr_fault, place->path, errno);
                r = mount_put(fd, root_fd, place->path);
                if (r != 0 && !(r == MOUNT_PUT_E_MISSING && place->is_optional))
                        return broken(reterr_fault, place->path, r < 0 ? -r : ENOENT);
        }
        return 0;
}

static int put_file(const char *part, int root_fd, const char *path, Fault *reterr_fault) {
        cleanup_fd int fd = mount_clone(part, false);
        int r;

        if (fd < 0 || mount_restrict(fd, MOUNT_ATTR_RDONLY, false) < 0)
                return broken(reterr_fault, part, errno);
        r = mount_put(fd, root_fd, path);
        return r < 0 ? broken(reterr_fault, path, -r) : 0; /* missing: nothing to cover */
}

static int put_device(int dev_fd, const char *name) {
        cleanup_free char *host = mem_printf("/dev/%s", name);
        cleanup_fd int file_fd = openat(dev_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        cleanup_fd int fd = mount_clone(host, false);
        int r = file_fd < 0 || fd < 0 ? -errno : mount_put(fd, dev_fd, name);

        return r;
}

static int put_devices(int root_fd, Buf *isolation, Fault *reterr_fault) {
        static const char *const options[] = {"mode", "0755", "size", "1m", NULL};
        static const char *const pts_options[] = {"ptmxmode", "0666", "mode", "0620", NULL};
        cleanup_fd int dev_fd = mount_new("tmpfs", options, MOUNT_ATTR_NODEV);
        cleanup_fd int pts_fd = -1;
        int r = put(dev_fd, root_fd, "/dev", reterr_fault);

        if (r != 0)
                return r;
        if (mkdirat(dev_fd, "shm", 0755) < 0 || mkdirat(dev_fd, "pts", 0755) < 0)
                return broken(reterr_fault, "/dev", errno);
        for (size_t i = 0; i < ARRAY_SIZE(device_names); i++)
                if ((r = put_device(dev_fd, device_names[i])) != 0)
                        return broken(reterr_fault, device_names[i], r < 0 ? -r : ENOENT);
        for (size_t i = 0; i < ARRAY_SIZE(device_links); i++)
                if (symlinkat(device_links[i].target, dev_fd, device_links[i].name) < 0)
                        return broken(reterr_fault, device_links[i].name, errno);
        /* The kernel wants a root user in the namespace for it; unprivileged there is none. */
        pts_fd = mount_new("devpts", pts_options, MOUNT_ATTR_NOEXEC);
        if (pts_fd < 0 || mount_put(pts_fd, dev_fd, "pts") != 0)
                buf_text(isolation, ", no terminals");
        return 0;
}

/* In a user namespace the kernel gives nobody a /proc that shows more than the one outside. */
static int put_proc(int root_fd, Fault *reterr_fault) {
        static const char *const options[] = {NULL};
        cleanup_fd int fd = mount_new("proc", options, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

        if (fd < 0 && errno == EPERM) {
                fault_set(reterr_fault, "sandbox.mounts", "/proc: a part of the host's is hidden");
                fault_next(reterr_fault,
                           "mount nothing over parts of /proc where the adversary runs: "
                           "ProtectKernelLogs=, ProtectHostname=, ProtectKernelTunables= and "
                           "ProcSubset= of a service do");
                return ROOT_E_BROKEN;
        }
        return put(fd, root_fd, "/proc", reterr_fault);
}

/* Fresh, and only what the C library asks for: the number of processors. */
static int put_system(int root_fd, Fault *reterr_fault) {
        static const char *const options[] = {"mode", "0755", "size", "1m", NULL};
        static const char *const parts[] = {"devices", "devices/system", "devices/system/cpu"};
        cleanup_fd int sys_fd = mount_new("tmpfs", options, MOUNT_ATTR_NODEV);
        cleanup_fd int cpu_fd = mount_clone("/sys/devices/system/cpu", false);
        int r = put_proc(root_fd, reterr_fault);

        if (r == 0)
                r = put(sys_fd, root_fd, "/sys", reterr_fault);
        if (r != 0)
                return r;
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                if (mkdirat(sys_fd, parts[i], 0755) < 0)
                        return broken(reterr_fault, "/sys", errno);
        if (cpu_fd >= 0 && (mount_restrict(cpu_fd, MOUNT_ATTR_RDONLY, false) < 0 ||
                            mount_put(cpu_fd, sys_fd, parts[ARRAY_SIZE(parts) - 1]) != 0))
                return broken(reterr_fault, "/sys/devices/system/cpu", errno);
        return mount_restrict(sys_fd, MOUNT_ATTR_RDONLY, false) < 0
                       ? broken(reterr_fault, "/sys", errno)
                       : 0;
}

/* An empty directory, but for the way to what the plan opens below it. */
static int make_hiding_dir(const Setup *setup, const char *path) {
        const char *mode = access_is_below(setup, path) ? "0711" : "0";
        const char *const options[] = {"mode", mode, "size", HIDING_BYTES, NULL};
        cleanup_fd int fd = mount_new("tmpfs", options, MOUNT_ATTR_NODEV);
        int r = fd < 0 ? -errno : access_make_way(setup, path, fd);

        if (r == 0)
                return fd_take(&fd);
        errno = -r;
        return -1;
}

/* One that nothing leads through is as good as any other: a file system for each would cost more
 * than all the rest. */
static int make_hiding(const Setup *setup, const char *path, bool is_plain, int plain_fd) {
        cleanup_fd int fd = -1;

        if (is_plain && plain_fd >= 0)
                return mount_clone_fd(plain_fd);
        fd = make_hiding_dir(setup, path);
        if (fd < 0 || mount_restrict(fd, MOUNT_ATTR_RDONLY, false) < 0)
                return -1;
        return fd_take(&fd);
}

static int make_empty_file(void) {
        cleanup_fd int fd = mount_clone(PART_EMPTY, false);

        return fd < 0 || mount_restrict(fd, MOUNT_ATTR_RDONLY, false) < 0 ? -1 : fd_take(&fd);
}

/* `plain_fd`: the first directory that was hidden whole, -1 before it. */
static int hide_path(const Setup *setup, const char *path, int root_fd, int *plain_fd,
                     Fault *reterr_fault) {
        bool is_dir, is_plain;
        struct stat facts;
        cleanup_fd int fd = -1;
        int r;

        if (lstat(path, &facts) < 0)
                return 0;
        is_dir = S_ISDIR(facts.st_mode);
        is_plain = is_dir && !access_is_below(setup, path);
        fd = is_dir ? make_hiding(setup, path, is_plain, *plain_fd) : make_empty_file();
        if (fd < 0)
                return broken(reterr_fault, path, errno);
        r = mount_put(fd, root_fd, path);
        if (r == 0 && is_plain && *plain_fd < 0)
                *plain_fd = fd_take(&fd);
        return r < 0 ? broken(reterr_fault, path, -r) : 0;
}

static int hide_paths(const Setup *setup, int root_fd, Fault *reterr_fault) {
        cleanup_fd int plain_fd = -1;
        int r = 0;

        for (size_t i = 0; r == 0 && i < setup->n_hide; i++)
                r = hide_path(setup, setup->hide[i], root_fd, &plain_fd, reterr_fault);
        return r;
}

/* What has just been opened may show what is ours. */
static int hide_own_again(const Setup *setup, int root_fd, Fault *reterr_fault) {
        cleanup_fd int plain_fd = -1;
        int r = 0;

        for (size_t i = 0; r == 0 && i < setup->n_hide_own; i++)
                if (access_opens(setup, setup->hide[i]))
                        r = hide_path(setup, setup->hide[i], root_fd, &plain_fd, reterr_fault);
        return r;
}

static int pivot(int root_fd, Fault *reterr_fault) {
        if (fchdir(root_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
            umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
                return broken(reterr_fault, "the new root cannot be entered", errno);
        return 0;
}

static int fill_root(const Setup *setup, int root_fd, Buf *isolation, Fault *reterr_fault) {
        int r = put_devices(root_fd, isolation, reterr_fault);

        if (r == 0)
                r = put_system(root_fd, reterr_fault);
        if (r == 0)
                r = put_places(root_fd, reterr_fault);
        if (r == 0)
                r = workspace_put(setup, root_fd, isolation, reterr_fault);
        if (r == 0)
                r = put_file(PART_PASSWD, root_fd, "/etc/passwd", reterr_fault);
        if (r == 0)
                r = put_file(PART_GROUP, root_fd, "/etc/group", reterr_fault);
        if (r == 0)
                r = hide_paths(setup, root_fd, reterr_fault);
        if (r == 0)
                r = access_put(setup, root_fd, isolation, reterr_fault);
        return r == 0 ? hide_own_again(setup, root_fd, reterr_fault) : r;
}

int root_enter(const Setup *setup, Buf *isolation, Fault *reterr_fault) {
        cleanup_fd int root_fd = -1;
        bool is_overlay;
        int r;

        if (!mount_is_at_root(reterr_fault))
                return ROOT_E_BROKEN;
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
                fault_set(reterr_fault, "sandbox.namespaces",
                          "the namespace has no right to mount: %s", strerror(errno));
                return ROOT_E_BROKEN;
        }
        r = make_root(setup, &is_overlay, &root_fd, reterr_fault);
        if (r != 0)
                return r;
        buf_text(isolation, is_overlay ? ", root overlay" : ", root read-only");
        r = fill_root(setup, root_fd, isolation, reterr_fault);
        if (r != 0)
                return r;
        /* Unprivileged, the command owns the directory that holds the others. */
        if (!is_overlay && mount_restrict(root_fd, MOUNT_ATTR_RDONLY, false) < 0)
                return broken(reterr_fault, "the new root", errno);
        return pivot(root_fd, reterr_fault);
}
