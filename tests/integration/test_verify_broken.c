/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `adversary-agent verify` when something is wrong: whose fault it is, and what is said. */

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

TEST(endless_output_is_a_fail) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial, "  - id: endless\n    run: [yes]\n    expect: { exit-status: 0 }\n",
                     TRIAL_FAIL, "output.limit");
}

TEST(a_check_that_does_not_end_times_out_and_fails_the_gate) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: slow\n    run: sleep 1000\n    timeout: 300ms\n"
                     "    expect: { exit-status: 0 }\n",
                     TRIAL_FAIL, "timeout  slow");
}

TEST(a_signal_is_a_fail_with_its_number) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: dies\n    run: kill -SEGV $$\n    expect: { exit-status: 139 }\n",
                     TRIAL_FAIL, "signal.11");
}

TEST(retries_wait_for_convergence_and_are_all_kept) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: never\n    run: echo no\n    retries: 2\n    interval: 10ms\n"
                     "    expect: { stdout: { equals: \"yes\\n\" } }\n",
                     TRIAL_FAIL, "attempt: 6: fail assert.stdout");
}

TEST(what_fails_on_the_overlay_only_is_inconclusive) {
        cleanup_trial Trial trial;

        if (geteuid() != 0)
                SKIP("an overlay needs root");
        trial_make(&trial, NULL, NULL, 0);
        trial_expect(
                &trial,
                "  - id: choosy\n    run: stat -f -c %T .\n"
                "    expect: { stdout: { not-contains: overlay, line-count: { equals: 1 } } }\n",
                TRIAL_INCONCLUSIVE, "sandbox.overlay");
}

TEST(a_server_that_ends_or_never_listens_is_told_apart) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: web\n    http: { url: \"http://127.0.0.1:8123/\", serve: exit 7 }\n"
                     "    expect: { status: 200 }\n",
                     TRIAL_FAIL, "server.exit.7");
        trial_expect(&trial,
                     "  - id: web\n    timeout: 400ms\n"
                     "    http: { url: \"http://127.0.0.1:8123/\", serve: sleep 1000 }\n"
                     "    expect: { status: 200 }\n",
                     TRIAL_FAIL, "server.not-ready");
}

TEST(a_commit_that_is_not_there_is_a_fail) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial, "  - id: one\n    run: [ls]\n    expect: { exit-status: 0 }\n");
        CHECK_EQ_INT(
                trial_verify(&trial, "M1", "0123456789012345678901234567890123456789", NULL, NULL),
                TRIAL_FAIL);
        CHECK_CONTAINS(buf_get_text(&trial.out), "claim.commit-absent");
        CHECK_CONTAINS(buf_get_text(&trial.out), "skipped  one");
}

TEST(a_repository_that_cannot_be_reached_is_inconclusive) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        (void)snprintf(trial.repo.url, sizeof trial.repo.url, "https://127.0.0.1:1/nothing");
        trial_expect(&trial, "  - id: one\n    run: [ls]\n    expect: { exit-status: 0 }\n",
                     TRIAL_INCONCLUSIVE, "prep.fetch");
}

TEST(a_repository_url_that_runs_a_program_is_refused) {
        cleanup_trial Trial trial;
        cleanup_free char *owned = NULL;

        trial_make(&trial, NULL, NULL, 0);
        (void)snprintf(trial.repo.url, sizeof trial.repo.url, "ext::sh -c 'touch %s/owned'",
                       trial.dir);
        trial_expect(&trial, "  - id: one\n    run: [ls]\n    expect: { exit-status: 0 }\n",
                     TRIAL_FAIL, "claim.repository-url");
        owned = mem_printf("%s/owned", trial.dir);
        CHECK(access(owned, F_OK) != 0);
}

TEST(usage_is_refused_before_anything_is_fetched) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial, "  - id: one\n    run: [ls]\n    expect: { exit-status: 0 }\n");
        CHECK_EQ_INT(trial_verify(&trial, "M1", "main", NULL, NULL), TRIAL_USAGE);
        CHECK_CONTAINS(buf_get_text(&trial.out), " main | head -n 1");
        CHECK_EQ_INT(trial_verify(&trial, "M11", trial.commit, NULL, NULL), TRIAL_NOTHING);
        CHECK_CONTAINS(buf_get_text(&trial.out), "did you mean `M1`");
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--check", "on"), TRIAL_NOTHING);
        CHECK_CONTAINS(buf_get_text(&trial.out), "did you mean `one`");
        trial_write_plan(&trial, "  - id: one\n    runn: [ls]\n");
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, NULL, NULL), TRIAL_USAGE);
        CHECK_CONTAINS(buf_get_text(&trial.out), "plan.md:");
}

TEST(nothing_is_left_behind_unless_it_is_to_be_kept) {
        cleanup_trial Trial trial;
        cleanup_free char *tmp = NULL;

        trial_make(&trial, NULL, NULL, 0);
        tmp = mem_printf("%s/tmp/.keep", trial.dir);
        CHECK_EQ_INT(unlink(tmp), 0);
        tmp[strlen(tmp) - strlen("/.keep")] = 0;
        trial_expect(&trial, "  - id: one\n    run: exit 1\n    expect: { exit-status: 0 }\n",
                     TRIAL_FAIL, "assert.exit-status");
        CHECK_EQ_INT(rmdir(tmp), 0); /* it was empty */
        CHECK_EQ_INT(mkdir(tmp, 0700), 0);
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--keep", NULL), TRIAL_FAIL);
        CHECK_CONTAINS(buf_get_text(&trial.out), "kept: ");
        CHECK(rmdir(tmp) != 0);
}
