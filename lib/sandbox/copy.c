/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Depth first, by descriptors. */

#include "sandbox/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

typedef struct Copy {
        uid_t uid;
        gid_t gid;
} Copy;

enum { CHUNK_BYTES = 1 << 16 };

static int copy_bytes(int from_fd, int to_fd) {
        uint8_t chunk[CHUNK_BYTES];

        for (;;) {
                ssize_t n = read(from_fd, chunk, sizeof chunk);
                int r;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : 0;
                r = fd_write_all(to_fd, slice_make(chunk, (size_t)n));
                if (r < 0)
                        return r;
        }
}

static int dress(const Copy *copy, int fd, const struct stat *facts) {
        struct timespec times[] = {facts->st_atim, facts->st_mtim};

        if ((copy->uid != (uid_t)-1 && fchown(fd, copy->uid, copy->gid) < 0) ||
            fchmod(fd, facts->st_mode & 07777) < 0 || futimens(fd, times) < 0)
                return -errno;
        return 0;
}

static int copy_file(const Copy *copy, int from_dir, int to_dir, const char *name) {
        cleanup_fd int from_fd = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        cleanup_fd int to_fd =
                openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        struct stat facts;
        int r;

        if (from_fd < 0 || to_fd < 0 || fstat(from_fd, &facts) < 0)
                return -errno;
        r = copy_bytes(from_fd, to_fd);
        return r < 0 ? r : dress(copy, to_fd, &facts);
}

static int copy_link(const Copy *copy, int from_dir, int to_dir, const char *name) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(from_dir, name, target, sizeof target - 1);

        if (n < 0)
                return -errno;
        target[n] = 0;
        if (symlinkat(target, to_dir, name) < 0 ||
            (copy->uid != (uid_t)-1 &&
             fchownat(to_dir, name, copy->uid, copy->gid, AT_SYMLINK_NOFOLLOW) < 0))
                return -errno;
        return 0;
}

static int copy_dir(const Copy *copy, int from_fd, int to_fd);

static int copy_entry(const Copy *copy, int from_dir, int to_dir, const char *name) {
        cleanup_fd int from_fd = -1, to_fd = -1;
        struct stat facts;

        if (fstatat(from_dir, name, &facts, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (S_ISLNK(facts.st_mode))
                return copy_link(copy, from_dir, to_dir, name);
        if (S_ISREG(facts.st_mode))
                return copy_file(copy, from_dir, to_dir, name);
        if (!S_ISDIR(facts.st_mode))
                return -EINVAL; /* no commit holds such a thing */
        if (mkdirat(to_dir, name, 0700) < 0)
                return -errno;
        from_fd = openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        to_fd = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return from_fd < 0 || to_fd < 0 ? -errno : copy_dir(copy, from_fd, to_fd);
}

static int copy_dir(const Copy *copy, int from_fd, int to_fd) {
        int list_fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *entries = list_fd < 0 ? NULL : fdopendir(list_fd);
        struct dirent *entry;
        struct stat facts;
        int r = 0;

        if (!entries)
                return -errno;
        while (r == 0 && (entry = readdir(entries)))
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        r = copy_entry(copy, from_fd, to_fd, entry->d_name);
        (void)closedir(entries);
        if (r != 0)
                return r;
        return fstat(from_fd, &facts) < 0 ? -errno : dress(copy, to_fd, &facts);
}

int copy_tree(const char *from, const char *to, uid_t uid, gid_t gid) {
        Copy copy = {.uid = uid, .gid = gid};
        cleanup_fd int from_fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cleanup_fd int to_fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return from_fd < 0 || to_fd < 0 ? -errno : copy_dir(&copy, from_fd, to_fd);
}
