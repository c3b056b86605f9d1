/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * What a cold workspace costs, beside `git worktree add --detach` in the same run: medians over
 * rounds in which each is done once, on a tmpfs where there is one.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/bench/figures.h"
#include "tests/lib/bench.h"
#include "tests/lib/mounts.h"
#include "tests/lib/repo.h"
#include "tests/lib/test.h"
#include "verify/mirror.h"
#include "verify/tree.h"

enum {
        FILES = 5000,
        FILES_PER_DIR = 20,
        ROUNDS = 11,
        FETCH_MS = 120000,
        LINES_MAX = 280,
        LIMIT_S = 300
};

typedef struct Bench {
        const char *dir;
        Repo repo;
        RepoId commit;
        char tree[COMMIT_HEX_MAX + 1];
        Mirror *mirror;
        TreeFacts facts;
} Bench;

/* Some 10 KiB of text that is neither the same twice nor noise. */
static void make_text(unsigned number, Buf *text) {
        unsigned n_lines = 20 + number * 7919 % LINES_MAX;

        for (unsigned i = 0; i < n_lines; i++)
                buf_printf(text, "static int value_%u_%u(int x) { return x * %u; }\n", number, i,
                           (number + 1) * (i + 17) * 2654435761u);
}

/* For git fast-import: one commit with all of them. */
static void make_import(Buf *import) {
        buf_text(import, "commit refs/heads/main\n"
                         "committer A Builder <builder@example.net> 1767322999 +0000\n"
                         "data 5\nfiles\n");
        for (unsigned i = 0; i < FILES; i++) {
                cleanup_buf Buf text = BUF_TEXT;

                make_text(i, &text);
                buf_printf(import, "M %s inline part%u/dir%u/file%u.c\ndata %zu\n",
                           i % 50 ? "100644" : "100755", i / FILES_PER_DIR / 16, i / FILES_PER_DIR,
                           i, text.n);
                buf_slice(import, buf_get(&text));
                buf_byte(import, '\n');
        }
}

static void make_repository(Bench *bench) {
        cleanup_buf Buf import = BUF_INIT((size_t)256 << 20);
        cleanup_free char *path = mem_printf("%s/import", bench->dir);
        ProcessSpec spec = {.argv = {"sh", "-c", "exec git fast-import --quiet <../import"},
                            .cwd = bench->repo.path};

        (void)snprintf(bench->repo.path, sizeof bench->repo.path, "%s/repository", bench->dir);
        (void)snprintf(bench->repo.url, sizeof bench->repo.url, "file://%s", bench->repo.path);
        CHECK_EQ_INT(dir_make(bench->repo.path, 0700), 0);
        bench_git(bench->repo.path, NULL, "init", "--quiet", "--template=");
        make_import(&import);
        CHECK(!import.is_full);
        CHECK_EQ_INT(file_write_atomic(path, buf_get(&import), 0600), 0);
        bench_run_expect(&spec, FETCH_MS, 0, NULL);
        repo_ask(&bench->repo, bench->commit, "rev-parse", "main");
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

static double ms_since(uint64_t start_ns) {
        return (double)(clock_mono_ns() - start_ns) / 1e6;
}

static void run_round(Bench *bench) {
        const char *mirror = mirror_get_path(bench->mirror);
        cleanup_free char *space = mem_printf("%s/space", bench->dir);
        cleanup_free char *worktree = mem_printf("%s/worktree", bench->dir);
        double fetch_ms = (double)time_fetch(bench) / 1e6, write_ms, verify_ms, bare_ms;
        Fault fault = FAULT_INIT;
        uint64_t start_ns;

        CHECK_EQ_INT(dir_make(space, 0755), 0);
        start_ns = clock_mono_ns();
        require(tree_write(mirror, bench->tree, space, &tree_limits_default, &bench->facts, &fault),
                &fault);
        write_ms = ms_since(start_ns);
        start_ns = clock_mono_ns();
        require(tree_verify(mirror, bench->tree, space, &tree_limits_default, &bench->facts,
                            &fault),
                &fault);
        verify_ms = ms_since(start_ns);
        start_ns = clock_mono_ns();
        bench_git(bench->repo.path, NULL, "worktree", "add", "--quiet", "--detach", worktree,
                  bench->commit);
        bare_ms = ms_since(start_ns);
        figures_add(ROW_SPACE_FETCH, fetch_ms, bare_ms);
        figures_add(ROW_SPACE_WRITE, write_ms, bare_ms);
        figures_add(ROW_SPACE_VERIFY, verify_ms, bare_ms);
        bench_git(bench->repo.path, NULL, "worktree", "remove", "--force", worktree);
        CHECK_EQ_INT(dir_remove(space), 0);
}

TEST(a_workspace_of_5000_files) {
        Bench bench = {.dir = test_dir()};
        bool is_tmpfs = mounts_tmpfs(bench.dir, "size=2g");
        cleanup_free char *mirrors = mem_printf("%s/mirrors", bench.dir);
        Fault fault = FAULT_INIT;

        figures_begin(LIMIT_S);
        make_repository(&bench);
        require(mirror_open(mirrors, bench.repo.url, &bench.mirror, &fault), &fault);
        (void)time_fetch(&bench);
        for (unsigned i = 0; i < figures_size(ROUNDS, 3); i++)
                run_round(&bench);
        figures_note(ROW_SPACE_WRITE, "%.1f MB on %s", (double)bench.facts.n_bytes / 1e6,
                     is_tmpfs ? "a tmpfs" : "the disk of /tmp");
        figures_end();
        bench.mirror = mirror_free(bench.mirror);
}
