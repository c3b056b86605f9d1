/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* How a command ends, and that it is said as it was. */

#include <signal.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/cell.h"
#include "tests/lib/test.h"

TEST(true_ends_with_0) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run(&cell, "true");
        cell_expect_exit(&cell, 0);
        CHECK_EQ_U64(cell.outcome.out.n_bytes, 0);
        CHECK_EQ_U64(cell.outcome.n_leftovers, 0);
        CHECK_EQ_U64(cell.outcome.n_outside, 0);
        CHECK_EQ_U64(cell.outcome.n_changed, 0);
        CHECK(!cell.outcome.fault.rule);
}

TEST(an_exit_status_is_reported) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run_script(&cell, "exit 3");
        cell_expect_exit(&cell, 3);
}

TEST(a_signal_is_reported) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run_script(&cell, "kill -SEGV $$");
        cell_expect_end(&cell, SANDBOX_SIGNALED);
        CHECK_EQ_INT(cell.outcome.signal, SIGSEGV);
}

static void expect_not_started(const Cell *cell, int error, const char *rule) {
        cell_expect_end(cell, SANDBOX_NOT_STARTED);
        CHECK_EQ_INT(cell->outcome.error, error);
        CHECK_EQ_TEXT(cell->outcome.fault.rule, rule);
}

TEST(exit_127_is_told_from_not_started) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run_script(&cell, "no-such-program-anywhere");
        cell_expect_exit(&cell, 127);
        cell_run(&cell, "no-such-program-anywhere");
        expect_not_started(&cell, ENOENT, "exec.command");
        cell_run(&cell, "./no-such-program-anywhere");
        expect_not_started(&cell, ENOENT, "exec.command");
}

TEST(what_is_not_executable_is_not_started) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell_run(&cell, "./file");
        expect_not_started(&cell, EACCES, "exec.command");
        cell_run(&cell, "/work/sub");
        expect_not_started(&cell, EACCES, "exec.command");
}

TEST(a_missing_interpreter_is_named) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        bench_write(cell.tree, "script", "#!/no/such/interpreter\n", 0755);
        cell_run(&cell, "./script");
        expect_not_started(&cell, ENOENT, "exec.command");
        CHECK_CONTAINS(cell.outcome.fault.found, "interpreter");
}

TEST(a_missing_working_directory_is_named) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.workdir = "nowhere";
        cell_run(&cell, "true");
        expect_not_started(&cell, ENOENT, "exec.workdir");
        CHECK_CONTAINS(cell.outcome.fault.found, "nowhere");
}

TEST(a_relative_command_begins_at_the_working_directory) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        bench_write(cell.tree, "sub/run", "#!/bin/sh\npwd\n", 0755);
        cell.spec.workdir = "sub";
        cell_run(&cell, "./run");
        cell_expect_exit(&cell, 0);
        CHECK_EQ_TEXT(cell_get_out(&cell), "/work/sub\n");
}

TEST(the_deadline_ends_a_command) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.limits.wall_ms = 200;
        cell_run(&cell, "sleep", "600");
        cell_expect_end(&cell, SANDBOX_TIMED_OUT);
        CHECK(cell.outcome.wall_ms >= 200);
        CHECK(cell.outcome.wall_ms < 10000);
}

TEST(a_command_that_is_asked_to_end_may_say_goodbye) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.limits.wall_ms = 300;
        cell.spec.limits.grace_ms = 15000;
        cell_run_script(&cell, "trap 'echo goodbye; exit 0' TERM; while :; do sleep 0.05; done");
        cell_expect_end(&cell, SANDBOX_TIMED_OUT);
        CHECK_CONTAINS(cell_get_out(&cell), "goodbye");
        CHECK(cell.outcome.wall_ms < 15000);
}

TEST(a_command_that_will_not_end_is_killed_after_the_grace) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.limits.wall_ms = 200;
        cell.spec.limits.grace_ms = 200;
        cell_run_script(&cell, "trap '' TERM; echo here; while :; do :; done");
        cell_expect_end(&cell, SANDBOX_TIMED_OUT);
        CHECK_EQ_TEXT(cell_get_out(&cell), "here\n");
        CHECK(cell.outcome.wall_ms >= 400);
        CHECK(cell.outcome.cpu_ms > 0);
}

TEST(endless_output_is_cut_off) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.limits.output_bytes = 1 << 20;
        cell.spec.limits.keep_head = 1000;
        cell.spec.limits.keep_tail = 500;
        cell_run(&cell, "yes");
        cell_expect_end(&cell, SANDBOX_OUTPUT_CAP);
        CHECK_EQ_U64(cell.outcome.out.n_bytes, 1 << 20);
        CHECK_EQ_U64(cell.outcome.out.head.n, 1000);
        CHECK_EQ_U64(cell.outcome.out.tail.n, 500);
        CHECK(cell.outcome.out.is_cut);
}

TEST(the_cap_counts_for_each_stream) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.limits.output_bytes = 10000;
        cell_run_script(&cell, "printf %010000d 0; printf %010000d 0 >&2");
        cell_expect_exit(&cell, 0);
        CHECK_EQ_U64(cell.outcome.out.n_bytes, 10000);
        CHECK_EQ_U64(cell.outcome.err.n_bytes, 10000);
        cell_run_script(&cell, "printf %010001d 0 >&2");
        cell_expect_end(&cell, SANDBOX_OUTPUT_CAP);
}

TEST(all_of_the_output_is_hashed_and_both_ends_are_kept) {
        cleanup_cell Cell cell;
        cleanup_buf Buf all = BUF_TEXT;
        Hash hash;

        cell_init(&cell);
        for (int i = 1; i <= 50000; i++)
                buf_printf(&all, "%d\n", i);
        hash_of(buf_get(&all), &hash);
        cell.spec.limits.keep_head = 4;
        cell.spec.limits.keep_tail = 12;
        cell_run(&cell, "seq", "50000");
        cell_expect_exit(&cell, 0);
        CHECK_EQ_U64(cell.outcome.out.n_bytes, all.n);
        CHECK(hash_equal(&cell.outcome.out.hash, &hash));
        CHECK_EQ_TEXT(buf_get_text(&cell.outcome.out.head), "1\n2\n");
        CHECK_EQ_TEXT(buf_get_text(&cell.outcome.out.tail), "49999\n50000\n");
}

TEST(a_file_may_not_grow_beyond_its_limit) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.limits.file_bytes = 1 << 20;
        cell_run(&cell, "dd", "if=/dev/zero", "of=big", "bs=65536", "count=64");
        cell_expect_end(&cell, SANDBOX_SIGNALED);
        CHECK_EQ_INT(cell.outcome.signal, SIGXFSZ);
}

TEST(memory_is_limited) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.limits.memory_bytes = 256 << 20;
        cell_run(&cell, "dd", "if=/dev/zero", "of=/dev/null", "bs=512M", "count=1");
        cell_expect_exit(&cell, 1);
        CHECK_CONTAINS(buf_get_text(&cell.outcome.err.head), "memory");
        cell.spec.limits.memory_bytes = 4096;
        cell_run(&cell, "true");
        CHECK(cell.outcome.end != SANDBOX_EXITED);
        CHECK(cell.outcome.end != SANDBOX_BROKEN);
}

TEST(a_fork_bomb_meets_its_limit_and_nobody_else) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.limits.n_processes = 20;
        cell_run(&cell, "./evader", "200", "600");
        cell_expect_exit(&cell, 3);
        CHECK(cell.outcome.n_leftovers <= 20);
        CHECK(cell.outcome.n_leftovers > 0);
        cell_run_script(&cell, "true; /bin/true");
        cell_expect_exit(&cell, 0);
}

TEST(a_harness_that_fails_says_so) {
        cleanup_cell Cell cell;
        cleanup_free char *runner = NULL;

        cell_init(&cell);
        cell.spec.tree = "/no/such/tree";
        cell_run(&cell, "true");
        cell_expect_end(&cell, SANDBOX_BROKEN);
        CHECK_EQ_TEXT(cell.outcome.fault.rule, "sandbox.scratch");
        cell.spec.tree = cell.tree;
        runner = TAKE(cell.runner);
        cell.runner = mem_strdup("/no/such/runner");
        cell_run(&cell, "true");
        cell_expect_end(&cell, SANDBOX_BROKEN);
        CHECK_EQ_TEXT(cell.outcome.fault.rule, "sandbox.runner");
}

TEST(a_specification_that_makes_no_sense_is_refused) {
        cleanup_cell Cell cell;

        cell_init(&cell);
        cell.spec.tree = "relative";
        cell_run(&cell, "true");
        cell_expect_end(&cell, SANDBOX_BROKEN);
        CHECK_EQ_TEXT(cell.outcome.fault.rule, "sandbox.spec");
        cell.spec.tree = cell.tree;
        cell.spec.limits.keep_head = SIZE_MAX;
        cell_run(&cell, "true");
        CHECK_EQ_TEXT(cell.outcome.fault.rule, "sandbox.spec");
}
