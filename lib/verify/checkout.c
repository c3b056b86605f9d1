/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The cache of trees. Each tree has a lock file that stays: shared while the tree is used,
 * exclusive while it is written or dropped. A tree is written beside its place and renamed, so that
 * what is in its place is whole; whether it is right is proved each time, under the shared lock.
 */

#include "verify/checkout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "verify/scratch.h"

enum {
        FETCHES_MAX = 3,
        BACK_OFF_MS = 500, /* before the second fetch; doubled before the third */
        TREES_MAX = 8,     /* that are kept */
        STEP_MS = 20,
        LOCK_MS = 20 * 60 * 1000,
        PAGES_BYTES = 8192, /* lost by each file: the rest of its last page, and its name */
        TREE_MODE = 0755,   /* the sandbox's user must be able to read it */
};

void checkout_deinit(Checkout *checkout) {
        free(checkout->dir);
        fd_close(&checkout->lock_fd);
        *checkout = CHECKOUT_INIT;
}

static void report(const VerifyRequest *request, const char *what) {
        if (request->progress.report)
                request->progress.report(request->progress.userdata, what, 0,
                                         request->gate->n_checks);
}

static bool is_cancelled(const VerifyRequest *request) {
        return request->progress.is_cancelled &&
               request->progress.is_cancelled(request->progress.userdata);
}

static void pause_before_retry(const VerifyRequest *request, uint64_t wait_ms) {
        struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

        for (uint64_t waited_ms = 0; waited_ms < wait_ms && !is_cancelled(request);
             waited_ms += STEP_MS)
                (void)nanosleep(&step, NULL);
}

static int fetch(const VerifyRequest *request, Mirror *mirror, Fault *reterr_fault) {
        uint64_t wait_ms = BACK_OFF_MS;
        int r;

        for (unsigned i = 1;; i++, wait_ms *= 2) {
                r = mirror_fetch(mirror, request->commit, request->fetch_ms, reterr_fault);
                if (r != PREP_E_ERROR || !fault_is(reterr_fault, "prep.fetch") ||
                    i == FETCHES_MAX || is_cancelled(request))
                        return r;
                report(request, "fetch");
                pause_before_retry(request, wait_ms);
        }
}

/* Who uses the tree holds it as long as its checks take; less than what a worker may be silent. */
static int lock(const VerifyRequest *request, const Checkout *checkout, int operation,
                Fault *reterr_fault) {
        const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
        uint64_t until_ms = clock_mono_ms() + LOCK_MS;

        while (flock(checkout->lock_fd, operation | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return error_origin(-errno);
                if (is_cancelled(request) || clock_mono_ms() >= until_ms) {
                        fault_set(reterr_fault, "prep.workspace",
                                  "another verification did not let go of tree %s", checkout->tree);
                        return PREP_E_ERROR;
                }
                (void)nanosleep(&step, NULL);
        }
        return 0;
}

/* Drops the trees that were used longest ago, as far as nobody uses them. */
static void evict(const char *trees, const char *keep, size_t n_kept) {
        for (;;) {
                cleanup_free char *oldest = NULL;
                cleanup_free char *path = NULL;
                cleanup_free char *lock_path = NULL;
                cleanup_fd int fd = -1;
                struct timespec oldest_time = {.tv_sec = 0};
                DIR *entries = opendir(trees);
                struct dirent *entry;
                size_t n = 0;

                while (entries && (entry = readdir(entries))) {
                        cleanup_free char *name = mem_printf("%s.lock", entry->d_name);
                        struct stat facts;

                        if (entry->d_name[0] == '.' || strchr(entry->d_name, '.') ||
                            fstatat(dirfd(entries), name, &facts, 0) < 0)
                                continue;
                        n++;
                        if (strcmp(entry->d_name, keep) == 0 ||
                            (oldest && (facts.st_mtim.tv_sec > oldest_time.tv_sec ||
                                        (facts.st_mtim.tv_sec == oldest_time.tv_sec &&
                                         facts.st_mtim.tv_nsec >= oldest_time.tv_nsec))))
                                continue;
                        free(oldest);
                        oldest = mem_strdup(entry->d_name);
                        oldest_time = facts.st_mtim;
                }
                if (entries)
                        (void)closedir(entries);
                if (n <= n_kept || !oldest)
                        return;
                path = mem_printf("%s/%s", trees, oldest);
                lock_path = mem_printf("%s.lock", path);
                fd = open(lock_path, O_RDWR | O_CLOEXEC);
                if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || dir_remove(path) != 0)
                        return;
        }
}

static int write_tree(const char *mirror, const Checkout *checkout, Fault *reterr_fault) {
        cleanup_free char *fresh = mem_printf("%s.new", checkout->dir);
        TreeFacts facts;
        int r;

        if (dir_remove(checkout->dir) != 0 || dir_remove(fresh) != 0)
                return error_origin(-EBUSY);
        if (mkdir(fresh, TREE_MODE) < 0 || chmod(fresh, TREE_MODE) < 0)
                return error_origin(-errno);
        r = tree_write(mirror, checkout->tree, fresh, &tree_limits_default, &facts, reterr_fault);
        if (r != 0) {
                scratch_drop(fresh);
                return r;
        }
        return rename(fresh, checkout->dir) == 0 ? 0 : error_origin(-errno);
}

/* On success the shared lock is held and the tree was just proved. */
static int use_tree(const VerifyRequest *request, const char *mirror, Checkout *checkout,
                    Fault *reterr_fault) {
        int r = PREP_E_ERROR;

        for (unsigned i = 0; i <= 2; i++) {
                r = lock(request, checkout, LOCK_SH, reterr_fault);
                if (r != 0)
                        return r;
                if (access(checkout->dir, F_OK) == 0) {
                        r = tree_verify(mirror, checkout->tree, checkout->dir, &tree_limits_default,
                                        &checkout->facts, reterr_fault);
                        if (r != PREP_E_ERROR || !fault_is(reterr_fault, "prep.tree-mismatch"))
                                return r;
                }
                if (i == 2)
                        break;
                r = lock(request, checkout, LOCK_EX, reterr_fault);
                if (r == 0)
                        r = write_tree(mirror, checkout, reterr_fault);
                if (r != 0)
                        return r;
        }
        return r;
}

static int use_cache(const VerifyRequest *request, const char *mirror, Checkout *checkout,
                     Fault *reterr_fault) {
        cleanup_free char *trees = mem_printf("%s/trees", request->scratch);
        cleanup_free char *lock_path = mem_printf("%s/%s.lock", trees, checkout->tree);
        int r;

        TRY(dir_make(trees, 0700));
        checkout->dir = mem_printf("%s/%s", trees, checkout->tree);
        checkout->lock_fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (checkout->lock_fd < 0 || futimens(checkout->lock_fd, NULL) < 0)
                return error_origin(-errno);
        r = use_tree(request, mirror, checkout, reterr_fault);
        if (r == PREP_E_ERROR && fault_is(reterr_fault, "prep.space")) {
                evict(trees, checkout->tree, 0);
                r = use_tree(request, mirror, checkout, reterr_fault);
        }
        if (r == 0)
                evict(trees, checkout->tree, TREES_MAX);
        return r;
}

static int prepare(const VerifyRequest *request, Mirror *mirror, Checkout *checkout,
                   Fault *reterr_fault) {
        int r;

        report(request, "fetch");
        r = fetch(request, mirror, reterr_fault);
        if (r == 0)
                r = mirror_get_tree(mirror, request->commit, checkout->tree, reterr_fault);
        if (r != 0)
                return r;
        report(request, "workspace");
        return use_cache(request, mirror_get_path(mirror), checkout, reterr_fault);
}

int checkout_prepare(const VerifyRequest *request, Checkout *ret_checkout, Fault *reterr_fault) {
        cleanup(mirror_freep) Mirror *mirror = NULL;
        int r = mirror_open(request->mirrors, request->repository, &mirror, reterr_fault);

        if (r != 0)
                return r;
        r = prepare(request, mirror, ret_checkout, reterr_fault);
        if (r != PREP_E_ERROR || !fault_is(reterr_fault, "prep.mirror"))
                return r;
        /* Once more: by its mark, git looks into the mirror before. */
        checkout_deinit(ret_checkout);
        return prepare(request, mirror, ret_checkout, reterr_fault);
}

uint64_t checkout_get_size(const Checkout *checkout) {
        const TreeFacts *facts = &checkout->facts;

        return facts->n_bytes +
               (facts->n_files + facts->n_dirs + facts->n_links + facts->n_submodules) *
                       PAGES_BYTES;
}

bool checkout_tell_absent(const Checkout *checkout, Buf *text) {
        const TreeFacts *facts = &checkout->facts;

        if (facts->n_submodules)
                buf_printf(text,
                           "submodules are not fetched: %llu of them, each an empty directory here",
                           (unsigned long long)facts->n_submodules);
        if (facts->n_pointers)
                buf_printf(text,
                           "%sGit LFS is not fetched: %llu files are pointers here, not content",
                           facts->n_submodules ? "; " : "", (unsigned long long)facts->n_pointers);
        return facts->n_submodules || facts->n_pointers;
}

void checkout_describe(const Checkout *checkout, Buf *text) {
        buf_printf(
                text,
                "cold: %llu files, %llu directories, %llu links, %llu bytes; every byte, mode and "
                "name compared with tree %s just before",
                (unsigned long long)checkout->facts.n_files,
                (unsigned long long)checkout->facts.n_dirs,
                (unsigned long long)checkout->facts.n_links,
                (unsigned long long)checkout->facts.n_bytes, checkout->tree);
}
