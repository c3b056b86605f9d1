/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* libc's names in front of libc's. What is not ours goes straight to the kernel; syscall() and not
 * dlsym(), so that it works before any constructor has run. Needs nothing of this project. */

#undef _FILE_OFFSET_BITS /* open and open64 are two names here */

#include "tests/lib/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FDS_MAX = 4096, STATE_MODE = 0600 };

static struct {
        ShimState *state; /* NULL: nothing is ordered */
        ShimRecord record;
        void *userdata;
        char root[SHIM_PATH_BYTES];
        size_t n_root;
} shim;

static char fd_paths[FDS_MAX][SHIM_PATH_BYTES]; /* empty: not ours */

/* ---- orders ---- */

ShimState *shim_state_new(const char *path) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, STATE_MODE);
        void *memory = MAP_FAILED;

        if (fd >= 0 && ftruncate(fd, sizeof(ShimState)) == 0)
                memory = mmap(NULL, sizeof(ShimState), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (fd >= 0)
                (void)close(fd);
        return memory == MAP_FAILED ? NULL : memory;
}

static void set_root(const char *root) {
        (void)snprintf(shim.root, sizeof shim.root, "%s", root);
        shim.n_root = strlen(shim.root);
}

void shim_record(const char *root, ShimRecord record, void *userdata) {
        set_root(root);
        shim.record = record;
        shim.userdata = userdata;
}

void shim_obey(ShimState *state) {
        if (state)
                set_root(state->root);
        shim.state = state;
}

__attribute__((constructor)) static void take_orders(void) {
        const char *path = getenv("COLDGATE_SHIM");
        ShimState *state = path ? shim_state_new(path) : NULL;

        if (!state ||
            (state->program[0] && strcmp(state->program, program_invocation_short_name) != 0))
                return;
        set_root(state->root);
        shim.state = state;
}

static void note_fault(ShimState *state, ShimOp op, const char *path) {
        struct timespec now = {0, 0};

        if (atomic_fetch_add(&state->n_faults, 1) > 0)
                return;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        state->fault_op = op;
        (void)snprintf(state->fault_path, sizeof state->fault_path, "%s", path);
        atomic_store(&state->fault_ms,
                     (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

/* What is to happen to this call. */
static ShimFault decide(ShimOp op, const char *path) {
        ShimState *state = shim.state;
        uint64_t number;

        if (!state || !(state->ops & op) || (state->only[0] && !strstr(path, state->only)))
                return SHIM_NOTHING;
        number = atomic_fetch_add(&state->n_calls, 1) + 1;
        if (!state->at || number < state->at || (number > state->at && !state->is_lasting))
                return SHIM_NOTHING;
        note_fault(state, op, path);
        if (state->fault == SHIM_KILL_BEFORE ||
            (state->fault == SHIM_KILL_MIDDLE && op != SHIM_WRITE))
                (void)kill(getpid(), SIGKILL);
        return (ShimFault)state->fault;
}

static bool refuses(ShimFault fault) {
        if (fault == SHIM_EIO || fault == SHIM_TEAR)
                errno = EIO;
        else if (fault == SHIM_ENOSPC)
                errno = ENOSPC;
        else if (fault == SHIM_EROFS)
                errno = EROFS;
        else
                return false;
        return true;
}

static void finish(ShimFault fault, const ShimCall *call) {
        if (shim.record)
                shim.record(shim.userdata, call);
        if (fault == SHIM_KILL_AFTER)
                (void)kill(getpid(), SIGKILL);
}

/* ---- paths ---- */

static bool is_watched(void) {
        return shim.state || shim.record;
}

static bool is_ours(const char *path) {
        return is_watched() && shim.n_root && strncmp(path, shim.root, shim.n_root) == 0 &&
               (path[shim.n_root] == '/' || !path[shim.n_root]);
}

/* Absolute, without "/./"; false: not ours. */
static bool find_path(int dir_fd, const char *path, char ret_path[SHIM_PATH_BYTES]) {
        char link[64], *dot;
        ssize_t n = 0;

        if (!is_watched() || !path)
                return false;
        if (path[0] != '/') {
                (void)snprintf(link, sizeof link,
                               dir_fd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dir_fd);
                n = readlink(link, ret_path, SHIM_PATH_BYTES - 2);
                if (n < 0)
                        return false;
                ret_path[n++] = '/';
        }
        (void)snprintf(ret_path + n, (size_t)(SHIM_PATH_BYTES - n), "%s", path);
        while ((dot = strstr(ret_path, "/./")))
                memmove(dot, dot + 2, strlen(dot + 2) + 1);
        return is_ours(ret_path);
}

static const char *path_of(int fd) {
        return is_watched() && fd >= 0 && fd < FDS_MAX && fd_paths[fd][0] ? fd_paths[fd] : NULL;
}

/* ---- open and close ---- */

static int open_at(int dir_fd, const char *name, int flags, mode_t mode) {
        bool may_write = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
        char path[SHIM_PATH_BYTES];
        bool is_fresh;
        ShimFault fault = SHIM_NOTHING;
        struct stat facts;
        int fd;

        if (!find_path(dir_fd, name, path))
                return (int)syscall(SYS_openat, dir_fd, name, flags, mode);
        if (may_write)
                fault = decide(SHIM_OPEN, path);
        if (refuses(fault))
                return -1;
        is_fresh = (flags & O_CREAT) && fstatat(dir_fd, name, &facts, AT_SYMLINK_NOFOLLOW) != 0;
        fd = (int)syscall(SYS_openat, dir_fd, name, flags, mode);
        if (fd < 0 || fd >= FDS_MAX)
                return fd;
        (void)snprintf(fd_paths[fd], SHIM_PATH_BYTES, "%s", path);
        if (is_fresh)
                finish(fault, &(ShimCall){.op = SHIM_OPEN, .path = path});
        else if (flags & O_TRUNC)
                finish(fault, &(ShimCall){.op = SHIM_TRUNCATE, .path = path});
        return fd;
}

static mode_t take_mode(int flags, va_list args) {
        return flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

#define DEFINE_OPEN(name)                                                                          \
        int name(const char *path, int flags, ...) {                                               \
                va_list args;                                                                      \
                mode_t mode;                                                                       \
                va_start(args, flags);                                                             \
                mode = take_mode(flags, args);                                                     \
                va_end(args);                                                                      \
                return open_at(AT_FDCWD, path, flags, mode);                                       \
        }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_OPENAT(name)                                                                        \
        int name(int dir_fd, const char *path, int flags, ...) {                                   \
                va_list args;                                                                      \
                mode_t mode;                                                                       \
                va_start(args, flags);                                                             \
                mode = take_mode(flags, args);                                                     \
                va_end(args);                                                                      \
                return open_at(dir_fd, path, flags, mode);                                         \
        }
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

int close(int fd) {
        if (fd >= 0 && fd < FDS_MAX)
                fd_paths[fd][0] = 0;
        return (int)syscall(SYS_close, fd);
}

/* ---- reads and writes ---- */

ssize_t read(int fd, void *data, size_t n) {
        const char *path = path_of(fd);

        return path && refuses(decide(SHIM_READ, path)) ? -1 : syscall(SYS_read, fd, data, n);
}

#define DEFINE_PREAD(name, offset_type)                                                            \
        ssize_t name(int fd, void *data, size_t n, offset_type offset) {                           \
                const char *path = path_of(fd);                                                    \
                return path && refuses(decide(SHIM_READ, path))                                    \
                               ? -1                                                                \
                               : syscall(SYS_pread64, fd, data, n, offset);                        \
        }
DEFINE_PREAD(pread, off_t)
DEFINE_PREAD(pread64, off64_t)

/* At `offset`; negative: where the descriptor stands. */
static ssize_t write_at(int fd, const void *data, size_t n, int64_t offset) {
        const char *path = path_of(fd);
        ShimFault fault = path ? decide(SHIM_WRITE, path) : SHIM_NOTHING;
        bool is_torn = fault == SHIM_TEAR || fault == SHIM_KILL_MIDDLE;
        ssize_t n_done;

        if (!is_torn && refuses(fault))
                return -1;
        n_done = offset < 0 ? syscall(SYS_write, fd, data, is_torn ? n / 2 : n)
                            : syscall(SYS_pwrite64, fd, data, is_torn ? n / 2 : n, offset);
        if (fault == SHIM_KILL_MIDDLE)
                (void)kill(getpid(), SIGKILL);
        if (!path || n_done < 0 || refuses(fault))
                return path && refuses(fault) ? -1 : n_done;
        if (offset < 0)
                offset = lseek(fd, 0, SEEK_CUR) - n_done;
        finish(fault, &(ShimCall){.op = SHIM_WRITE,
                                  .path = path,
                                  .data = data,
                                  .offset = (uint64_t)offset,
                                  .n = (size_t)n_done});
        return n_done;
}

ssize_t write(int fd, const void *data, size_t n) {
        return write_at(fd, data, n, -1);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t offset) {
        return write_at(fd, data, n, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t offset) {
        return write_at(fd, data, n, offset);
}

/* Ours are never written so; those that are not pass. */
ssize_t writev(int fd, const struct iovec *parts, int n) {
        if (path_of(fd) && n > 0)
                return write_at(fd, parts[0].iov_base, parts[0].iov_len, -1);
        return syscall(SYS_writev, fd, parts, n);
}

/* ---- sync, truncate ---- */

static int sync_fd(int fd, long number) {
        const char *path = path_of(fd);
        ShimFault fault = path ? decide(SHIM_SYNC, path) : SHIM_NOTHING;
        int r = 0;

        if (refuses(fault))
                return -1;
        if (!path || !shim.record)
                r = (int)syscall(number, fd);
        if (path && r == 0)
                finish(fault, &(ShimCall){.op = SHIM_SYNC, .path = path});
        return r;
}

int fsync(int fd) {
        return sync_fd(fd, SYS_fsync);
}

int fdatasync(int fd) {
        return sync_fd(fd, SYS_fdatasync);
}

static int truncate_fd(int fd, int64_t size) {
        const char *path = path_of(fd);
        ShimFault fault = path ? decide(SHIM_TRUNCATE, path) : SHIM_NOTHING;
        int r;

        if (refuses(fault))
                return -1;
        r = (int)syscall(SYS_ftruncate, fd, size);
        if (path && r == 0)
                finish(fault,
                       &(ShimCall){.op = SHIM_TRUNCATE, .path = path, .offset = (uint64_t)size});
        return r;
}

int ftruncate(int fd, off_t size) {
        return truncate_fd(fd, size);
}

int ftruncate64(int fd, off64_t size) {
        return truncate_fd(fd, size);
}

/* ---- names ---- */

static int rename_at(int from_fd, const char *from, int to_fd, const char *to) {
        char path[SHIM_PATH_BYTES], to_path[SHIM_PATH_BYTES];
        bool is_one = find_path(from_fd, from, path) && find_path(to_fd, to, to_path);
        ShimFault fault = is_one ? decide(SHIM_RENAME, path) : SHIM_NOTHING;
        int r;

        if (refuses(fault))
                return -1;
        r = (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
        if (is_one && r == 0)
                finish(fault, &(ShimCall){.op = SHIM_RENAME, .path = path, .to = to_path});
        return r;
}

int rename(const char *from, const char *to) {
        return rename_at(AT_FDCWD, from, AT_FDCWD, to);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to) {
        return rename_at(from_fd, from, to_fd, to);
}

int link(const char *from, const char *to) {
        char path[SHIM_PATH_BYTES], to_path[SHIM_PATH_BYTES];
        bool is_one = find_path(AT_FDCWD, from, path) && find_path(AT_FDCWD, to, to_path);
        ShimFault fault = is_one ? decide(SHIM_LINK, to_path) : SHIM_NOTHING;
        int r;

        if (refuses(fault))
                return -1;
        r = (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
        if (is_one && r == 0)
                finish(fault, &(ShimCall){.op = SHIM_LINK, .path = path, .to = to_path});
        return r;
}

static int unlink_at(int dir_fd, const char *name, int flags) {
        char path[SHIM_PATH_BYTES];
        bool is_one = find_path(dir_fd, name, path);
        ShimFault fault = is_one ? decide(SHIM_UNLINK, path) : SHIM_NOTHING;
        int r;

        if (refuses(fault))
                return -1;
        r = (int)syscall(SYS_unlinkat, dir_fd, name, flags);
        if (is_one && r == 0)
                finish(fault, &(ShimCall){.op = SHIM_UNLINK, .path = path});
        return r;
}

int unlink(const char *path) {
        return unlink_at(AT_FDCWD, path, 0);
}

int unlinkat(int dir_fd, const char *path, int flags) {
        return unlink_at(dir_fd, path, flags);
}

int mkdir(const char *name, mode_t mode) {
        char path[SHIM_PATH_BYTES];
        bool is_one = find_path(AT_FDCWD, name, path);
        ShimFault fault = is_one ? decide(SHIM_MKDIR, path) : SHIM_NOTHING;
        int r;

        if (refuses(fault))
                return -1;
        r = (int)syscall(SYS_mkdirat, AT_FDCWD, name, mode);
        if (is_one && r == 0)
                finish(fault, &(ShimCall){.op = SHIM_MKDIR, .path = path});
        return r;
}

/* ---- clocks ---- */

int clock_gettime(clockid_t clock, struct timespec *ret_now) {
        int r = (int)syscall(SYS_clock_gettime, clock, ret_now);

        if (r == 0 && shim.state && clock == CLOCK_REALTIME)
                ret_now->tv_sec += atomic_load(&shim.state->wall_s);
        if (r == 0 && shim.state && clock == CLOCK_MONOTONIC)
                ret_now->tv_sec += atomic_load(&shim.state->mono_s);
        return r;
}

/* ---- memory ---- */

_Bool shim_memory_fails(void) {
        if (!shim.state || !(shim.state->ops & SHIM_MALLOC) ||
            decide(SHIM_MALLOC, "memory") == SHIM_NOTHING)
                return 0;
        errno = ENOMEM;
        return 1;
}
