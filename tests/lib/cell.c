/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Users, directories, processes. */

#include "tests/lib/cell.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"

enum { NOBODY = 65534, PROGRAM_BYTES_MAX = 64 << 20, WAIT_MS = 40000, CLEANED_MAX = 8 };

static char *cleaned[CLEANED_MAX];
static size_t n_cleaned;

static const char *const cell_env[] = {
        "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME=" SANDBOX_HOME,
        "TMPDIR=" SANDBOX_TMP,
        "LC_ALL=C.UTF-8",
        /* Where programs are built with sanitizers: what a probe leaks is of no interest. */
        "ASAN_OPTIONS=detect_leaks=0",
        NULL,
};

void cell_clean_up(const char *path) {
        if (n_cleaned == CLEANED_MAX)
                FAIL_TEST("more than %d paths to clean up", CLEANED_MAX);
        cleaned[n_cleaned++] = mem_strdup(path);
}

static void clean_up(void) {
        for (size_t i = 0; i < n_cleaned; i++) {
                if (dir_remove(cleaned[i]) != 0)
                        printf("# %s could not be removed\n", cleaned[i]);
                free(cleaned[i]);
        }
        n_cleaned = 0;
}

static void drop_user(void) {
        if (!cell_is_unprivileged || geteuid() != 0)
                return;
        if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
            setresuid(NOBODY, NOBODY, NOBODY) < 0)
                FAIL_TEST("the user cannot be changed: %s", strerror(errno));
        (void)prctl(PR_SET_DUMPABLE, 1); /* as any program that was started by that user */
}

/* The rest of the test is the child's; its status is the test's. */
static void go_on_in_child(void) {
        pid_t parent = getpid();
        pid_t pid;
        int status = 0;

        (void)fflush(stdout);
        pid = fork();
        if (pid < 0)
                FAIL_TEST("fork: %s", strerror(errno));
        if (pid == 0) {
                drop_user();
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() != parent)
                        _exit(1);
                n_cleaned = 0;
                return;
        }
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                continue;
        clean_up();
        (void)fflush(stdout);
        if (WIFSIGNALED(status))
                (void)raise(WTERMSIG(status));
        _exit(WEXITSTATUS(status));
}

static void give(const char *path) {
        if (cell_is_unprivileged && geteuid() == 0 && chown(path, NOBODY, NOBODY) < 0)
                FAIL_TEST("%s: %s", path, strerror(errno));
}

static void copy_program(const char *from, const char *to) {
        cleanup_buf Buf bytes = BUF_INIT(PROGRAM_BYTES_MAX);

        if (file_read(from, &bytes) != 0 || file_write_atomic(to, buf_get(&bytes), 0755) != 0)
                FAIL_TEST("%s cannot be copied to %s", from, to);
        give(to);
}

static void make_tree(Cell *cell) {
        static const char *const probes[] = {"probe", "evader", "burner", "escape"};
        static const char *const dirs[] = {"", "/sub", "/gone"};

        for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
                cleanup_free char *path = mem_printf("%s%s", cell->tree, dirs[i]);

                if (mkdir(path, 0755) < 0)
                        FAIL_TEST("%s: %s", path, strerror(errno));
                give(path);
        }
        for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
                cleanup_free char *from =
                        mem_printf("%s/%s", bench_program("COLDGATE_PROBES"), probes[i]);
                cleanup_free char *to = mem_printf("%s/%s", cell->tree, probes[i]);

                copy_program(from, to);
        }
        bench_write(cell->tree, "file", "one\n", 0644);
        bench_write(cell->tree, "same", "same\n", 0644);
        bench_write(cell->tree, "sub/file", "two\n", 0644);
        bench_write(cell->tree, "gone/file", "three\n", 0644);
        for (const char *const *path =
                     (const char *const[]){"file", "same", "sub/file", "gone/file", NULL};
             *path; path++) {
                cleanup_free char *file = mem_printf("%s/%s", cell->tree, *path);

                give(file);
        }
}

/* On tmpfs where there is one, as workspaces are. */
static const char *make_dir(void) {
        static char path[128], base[128];

        (void)snprintf(path, sizeof path, "/dev/shm/cell-%d", (int)getpid());
        if (mkdir(path, 0700) == 0) {
                cell_clean_up(path);
                give(path);
                return path;
        }
        (void)snprintf(path, sizeof path, "%s", test_dir());
        (void)snprintf(base, sizeof base, "%s", path);
        *strrchr(base, '/') = 0;
        if (chmod(base, 0711) < 0)
                FAIL_TEST("%s: %s", base, strerror(errno));
        give(path);
        return path;
}

void cell_init(Cell *ret_cell) {
        Cell *cell = ret_cell;

        if (!cell_is_unprivileged && geteuid() != 0)
                SKIP("not root");
        *cell = (Cell){.dir = make_dir()};
        cell->tree = mem_printf("%s/tree", cell->dir);
        make_tree(cell);
        cell->runner = mem_printf("%s/runner", cell->dir);
        copy_program(bench_program("COLDGATE_RUNNER"), cell->runner);
        cell->spec = (SandboxSpec){
                .env = cell_env, .tree = cell->tree, .limits = sandbox_limits_default};
        cell->spec.limits.wall_ms = 20000;
        go_on_in_child();
}

void cell_deinit(Cell *cell) {
        sandbox_outcome_deinit(&cell->outcome);
        free(cell->runner);
        free(cell->tree);
}

Sandbox *cell_start_argv(Cell *cell, const char *const *argv) {
        Sandbox *sandbox = NULL;

        (void)snprintf(cell->scratch, sizeof cell->scratch, "%s/run%u", cell->dir, ++cell->n_runs);
        if (mkdir(cell->scratch, 0700) < 0)
                FAIL_TEST("%s: %s", cell->scratch, strerror(errno));
        cell->spec.argv = argv;
        cell->spec.scratch = cell->scratch;
        if (sandbox_start(cell->runner, &cell->spec, &sandbox) != 0)
                FAIL_TEST("the sandbox does not start");
        return sandbox;
}

void cell_wait(Cell *cell, Sandbox *sandbox) {
        sandbox_outcome_deinit(&cell->outcome);
        cell->outcome = (SandboxOutcome){.arena = ARENA_INIT};
        if (sandbox_wait(sandbox, WAIT_MS, &cell->outcome) != 0)
                FAIL_TEST("the sandbox has not ended");
}

void cell_run_argv(Cell *cell, const char *const *argv) {
        cleanup(sandbox_freep) Sandbox *sandbox = cell_start_argv(cell, argv);

        cell_wait(cell, sandbox);
}

void cell_run_script(Cell *cell, const char *script) {
        cell_run(cell, "sh", "-c", script);
}

const char *cell_get_out(const Cell *cell) {
        return buf_get_text(&cell->outcome.out.head);
}

void cell_expect_end(const Cell *cell, SandboxEnd end) {
        const SandboxOutcome *outcome = &cell->outcome;

        if (outcome->end != end)
                FAIL_TEST(
                        "it ended as %d (status %d, signal %d, error %d, %s: %s), not as %d\n%s%s",
                        outcome->end, outcome->status, outcome->signal, outcome->error,
                        outcome->fault.rule, outcome->fault.found, end, cell_get_out(cell),
                        buf_get_text(&outcome->err.head));
}

void cell_expect_exit(const Cell *cell, int status) {
        cell_expect_end(cell, SANDBOX_EXITED);
        if (cell->outcome.status != status)
                FAIL_TEST("exit status %d, not %d\n%s%s", cell->outcome.status, status,
                          cell_get_out(cell), buf_get_text(&cell->outcome.err.head));
}

void cell_expect_prevented(Cell *cell, const char *probe, const char *argument) {
        cell_run(cell, "./probe", probe, argument);
        if (cell->outcome.end != SANDBOX_EXITED || cell->outcome.status != 0)
                FAIL_TEST("%s %s: end %d, status %d: %s%s", probe, argument ? argument : "",
                          cell->outcome.end, cell->outcome.status, cell_get_out(cell),
                          buf_get_text(&cell->outcome.err.head));
}

bool cell_has(char **paths, size_t n, const char *path) {
        for (size_t i = 0; i < n; i++)
                if (strcmp(paths[i], path) == 0)
                        return true;
        return false;
}

static bool has_argument(const char *pid, const char *mark) {
        cleanup_free char *path = mem_printf("/proc/%s/cmdline", pid);
        cleanup_buf Buf line = BUF_INIT(1 << 16);

        if (file_read(path, &line) != 0)
                return false;
        return slice_find(buf_get(&line), slice_text(mark)) < line.n;
}

size_t cell_count_processes(const char *mark) {
        DIR *entries = opendir("/proc");
        struct dirent *entry;
        size_t n = 0;

        while (entries && (entry = readdir(entries)))
                if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
                        n += has_argument(entry->d_name, mark);
        if (entries)
                (void)closedir(entries);
        return n;
}
