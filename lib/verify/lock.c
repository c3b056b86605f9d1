/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* flock without waiting, asked again and again, so that a cancellation and the deadline are seen.
 */

#include "verify/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"

enum { HELD_MAX = 8, STEP_MS = 50 };

struct LockFiles {
        char *dir;
        struct {
                char *resource;
                int fd;
        } held[HELD_MAX];
        size_t n_held;
};

static char *own_dir(void) {
        const char *state = getenv("XDG_STATE_HOME");
        const char *home = getenv("HOME");

        if (state && state[0] == '/')
                return mem_printf("%s/coldgate/locks", state);
        if (home && home[0] == '/')
                return mem_printf("%s/.local/state/coldgate/locks", home);
        return mem_printf("/tmp/coldgate-%u/locks", (unsigned)getuid());
}

LockFiles *lock_files_new(const char *dir) {
        LockFiles *files = mem_new(LockFiles);

        files->dir = dir ? mem_strdup(dir) : own_dir();
        return files;
}

LockFiles *lock_files_free(LockFiles *files) {
        if (!files)
                return NULL;
        for (size_t i = 0; i < files->n_held; i++) {
                free(files->held[i].resource);
                fd_close(&files->held[i].fd);
        }
        free(files->dir);
        free(files);
        return NULL;
}

static int refuse(Slice resource, const char *why, Fault *reterr_fault) {
        fault_set(reterr_fault, "lock.busy", "%.*s: %s", SLICE_ARGS(resource), why);
        return VERIFY_LOCK_E_REFUSED;
}

static int open_file(const LockFiles *files, Slice resource, int *ret_fd) {
        cleanup_free char *path = mem_printf("%s/of-%.*s", files->dir, SLICE_ARGS(resource));
        int fd;

        if (dir_make(files->dir, 0700) != 0)
                return -EACCES;
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        *ret_fd = fd;
        return 0;
}

static int wait_for(int fd, const VerifyLockWish *wish, Fault *reterr_fault) {
        const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
        uint64_t until_ms = clock_mono_ms() + wish->wait_ms;

        while (flock(fd, (wish->is_shared ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return refuse(wish->resource, strerror(errno), reterr_fault);
                if (wish->is_cancelled(wish->userdata))
                        return VERIFY_LOCK_E_CANCELLED;
                if (clock_mono_ms() >= until_ms)
                        return refuse(wish->resource, "others hold it, and did not let go in time",
                                      reterr_fault);
                (void)nanosleep(&step, NULL);
        }
        return 0;
}

static int take(void *userdata, const VerifyLockWish *wish, Fault *reterr_fault) {
        LockFiles *files = userdata;
        cleanup_fd int fd = -1;
        int r;

        if (files->n_held == HELD_MAX)
                return refuse(wish->resource, "too many are held", reterr_fault);
        r = open_file(files, wish->resource, &fd);
        if (r < 0)
                return refuse(wish->resource, strerror(-r), reterr_fault);
        r = wait_for(fd, wish, reterr_fault);
        if (r != 0)
                return r;
        files->held[files->n_held].resource =
                mem_strndup((const char *)wish->resource.data, wish->resource.n);
        files->held[files->n_held++].fd = fd_take(&fd);
        return 0;
}

static void give(void *userdata, Slice resource) {
        LockFiles *files = userdata;

        for (size_t i = files->n_held; i-- > 0;) {
                if (!slice_is(resource, files->held[i].resource))
                        continue;
                free(files->held[i].resource);
                fd_close(&files->held[i].fd);
                files->held[i] = files->held[--files->n_held];
                return;
        }
}

VerifyLocks lock_files_get(LockFiles *files) {
        return (VerifyLocks){.userdata = files, .take = take, .give = give};
}
