/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Whose fault is it: each row of lib/verify/classify.def, provoked for real. What one check can
 * bring about by itself is a row here and a check of one gate; what takes more has a test of its
 * own, here or elsewhere, that the row names.
 */

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/mounts.h"
#include "tests/lib/test.h"
#include "tests/lib/trial.h"
#include "verify/judge.h"
#include "verify/load.h"

enum { SOURCE_BYTES = 1 << 20, NOBODY = 65534, FILLED_BYTES = 1 << 16, HOGS = 6, WAIT_MS = 20000 };

typedef struct Row {
        Sighting sighting;
        const char *id, *outcome, *reason, *check; /* of the gate below */
        const char *elsewhere;                     /* a test's name */
} Row;

#define HERE(NAME, id_, outcome_, reason_, check_)                                                 \
        {                                                                                          \
                .sighting = SIGHTING_##NAME, .id = (id_), .outcome = (outcome_),                   \
                .reason = (reason_), .check = (check_)                                             \
        }
#define ELSEWHERE(NAME, test)                                                                      \
        { .sighting = SIGHTING_##NAME, .elsewhere = (test) }
#define HOLDS "    expect: { stdout: { contains: product } }\n"

static const Row rows[] = {
        HERE(HELD, "held", "pass", "", "    run: cat README\n" HOLDS),
        HERE(ASSERTION, "assertion", "fail", "assert.stdout",
             "    run: echo something else\n" HOLDS),
        HERE(EXIT_STATUS, "status", "fail", "assert.exit-status", "    run: exit 3\n"),
        HERE(VACUOUS, "vacuous", "fail", "vacuous",
             "    run: \"echo 3 files; cat README\"\n"
             "    examined: { ge: 4, from: '(\\d+) files' }\n" HOLDS),
        HERE(SIGNAL, "signal", "fail", "signal.11",
             "    run: \"cat README; kill -SEGV $$\"\n" HOLDS),
        HERE(LIMIT_FILE, "file-size", "fail", "limit.file-size",
             "    run: exec head -c 300000 /dev/zero >big\n    limits: { file-size: 64KiB }\n"),
        HERE(LIMIT_TIGHT, "tight", "fail", "limit.tight",
             "    run: head -c 100000 /dev/zero >big && cat README\n"
             "    limits: { file-size: 64KiB }\n" HOLDS),
        HERE(LIMIT_DISK, "disk", "fail", "limit.disk",
             "    run: for i in 1 2 3 4; do head -c 1000000 /dev/zero >big$i; done; cat README\n"
             "    limits: { disk: 64KiB }\n" HOLDS),
        HERE(OUTPUT_LIMIT, "output", "fail", "output.limit",
             "    run: cat README; cat /dev/zero\n    limits: { output: 64KiB }\n" HOLDS),
        HERE(DEADLINE, "deadline", "timeout", "deadline",
             "    run: cat README; sleep 60\n    timeout: 300ms\n" HOLDS),
        HERE(EXEC_PRODUCT, "product", "fail", "exec.product", "    run: [./README]\n"),
        HERE(EXEC_WORKDIR, "workdir", "fail", "exec.workdir",
             "    run: cat README\n    workdir: nowhere\n" HOLDS),
        HERE(EXEC_HOST, "program", "error", "sandbox.exec", "    run: [/usr]\n"),
        HERE(ENV_MISSING, "tool", "error", "env.missing",
             "    run: cat README\n    tools: [no-such-tool-here]\n" HOLDS),
        HERE(SANDBOX_BROKEN, "killed", "error", "sandbox.",
             "    run: cat README; echo kill-the-runner-now\n" HOLDS),
        HERE(SANDBOX_BROKEN, "mute", "error", "sandbox.",
             "    run: cat README; echo no-report-at-all\n" HOLDS),
        HERE(HOST_CANARY, "sick", "error", "host.canary",
             "    run: echo now-the-machine-is-sick\n" HOLDS),
        HERE(TEETH_GREEN, "toothless", "fail", "teeth.green",
             "    run: cat README\n    teeth: { run: touch nothing }\n" HOLDS),
        HERE(TEETH_BROKEN, "unbroken", "fail", "teeth.broken",
             "    run: cat README\n    teeth: { run: exit 9 }\n" HOLDS),
        HERE(NEEDS, "needy", "skipped", "needs",
             "    run: cat README\n    needs: [status]\n" HOLDS),
        HERE(SERVER_EXIT, "server", "fail", "server.exit.4",
             "    http: { url: \"http://127.0.0.1:8099/\", serve: exit 4 }\n"
             "    expect: { status: 200 }\n"),
        HERE(MANUAL, "question", "unverifiable", "manual", "    manual: Is it so?\n"),
        ELSEWHERE(STATUS, "redirects_are_followed_only_where_the_plan_says_so"),
        ELSEWHERE(LIMIT_TOTAL, "what_all_processes_together_take_is_limited_by_a_control_group"),
        ELSEWHERE(LIMIT_MEMORY, "memory_that_ran_out_once_is_the_machines_fault"),
        ELSEWHERE(SANDBOX_STOPPED, "a_sandbox_may_be_stopped_at_any_moment"),
        ELSEWHERE(SANDBOX_OVERLAY, "what_fails_on_the_overlay_only_is_inconclusive"),
        ELSEWHERE(HTTP_REFUSED, "what_nobody_serves_is_refused"),
        ELSEWHERE(HTTP_RESET, "a_connection_that_breaks_is_a_reset"),
        ELSEWHERE(HTTP_TIMEOUT, "a_server_that_says_nothing_runs_into_the_deadline"),
        ELSEWHERE(HTTP_MALFORMED, "what_is_not_http_is_malformed"),
        ELSEWHERE(HTTP_TLS, "a_certificate_is_believed_by_the_commit_s_own_authority"),
        ELSEWHERE(HTTP_REDIRECTS, "an_endless_redirect_ends"),
        ELSEWHERE(HTTP_UNRESOLVED, "our_own_client_is_never_the_products_fault"),
        ELSEWHERE(HTTP_CLIENT, "a_namespace_that_is_gone_is_our_own_failure"),
        ELSEWHERE(HTTP_CA_FILE, "a_certificate_is_believed_by_the_commit_s_own_authority"),
        ELSEWHERE(HTTP_PORT_TAKEN,
                  "a_port_that_somebody_holds_already_says_nothing_of_the_check_s_server"),
        ELSEWHERE(SERVER_SIGNAL, "a_server_that_ended_is_the_reason_for_no_answer"),
        ELSEWHERE(SERVER_NOT_READY, "a_server_that_ends_or_never_listens_is_told_apart"),
        ELSEWHERE(REPORT_MISSING, "no_report_a_broken_one_and_one_elsewhere_are_told_apart"),
        ELSEWHERE(REPORT_STALE, "a_report_that_stands_in_the_commit_is_stale"),
        ELSEWHERE(REPORT_MALFORMED, "no_report_a_broken_one_and_one_elsewhere_are_told_apart"),
        ELSEWHERE(REPORT_BAILED, "a_tap_run_that_bails_out_has_failed"),
        ELSEWHERE(REPORT_PLAN, "tap_numbers_and_plan_must_agree"),
        ELSEWHERE(REPORT_FAILED, "a_failed_test_is_named_before_the_exit_status"),
        ELSEWHERE(REPORT_SKIPPED,
                  "tests_beyond_the_closed_names_and_skips_beyond_the_allowed_fail"),
        ELSEWHERE(REPORT_NAMES, "tests_beyond_the_closed_names_and_skips_beyond_the_allowed_fail"),
        ELSEWHERE(GIT_ANCESTRY, "descent_is_read_from_the_objects"),
        ELSEWHERE(GIT_CHANGED, "paths_that_must_not_differ_are_named_when_they_do"),
        ELSEWHERE(GIT_PATHS, "only_the_allowed_paths_may_differ_and_something_must"),
        ELSEWHERE(GIT_HISTORY, "what_once_stood_in_a_file_is_found_in_the_history"),
        ELSEWHERE(GIT_PREP, "a_blob_that_is_too_large_to_search_is_inconclusive"),
        ELSEWHERE(REVISION, "what_runs_must_name_the_claimed_commit"),
        ELSEWHERE(FILE_UNREADABLE, "a_file_that_may_not_be_read_still_has_its_size"),
        ELSEWHERE(HOST_FILE, "facts_of_a_file_of_this_machine"),
        ELSEWHERE(HOST_PROC, "processes_of_this_machine_are_counted"),
        ELSEWHERE(LOG_UNREADABLE, "a_log_without_its_control_or_its_stamps_was_not_readable"),
        ELSEWHERE(LOG_CONTROL, "a_log_that_a_command_prints_needs_its_control"),
        ELSEWHERE(MANUAL_ANSWERED, "the_last_answer_to_a_question_counts"),
        ELSEWHERE(HOST_MEMORY, "memory_that_the_machine_lacks_is_no_fault_of_the_check"),
        ELSEWHERE(HOST_DISK, "a_disk_that_others_filled_is_no_fault_of_the_check"),
        ELSEWHERE(HOST_LOAD, "what_times_out_twice_on_a_busy_machine_is_inconclusive"),
        ELSEWHERE(RESIDUE_PROCESS, "a_gate_that_looks_for_residue_forbids_processes_that_are_left"),
        ELSEWHERE(RESIDUE_PORT, "what_must_not_be_left_is_left"),
        ELSEWHERE(RESIDUE_FILE, "files_outside_of_workspace_and_home_are_forbidden_too"),
        ELSEWHERE(FLAKY, "what_holds_when_it_is_confirmed_is_flaky_and_fails"),
        ELSEWHERE(HOLD, "what_must_stay_true_and_does_not_fails"),
        ELSEWHERE(CONTENTION, "what_fails_only_beside_others_is_contention"),
        ELSEWHERE(TEETH_ELSEWHERE, "red_elsewhere_than_the_plan_says_fails"),
        ELSEWHERE(TEETH_STUCK, "on_the_host_the_break_is_undone"),
        ELSEWHERE(RED_AT_GREEN, "a_check_must_fail_at_the_commit_that_red_at_names"),
        ELSEWHERE(RED_AT_ELSEWHERE, "at_the_commit_of_red_at_a_missing_command_is_no_red"),
        ELSEWHERE(RED_AT_ABSENT, "a_check_must_fail_at_the_commit_that_red_at_names"),
        ELSEWHERE(RED_AT_PREP, "a_check_must_fail_at_the_commit_that_red_at_names"),
        ELSEWHERE(GIT_DIR, "a_check_that_asks_for_it_has_a_repository_of_one_commit"),
        ELSEWHERE(LOCK_BUSY, "gates_with_the_same_lock_do_not_run_at_the_same_time"),
        ELSEWHERE(NOT_RUN, "a_claim_that_changes_what_is_protected_is_no_evidence"),
        ELSEWHERE(CARRIED, "a_pass_with_the_same_inputs_is_carried_over_and_nothing_is_run"),
        ELSEWHERE(NOT_PREPARED, "a_commit_that_is_not_there_is_a_fail"),
};

/* What goes wrong before there is a check: verify/mirror.h, verify/tree.h. */
static const struct {
        const char *reason, *test;
} preparations[] = {
        {"prep.fetch", "a_repository_that_cannot_be_reached_is_inconclusive"},
        {"prep.fetch", "a_silent_https_server_is_left_at_the_deadline"},
        {"prep.fetch", "a_silent_ssh_server_is_left_at_the_deadline"},
        {"prep.fetch", "a_server_that_lets_nobody_in_is_an_error"},
        {"claim.commit-absent", "a_commit_that_is_not_there_is_a_fail"},
        {"claim.bad-tree", "a_malformed_tree_is_refused_as_often_as_it_is_claimed"},
        {"prep.limits", "a_tree_of_ten_billion_files_in_ten_objects_is_over_the_limit"},
        {"prep.tree-mismatch", "every_difference_from_the_commit_is_found_and_named"},
        {"prep.tree-mismatch", "a_cached_tree_that_was_spoiled_is_seen_and_written_anew"},
        {"prep.space", "a_full_disk_is_an_error_that_says_so"},
        {"prep.mirror", "an_object_whose_bytes_are_not_its_id_is_an_error_of_the_mirror"},
        {"prep.unsupported", "a_repository_of_sha256_is_inconclusive_and_says_why"},
        {"residue.unchanged", "what_a_gate_leaves_behind_fails_it_and_is_shown"},
        {"residue.probe", "a_probe_that_fails_itself_is_inconclusive"},
        {"host.selftest", "a_runner_that_runs_nothing_is_found_out"},
};

/* The real runner, but for what its specification asks it to suffer. */
static void bend_runner(const char *dir) {
        cleanup_free char *script = mem_printf("#!/bin/bash\n"
                                               "has() { grep -qa \"$1\" /proc/self/fd/3; }\n"
                                               "has kill-the-runner-now && kill -KILL $$\n"
                                               "has no-report-at-all && exit 0\n"
                                               "has now-the-machine-is-sick && touch %s/sick\n"
                                               "has canary && rm %s/sick 2>/dev/null && exit 0\n"
                                               "exec %s\n",
                                               dir, dir, bench_program("COLDGATE_RUNNER"));
        cleanup_free char *path = mem_printf("%s/runner", dir);

        bench_write(dir, "runner", script, 0755);
        CHECK_EQ_INT(setenv("COLDGATE_RUNNER", path, 1), 0);
}

/* `outcome id … reason` in one line. */
static void expect_row(const char *text, const Row *row) {
        cleanup_free char *begin = mem_printf("  %-8s %s ", row->outcome, row->id);
        const char *line = strstr(text, begin);

        if (!line)
                FAIL_TEST("%s has not the outcome %s:\n%s", row->id, row->outcome, text);
        if (!memmem(line, strcspn(line, "\n"), row->reason, strlen(row->reason)))
                FAIL_TEST("%.*s: not for %s", (int)strcspn(line, "\n"), line, row->reason);
}

TEST(each_row_that_a_check_can_bring_about_has_its_outcome) {
        cleanup_buf Buf checks = BUF_TEXT;
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (rows[i].id)
                        buf_printf(&checks, "  - id: %s\n%s", rows[i].id, rows[i].check);
        bend_runner(trial.dir);
        trial_expect(&trial, buf_get_text(&checks), TRIAL_FAIL, "FAIL");
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (rows[i].id)
                        expect_row(buf_get_text(&trial.out), &rows[i]);
}

static bool stands_in(const char *pattern, const char *name) {
        cleanup_free char *test = mem_printf("TEST(%s)", name);
        bool is_found = false;
        glob_t files;

        if (glob(pattern, 0, NULL, &files) != 0)
                return false;
        for (size_t i = 0; !is_found && i < files.gl_pathc; i++) {
                cleanup_buf Buf text = BUF_INIT(SOURCE_BYTES);

                is_found = file_read(files.gl_pathv[i], &text) == 0 &&
                           strstr(buf_get_text(&text), test);
        }
        globfree(&files);
        return is_found;
}

TEST(each_row_of_the_table_is_provoked_by_a_test_that_is_there) {
        const char *source = getenv("COLDGATE_SOURCE");
        cleanup_free char *pattern = mem_printf("%s/tests/*/*.c", source);

        for (Sighting sighting = 0; sighting < _SIGHTING_MAX; sighting++) {
                size_t n = 0;

                for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                        n += rows[i].sighting == sighting;
                if (n == 0)
                        FAIL_TEST("nothing provokes: %s", sighting_row(sighting)->sentence);
        }
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (rows[i].elsewhere && !stands_in(pattern, rows[i].elsewhere))
                        FAIL_TEST("there is no test %s", rows[i].elsewhere);
        for (size_t i = 0; i < ARRAY_SIZE(preparations); i++)
                if (!stands_in(pattern, preparations[i].test))
                        FAIL_TEST("%s: there is no test %s", preparations[i].reason,
                                  preparations[i].test);
}

/* ---- the machine's own troubles ---- */

/* The rest of the test is nobody's: its scratch directory is no file system of its own. */
static void become_nobody(const char *dir, const char *repository) {
        cleanup_free char *command = mem_printf("chown -R %d:%d %s %s && chmod 0711 %s/..", NOBODY,
                                                NOBODY, dir, repository, dir);

        CHECK_EQ_INT(system(command), 0);
        if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
            setresuid(NOBODY, NOBODY, NOBODY) < 0)
                FAIL_TEST("the user cannot be changed");
        (void)prctl(PR_SET_DUMPABLE, 1);
        if (access(bench_program("COLDGATE_ADVERSARY"), X_OK) < 0)
                SKIP("the programs lie where nobody else may go");
}

static bool is_running(void *pattern) {
        glob_t files;
        bool is_there = glob(pattern, 0, NULL, &files) == 0;

        globfree(&files);
        return is_there;
}

/* Once the check runs, somebody else takes all that is left. */
static pid_t start_filler(const char *dir) {
        static char block[FILLED_BYTES];
        cleanup_free char *pattern = mem_printf("%s/tmp/*/job-*/run-*/tmp/begun", dir);
        cleanup_free char *path = mem_printf("%s/tmp/filler", dir);
        pid_t pid = fork();
        int fd;

        if (pid != 0)
                return pid;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!test_wait_until(is_running, pattern, WAIT_MS))
                _exit(1);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        while (write(fd, block, sizeof block) > 0)
                continue;
        for (;;)
                (void)pause();
}

/* A file system of 24 MiB for TMPDIR, and nobody as the user. */
static void expect_on_small_disk(const char *script, bool is_filled, int status, const char *said) {
        cleanup_trial Trial trial;
        cleanup_free char *checks = NULL, *tmp = NULL;
        pid_t filler = 0;

        trial_make(&trial, NULL, NULL, 0);
        checks = mem_printf("  - id: one\n    run: \"%s\"\n" HOLDS, script);
        trial_write_plan(&trial, checks);
        tmp = mem_printf("%s/tmp", trial.dir);
        if (geteuid() != 0 || !mounts_tmpfs(tmp, "size=24m,mode=0700"))
                SKIP("nothing can be mounted here");
        become_nobody(trial.dir, trial.repo.path);
        if (is_filled)
                filler = start_filler(trial.dir);
        if (trial_verify(&trial, "M1", trial.commit, NULL, NULL) != status)
                FAIL_TEST("not the exit status %d:\n%s", status, buf_get_text(&trial.out));
        CHECK_CONTAINS(buf_get_text(&trial.out), said);
        if (filler)
                (void)kill(filler, SIGKILL);
}

TEST(a_disk_that_others_filled_is_no_fault_of_the_check) {
        expect_on_small_disk("touch /tmp/begun; for i in $(seq 200); do head -c 16384 /dev/zero "
                             ">/tmp/x$i 2>/dev/null || exit 1; sleep 0.05; done; cat README",
                             true, TRIAL_INCONCLUSIVE, "host.disk");
}

TEST(a_check_that_fills_the_disk_itself_fails) {
        expect_on_small_disk("head -c 60000000 /dev/zero >big; cat README", false, TRIAL_FAIL,
                             "limit.disk");
}

static void start_hogs(pid_t *pids) {
        for (int i = 0; i < HOGS; i++) {
                pids[i] = fork();
                if (pids[i] != 0)
                        continue;
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)setsid(); /* the kernel may share processors out by sessions */
                for (volatile unsigned n = 0;; n++)
                        continue;
        }
}

static void stop_hogs(const pid_t *pids) {
        for (int i = 0; i < HOGS; i++) {
                (void)kill(pids[i], SIGKILL);
                (void)waitpid(pids[i], NULL, 0);
        }
}

#define BUSY                                                                                       \
        "  - id: one\n    run: \"while :; do :; done; cat README\"\n    timeout: 1200ms\n" HOLDS

TEST(what_times_out_twice_on_a_busy_machine_is_inconclusive) {
        cleanup_trial Trial trial;
        pid_t hogs[HOGS];
        int status;

        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial, BUSY);
        start_hogs(hogs);
        status = trial_verify(&trial, "M1", trial.commit, NULL, NULL);
        stop_hogs(hogs);
        if (status != TRIAL_INCONCLUSIVE)
                FAIL_TEST("exit status %d:\n%s", status, buf_get_text(&trial.out));
        CHECK_CONTAINS(buf_get_text(&trial.out), "host.load");
}

/* The twin: whoever only waits was not kept from it. */
TEST(a_command_that_waits_times_out_on_a_busy_machine_too) {
        cleanup_trial Trial trial;
        pid_t hogs[HOGS];
        int status;

        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial, "  - id: one\n    run: cat README; sleep 60\n"
                                 "    timeout: 1500ms\n" HOLDS);
        start_hogs(hogs);
        status = trial_verify(&trial, "M1", trial.commit, NULL, NULL);
        stop_hogs(hogs);
        if (status != TRIAL_FAIL)
                FAIL_TEST("exit status %d:\n%s", status, buf_get_text(&trial.out));
        CHECK_CONTAINS(buf_get_text(&trial.out), "deadline");
}

/* Four times forty megabytes, each in a process of its own. */
#define HUNGRY(limit)                                                                                 \
        "  - id: one\n    run: \"for i in 1 2 3 4; do (head -c 40000000 /dev/zero | tail -c "         \
        "40000000 | (sleep 0.5; wc -c)) & p=\\\"${p:-} $!\\\"; done; for i in $p; do wait $i; done; " \
        "cat README\"\n    limits: { memory: " limit ", disk: 1MiB }\n" HOLDS

static bool file_write_value(const char *path, const char *value) {
        cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd >= 0 && fd_write_all(fd, slice_text(value)) == 0;
}

/* Back to the group above, and away with this one. */
static void leave_group(const char *path) {
        cleanup_free char *above = mem_printf("%s/../cgroup.procs", path);

        CHECK(file_write_value(above, "0"));
        for (int i = 0; rmdir(path) < 0 && i < 100; i++)
                (void)usleep(2000);
}

/* Below our own group of version 1, if there may be one. */
static bool make_memory_group(char path[static 300], const char *limit) {
        cleanup_free char *own = mem_strdup("");
        char line[300];
        FILE *table = fopen("/proc/self/cgroup", "re");
        cleanup_free char *file = NULL;

        while (table && fgets(line, sizeof line, table)) {
                char *memory = strstr(line, ":memory:");

                line[strcspn(line, "\n")] = 0;
                if (memory) {
                        free(own);
                        own = mem_strdup(memory + strlen(":memory:"));
                }
        }
        if (table)
                (void)fclose(table);
        (void)snprintf(path, 300, "/sys/fs/cgroup/memory%s/classify-%d", own, (int)getpid());
        if (geteuid() != 0 || !own[0] || mkdir(path, 0700) < 0)
                return false;
        file = mem_printf("%s/memory.limit_in_bytes", path);
        return file_write_value(file, limit);
}

TEST(what_all_processes_together_take_is_limited_by_a_control_group) {
        cleanup_trial Trial trial;
        char path[300];

        if (!make_memory_group(path, "1G"))
                SKIP("no control group for memory can be made here");
        CHECK_EQ_INT(rmdir(path), 0);
        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial, HUNGRY("64MiB"), TRIAL_FAIL, "limit.memory");
        CHECK_CONTAINS(buf_get_text(&trial.out), "met their limit of memory");
        trial_expect(&trial, HUNGRY("400MiB"), TRIAL_PASS, "PASS  M1");
}

/* They have their memory when this returns; each is so small that a check is killed before it. */
static void start_hoarders(size_t n_bytes, pid_t *pids) {
        int ends[2];
        char bytes[HOGS];

        CHECK_EQ_INT(pipe2(ends, O_CLOEXEC), 0);
        for (int i = 0; i < HOGS; i++) {
                pids[i] = fork();
                if (pids[i] != 0)
                        continue;
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (mmap(NULL, n_bytes / HOGS, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED ||
                    write(ends[1], "x", 1) != 1)
                        _exit(1);
                (void)pause();
                _exit(0);
        }
        (void)close(ends[1]);
        for (int i = 0; i < HOGS; i++)
                CHECK_EQ_INT(read(ends[0], &bytes[i], 1), 1);
        (void)close(ends[0]);
}

TEST(memory_that_the_machine_lacks_is_no_fault_of_the_check) {
        cleanup_trial Trial trial;
        char path[300];
        cleanup_free char *members = NULL;
        pid_t hoarders[HOGS];
        int status;

        if (!make_memory_group(path, "1024M"))
                SKIP("no control group for memory can be made here");
        members = mem_printf("%s/cgroup.procs", path);
        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial, HUNGRY("2GiB"));
        CHECK(file_write_value(members, "0"));
        start_hoarders((size_t)940 << 20, hoarders);
        status = trial_verify(&trial, "M1", trial.commit, NULL, NULL);
        stop_hogs(hoarders);
        leave_group(path);
        if (status != TRIAL_INCONCLUSIVE)
                FAIL_TEST("exit status %d:\n%s", status, buf_get_text(&trial.out));
        CHECK_CONTAINS(buf_get_text(&trial.out), "host.memory");
}

/* The twin: a limit above what the machine has would be an excuse for any failure otherwise. */
TEST(a_check_that_uses_up_the_machine_s_memory_has_failed) {
        cleanup_trial Trial trial;
        char path[300];
        cleanup_free char *members = NULL;
        int status;

        if (!make_memory_group(path, "110M"))
                SKIP("no control group for memory can be made here");
        members = mem_printf("%s/cgroup.procs", path);
        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial, HUNGRY("2GiB"));
        CHECK(file_write_value(members, "0"));
        status = trial_verify(&trial, "M1", trial.commit, NULL, NULL);
        leave_group(path);
        if (status != TRIAL_FAIL)
                FAIL_TEST("exit status %d:\n%s", status, buf_get_text(&trial.out));
        CHECK_CONTAINS(buf_get_text(&trial.out), "limit.memory");
}

/* Children that nobody waits for: their time is in no count of their parent's. */
TEST(load_that_is_the_checks_own_is_no_excuse) {
        static const char burn[] = "import os, signal, time\n"
                                   "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
                                   "while True:\n"
                                   "    for i in range(12):\n"
                                   "        if os.fork() == 0:\n"
                                   "            end = time.process_time() + 0.02\n"
                                   "            while time.process_time() < end: pass\n"
                                   "            os._exit(0)\n"
                                   "    try: os.wait()\n"
                                   "    except OSError: pass\n";
        cleanup_trial Trial trial;
        LoadMark before, after;
        int status;

        trial_make(&trial, "burn.py", burn, 0644);
        trial_write_plan(&trial,
                         "  - id: one\n    run: [python3, burn.py]\n    timeout: 1200ms\n" HOLDS);
        load_mark(&before);
        status = trial_verify(&trial, "M1", trial.commit, NULL, NULL);
        load_mark(&after);
        if (status != TRIAL_FAIL && load_of_others(&before, &after) > 400)
                SKIP("others load this machine");
        if (status != TRIAL_FAIL)
                FAIL_TEST("exit status %d:\n%s", status, buf_get_text(&trial.out));
        CHECK_CONTAINS(buf_get_text(&trial.out), "deadline");
}

/* ---- what a commit only points at ---- */

static void make_pointers(Trial *trial) {
        cleanup_free char *link = NULL;

        trial_make(trial, "film.bin",
                   "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0"
                   "ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n",
                   0644);
        link = mem_printf("160000,%s,module", trial->commit);
        bench_git(trial->repo.path, NULL, "update-index", "--add", "--cacheinfo", link);
        bench_git(trial->repo.path, NULL, "commit", "-q", "-m", "points elsewhere");
        repo_ask(&trial->repo, trial->commit, "rev-parse", "HEAD");
}

TEST(submodules_and_pointers_are_not_fetched_and_that_is_said) {
        cleanup_trial Trial trial;

        make_pointers(&trial);
        trial_expect(&trial, "  - id: one\n    run: ls -A module; cat README\n" HOLDS, TRIAL_PASS,
                     "submodules are not fetched: 1 of them, each an empty directory here; Git LFS "
                     "is not fetched: 1 files are pointers here, not content");
}

TEST(a_plan_may_want_all_of_the_content) {
        cleanup_trial Trial trial;

        make_pointers(&trial);
        trial_expect(&trial, "  - id: one\n    run: cat README\n" HOLDS "complete: true\n",
                     TRIAL_FAIL, "claim.incomplete");
        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial, "  - id: one\n    run: cat README\n" HOLDS "complete: true\n",
                     TRIAL_PASS, "PASS  M1");
}

TEST(a_repository_of_sha256_is_inconclusive_and_says_why) {
        cleanup_trial Trial trial;
        cleanup_buf Buf id = BUF_TEXT;
        cleanup_free char *path = NULL;

        trial_make(&trial, NULL, NULL, 0);
        path = mem_printf("%s/longer", trial.dir);
        bench_write(path, "README", "a product\n", 0644);
        bench_git(path, NULL, "init", "-q", "--object-format=sha256");
        bench_git(path, NULL, "add", "README");
        bench_git(path, NULL, "commit", "-q", "-m", "first");
        bench_git(path, &id, "rev-parse", "HEAD");
        id.n--; /* the newline */
        (void)snprintf(trial.repo.url, sizeof trial.repo.url, "file://%s", path);
        trial_write_plan(&trial, "  - id: one\n    run: cat README\n" HOLDS);
        id.data[id.n] = 0;
        CHECK_EQ_INT(trial_verify(&trial, "M1", buf_get_text(&id), NULL, NULL), TRIAL_INCONCLUSIVE);
        CHECK_CONTAINS(buf_get_text(&trial.out), "prep.unsupported");
        CHECK_CONTAINS(buf_get_text(&trial.out), "SHA-256");
        /* An id of the other length does not make it one of ours. */
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, NULL, NULL), TRIAL_INCONCLUSIVE);
        CHECK_CONTAINS(buf_get_text(&trial.out), "prep.fetch");
}
