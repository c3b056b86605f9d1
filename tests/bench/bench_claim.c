/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * What a user feels: how long it takes from `builder-agent claim --wait` until the verdict is in
 * the ledger, has come back, and stands in REVIEW. Real programs, real sockets.
 */

#include "tests/lib/test.h"

#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/bench/figures.h"
#include "tests/lib/bench.h"

enum {
        ROUNDS = 11,
        FEW_ROUNDS = 3,
        LIMIT_MS = 60000,
        LIMIT_S = 300,
        RENDER_MS = 5000,
        LOOK_MS = 1
};

static const char plan[] = "# Bench\n"
                           "```yaml phase\nversion: 1\nphase: bench\n```\n"
                           "```yaml gate\ngate: T\ntitle: trivial\nchecks:\n"
                           "  - id: there\n    run: [test, -f, README]\n```\n"
                           "```yaml gate\ngate: U\ntitle: trivial, too\nchecks:\n"
                           "  - id: there\n    run: [test, -f, README]\n```\n";

extern char **environ;

typedef struct Place {
        const char *dir;
        const char *broker, *builder, *adversary;
        Process *broker_run, *adversary_run;
        unsigned n_commits;
        uint64_t n_review_bytes;
} Place;

static void run(const Place *place, const char *const *argv) {
        ProcessSpec spec = {.cwd = place->dir};

        for (size_t i = 0; argv[i]; i++)
                spec.argv[i] = argv[i];
        bench_run_expect(&spec, LIMIT_MS, 0, NULL);
}

#define RUN(place, ...) run((place), (const char *const[]){__VA_ARGS__, NULL})

static Process *start(const Place *place, const char *program) {
        ProcessSpec spec = {.argv = {program, "run"}, .cwd = place->dir};
        Process *process = process_start(&spec);

        process_wait_text(process, "ready", LIMIT_MS);
        return process;
}

/* By a shell: written one by one as the tests do it, synced, this would take a minute. */
static void make_repository(const Place *place, unsigned n_dirs) {
        static const char script[] = "for d in $(seq $0); do mkdir -p src/d$d; "
                                     "for f in $(seq 100); do echo $d $f >src/d$d/f$f.txt; done; "
                                     "done";
        cleanup_free char *n = mem_printf("%u", n_dirs);

        RUN(place, "bash", "-c", script, n);
        bench_write(place->dir, ".gitignore", "plan.md\nworktree\n", 0644);
        bench_write(place->dir, "plan.md", plan, 0644);
        bench_write(place->dir, "README", "a product\n", 0644);
        bench_git(place->dir, NULL, "init", "-q", "-b", "main");
        bench_git(place->dir, NULL, "add", "-A");
        bench_git(place->dir, NULL, "commit", "-q", "-m", "files");
}

static void open_place(Place *place, unsigned n_dirs) {
        *place = (Place){.dir = test_dir(),
                         .broker = bench_program("COLDGATE_BROKER"),
                         .builder = bench_program("COLDGATE_BUILDER"),
                         .adversary = bench_program("COLDGATE_ADVERSARY")};
        make_repository(place, n_dirs);
        RUN(place, place->broker, "init", "--name", "bench");
        RUN(place, place->broker, "plan", "approve", "plan.md");
        place->broker_run = start(place, place->broker);
        place->adversary_run = start(place, place->adversary);
}

static void close_place(Place *place) {
        place->adversary_run = process_free(place->adversary_run);
        place->broker_run = process_free(place->broker_run);
}

static void commit_more(Place *place) {
        cleanup_free char *text = mem_printf("a product, edition %u\n", ++place->n_commits);

        bench_write(place->dir, "README", text, 0644);
        bench_git(place->dir, NULL, "commit", "-q", "-a", "-m", "one file changed");
}

static bool review_has_grown(Place *place) {
        cleanup_free char *path = mem_printf("%s/.coldgate/docs/REVIEW-bench.md", place->dir);
        struct stat facts;

        if (stat(path, &facts) < 0 || (uint64_t)facts.st_size <= place->n_review_bytes)
                return false;
        place->n_review_bytes = (uint64_t)facts.st_size;
        return true;
}

/* The claim itself stands in REVIEW early: what counts is the verdict's section. */
static bool verdict_is_rendered(Place *place) {
        cleanup_free char *path = mem_printf("%s/.coldgate/docs/REVIEW-bench.md", place->dir);
        cleanup_buf Buf text = BUF_TEXT;
        uint64_t n_before = place->n_review_bytes;

        if (!review_has_grown(place))
                return false;
        CHECK_EQ_INT(file_read(path, &text), 0);
        if (strstr(buf_get_text(&text) + n_before, "PASS"))
                return true;
        place->n_review_bytes = n_before;
        return false;
}

static double claim_ms(Place *place, const char *gate) {
        uint64_t begin_ns = clock_mono_ns();

        RUN(place, place->builder, "claim", gate, "--wait");
        while (!verdict_is_rendered(place)) {
                if (clock_mono_ns() - begin_ns > (uint64_t)(LIMIT_MS + RENDER_MS) * 1000000)
                        FAIL_TEST("the verdict is not in REVIEW");
                (void)poll(NULL, 0, LOOK_MS);
        }
        return (double)(clock_mono_ns() - begin_ns) / 1e6;
}

static double check_ms(const Place *place) {
        cleanup_free char *readme = mem_printf("%s/README", place->dir);
        const char *const argv[] = {"/usr/bin/test", "-f", readme, NULL};
        uint64_t begin_ns = clock_mono_ns();
        pid_t pid;

        CHECK_EQ_INT(posix_spawn(&pid, argv[0], NULL, NULL, (char *const *)argv, environ), 0);
        CHECK_EQ_INT(waitpid(pid, NULL, 0), pid);
        return (double)(clock_mono_ns() - begin_ns) / 1e6;
}

static double worktree_ms(const Place *place) {
        uint64_t begin_ns = clock_mono_ns();
        double ms;

        bench_git(place->dir, NULL, "worktree", "add", "--quiet", "--detach", "worktree", "HEAD");
        ms = (double)(clock_mono_ns() - begin_ns) / 1e6;
        bench_git(place->dir, NULL, "worktree", "remove", "--force", "worktree");
        return ms;
}

TEST(a_claim_and_its_verdict) {
        Place small, large;

        open_place(&small, 0);
        open_place(&large, 50);
        (void)claim_ms(&small, "T");
        (void)claim_ms(&large, "T");
        figures_begin(LIMIT_S);
        for (unsigned i = 0; i < figures_size(ROUNDS, FEW_ROUNDS); i++) {
                double bare_ms;

                figures_add(ROW_CLAIM_SMALL, claim_ms(&small, "T"), check_ms(&small));
                commit_more(&large);
                bare_ms = worktree_ms(&large);
                figures_add(ROW_CLAIM_NEW, claim_ms(&large, "T"), bare_ms);
                figures_add(ROW_CLAIM_SECOND, claim_ms(&large, "U"), bare_ms);
        }
        figures_end();
        close_place(&large);
        close_place(&small);
}
