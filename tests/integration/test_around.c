/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What is around a gate: residue, locks, a repository where one is asked for. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

/* A gate whose check makes these files in the trial's directory `things`. */
static char *make_gate(const Trial *trial, const char *makes, const char *probe) {
        return mem_printf(
                "  - id: one\n    run: \"cd %s/things; %s; cat %s/things/old\"\n    on: host\n"
                "    expect: { stdout: { contains: thing } }\n"
                "unchanged: { run: [\"%s\"], on: host }\n",
                trial->dir, makes, trial->dir, probe);
}

static void make_things(Trial *trial) {
        trial_make(trial, NULL, NULL, 0);
        bench_write(trial->dir, "things/old", "a thing\n", 0644);
}

TEST(what_a_gate_leaves_behind_fails_it_and_is_shown) {
        cleanup_trial Trial trial;
        cleanup_free char *probe = NULL, *clean = NULL, *dirty = NULL;

        make_things(&trial);
        probe = mem_printf("ls %s/things", trial.dir);
        clean = make_gate(&trial, "touch new; rm new", probe);
        trial_expect(&trial, clean, TRIAL_PASS, "PASS  M1");
        dirty = make_gate(&trial, "touch left-over", probe);
        trial_expect(&trial, dirty, TRIAL_FAIL, "residue.unchanged");
        CHECK_CONTAINS(buf_get_text(&trial.out), "+ left-over");
        CHECK_CONTAINS(buf_get_text(&trial.out), "pass     one");
}

TEST(what_a_gate_takes_away_fails_it_too) {
        cleanup_trial Trial trial;
        cleanup_free char *probe = NULL, *dirty = NULL;

        make_things(&trial);
        bench_write(trial.dir, "things/other", "", 0644);
        probe = mem_printf("ls %s/things", trial.dir);
        dirty = make_gate(&trial, "rm -f other", probe);
        trial_expect(&trial, dirty, TRIAL_FAIL, "- other");
}

/* ---- what the sandbox saw itself ---- */

/* One check, words of it, and whether its gate looks for residue. */
static void expect_left(const char *run, const char *words, bool is_looked_for, int status,
                        const char *said) {
        cleanup_trial Trial trial;
        cleanup_free char *checks =
                mem_printf("  - id: one\n    run: |\n      %s\n      cat README\n%s"
                           "    expect: { stdout: { contains: product } }\n%s",
                           run, words, is_looked_for ? "unchanged: ls /\n" : "");

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial, checks, status, said);
}

#define DAEMON "setsid sleep 60 >/dev/null 2>&1 &"

TEST(a_gate_that_looks_for_residue_forbids_processes_that_are_left) {
        expect_left(DAEMON, "", true, TRIAL_FAIL, "why: it left 1 process behind: `sleep 60`");
        expect_left(DAEMON, "", false, TRIAL_PASS, "leak: check one left 1 process behind");
}

TEST(a_plan_says_itself_whether_what_is_left_is_a_failure) {
        expect_left(DAEMON, "    leftovers: note\n", true, TRIAL_PASS, "leak: check one left 1");
        expect_left("touch /tmp/one", "    leftovers: fail\n", false, TRIAL_FAIL, "residue.file");
}

TEST(on_the_host_what_is_left_is_noted_beside_what_the_plan_looks_at) {
        expect_left(DAEMON, "    on: host\n", true, TRIAL_PASS, "leak: check one left 1 process");
}

TEST(what_ends_a_little_later_is_not_left) {
        expect_left("sleep 0.4 >/dev/null 2>&1 &", "", true, TRIAL_PASS, "PASS  M1");
}

TEST(files_outside_of_workspace_and_home_are_forbidden_too) {
        expect_left("touch ~/kept made /tmp/one; rm /tmp/one", "", true, TRIAL_PASS, "PASS  M1");
        expect_left("touch ~/kept made /tmp/one", "", true, TRIAL_FAIL,
                    "why: it left 1 file outside of its workspace and home: /tmp/one");
}

TEST(what_looks_for_residue_has_the_vars_of_the_phase) {
        cleanup_trial Trial trial;
        cleanup_free char *plan = NULL;

        make_things(&trial);
        plan = mem_printf(
                "```yaml phase\nversion: 1\nphase: trial\nvars: { things: %s/things }\n```\n"
                "```yaml gate\ngate: M1\nunchanged: { run: ['ls \"$things\"'], on: host }\n"
                "checks:\n  - id: one\n    run: touch \"$things/new\"\n    on: host\n```\n",
                trial.dir);
        bench_write(trial.dir, "plan.md", plan, 0644);
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, NULL, NULL), TRIAL_FAIL);
        CHECK_CONTAINS(buf_get_text(&trial.out), "+ new");
}

TEST(a_probe_that_fails_itself_is_inconclusive) {
        cleanup_trial Trial trial;
        cleanup_free char *before = NULL, *after = NULL;

        make_things(&trial);
        before = make_gate(&trial, "touch new; rm new", "exit 7");
        trial_expect(&trial, before, TRIAL_INCONCLUSIVE, "residue.probe");
        CHECK_CONTAINS(buf_get_text(&trial.out), "skipped  one");
        {
                cleanup_free char *probe = mem_printf("test ! -e %s/things/new", trial.dir);

                after = make_gate(&trial, "touch new", probe);
                trial_expect(&trial, after, TRIAL_INCONCLUSIVE, "residue.probe");
        }
}

/* Two verifications at a time; each says when it begins and ends. */
static void run_two(Trial *trial, const char *gate_words, const char *check_words, Buf *ret_log) {
        cleanup_free char *checks = mem_printf(
                "  - id: one\n    run: \"echo begin >> %s/log; sleep 0.6; echo end >> %s/log; "
                "cat README\"\n    on: host\n%s    expect: { stdout: { contains: product } }\n%s",
                trial->dir, trial->dir, check_words, gate_words);
        cleanup_free char *cache = mem_printf("XDG_CACHE_HOME=%s/cache", trial->dir);
        cleanup_free char *state = mem_printf("XDG_STATE_HOME=%s/state", trial->dir);
        cleanup_free char *tmp = mem_printf("TMPDIR=%s/tmp", trial->dir);
        cleanup_free char *log = mem_printf("%s/log", trial->dir);
        const char *env[] = {cache, tmp, state, NULL};
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_ADVERSARY"), "verify", "plan.md", "M1",
                                     "--repo", trial->repo.url, "--commit", trial->commit},
                            .cwd = trial->dir,
                            .env = env};
        cleanup(process_freep) Process *other = NULL;

        trial_write_plan(trial, checks);
        other = process_start(&spec);
        CHECK_EQ_INT(trial_verify(trial, "M1", trial->commit, NULL, NULL), TRIAL_PASS);
        CHECK_EQ_INT(process_wait(other, 30000), 0);
        CHECK_EQ_INT(file_read(log, ret_log), 0);
}

TEST(gates_with_the_same_lock_do_not_run_at_the_same_time) {
        cleanup_trial Trial trial;
        cleanup_buf Buf log = BUF_TEXT;

        trial_make(&trial, NULL, NULL, 0);
        run_two(&trial, "lock: proxy\n", "", &log);
        CHECK_EQ_TEXT(buf_get_text(&log), "begin\nend\nbegin\nend\n");
}

TEST(checks_with_the_same_lock_do_not_run_at_the_same_time) {
        cleanup_trial Trial trial;
        cleanup_buf Buf log = BUF_TEXT;

        trial_make(&trial, NULL, NULL, 0);
        run_two(&trial, "", "    lock: proxy\n", &log);
        CHECK_EQ_TEXT(buf_get_text(&log), "begin\nend\nbegin\nend\n");
}

TEST(a_shared_lock_is_shared) {
        cleanup_trial Trial trial;
        cleanup_buf Buf log = BUF_TEXT;
        cleanup_fd int fd = -1;
        cleanup_free char *path = NULL;

        trial_make(&trial, NULL, NULL, 0);
        path = mem_printf("%s/state/coldgate/locks/of-proxy", trial.dir);
        bench_write(trial.dir, "state/coldgate/locks/of-proxy", "", 0600);
        fd = open(path, O_RDWR | O_CLOEXEC);
        CHECK_EQ_INT(flock(fd, LOCK_SH), 0);
        run_two(&trial, "lock: { shared: proxy }\n", "    lock: { shared: proxy }\n", &log);
        CHECK_EQ_U64(log.n, strlen("begin\nend\nbegin\nend\n"));
}

TEST(a_check_that_asks_for_it_has_a_repository_of_one_commit) {
        cleanup_trial Trial trial;

        trial_make(&trial, "src/tool", "#!/bin/bash\necho tool\n", 0755);
        bench_write(trial.repo.path, "second", "later\n", 0644);
        repo_commit(&trial.repo, "a secret message", trial.commit);
        trial_expect(
                &trial,
                "  - id: git\n    git-dir: true\n"
                "    run: |\n"
                "      test -z \"$(git status --porcelain)\"\n"
                "      git rev-list --count --all\n"
                "      git log --format='%an %ad' --date=raw\n"
                "      git ls-files\n"
                "      test \"$(git rev-parse HEAD)\" != \"$GATE_COMMIT\"\n"
                "      echo more >> README && git diff --stat\n"
                "    expect: { stdout: { matches: '(?s)^1\\ncoldgate 0 \\+0000\\nREADME\\nsecond\\nsrc/tool\\n.*1 file changed', not-contains: secret } }\n"
                "  - id: none\n    run: \"! test -e .git && cat README\"\n"
                "    expect: { stdout: { contains: product } }\n",
                TRIAL_PASS, "PASS  M1");
}
