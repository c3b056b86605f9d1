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

enum { N_RUNS = 60, N_FILES = 1000 };

typedef struct Bench {
        char *runner, *dir, *tree;
        unsigned n_scratch;
} Bench;

static const char *const true_argv[] = {"/bin/true", NULL};
static const char *const true_env[] = {"PATH=/usr/bin:/bin", NULL};

noreturn_ static void give_up(const char *what) {
        (void)fprintf(stderr, "bench_sandbox: %s\n", what);
        exit(1);
}

static uint64_t run_bare(void) {
        uint64_t start_ns = clock_mono_ns();
        pid_t pid;

        if (posix_spawn(&pid, true_argv[0], NULL, NULL, (char *const *)true_argv,
                        (char *const *)true_env) != 0 ||
            waitpid(pid, NULL, 0) != pid)
                give_up("posix_spawn");
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
                give_up(strerror(errno));
        start_ns = clock_mono_ns();
        if (sandbox_run(bench->runner, &spec, &outcome) != 0)
                give_up("sandbox_run");
        start_ns = clock_mono_ns() - start_ns;
        if (outcome.end != SANDBOX_EXITED || outcome.status != 0)
                give_up(outcome.fault.rule ? outcome.fault.found : "true is not true");
        sandbox_outcome_deinit(&outcome);
        if (dir_remove(scratch) != 0)
                give_up("the scratch directory cannot be removed");
        return start_ns;
}

static int compare(const void *a, const void *b) {
        uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

        return (left > right) - (left < right);
}

static double median_ms(uint64_t *ns) {
        qsort(ns, N_RUNS, sizeof *ns, compare);
        return (double)ns[N_RUNS / 2] / 1e6;
}

static void measure(Bench *bench, const char *row, bool force_copy) {
        static uint64_t bare[N_RUNS], sandboxed[N_RUNS];
        double value, baseline;

        for (int i = 0; i < N_RUNS; i++) {
                bare[i] = run_bare();
                sandboxed[i] = run_sandboxed(bench, force_copy);
        }
        value = median_ms(sandboxed);
        baseline = median_ms(bare);
        printf("# %s | %.2f ms | %.2f ms | x %.1f\n", row, value, baseline, value / baseline);
}

static void make_tree(Bench *bench) {
        const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

        bench->dir = mem_printf("%s/bench-%d", base, (int)getpid());
        bench->tree = mem_printf("%s/tree", bench->dir);
        if (dir_make(bench->tree, 0755) != 0)
                give_up("the tree cannot be made");
        for (int i = 0; i < N_FILES; i++) {
                cleanup_free char *path = mem_printf("%s/file%d", bench->tree, i);
                FILE *file = fopen(path, "w");

                if (!file || fprintf(file, "%d\n", i) < 0 || fclose(file) != 0)
                        give_up(path);
        }
}

int main(void) {
        Bench bench = {.n_scratch = 0};
        Fault fault = FAULT_INIT;

        bench.runner = sandbox_find_runner(&fault);
        if (!bench.runner)
                give_up(fault.found);
        make_tree(&bench);
        printf("1..1\n# sandbox | value | baseline | ratio\n");
        measure(&bench, "sandboxed true, overlay, against posix_spawn", false);
        measure(&bench, "sandboxed true, copy of 1000 files, against posix_spawn", true);
        if (dir_remove(bench.dir) != 0)
                give_up("the tree cannot be removed");
        printf("ok 1 - what a sandbox costs\n");
        free(bench.runner);
        free(bench.tree);
        free(bench.dir);
        return 0;
}
