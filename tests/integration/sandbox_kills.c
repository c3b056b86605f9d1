/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What is left over is listed and dies, whoever dies first. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/cell.h"
#include "tests/lib/test.h"

enum { LONG_MS = 20000, N_EVADERS = 50 };

/* An argument that no other process of this machine has. */
static const char *make_mark(void) {
        static char mark[64];

        (void)snprintf(mark, sizeof mark, "mark-%d-of-test", (int)getpid());
        return mark;
}

static bool is_gone(void *userdata) {
        return cell_count_processes(userdata) == 0;
}

static bool is_there(void *userdata) {
        return cell_count_processes(userdata) > 0;
}

TEST(fifty_daemons_deaf_to_all_signals_are_listed_and_none_is_left) {
        cleanup_cell Cell cell;
        const char *mark;

        cell_init(&cell);
        mark = make_mark();
        cell_run(&cell, "./evader", "50", "600", mark);
        CHECK_EQ_U64(cell_count_processes(mark), 0);
        cell_expect_exit(&cell, 0);
        CHECK_EQ_U64(cell.outcome.n_leftovers, N_EVADERS);
        for (size_t i = 0; i < cell.outcome.n_leftovers; i++) {
                CHECK_CONTAINS(cell.outcome.leftovers[i].command, mark);
                CHECK_EQ_TEXT(cell.outcome.leftovers[i].cwd, "/");
                CHECK(cell.outcome.leftovers[i].pid > 1);
        }
}

TEST(daemons_die_with_the_deadline_too) {
        cleanup_cell Cell cell;
        cleanup_free char *script = NULL;
        const char *mark;

        cell_init(&cell);
        mark = make_mark();
        script = mem_printf("./evader 50 600 %s; sleep 600", mark);
        cell.spec.limits.wall_ms = 500;
        cell.spec.limits.grace_ms = 100;
        cell_run_script(&cell, script);
        CHECK_EQ_U64(cell_count_processes(mark), 0);
        cell_expect_end(&cell, SANDBOX_TIMED_OUT);
}

TEST(a_process_that_ends_within_the_grace_is_no_leftover) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.limits.leak_grace_ms = 15000;
        cell_run_script(&cell, "(sleep 0.2; echo late) & exit 4");
        cell_expect_exit(&cell, 4);
        CHECK_EQ_U64(cell.outcome.n_leftovers, 0);
        CHECK_EQ_TEXT(cell_get_out(&cell), "late\n");
        CHECK(cell.outcome.wall_ms < 15000);
}

TEST(a_leftover_that_listens_says_where) {
        static const char server[] =
                "import socket,sys,time,os\n"
                "t=socket.socket(); t.bind(('127.0.0.1',9123)); t.listen()\n"
                "u=socket.socket(socket.AF_UNIX); u.bind('/tmp/s'); u.listen()\n"
                "if os.fork(): sys.exit(0)\n"
                "time.sleep(600)\n";
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run(&cell, "python3", "-c", server);
        cell_expect_exit(&cell, 0);
        CHECK_EQ_U64(cell.outcome.n_leftovers, 1);
        CHECK_CONTAINS(cell.outcome.leftovers[0].listens, "tcp 127.0.0.1:9123");
        CHECK_CONTAINS(cell.outcome.leftovers[0].listens, "unix /tmp/s");
        CHECK_EQ_TEXT(cell.outcome.leftovers[0].cwd, "/work");
}

TEST(an_orphan_s_processor_time_and_memory_are_counted) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run(&cell, "./burner", "300", "48");
        cell_expect_exit(&cell, 0);
        CHECK_EQ_U64(cell.outcome.n_leftovers, 1);
        CHECK(cell.outcome.cpu_ms >= 250);
        CHECK(cell.outcome.cpu_ms < LONG_MS);
        CHECK(cell.outcome.memory_peak_bytes >= (uint64_t)48 << 20);
        CHECK(cell.outcome.memory_peak_bytes < (uint64_t)1 << 30);
}

TEST(a_service_runs_until_it_is_stopped) {
        cleanup_cell Cell cell;
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;
        const char *mark;

        cell_init(&cell);
        mark = make_mark();
        cell.spec.limits.wall_ms = 0;
        sandbox = cell_start(&cell, "sh", "-c",
                             "trap 'echo bye; exit 5' TERM; while :; do sleep 0.05; done", mark);
        while (sandbox_get_init_pid(sandbox) == 0)
                CHECK_EQ_INT(sandbox_wait(sandbox, 10, &cell.outcome), SANDBOX_E_PENDING);
        CHECK(test_wait_until(is_there, (void *)mark, LONG_MS));
        CHECK_EQ_INT(sandbox_wait(sandbox, 300, &cell.outcome), SANDBOX_E_PENDING);
        sandbox_stop(sandbox);
        cell_wait(&cell, sandbox);
        CHECK_EQ_U64(cell_count_processes(mark), 0);
        cell_expect_end(&cell, SANDBOX_STOPPED);
        CHECK_EQ_TEXT(cell_get_out(&cell), "bye\n");
        CHECK_EQ_INT(sandbox_get_init_pid(sandbox), 0);
}

TEST(stopping_what_has_ended_changes_nothing) {
        cleanup_cell Cell cell;
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;
        cleanup_free char *go = NULL;
        const char *mark;

        cell_init(&cell);
        mark = make_mark();
        cell.spec.limits.leak_grace_ms = 15000;
        sandbox = cell_start(&cell, "sh", "-c",
                             "sleep 600 & until [ -e /tmp/go ]; do sleep 0.02; done; exit 6", mark);
        CHECK(test_wait_until(is_there, (void *)mark, LONG_MS));
        go = mem_printf("%s/tmp", cell.scratch);
        bench_write(go, "go", "", 0644);
        CHECK(test_wait_until(is_gone, (void *)mark, LONG_MS));
        sandbox_stop(sandbox);
        cell_wait(&cell, sandbox);
        cell_expect_exit(&cell, 6);
}

TEST(a_freed_sandbox_is_dead) {
        cleanup_cell Cell cell;
        Sandbox *sandbox;
        const char *mark;

        cell_init(&cell);
        mark = make_mark();
        sandbox = cell_start(&cell, "sh", "-c", "trap '' TERM; while :; do sleep 0.05; done", mark);
        CHECK(test_wait_until(is_there, (void *)mark, LONG_MS));
        (void)sandbox_free(sandbox);
        CHECK_EQ_U64(cell_count_processes(mark), 0);
}

TEST(a_sandbox_may_be_freed_at_any_moment) {
        cleanup_cell Cell cell;
        const char *mark;

        cell_init(&cell);
        mark = make_mark();
        for (unsigned ms = 0; ms < 24; ms++) {
                Sandbox *sandbox = cell_start(&cell, "sh", "-c", "sleep 600; :", mark);

                CHECK_EQ_INT(sandbox_wait(sandbox, ms, &cell.outcome), SANDBOX_E_PENDING);
                (void)sandbox_free(sandbox);
                CHECK_EQ_U64(cell_count_processes(mark), 0);
        }
}

TEST(a_sandbox_may_be_stopped_at_any_moment) {
        cleanup_cell Cell cell;
        const char *mark;

        cell_init(&cell);
        mark = make_mark();
        for (unsigned ms = 0; ms < 24; ms++) {
                cleanup(sandbox_freep) Sandbox *sandbox =
                        cell_start(&cell, "sh", "-c", "sleep 600; :", mark);

                CHECK_EQ_INT(sandbox_wait(sandbox, ms, &cell.outcome), SANDBOX_E_PENDING);
                sandbox_stop(sandbox);
                cell_wait(&cell, sandbox);
                cell_expect_end(&cell, SANDBOX_STOPPED);
                CHECK_EQ_U64(cell_count_processes(mark), 0);
        }
}

/* The only child of this process. */
static pid_t find_runner(void) {
        cleanup_free char *path = mem_printf("/proc/self/task/%d/children", (int)getpid());
        cleanup_buf Buf text = BUF_INIT(4096);

        CHECK_EQ_INT(file_read(path, &text), 0);
        return (pid_t)strtol(buf_get_text(&text), NULL, 10);
}

TEST(when_the_runner_is_killed_the_harness_is_broken_and_nobody_lives) {
        cleanup_cell Cell cell;
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;
        const char *mark;

        cell_init(&cell);
        mark = make_mark();
        sandbox = cell_start(&cell, "./evader", "50", "600", mark);
        CHECK(test_wait_until(is_there, (void *)mark, LONG_MS));
        CHECK(find_runner() > 0);
        CHECK_EQ_INT(kill(find_runner(), SIGKILL), 0);
        cell_wait(&cell, sandbox);
        CHECK_EQ_U64(cell_count_processes(mark), 0);
        cell_expect_end(&cell, SANDBOX_BROKEN);
        CHECK_EQ_TEXT(cell.outcome.fault.rule, "sandbox.runner");
}

TEST(when_pid_1_is_killed_the_harness_is_broken_and_nobody_lives) {
        cleanup_cell Cell cell;
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;
        const char *mark;

        cell_init(&cell);
        mark = make_mark();
        sandbox = cell_start(&cell, "sh", "-c", "./evader 50 600; sleep 600", mark);
        CHECK(test_wait_until(is_there, (void *)mark, LONG_MS));
        while (sandbox_get_init_pid(sandbox) == 0)
                CHECK_EQ_INT(sandbox_wait(sandbox, 10, &cell.outcome), SANDBOX_E_PENDING);
        CHECK_EQ_INT(kill(sandbox_get_init_pid(sandbox), SIGKILL), 0);
        cell_wait(&cell, sandbox);
        CHECK_EQ_U64(cell_count_processes(mark), 0);
        cell_expect_end(&cell, SANDBOX_BROKEN);
        CHECK_EQ_TEXT(cell.outcome.fault.rule, "sandbox.init");
}

TEST(when_the_caller_is_killed_nobody_lives) {
        cleanup_cell Cell cell;
        const char *mark;
        pid_t pid;

        cell_init(&cell);
        mark = make_mark();
        pid = fork();
        if (pid == 0) {
                Sandbox *sandbox =
                        cell_start(&cell, "sh", "-c", "./evader 50 600; sleep 600", mark);

                (void)sandbox;
                for (;;)
                        (void)pause();
        }
        CHECK(test_wait_until(is_there, (void *)mark, LONG_MS));
        CHECK_EQ_INT(kill(pid, SIGKILL), 0);
        CHECK(waitpid(pid, NULL, 0) == pid);
        CHECK(test_wait_until(is_gone, (void *)mark, LONG_MS));
}
