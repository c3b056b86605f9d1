/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Mount namespaces for tests. */

#include "tests/lib/mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

static bool write_line(const char *path, const char *line) {
        cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);
}

static bool enter(void) {
        cleanup_free char *users = mem_printf("0 %u 1\n", geteuid());
        cleanup_free char *groups = mem_printf("0 %u 1\n", getegid());

        if (geteuid() == 0)
                return unshare(CLONE_NEWNS) == 0;
        return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
               write_line("/proc/self/setgroups", "deny") &&
               write_line("/proc/self/uid_map", users) && write_line("/proc/self/gid_map", groups);
}

bool mounts_tmpfs(const char *dir, const char *options) {
        return enter() && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
               mount("tmpfs", dir, "tmpfs", 0, options) == 0;
}

bool mounts_hide(const char *path) {
        return enter() && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
               mount("/dev/null", path, NULL, MS_BIND, NULL) == 0;
}
