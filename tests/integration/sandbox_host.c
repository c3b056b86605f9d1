/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Without namespaces, by the plan: the caller's rights, and still nothing that was started lives
 * on. And what of the host a plan opens to a sandbox. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/cell.h"
#include "tests/lib/test.h"

enum { LONG_MS = 20000, N_EVADERS = 50 };

/* An argument that no other process of this machine has. */
static const char *init_host(Cell *cell) {
        static char mark[64];

        cell_init(cell);
        cell->spec.on_host = true;
        (void)snprintf(mark, sizeof mark, "mark-%d-on-host", (int)getpid());
        return mark;
}

static bool is_gone(void *userdata) {
        return cell_count_processes(userdata) == 0;
}

static bool is_there(void *userdata) {
        return cell_count_processes(userdata) > 0;
}

TEST(on_the_host_a_command_has_the_callers_rights_and_a_copy_of_the_tree) {
        cleanup_cell Cell cell;
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_free char *script = NULL;

        (void)init_host(&cell);
        script = mem_printf(
                "test $(id -u) = %u && cat file && echo more >> file && "
                "test \"$(readlink /proc/$$/ns/net)\" = \"$(readlink /proc/%d/ns/net)\" && "
                "basename $PWD",
                (unsigned)geteuid(), (int)getpid());
        cell_run(&cell, "sh", "-c", script);
        cell_expect_exit(&cell, 0);
        CHECK_EQ_TEXT(cell_get_out(&cell), "one\nwork\n");
        CHECK_CONTAINS(cell.outcome.isolation, "none (on: host, by the plan)");
        CHECK_EQ_U64(cell.outcome.n_changed, 1);
        CHECK_EQ_TEXT(cell.outcome.changed[0], "file");
        CHECK_EQ_INT(access(sandbox_get_copy(&cell.spec, &arena), X_OK), 0);
        CHECK_EQ_INT(access(sandbox_get_home(&cell.spec, &arena), W_OK), 0);
        CHECK_EQ_INT(access(sandbox_get_tmp(&cell.spec, &arena), W_OK), 0);
}

TEST(on_the_host_deaf_daemons_are_listed_and_none_is_left) {
        cleanup_cell Cell cell;
        const char *mark = init_host(&cell);

        cell_run(&cell, "./evader", "50", "600", mark);
        CHECK_EQ_U64(cell_count_processes(mark), 0);
        cell_expect_exit(&cell, 0);
        CHECK_EQ_U64(cell.outcome.n_leftovers, N_EVADERS);
        for (size_t i = 0; i < cell.outcome.n_leftovers; i++)
                CHECK_CONTAINS(cell.outcome.leftovers[i].command, mark);
}

TEST(on_the_host_the_deadline_and_the_cap_kill_all) {
        cleanup_cell Cell cell;
        cleanup_free char *script = NULL;
        const char *mark = init_host(&cell);

        script = mem_printf("./evader 20 600 %s; sleep 600", mark);
        cell.spec.limits.wall_ms = 500;
        cell.spec.limits.grace_ms = 100;
        cell_run_script(&cell, script);
        cell_expect_end(&cell, SANDBOX_TIMED_OUT);
        CHECK_EQ_U64(cell_count_processes(mark), 0);
        cell.spec.limits.wall_ms = LONG_MS;
        cell.spec.limits.output_bytes = 1000;
        cell_run(&cell, "sh", "-c", "while :; do echo yes; done", mark);
        cell_expect_end(&cell, SANDBOX_OUTPUT_CAP);
        CHECK_EQ_U64(cell_count_processes(mark), 0);
}

TEST(on_the_host_not_started_is_told_from_exit_127) {
        cleanup_cell Cell cell;

        (void)init_host(&cell);
        cell_run(&cell, "sh", "-c", "exit 127");
        cell_expect_exit(&cell, 127);
        cell_run(&cell, "./absent");
        cell_expect_end(&cell, SANDBOX_NOT_STARTED);
}

TEST(on_the_host_a_strangers_process_is_not_met) {
        cleanup_cell Cell cell;
        pid_t pid;
        int status = 0;

        (void)init_host(&cell);
        pid = fork();
        if (pid == 0)
                for (;;)
                        (void)pause();
        cell_run(&cell, "./evader", "5", "600", "x");
        cell_expect_exit(&cell, 0);
        CHECK_EQ_INT(waitpid(pid, &status, WNOHANG), 0);
        CHECK_EQ_INT(kill(pid, SIGKILL), 0);
        CHECK(waitpid(pid, &status, 0) == pid);
}

TEST(on_the_host_nobody_lives_when_it_is_stopped_or_freed) {
        cleanup_cell Cell cell;
        const char *mark = init_host(&cell);

        for (unsigned ms = 0; ms < 60; ms += 10) {
                cleanup(sandbox_freep) Sandbox *sandbox =
                        cell_start(&cell, "sh", "-c", "./evader 3 600 x; sleep 600; :", mark);

                CHECK_EQ_INT(sandbox_wait(sandbox, ms, &cell.outcome), SANDBOX_E_PENDING);
                if (ms % 20 == 0) {
                        sandbox_stop(sandbox);
                        cell_wait(&cell, sandbox);
                        cell_expect_end(&cell, SANDBOX_STOPPED);
                }
                sandbox = sandbox_free(sandbox);
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

TEST(on_the_host_nobody_lives_when_the_runner_is_killed) {
        cleanup_cell Cell cell;
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;
        const char *mark = init_host(&cell);

        sandbox = cell_start(&cell, "sh", "-c", "./evader 20 600 x; sleep 600", mark);
        CHECK(test_wait_until(is_there, (void *)mark, LONG_MS));
        CHECK_EQ_INT(kill(find_runner(), SIGKILL), 0);
        cell_wait(&cell, sandbox);
        CHECK_EQ_U64(cell_count_processes(mark), 0);
        cell_expect_end(&cell, SANDBOX_BROKEN);
}

TEST(on_the_host_nobody_lives_when_the_reaper_is_killed) {
        cleanup_cell Cell cell;
        cleanup(sandbox_freep) Sandbox *sandbox = NULL;
        const char *mark = init_host(&cell);

        sandbox = cell_start(&cell, "sh", "-c", "./evader 20 600 x; sleep 600", mark);
        CHECK(test_wait_until(is_there, (void *)mark, LONG_MS));
        while (sandbox_get_init_pid(sandbox) == 0)
                CHECK_EQ_INT(sandbox_wait(sandbox, 10, &cell.outcome), SANDBOX_E_PENDING);
        CHECK_EQ_INT(kill(sandbox_get_init_pid(sandbox), SIGKILL), 0);
        cell_wait(&cell, sandbox);
        CHECK_EQ_U64(cell_count_processes(mark), 0);
        cell_expect_end(&cell, SANDBOX_SIGNALED);
        CHECK_EQ_INT(cell.outcome.signal, SIGKILL);
}

TEST(on_the_host_who_stops_its_reaper_is_ended_at_once) {
        cleanup_cell Cell cell;
        const char *mark = init_host(&cell);
        uint64_t before_ms = clock_mono_ms();

        cell_run(&cell, "sh", "-c", "setsid sleep 600 & kill -STOP $PPID; sleep 600", mark);
        CHECK_EQ_U64(cell_count_processes(mark), 0);
        cell_expect_end(&cell, SANDBOX_SIGNALED);
        CHECK_EQ_INT(cell.outcome.signal, SIGSTOP);
        CHECK(clock_mono_ms() - before_ms < cell.spec.limits.wall_ms / 2);
}

TEST(on_the_host_who_kills_its_reaper_fails_and_is_no_error_of_ours) {
        cleanup_cell Cell cell;
        const char *mark = init_host(&cell);

        cell_run(&cell, "sh", "-c", "setsid sleep 600 & kill -9 $PPID; sleep 600", mark);
        CHECK_EQ_U64(cell_count_processes(mark), 0);
        cell_expect_end(&cell, SANDBOX_SIGNALED);
        CHECK_EQ_INT(cell.outcome.signal, SIGKILL);
}

TEST(on_the_host_nobody_lives_when_the_caller_is_killed) {
        cleanup_cell Cell cell;
        const char *mark = init_host(&cell);
        pid_t pid = fork();

        if (pid == 0) {
                Sandbox *sandbox =
                        cell_start(&cell, "sh", "-c", "./evader 20 600 x; sleep 600", mark);

                (void)sandbox;
                for (;;)
                        (void)pause();
        }
        CHECK(test_wait_until(is_there, (void *)mark, LONG_MS));
        CHECK_EQ_INT(kill(pid, SIGKILL), 0);
        CHECK(waitpid(pid, NULL, 0) == pid);
        CHECK(test_wait_until(is_gone, (void *)mark, LONG_MS));
}

/* ---- host-access ---- */

static int listen_at(const char *path) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
            chmod(path, 0666) < 0 || listen(fd, 8) < 0)
                FAIL_TEST("%s: no socket", path);
        return fd;
}

static char *make_open_dir(const char *where) {
        char *path = mem_printf("%s/open-%d", where, (int)getpid());

        if (mkdir(path, 0755) < 0)
                SKIP("no right to make a directory there");
        cell_clean_up(path);
        bench_write(path, "shown", "seen\n", 0644);
        return path;
}

/* One of a place of ours (/tmp), one that is hidden with all beside it (/srv), one that is seen
 * anyway (/var/lib). */
static void expect_open(const char *where) {
        cleanup_free char *dir = make_open_dir(where);
        cleanup_free char *path = mem_printf("%s/socket", dir);
        cleanup_free char *beside = mem_printf("%s/beside-%d", where, (int)getpid());
        cleanup_free char *script = mem_printf(
                "cat %s/shown && ! touch %s/new && ./probe unix %s; test $? = 1 && ! test -e %s",
                dir, dir, path, beside);
        const char *const access[] = {dir, NULL};
        cleanup_fd unused_ int fd = listen_at(path);
        cleanup_cell Cell cell;

        CHECK(fd >= 0);
        bench_write(where, beside + strlen(where) + 1, "", 0600);
        cell_clean_up(beside);
        cell_init(&cell);
        cell.spec.access = access;
        cell_run_script(&cell, script);
        cell_expect_exit(&cell, 0);
        CHECK_CONTAINS(cell_get_out(&cell), "seen\n");
        CHECK_CONTAINS(cell.outcome.isolation, dir);
        CHECK_EQ_U64(cell.outcome.n_outside, 0);
}

TEST(a_directory_below_tmp_that_is_opened_is_seen_and_its_socket_answers) {
        expect_open("/tmp");
}

TEST(a_directory_below_a_hidden_one_that_is_opened_is_seen_and_nothing_beside_it) {
        expect_open("/srv");
}

TEST(a_socket_alone_is_opened) {
        cleanup_free char *path = mem_printf("/tmp/open-%d.sock", (int)getpid());
        const char *const access[] = {path, NULL};
        cleanup_fd unused_ int fd = listen_at(path);
        cleanup_cell Cell cell;

        CHECK(fd >= 0);
        cell_clean_up(path);
        cell_init(&cell);
        cell_expect_prevented(&cell, "unix", path);
        cell.spec.access = access;
        cell_run(&cell, "./probe", "unix", path);
        cell_expect_exit(&cell, 1);
}

TEST(what_is_ours_stays_hidden_below_a_directory_that_is_opened) {
        cleanup_free char *dir = make_open_dir("/tmp");
        cleanup_free char *ours = mem_printf("%s/ours", dir);
        cleanup_free char *script =
                mem_printf("cat %s/shown && ! ls %s/ours && ! cat %s/ours/key", dir, dir, dir);
        const char *const access[] = {dir, NULL};
        const char *const hide[] = {ours, NULL};
        cleanup_cell Cell cell;

        bench_write(dir, "ours/key", "secret\n", 0644);
        cell_init(&cell);
        cell.spec.access = access;
        cell.spec.hide = hide;
        cell_run_script(&cell, script);
        cell_expect_exit(&cell, 0);
        CHECK_CONTAINS(cell_get_out(&cell), "seen\n");
        CHECK_CONTAINS_NOT(cell_get_out(&cell), "secret");
}

TEST(what_does_not_exist_or_must_not_be_opened_breaks_the_sandbox) {
        static const char *const paths[] = {"/nonexistent/path", "/proc/sys", "/dev/mem", "/work"};
        cleanup_cell Cell cell;

        cell_init(&cell);
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                const char *const access[] = {paths[i], NULL};

                cell.spec.access = access;
                cell_run(&cell, "true");
                cell_expect_end(&cell, SANDBOX_BROKEN);
                CHECK_EQ_TEXT(cell.outcome.fault.rule, "sandbox.access");
        }
}
