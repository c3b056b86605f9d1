/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * What a cold workspace costs, beside `git worktree add --detach` in the same run: medians over
 * rounds in which each is done once, on a tmpfs where there is one.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/repo.h"
#include "tests/lib/test.h"
#include "verify/mirror.h"
#include "verify/tree.h"

enum { FILES = 5000, FILES_PER_DIR = 20, ROUNDS = 11, FETCH_MS = 120000, LINES_MAX = 500 };

typedef enum Step { STEP_FETCH, STEP_WRITE, STEP_VERIFY, STEP_WORKTREE, _STEP_MAX } Step;

static const char *const step_words[] = {
        [STEP_FETCH] = "fetch, the commit being there",
        [STEP_WRITE] = "write",
        [STEP_VERIFY] = "verify",
        [STEP_WORKTREE] = "git worktree add --detach",
};

typedef struct Bench {
        char *dir;
        Repo repo;
        RepoId commit;
        char tree[COMMIT_HEX_MAX + 1];
        Mirror *mirror;
        TreeFacts facts;
        uint64_t ns[_STEP_MAX][ROUNDS];
} Bench;

/* Some 10 KiB of text that is neither the same twice nor noise. */
static void make_text(unsigned number, Buf *text) {
        unsigned n_lines = 20 + number * 7919 % LINES_MAX;

        for (unsigned i = 0; i < n_lines; i++)
                buf_printf(text, "static int value_%u_%u(int x) { return x * %u; }\n", number, i,
                           (number + 1) * (i + 17) * 2654435761u);
}

static void make_repository(Bench *bench) {
        (void)snprintf(bench->repo.path, sizeof bench->repo.path, "%s/repository", bench->dir);
        (void)snprintf(bench->repo.url, sizeof bench->repo.url, "file://%s", bench->repo.path);
        CHECK_EQ_INT(dir_make(bench->repo.path, 0700), 0);
        bench_git(bench->repo.path, NULL, "init", "--quiet", "--template=");
        for (unsigned i = 0; i < FILES; i++) {
                cleanup_buf Buf text = BUF_TEXT;
                cleanup_free char *path = mem_printf("part%u/dir%u/file%u.c",
                                                     i / FILES_PER_DIR / 16, i / FILES_PER_DIR, i);

                make_text(i, &text);
                bench_write(bench->repo.path, path, buf_get_text(&text), i % 50 ? 0644 : 0755);
        }
        repo_commit(&bench->repo, "many files", bench->commit);
        bench_git(bench->repo.path, NULL, "repack", "-a", "-d", "--quiet");
}

static void require(int result, const Fault *fault) {
        if (result != 0)
                FAIL_TEST("%d %s: %s at %s", result, fault->rule, fault->found, fault->place);
}

static uint64_t time_fetch(Bench *bench) {
        uint64_t before_ns = clock_mono_ns();
        Fault fault = FAULT_INIT;

        require(mirror_fetch(bench->mirror, bench->commit, FETCH_MS, &fault), &fault);
        require(mirror_get_tree(bench->mirror, bench->commit, bench->tree, &fault), &fault);
        return clock_mono_ns() - before_ns;
}

static void run_round(Bench *bench, size_t round) {
        const char *mirror = mirror_get_path(bench->mirror);
        cleanup_free char *space = mem_printf("%s/space", bench->dir);
        cleanup_free char *worktree = mem_printf("%s/worktree", bench->dir);
        Fault fault = FAULT_INIT;
        uint64_t start_ns;

        bench->ns[STEP_FETCH][round] = time_fetch(bench);
        CHECK_EQ_INT(dir_make(space, 0755), 0);
        start_ns = clock_mono_ns();
        require(tree_write(mirror, bench->tree, space, &tree_limits_default, &bench->facts, &fault),
                &fault);
        bench->ns[STEP_WRITE][round] = clock_mono_ns() - start_ns;
        start_ns = clock_mono_ns();
        require(tree_verify(mirror, bench->tree, space, &tree_limits_default, &bench->facts,
                            &fault),
                &fault);
        bench->ns[STEP_VERIFY][round] = clock_mono_ns() - start_ns;
        start_ns = clock_mono_ns();
        bench_git(bench->repo.path, NULL, "worktree", "add", "--quiet", "--detach", worktree,
                  bench->commit);
        bench->ns[STEP_WORKTREE][round] = clock_mono_ns() - start_ns;
        bench_git(bench->repo.path, NULL, "worktree", "remove", "--force", worktree);
        CHECK_EQ_INT(dir_remove(space), 0);
}

static int compare_u64(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

static void print_results(Bench *bench) {
        printf("# %llu files, %llu directories, %.1f MB in %s\n",
               (unsigned long long)bench->facts.n_files, (unsigned long long)bench->facts.n_dirs,
               (double)bench->facts.n_bytes / 1e6, bench->dir);
        for (size_t i = 0; i < _STEP_MAX; i++) {
                qsort(bench->ns[i], ROUNDS, sizeof bench->ns[i][0], compare_u64);
                printf("# %-30s median %8.2f ms, least %8.2f ms\n", step_words[i],
                       (double)bench->ns[i][ROUNDS / 2] / 1e6, (double)bench->ns[i][0] / 1e6);
        }
        (void)fflush(stdout);
}

static char *make_dir(void) {
        char path[] = "/dev/shm/cgXXXXXX";

        return mem_strdup(mkdtemp(path) ? path : test_dir());
}

TEST(a_workspace_of_5000_files) {
        Bench bench = {.dir = make_dir()};
        cleanup_free char *mirrors = mem_printf("%s/mirrors", bench.dir);
        Fault fault = FAULT_INIT;
        uint64_t first_ns;

        make_repository(&bench);
        require(mirror_open(mirrors, bench.repo.url, &bench.mirror, &fault), &fault);
        first_ns = time_fetch(&bench);
        printf("# %-30s          %8.2f ms\n", "first fetch", (double)first_ns / 1e6);
        for (size_t i = 0; i < ROUNDS; i++)
                run_round(&bench, i);
        print_results(&bench);
        bench.mirror = mirror_free(bench.mirror);
        CHECK_EQ_INT(dir_remove(bench.dir), 0);
        free(bench.dir);
}
