/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Where HEAD is, whether it may be moved, and moving it. */

#include "broker/repository.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "broker/repository_git.h"

#define ZERO_ID "0000000000000000000000000000000000000000000000000000000000000000"

enum {
        LINES_BYTES_MAX = 1 << 16,
        BUSY_TRIES = 50,
        BUSY_PAUSE_MS = 20,
        RESET_ARGS = 5,
        NAMES_AT_ONCE = GIT_ARGS_MAX - RESET_ARGS,
};

/* What git leaves while something is unfinished. */
static const struct {
        const char *file, *what, *next;
} unfinished_rows[] = {
        {"MERGE_HEAD", "a merge", "git merge --continue, or --abort"},
        {"rebase-merge", "a rebase", "git rebase --continue, or --abort"},
        {"rebase-apply", "a rebase or am", "git rebase --continue, or --abort"},
        {"CHERRY_PICK_HEAD", "a cherry-pick", "git cherry-pick --continue, or --abort"},
        {"REVERT_HEAD", "a revert", "git revert --continue, or --abort"},
        {"BISECT_LOG", "a bisection", "git bisect reset"},
        {"index.lock", "another git command", "wait for it, then again"},
};

/* 0 with git's exit status; REPOSITORY_E_REFUSED where it cannot be run. */
static int call(const char *dir, const char *const *args, Buf *out, int *ret_status, Fault *fault) {
        cleanup_git GitProcess git = GIT_PROCESS_INIT;
        int r = git_start(&git, dir, args, -1);

        if (r == -ENOENT || r == -EACCES || r == -ENOTDIR) {
                fault_set(fault, "git-missing", "git cannot be run there: %s", strerror(-r));
                fault_place(fault, "%s", dir);
                fault_next(fault, "install git, or name an existing directory with --repo");
                return REPOSITORY_E_REFUSED;
        }
        TRY(r);
        TRY(git_wait(&git, ret_status));
        if (out)
                TRY(git_read(&git, out));
        return *ret_status ? git_refuse(&git, dir, fault) : 0;
}

static char *take_line(Slice *rest) {
        size_t end = slice_find(*rest, slice_text("\n"));
        Slice line = slice_head(*rest, end);

        *rest = slice_from(*rest, end + 1);
        return mem_strndup(line.n ? (const char *)line.data : "", line.n);
}

/* ---- open ---- */

static int find_place(Repository *repository, Fault *fault) {
        static const char *const args[] = {
                "rev-parse", "--absolute-git-dir", "--is-bare-repository", "--show-prefix", NULL,
        };
        cleanup_buf Buf out = BUF_INIT(LINES_BYTES_MAX);
        cleanup_free char *is_bare = NULL;
        int status = 0, r = call(repository->dir, args, &out, &status, fault);
        Slice rest = buf_get(&out);

        if (r == REPOSITORY_E_REFUSED && !fault_is(fault, "git-missing")) {
                fault->rule = "repository-missing";
                fault_next(fault, "let `docs` in .coldgate/config be a directory of the "
                                  "repository, or name one with --repo");
        }
        if (r != 0)
                return r;
        repository->git_dir = take_line(&rest);
        is_bare = take_line(&rest);
        repository->is_bare = strcmp(is_bare, "true") == 0;
        repository->prefix = take_line(&rest);
        return 0;
}

static int check_finished(const Repository *repository, Fault *fault) {
        for (size_t i = 0; i < ARRAY_SIZE(unfinished_rows); i++) {
                cleanup_free char *path =
                        mem_printf("%s/%s", repository->git_dir, unfinished_rows[i].file);

                if (access(path, F_OK) != 0)
                        continue;
                fault_set(fault, "repository-busy", "%s is not finished", unfinished_rows[i].what);
                fault_place(fault, "%s", path);
                fault_next(fault, "%s", unfinished_rows[i].next);
                return REPOSITORY_E_REFUSED;
        }
        return 0;
}

static int check_branch(const Repository *repository, Fault *fault) {
        static const char *const args[] = {"symbolic-ref", "-q", "HEAD", NULL};
        int status = 0, r = call(repository->dir, args, NULL, &status, fault);

        if (r != REPOSITORY_E_REFUSED || status != 1)
                return r;
        fault_set(fault, "repository-detached", "HEAD is on no branch: the commit would be lost");
        fault_place(fault, "%s", repository->git_dir);
        fault_next(fault, "git switch BRANCH");
        return REPOSITORY_E_REFUSED;
}

static int read_head(Repository *repository, Fault *fault) {
        static const char *const args[] = {"rev-parse", "-q", "--verify", "HEAD^{commit}", NULL};
        cleanup_buf Buf out = BUF_INIT(LINES_BYTES_MAX);
        int status = 0, r = call(repository->dir, args, &out, &status, fault);

        repository->head[0] = 0;
        if (r == REPOSITORY_E_REFUSED && status == 1)
                return 0;
        if (r != 0)
                return r;
        if (out.n && out.n <= COMMIT_ID_BYTES)
                memcpy(repository->head, out.data, out.n - 1);
        repository->head[out.n ? size_min(out.n, COMMIT_ID_BYTES) - 1 : 0] = 0;
        return 0;
}

int repository_open(const char *dir, Repository *ret_repository, Fault *reterr_fault) {
        int r;

        *ret_repository = (Repository){.dir = mem_strdup(dir)};
        r = find_place(ret_repository, reterr_fault);
        if (r == 0)
                r = check_finished(ret_repository, reterr_fault);
        if (r == 0)
                r = check_branch(ret_repository, reterr_fault);
        return r == 0 ? read_head(ret_repository, reterr_fault) : r;
}

void repository_deinit(Repository *repository) {
        free(repository->dir);
        free(repository->git_dir);
        free(repository->prefix);
}

/* ---- read, move ---- */

int repository_read(const Repository *repository, const char *name, Buf *ret_bytes,
                    Fault *reterr_fault) {
        cleanup_free char *object =
                mem_printf("%s:%s%s", repository->head, repository->prefix, name);
        const char *const exists[] = {"cat-file", "-e", object, NULL};
        const char *const args[] = {"cat-file", "blob", object, NULL};
        int status = 0, r;

        if (!repository->head[0])
                return 0;
        r = call(repository->dir, exists, NULL, &status, reterr_fault);
        if (r == REPOSITORY_E_REFUSED && status)
                return 0;
        return r == 0 ? call(repository->dir, args, ret_bytes, &status, reterr_fault) : r;
}

static int drop_import(const Repository *repository, Fault *fault) {
        static const char *const args[] = {"update-ref", "-d", REPOSITORY_IMPORT_REF, NULL};
        int status = 0;

        return call(repository->dir, args, NULL, &status, fault);
}

int repository_advance(Repository *repository, const char *commit, Fault *reterr_fault) {
        char before[COMMIT_ID_BYTES];
        const char *const args[] = {
                "update-ref", "-m", "broker render --commit", "HEAD", commit, before, NULL,
        };
        int status = 0, r;

        /* Zeros: the branch must not be there. */
        (void)snprintf(before, sizeof before, "%.*s", (int)strlen(commit),
                       repository->head[0] ? repository->head : ZERO_ID);
        r = call(repository->dir, args, NULL, &status, reterr_fault);
        if (r == REPOSITORY_E_REFUSED) {
                reterr_fault->rule = "repository-moved";
                fault_next(reterr_fault, "broker render --commit, again");
        }
        if (r != 0)
                return r;
        (void)snprintf(repository->head, sizeof repository->head, "%s", commit);
        return drop_import(repository, reterr_fault);
}

/* Somebody's git may hold the index for a moment. */
static int bring_up_some(const Repository *repository, const char *const *names, size_t n_names,
                         Fault *fault) {
        const char *args[GIT_ARGS_MAX + 1] = {"reset", "-q", "--no-refresh", "HEAD", "--"};
        size_t n = RESET_ARGS;
        int r = 0, status = 0;

        for (size_t i = 0; i < n_names; i++)
                args[n++] = names[i];
        args[n] = NULL;
        for (size_t i = 0; i < BUSY_TRIES; i++) {
                r = call(repository->dir, args, NULL, &status, fault);
                if (r != REPOSITORY_E_REFUSED)
                        return r;
                (void)poll(NULL, 0, BUSY_PAUSE_MS); /* cut short it only asks again sooner */
        }
        fault->rule = "repository-busy";
        fault_next(fault, "the commits are made; git reset -q -- %s", repository->dir);
        return r;
}

int repository_bring_up(const Repository *repository, const char *const *names, size_t n_names,
                        Fault *reterr_fault) {
        int r = 0;

        for (size_t i = 0; r == 0 && !repository->is_bare && i < n_names; i += NAMES_AT_ONCE)
                r = bring_up_some(repository, names + i, size_min(NAMES_AT_ONCE, n_names - i),
                                  reterr_fault);
        return r;
}
