/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The runner: one process per test, below a runner that adopts and ends whatever a test leaves
 * behind.
 */

#include "tests/lib/test.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/sign.h"

enum {
        EXIT_SKIPPED = 77,
        TEST_SECONDS_MAX = 55, /* below meson's 60, so that the test is named that hangs */
        SHOWN_BYTES_MAX = 4000,
        WAIT_STEP_MS = 5,
        SWEEPS_MAX = 200,
};

/* Shared between the runner and the test's process. */
typedef struct Shared {
        char skip_reason[256];
} Shared;

static Test *tests_first;
static Shared *shared;
static char dir_base[64];
static unsigned n_dirs;

void test_register(Test *test) {
        Test **place = &tests_first;

        while (*place)
                place = &(*place)->next;
        *place = test;
}

/* Every line behind a "# ", so that no output is taken for TAP. */
static void print_comment(const char *text, size_t n) {
        size_t shown = size_min(n, SHOWN_BYTES_MAX);

        (void)fputs("#   ", stdout);
        for (size_t i = 0; i < shown; i++) {
                (void)putchar(text[i]);
                if (text[i] == '\n' && i + 1 < shown)
                        (void)fputs("#   ", stdout);
        }
        if (shown < n)
                printf("… (%zu bytes)", n);
        (void)putchar('\n');
}

static void fail_head(const char *file, int line) {
        printf("# %s:%d:\n", file, line);
}

static void noreturn_ fail_end(void) {
        (void)fflush(stdout);
        _exit(1);
}

void test_fail(const char *file, int line, const char *format, ...) {
        char text[SHOWN_BYTES_MAX];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof text, format, args);
        va_end(args);
        fail_head(file, line);
        print_comment(text, strlen(text));
        fail_end();
}

void test_skip(const char *reason) {
        (void)snprintf(shared->skip_reason, sizeof shared->skip_reason, "%s", reason);
        (void)fflush(stdout);
        _exit(EXIT_SKIPPED);
}

void test_check(bool holds, const char *what, const char *file, int line) {
        if (!holds)
                test_fail(file, line, "%s does not hold", what);
}

void test_check_u64(uint64_t actual, uint64_t expected, const char *actual_what,
                    const char *expected_what, const char *file, int line) {
        if (actual != expected)
                test_fail(file, line, "%s is %" PRIu64 ", not %s = %" PRIu64, actual_what, actual,
                          expected_what, expected);
}

void test_check_int(int64_t actual, int64_t expected, const char *actual_what,
                    const char *expected_what, const char *file, int line) {
        if (actual != expected)
                test_fail(file, line, "%s is %" PRId64 ", not %s = %" PRId64, actual_what, actual,
                          expected_what, expected);
}

void test_check_text(const char *actual, const char *expected, const char *actual_what,
                     const char *expected_what, const char *file, int line) {
        if (actual == expected || (actual && expected && strcmp(actual, expected) == 0))
                return;
        fail_head(file, line);
        printf("# %s is:\n", actual_what);
        print_comment(actual ? actual : "NULL", strlen(actual ? actual : "NULL"));
        printf("# not %s:\n", expected_what);
        print_comment(expected ? expected : "NULL", strlen(expected ? expected : "NULL"));
        fail_end();
}

static void print_bytes(Slice bytes) {
        printf("#   %zu bytes: \"", bytes.n);
        for (size_t i = 0; i < size_min(bytes.n, SHOWN_BYTES_MAX); i++)
                if (bytes.data[i] >= ' ' && bytes.data[i] < 127)
                        (void)putchar(bytes.data[i]);
                else
                        printf("\\x%02x", bytes.data[i]);
        printf("\"\n");
}

void test_check_slice(Slice actual, Slice expected, const char *actual_what,
                      const char *expected_what, const char *file, int line) {
        if (slice_equal(actual, expected))
                return;
        fail_head(file, line);
        printf("# %s is:\n", actual_what);
        print_bytes(actual);
        printf("# not %s:\n", expected_what);
        print_bytes(expected);
        fail_end();
}

void test_check_contains(const char *text, const char *part, bool wanted, const char *file,
                         int line) {
        if ((text && strstr(text, part)) == wanted)
                return;
        fail_head(file, line);
        printf("# \"%s\" is %s:\n", part, wanted ? "missing in" : "in");
        print_comment(text ? text : "NULL", strlen(text ? text : "NULL"));
        fail_end();
}

/* Names live as long as the process, on purpose: a list that the leak checker can reach. */
static const char *keep(char *text) {
        static char *kept[1024];
        static size_t n_kept;

        if (n_kept == ARRAY_SIZE(kept))
                FAIL_TEST("more than %zu kept paths", ARRAY_SIZE(kept));
        kept[n_kept++] = text;
        return text;
}

const char *test_dir(void) {
        char *path;

        if (mkdir(dir_base, 0700) < 0 && errno != EEXIST)
                FAIL_TEST("%s: %s", dir_base, strerror(errno));
        path = mem_printf("%s/%u", dir_base, ++n_dirs);
        if (mkdir(path, 0700) < 0)
                FAIL_TEST("%s: %s", path, strerror(errno));
        return keep(path);
}

const char *test_source(const char *path) {
        const char *source = getenv("COLDGATE_SOURCE");

        if (!source)
                FAIL_TEST("COLDGATE_SOURCE is not set; run this through meson test");
        return keep(mem_printf("%s/%s", source, path));
}

bool test_wait_until(bool (*is_so)(void *userdata), void *userdata, uint64_t limit_ms) {
        uint64_t deadline_ms = clock_mono_ms() + limit_ms;

        while (!is_so(userdata)) {
                if (clock_mono_ms() >= deadline_ms)
                        return false;
                (void)poll(NULL, 0, WAIT_STEP_MS);
        }
        return true;
}

/* Long tests are told how long they may be. */
static unsigned seconds_max(void) {
        const char *given = getenv("COLDGATE_TEST_SECONDS");
        unsigned long seconds = given ? strtoul(given, NULL, 10) : 0;

        return seconds ? (unsigned)seconds : TEST_SECONDS_MAX;
}

static void noreturn_ run_in_child(const Test *test, pid_t runner) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != runner)
                _exit(1);
        (void)alarm(seconds_max());
        if (sign_start() != 0)
                FAIL_TEST("libsodium does not start");
        test->run();
        (void)fflush(stdout);
        exit(0); /* through the leak checker, where there is one */
}

/* Kills one generation of orphans; false when there are none. */
static bool sweep_once(void) {
        char path[64], text[4096];
        cleanup_buf Buf children = BUF_INIT(sizeof text);
        bool found = false;
        char *next;

        (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
        if (file_read(path, &children) != 0)
                return false;
        (void)snprintf(text, sizeof text, "%s", buf_get_text(&children));
        for (char *word = strtok_r(text, " ", &next); word; word = strtok_r(NULL, " ", &next)) {
                found = true;
                (void)kill((pid_t)strtol(word, NULL, 10), SIGKILL);
        }
        while (waitpid(-1, NULL, WNOHANG) > 0)
                continue;
        return found;
}

static void sweep_orphans(void) {
        for (int i = 0; i < SWEEPS_MAX && sweep_once(); i++)
                (void)poll(NULL, 0, WAIT_STEP_MS);
}

static void print_name(const char *name) {
        for (; *name; name++)
                (void)putchar(*name == '_' ? ' ' : *name);
}

static bool report(const Test *test, unsigned number, int status) {
        bool is_skipped = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED;
        bool holds = is_skipped || (WIFEXITED(status) && WEXITSTATUS(status) == 0);

        if (WIFSIGNALED(status))
                printf("# ended by signal %d%s\n", WTERMSIG(status),
                       WTERMSIG(status) == SIGALRM ? ": it took too long" : "");
        else if (!holds && WEXITSTATUS(status) != 1)
                printf("# exit status %d\n", WEXITSTATUS(status));
        printf("%s %u - ", holds ? "ok" : "not ok", number);
        print_name(test->name);
        if (is_skipped)
                printf(" # SKIP %s", shared->skip_reason);
        (void)putchar('\n');
        (void)fflush(stdout);
        return holds;
}

static void clean_base(void) {
        if (dir_remove(dir_base) != 0)
                printf("# %s could not be removed\n", dir_base);
}

static bool run_one(const Test *test, unsigned number) {
        const char *tmp = getenv("TMPDIR");
        pid_t runner = getpid(), pid;
        int status = 0;

        (void)snprintf(dir_base, sizeof dir_base, "%.40s/cg%d-%u", tmp && tmp[0] ? tmp : "/tmp",
                       (int)runner, number);
        clean_base(); /* of a run that was killed and had this pid */
        (void)fflush(stdout);
        pid = fork();
        if (pid == 0)
                run_in_child(test, runner);
        if (pid < 0)
                return false;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                continue;
        sweep_orphans();
        clean_base();
        return report(test, number, status);
}

static bool is_selected(const Test *test, int argc, char **argv) {
        for (int i = 1; i < argc; i++)
                if (!strstr(test->name, argv[i]))
                        return false;
        return true;
}

int main(int argc, char **argv) {
        unsigned n = 0, number = 0;
        bool all_hold = true;

        shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                      0);
        if (shared == MAP_FAILED)
                return 1;
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
        for (Test *test = tests_first; test; test = test->next)
                n += is_selected(test, argc, argv);
        printf("TAP version 13\n1..%u\n", n);
        for (Test *test = tests_first; test; test = test->next)
                if (is_selected(test, argc, argv))
                        all_hold &= run_one(test, ++number);
        return all_hold && n > 0 ? 0 : 1;
}
