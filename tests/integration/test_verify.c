/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `adversary-agent verify` on real repositories: what passes, what fails, and what is neither. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#include "tests/lib/bench.h"
#include "tests/lib/repo.h"
#include "tests/lib/test.h"

enum { LIMIT_MS = 50000, PASS = 0, FAIL = 1, USAGE = 2, INCONCLUSIVE = 3, NOTHING = 5 };

typedef struct Trial {
        Repo repo;
        RepoId commit;
        const char *dir; /* of the plan, the cache, and TMPDIR */
        Buf out;
} Trial;

static void trial_deinit(Trial *trial) {
        buf_deinit(&trial->out);
}

/* A repository with these files, committed, and room for a plan. */
static void trial_make(Trial *trial, const char *path, const char *text, mode_t mode) {
        *trial = (Trial){.dir = test_dir(), .out = BUF_TEXT};
        repo_make(&trial->repo);
        bench_write(trial->repo.path, "README", "a product\n", 0644);
        if (path)
                bench_write(trial->repo.path, path, text, mode);
        repo_commit(&trial->repo, "first", trial->commit);
        bench_write(trial->dir, "tmp/.keep", "", 0644);
}

static void write_plan(const Trial *trial, const char *checks) {
        cleanup_free char *plan = mem_printf("# Plan\n\n```yaml phase\nversion: 1\nphase: trial\n"
                                             "```\n\n```yaml gate\ngate: M1\ntitle: It works\n"
                                             "checks:\n%s```\n",
                                             checks);

        bench_write(trial->dir, "plan.md", plan, 0644);
}

/* Exit status; what was printed is in trial->out. */
static int verify_gate(Trial *trial, const char *gate, const char *commit, const char *option,
                       const char *value) {
        cleanup_free char *cache = mem_printf("XDG_CACHE_HOME=%s/cache", trial->dir);
        cleanup_free char *tmp = mem_printf("TMPDIR=%s/tmp", trial->dir);
        const char *env[] = {cache, tmp, "SECRET_OF_THE_CALLER=1", NULL};
        ProcessSpec spec = {.argv = {bench_program("COLDGATE_ADVERSARY"), "verify", "plan.md", gate,
                                     "--repo", trial->repo.url, "--commit", commit, option, value},
                            .cwd = trial->dir,
                            .env = env};

        buf_clear(&trial->out);
        return bench_run(&spec, LIMIT_MS, &trial->out, &trial->out);
}

static void expect(Trial *trial, const char *checks, int status, const char *said) {
        int actual;

        write_plan(trial, checks);
        actual = verify_gate(trial, "M1", trial->commit, NULL, NULL);
        if (actual != status)
                FAIL_TEST("exit status %d, not %d:\n%s", actual, status, buf_get_text(&trial->out));
        CHECK_CONTAINS(buf_get_text(&trial->out), said);
}

#define cleanup_trial cleanup(trial_deinit)

TEST(an_honest_commit_passes) {
        cleanup_trial Trial trial;

        trial_make(&trial, "bin/hello", "#!/bin/bash\necho hello \"$@\"\n", 0755);
        expect(&trial,
               "  - id: greets\n    run: [bin/hello, you]\n"
               "    expect: { stdout: { equals: \"hello you\\n\" } }\n",
               PASS, "PASS  M1");
}

TEST(what_is_only_in_the_working_tree_does_not_count) {
        cleanup_trial Trial trial;

        trial_make(&trial, ".gitignore", "built\n", 0644);
        bench_write(trial.repo.path, "built", "yes\n", 0644);
        bench_write(trial.repo.path, "README", "mended, not committed\n", 0644);
        expect(&trial,
               "  - id: built\n    run: test -e built\n    expect: { exit-status: 0 }\n"
               "  - id: mended\n    run: [cat, README]\n    expect: { stdout: { contains: mended } }\n",
               FAIL, "found   : a product");
        CHECK_CONTAINS(buf_get_text(&trial.out), "fail     built");
        CHECK_CONTAINS(buf_get_text(&trial.out), "--check mended");
}

TEST(a_missing_tool_is_inconclusive) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect(&trial,
               "  - id: tool\n    run: [no-such-tool, --now]\n    tools: [no-such-tool]\n"
               "    expect: { exit-status: 0 }\n",
               INCONCLUSIVE, "env.missing");
        expect(&trial, "  - id: tool\n    run: [no-such-tool]\n    expect: { exit-status: 0 }\n",
               INCONCLUSIVE, "env.missing");
        expect(&trial,
               "  - id: tool\n    run: [bash, -c, 'echo 1']\n    tools: [bash >= 99.5]\n"
               "    expect: { exit-status: 0 }\n",
               INCONCLUSIVE, "the plan needs `bash` >= 99.5");
}

TEST(a_tool_that_is_new_enough_is_enough) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect(&trial,
               "  - id: tool\n    run: [bash, -c, 'cat README']\n    tools: [bash >= 4.10]\n"
               "    expect: { stdout: { equals: \"a product\\n\" } }\n",
               PASS, "PASS  M1");
}

TEST(a_file_of_the_repository_that_cannot_be_executed_is_a_fail) {
        cleanup_trial Trial trial;

        trial_make(&trial, "bin/plain", "echo no\n", 0644);
        expect(&trial, "  - id: plain\n    run: [bin/plain]\n    expect: { exit-status: 0 }\n",
               FAIL, "exec.product");
        expect(&trial, "  - id: absent\n    run: [./absent]\n    expect: { exit-status: 0 }\n",
               FAIL, "exec.product");
        expect(&trial,
               "  - id: nowhere\n    run: [ls]\n    workdir: nowhere\n"
               "    expect: { exit-status: 0 }\n",
               FAIL, "exec.workdir");
}

TEST(endless_output_is_a_fail) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect(&trial, "  - id: endless\n    run: [yes]\n    expect: { exit-status: 0 }\n", FAIL,
               "output.limit");
}

TEST(a_check_that_does_not_end_times_out_and_fails_the_gate) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect(&trial,
               "  - id: slow\n    run: sleep 1000\n    timeout: 300ms\n"
               "    expect: { exit-status: 0 }\n",
               FAIL, "timeout  slow");
}

TEST(a_signal_is_a_fail_with_its_number) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect(&trial, "  - id: dies\n    run: kill -SEGV $$\n    expect: { exit-status: 139 }\n",
               FAIL, "signal.11");
}

TEST(processes_and_files_that_a_check_leaves_are_noted) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect(&trial,
               "  - id: leaks\n"
               "    run: for i in {1..50}; do setsid sleep 1000 & done; echo x > \"$HOME/left\"; cat README\n"
               "    expect: { stdout: { equals: \"a product\\n\" } }\n",
               PASS, "leak: check leaks left 50 processes behind, killed: sleep 1000");
        CHECK_CONTAINS(buf_get_text(&trial.out), "outside: check leaks wrote");
}

TEST(a_check_sees_nothing_of_the_one_before_it) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect(&trial,
               "  - id: litters\n"
               "    run: for d in . \"$HOME\" \"$TMPDIR\" /dev/shm; do echo x > \"$d/litter\"; done; "
               "cat README; rm README\n"
               "    expect: { stdout: { equals: \"a product\\n\" } }\n"
               "  - id: looks\n    needs: [litters]\n"
               "    run: ls -A . \"$HOME\" \"$TMPDIR\" /dev/shm\n"
               "    expect: { stdout: { contains: README, not-contains: litter } }\n",
               PASS, "PASS  M1");
}

TEST(the_environment_is_the_gates_alone) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect(&trial,
               "  - id: env\n    env: { COLOUR: blue }\n    run: [env]\n"
               "    expect: { stdout: { matches: '(?s)COLOUR=blue.*GATE_SINCE=|GATE_SINCE=.*COLOUR=blue',"
               " contains: HOME=/home/work, not-contains: SECRET, not-matches: '(?i)advers|coldgate' } }\n",
               PASS, "PASS  M1");
}

TEST(a_check_whose_need_failed_is_skipped) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect(&trial,
               "  - id: one\n    run: exit 4\n    expect: { exit-status: 0 }\n"
               "  - id: two\n    needs: [one]\n    run: [ls]\n    expect: { exit-status: 0 }\n",
               FAIL, "skipped  two");
        CHECK_EQ_INT(verify_gate(&trial, "M1", trial.commit, "--check", "two"), FAIL);
        CHECK_CONTAINS(buf_get_text(&trial.out), "fail     one");
}

TEST(a_check_alone_can_be_run) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        write_plan(&trial, "  - id: one\n    run: exit 4\n    expect: { exit-status: 0 }\n"
                           "  - id: two\n    run: [ls]\n    expect: { exit-status: 0 }\n");
        CHECK_EQ_INT(verify_gate(&trial, "M1", trial.commit, "--check", "two"), PASS);
        CHECK_CONTAINS_NOT(buf_get_text(&trial.out), "one  ");
        CHECK_CONTAINS(buf_get_text(&trial.out), "nothing of the whole gate");
}

TEST(retries_wait_for_convergence_and_are_all_kept) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect(&trial,
               "  - id: never\n    run: echo no\n    retries: 2\n    interval: 10ms\n"
               "    expect: { stdout: { equals: \"yes\\n\" } }\n",
               FAIL, "attempt: 6: fail assert.stdout");
}

TEST(what_fails_on_the_overlay_only_is_inconclusive) {
        cleanup_trial Trial trial;

        if (geteuid() != 0)
                SKIP("an overlay needs root");
        trial_make(&trial, NULL, NULL, 0);
        expect(&trial,
               "  - id: choosy\n    run: stat -f -c %T .\n"
               "    expect: { stdout: { not-contains: overlay, line-count: { equals: 1 } } }\n",
               INCONCLUSIVE, "sandbox.overlay");
}

TEST(a_server_of_the_check_is_asked_from_inside_its_network) {
        cleanup_trial Trial trial;

        trial_make(&trial, "serve.py",
                   "import http.server\n"
                   "http.server.test(http.server.SimpleHTTPRequestHandler, port=8123, "
                   "bind='127.0.0.1')\n",
                   0644);
        expect(&trial,
               "  - id: web\n"
               "    http: { url: \"http://127.0.0.1:8123/README\", serve: [python3, serve.py] }\n"
               "    expect: { status: 200, body: { equals: \"a product\\n\" } }\n"
               "  - id: absent\n"
               "    http: { url: \"http://127.0.0.1:8123/nothing\", serve: [python3, serve.py] }\n"
               "    expect: { status: 404 }\n",
               PASS, "PASS  M1");
}

TEST(a_server_that_ends_or_never_listens_is_told_apart) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect(&trial,
               "  - id: web\n    http: { url: \"http://127.0.0.1:8123/\", serve: exit 7 }\n"
               "    expect: { status: 200 }\n",
               FAIL, "server.exit.7");
        expect(&trial,
               "  - id: web\n    timeout: 400ms\n"
               "    http: { url: \"http://127.0.0.1:8123/\", serve: sleep 1000 }\n"
               "    expect: { status: 200 }\n",
               FAIL, "server.not-ready");
}

TEST(a_cleanup_that_fails_is_a_note) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect(&trial,
               "  - id: tidy\n    run: cat README\n    network: host\n    cleanup: exit 3\n"
               "    expect: { stdout: { equals: \"a product\\n\" } }\n",
               PASS, "cleanup failed: check tidy: exit status 3");
}

TEST(a_commit_that_is_not_there_is_a_fail) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        write_plan(&trial, "  - id: one\n    run: [ls]\n    expect: { exit-status: 0 }\n");
        CHECK_EQ_INT(
                verify_gate(&trial, "M1", "0123456789012345678901234567890123456789", NULL, NULL),
                FAIL);
        CHECK_CONTAINS(buf_get_text(&trial.out), "claim.commit-absent");
        CHECK_CONTAINS(buf_get_text(&trial.out), "skipped  one");
}

TEST(a_repository_that_cannot_be_reached_is_inconclusive) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        (void)snprintf(trial.repo.url, sizeof trial.repo.url, "https://127.0.0.1:1/nothing");
        expect(&trial, "  - id: one\n    run: [ls]\n    expect: { exit-status: 0 }\n", INCONCLUSIVE,
               "prep.fetch");
}

TEST(a_repository_url_that_runs_a_program_is_refused) {
        cleanup_trial Trial trial;
        cleanup_free char *owned = NULL;

        trial_make(&trial, NULL, NULL, 0);
        (void)snprintf(trial.repo.url, sizeof trial.repo.url, "ext::sh -c 'touch %s/owned'",
                       trial.dir);
        expect(&trial, "  - id: one\n    run: [ls]\n    expect: { exit-status: 0 }\n", FAIL,
               "claim.repository-url");
        owned = mem_printf("%s/owned", trial.dir);
        CHECK(access(owned, F_OK) != 0);
}

TEST(usage_is_refused_before_anything_is_fetched) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        write_plan(&trial, "  - id: one\n    run: [ls]\n    expect: { exit-status: 0 }\n");
        CHECK_EQ_INT(verify_gate(&trial, "M1", "main", NULL, NULL), USAGE);
        CHECK_CONTAINS(buf_get_text(&trial.out), "rev-parse main");
        CHECK_EQ_INT(verify_gate(&trial, "M11", trial.commit, NULL, NULL), NOTHING);
        CHECK_CONTAINS(buf_get_text(&trial.out), "did you mean `M1`");
        CHECK_EQ_INT(verify_gate(&trial, "M1", trial.commit, "--check", "on"), NOTHING);
        CHECK_CONTAINS(buf_get_text(&trial.out), "did you mean `one`");
        write_plan(&trial, "  - id: one\n    runn: [ls]\n");
        CHECK_EQ_INT(verify_gate(&trial, "M1", trial.commit, NULL, NULL), USAGE);
        CHECK_CONTAINS(buf_get_text(&trial.out), "plan.md:");
}

TEST(the_json_has_the_verdict_and_the_evidence) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        write_plan(&trial, "  - id: one\n    run: [ls]\n    expect: { exit-status: 0 }\n");
        CHECK_EQ_INT(verify_gate(&trial, "M1", trial.commit, "--json", NULL), PASS);
        CHECK_CONTAINS(buf_get_text(&trial.out), "{\"version\":1,\"verdict\":{");
        CHECK_CONTAINS(buf_get_text(&trial.out), "\"decision\":\"PASS\"");
        CHECK_CONTAINS(buf_get_text(&trial.out), "\"isolation\":\"");
        CHECK_CONTAINS(buf_get_text(&trial.out),
                       "\"evidence\":[{\"gate\":\"M1\",\"check\":\"one\"");
}

TEST(nothing_is_left_behind_unless_it_is_to_be_kept) {
        cleanup_trial Trial trial;
        cleanup_free char *tmp = NULL;

        trial_make(&trial, NULL, NULL, 0);
        tmp = mem_printf("%s/tmp/.keep", trial.dir);
        CHECK_EQ_INT(unlink(tmp), 0);
        tmp[strlen(tmp) - strlen("/.keep")] = 0;
        expect(&trial, "  - id: one\n    run: exit 1\n    expect: { exit-status: 0 }\n", FAIL,
               "assert.exit-status");
        CHECK_EQ_INT(rmdir(tmp), 0); /* it was empty */
        CHECK_EQ_INT(mkdir(tmp, 0700), 0);
        CHECK_EQ_INT(verify_gate(&trial, "M1", trial.commit, "--keep", NULL), FAIL);
        CHECK_CONTAINS(buf_get_text(&trial.out), "kept: ");
        CHECK(rmdir(tmp) != 0);
}
