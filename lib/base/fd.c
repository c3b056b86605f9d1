/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Files as wholes. */

#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/proc.h"

enum { CHUNK_BYTES = 65536, LOCK_STEP_MS = 2, LOCKS_BYTES_MAX = 1 << 20, STAT_BYTES_MAX = 4096 };

void fd_close(int *fd) {
        if (*fd >= 0)
                (void)close(*fd); /* what had to last was synced before */
        *fd = -1;
}

int fd_write_all(int fd, Slice data) {
        while (data.n) {
                ssize_t n = write(fd, data.data, data.n);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                data = slice_from(data, (size_t)n);
        }
        return 0;
}

int fd_read_all(int fd, Buf *buf) {
        uint8_t chunk[CHUNK_BYTES];

        for (;;) {
                ssize_t n = read(fd, chunk, sizeof chunk);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return 0;
                buf_append(buf, chunk, (size_t)n);
                if (buf->is_full)
                        return 0;
        }
}

int file_read(const char *path, Buf *ret_bytes) {
        cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
                return FILE_E_MISSING;
        if (fd < 0)
                return -errno;
        TRY(fd_read_all(fd, ret_bytes));
        return ret_bytes->is_full ? FILE_E_TOO_LARGE : 0;
}

/* From the kernel's table: "N: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE START END", or, of who
 * waits, "N: -> FLOCK …". 0: nobody that we can see. */
static pid_t find_holder(int fd) {
        enum { KIND = 1, PID = 4, FILE_ID };
        cleanup_buf Buf locks = BUF_INIT(LOCKS_BYTES_MAX);
        cleanup_free char *file = NULL;
        struct stat facts;

        if (fstat(fd, &facts) < 0 || file_read("/proc/locks", &locks) != 0)
                return 0;
        file = mem_printf("%02x:%02x:%llu", major(facts.st_dev), minor(facts.st_dev),
                          (unsigned long long)facts.st_ino);
        for (Slice rest = buf_get(&locks); rest.n;) {
                Slice line = proc_take_line(&rest);

                if (slice_is(proc_get_field(line, KIND), "FLOCK") &&
                    slice_is(proc_get_field(line, FILE_ID), file))
                        return (pid_t)proc_number(proc_get_field(line, PID));
        }
        return 0;
}

static bool is_stopped(pid_t pid) {
        cleanup_free char *path = mem_printf("/proc/%d/stat", (int)pid);
        cleanup_buf Buf text = BUF_INIT(STAT_BYTES_MAX);
        ProcStat process;

        return file_read(path, &text) == 0 && proc_read_stat(buf_get(&text), &process) &&
               process.state == 'T';
}

static int refuse_locked(const char *path, int fd, uint64_t limit_ms, Fault *fault) {
        pid_t pid = find_holder(fd);
        bool stands = pid > 0 && is_stopped(pid);

        fault_set(fault, "dir-locked", "another process has held its lock for %" PRIu64 " ms",
                  limit_ms);
        fault_next(fault, "`fuser -v` of it names who has it open; then the same again");
        if (pid > 0) {
                fault_set(fault, "dir-locked", "process %d has held its lock for %" PRIu64 " ms%s",
                          (int)pid, limit_ms, stands ? ", and is stopped" : "");
                fault_next(fault, "%s %d, then the same again", stands ? "kill -CONT" : "ps -fp",
                           (int)pid);
        }
        fault_place(fault, "%s", path);
        return DIR_E_LOCKED;
}

int dir_lock(const char *path, uint64_t limit_ms, int *ret_fd, Fault *reterr_fault) {
        cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        uint64_t until_ms = clock_mono_ms() + limit_ms;

        if (fd < 0)
                return error_origin(-errno);
        while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return error_origin(-errno);
                if (clock_mono_ms() >= until_ms)
                        return refuse_locked(path, fd, limit_ms, reterr_fault);
                (void)poll(NULL, 0, LOCK_STEP_MS);
        }
        *ret_fd = fd_take(&fd);
        return 0;
}

int dir_sync(const char *path) {
        cleanup_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 || fsync(fd) < 0)
                return -errno;
        return 0;
}

static char *parent_of(const char *path) {
        const char *slash = strrchr(path, '/');

        if (!slash)
                return mem_strdup(".");
        return slash == path ? mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
}

int file_write_atomic(const char *path, Slice bytes, mode_t mode) {
        cleanup_free char *fresh = mem_printf("%s.%d.new", path, (int)getpid());
        cleanup_free char *parent = parent_of(path);
        cleanup_fd int fd = -1;
        int r;

        (void)unlink(fresh); /* left by an earlier process of the same id, if at all */
        fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd < 0)
                return -errno;
        r = fd_write_all(fd, bytes);
        if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(fresh, path) < 0))
                r = -errno;
        if (r != 0) {
                (void)unlink(fresh);
                return r;
        }
        return dir_sync(parent);
}

int dir_make(const char *path, mode_t mode) {
        cleanup_free char *parent = NULL;
        struct stat facts;

        if (mkdir(path, mode) == 0)
                return 0;
        if (errno == EEXIST)
                return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode) ? 0 : -ENOTDIR;
        if (errno != ENOENT)
                return -errno;
        parent = parent_of(path);
        TRY(dir_make(parent, mode));
        return mkdir(path, mode) == 0 || errno == EEXIST ? 0 : -errno;
}

int dir_make_lasting(const char *path, mode_t mode) {
        cleanup_free char *parent = parent_of(path);
        int r = mkdir(path, mode) == 0 ? 0 : -errno;

        if (r == -ENOENT) {
                TRY(dir_make_lasting(parent, mode));
                r = mkdir(path, mode) == 0 ? 0 : -errno;
        }
        if (r == -EEXIST)
                r = dir_make(path, mode);
        return r == 0 ? dir_sync(parent) : r;
}

static int remove_at(int parent_fd, const char *name) {
        cleanup_fd int fd = -1;
        DIR *entries;
        struct dirent *entry;
        int copy_fd, r = 0;

        if (unlinkat(parent_fd, name, 0) == 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return -errno;
        (void)fchmodat(parent_fd, name, 0700, 0); /* where it is not ours, the open says so */
        fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        copy_fd = dup(fd);
        entries = copy_fd < 0 ? NULL : fdopendir(copy_fd);
        if (!entries)
                return -errno;
        while (r == 0 && (entry = readdir(entries)))
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        r = remove_at(fd, entry->d_name);
        (void)closedir(entries);
        if (r != 0)
                return r;
        return unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
}

int dir_remove(const char *path) {
        return remove_at(AT_FDCWD, path);
}
