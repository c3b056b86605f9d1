/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The tests' own tools: a test that cannot fail shows nothing. */

#include "tests/lib/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/bench.h"

TEST(a_process_that_fails_reports_its_status) {
        ProcessSpec spec = {.argv = {"sh", "-c", "echo out; echo err >&2; exit 3"}};
        cleanup_buf Buf out = BUF_TEXT, err = BUF_TEXT;

        CHECK_EQ_INT(bench_run(&spec, 5000, &out, &err), 3);
        CHECK_EQ_TEXT(buf_get_text(&out), "out\n");
        CHECK_EQ_TEXT(buf_get_text(&err), "err\n");
}

TEST(a_killed_process_reports_its_signal) {
        cleanup(process_freep) Process *process =
                process_start(&(ProcessSpec){.argv = {"sh", "-c", "echo up; exec sleep 50"}});

        process_wait_text(process, "up", 5000);
        CHECK(process_is_running(process));
        process_kill(process);
        CHECK_EQ_INT(process_wait(process, 5000), 128 + 9);
}

TEST(a_program_that_is_not_there_is_not_started) {
        ProcessSpec spec = {.argv = {"/nonexistent/program"}};

        CHECK_EQ_INT(bench_run(&spec, 5000, NULL, NULL), 126);
}

TEST(a_process_gets_its_directory_and_environment) {
        const char *dir = test_dir();
        const char *const env[] = {"COLDGATE_TEST_WORD=hello", NULL};
        ProcessSpec spec = {
                .argv = {"sh", "-c", "pwd; echo $COLDGATE_TEST_WORD"}, .cwd = dir, .env = env};
        cleanup_buf Buf out = BUF_TEXT, expected = BUF_TEXT;

        buf_printf(&expected, "%s\nhello\n", dir);
        bench_run_expect(&spec, 5000, 0, &out);
        CHECK_EQ_TEXT(buf_get_text(&out), buf_get_text(&expected));
}

TEST(each_directory_is_another_one) {
        const char *a = test_dir(), *b = test_dir();
        struct stat facts;

        CHECK(strcmp(a, b) != 0);
        CHECK(stat(a, &facts) == 0 && S_ISDIR(facts.st_mode));
        CHECK(stat(b, &facts) == 0 && S_ISDIR(facts.st_mode));
}

static bool never(void *userdata) {
        (void)userdata;
        return false;
}

static bool third_time(void *userdata) {
        int *n = userdata;

        return ++*n == 3;
}

TEST(waiting_ends_with_the_event_or_the_deadline) {
        int n = 0;

        CHECK(test_wait_until(third_time, &n, 5000));
        CHECK_EQ_INT(n, 3);
        CHECK(!test_wait_until(never, NULL, 20));
}

/* A program of failing tests, compiled here, would need a compiler at hand; instead this test runs
 * itself again with the tests below selected. They pass unless asked to fail. */
static bool is_asked(const char *how) {
        const char *asked = getenv("COLDGATE_TEST_FAIL");

        return asked && strcmp(asked, how) == 0;
}

TEST(selftest_check) {
        CHECK(!is_asked("check"));
}

TEST(selftest_number) {
        CHECK_EQ_U64(is_asked("number") ? 1 : 2, 2);
}

TEST(selftest_text) {
        CHECK_EQ_TEXT(is_asked("text") ? "a\nok 1 - forged" : "b", "b");
}

TEST(selftest_crash) {
        if (is_asked("crash"))
                abort();
}

/* By its name, since valgrind's own is what the kernel would run. */
static const char *own_program(void) {
        static char path[4096];
        ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

        CHECK(n > 0);
        return path;
}

static void expect_failure(const char *how, const char *shown) {
        const char *env[] = {NULL, NULL};
        cleanup_buf Buf variable = BUF_TEXT, out = BUF_TEXT, name = BUF_TEXT;
        ProcessSpec spec = {.argv = {own_program()}, .env = env};

        buf_printf(&variable, "COLDGATE_TEST_FAIL=%s", how);
        env[0] = buf_get_text(&variable);
        buf_printf(&name, "selftest_%s", how);
        spec.argv[1] = buf_get_text(&name);
        CHECK_EQ_INT(bench_run(&spec, 30000, &out, NULL), 1);
        CHECK_CONTAINS(buf_get_text(&out), "\nnot ok 1 - selftest");
        CHECK_CONTAINS(buf_get_text(&out), shown);
        CHECK_CONTAINS_NOT(buf_get_text(&out), "\nok ");
}

TEST(a_failing_check_fails_the_test_and_says_why) {
        expect_failure("check", "does not hold");
        expect_failure("number", "is 1, not 2 = 2");
        expect_failure("text", "#   ok 1 - forged");
        expect_failure("crash", "ended by signal 6");
}

TEST(selecting_nothing_fails) {
        ProcessSpec spec = {.argv = {own_program(), "no such test"}};

        CHECK_EQ_INT(bench_run(&spec, 30000, NULL, NULL), 1);
}
