/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * What a sandbox costs: /bin/true in it, against /bin/true by posix_spawn. Scratch is on tmpfs, as
 * the Adversary has it. Medians; the two are measured in turn, so that a busy machine is as busy
 * for both.
 */

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/sandbox.h"
#include "tests/bench/figures.h"
#include "tests/lib/test.h"

enum { N_RUNS = 60, N_FEW_RUNS = 20, N_FILES = 1000, LIMIT_S = 300 };

typedef struct Bench {
        char *runner, *dir, *tree;
        unsigned n_scratch;
} Bench;

static const char *const true_argv[] = {"/bin/true", NULL};
static const char *const true_env[] = {"PATH=/usr/bin:/bin", NULL};

static uint64_t run_bare(void) {
        uint64_t start_ns = clock_mono_ns();
        pid_t pid;

        if (posix_spawn(&pid, true_argv[0], NULL, NULL, (char *const *)true_argv,
                        (char *const *)true_env) != 0 ||
            waitpid(pid, NULL, 0) != pid)
                FAIL_TEST("%s", "posix_spawn");
        return clock_mono_ns() - start_ns;
}

static uint64_t run_sandboxed(Bench *bench, bool force_copy) {
        cleanup_free char *scratch = mem_printf("%s/scratch%u", bench->dir, ++bench->n_scratch);
        SandboxSpec spec = {.argv = true_argv,
                            .env = true_env,
                            .tree = bench->tree,
                            .scratch = scratch,
                            .force_copy = force_copy,
                            .limits = sandbox_limits_default};
        SandboxOutcome outcome;
        uint64_t start_ns;

        if (mkdir(scratch, 0700) < 0)
                FAIL_TEST("%s", strerror(errno));
        start_ns = clock_mono_ns();
        if (sandbox_run(bench->runner, &spec, &outcome) != 0)
                FAIL_TEST("%s", "sandbox_run");
        start_ns = clock_mono_ns() - start_ns;
        if (outcome.end != SANDBOX_EXITED || outcome.status != 0)
                FAIL_TEST("%s", outcome.fault.rule ? outcome.fault.found : "true is not true");
        sandbox_outcome_deinit(&outcome);
        if (dir_remove(scratch) != 0)
                FAIL_TEST("%s", "the scratch directory cannot be removed");
        return start_ns;
}

static void measure(Bench *bench, bool force_copy, FigureRow row, FigureRow other) {
        for (unsigned i = 0; i < figures_size(N_RUNS, N_FEW_RUNS); i++) {
                double bare_ms = (double)run_bare() / 1e6;
                double boxed_ms = (double)run_sandboxed(bench, force_copy) / 1e6;

                figures_add(row, boxed_ms, bare_ms);
                figures_add(other, boxed_ms, bare_ms);
        }
}

static void make_tree(Bench *bench) {
        const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

        bench->dir = mem_printf("%s/bench-%d", base, (int)getpid());
        bench->tree = mem_printf("%s/tree", bench->dir);
        if (dir_make(bench->tree, 0755) != 0)
                FAIL_TEST("%s", "the tree cannot be made");
        for (int i = 0; i < N_FILES; i++) {
                cleanup_free char *path = mem_printf("%s/file%d", bench->tree, i);
                FILE *file = fopen(path, "w");

                if (!file || fprintf(file, "%d\n", i) < 0 || fclose(file) != 0)
                        FAIL_TEST("%s", path);
        }
}

TEST(what_a_sandbox_costs) {
        Bench bench = {.n_scratch = 0};
        Fault fault = FAULT_INIT;

        bench.runner = sandbox_find_runner(&fault);
        if (!bench.runner)
                FAIL_TEST("%s", fault.found);
        make_tree(&bench);
        figures_begin(LIMIT_S);
        measure(&bench, false, ROW_SANDBOX, ROW_SANDBOX_TIMES);
        measure(&bench, true, ROW_SANDBOX_COPY, ROW_SANDBOX_COPY);
        figures_end();
        if (dir_remove(bench.dir) != 0)
                FAIL_TEST("the tree cannot be removed");
        free(bench.runner);
        free(bench.tree);
        free(bench.dir);
}
