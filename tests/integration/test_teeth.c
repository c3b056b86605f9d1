/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Checks that are proved to be able to fail, and those that are not. */

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

#define LOOKS                                                                                      \
        "  - id: looks\n    run: cat README && echo end\n"                                         \
        "    expect: { stdout: { contains: product, line-count: { ge: 2 } } }\n"

TEST(teeth_that_bite_are_seen_red) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial, LOOKS "    teeth: { run: echo nothing > README }\n", TRIAL_PASS,
                     "PASS  M1");
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--json", NULL), TRIAL_PASS);
        CHECK_CONTAINS(buf_get_text(&trial.out), "\"seen_red\":1");
        CHECK_CONTAINS(buf_get_text(&trial.out), "teeth: red at stdout.contains");
        CHECK_CONTAINS(buf_get_text(&trial.out), "broken by its teeth 1");
}

TEST(a_check_without_teeth_was_not_seen_red) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial, LOOKS);
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--json", NULL), TRIAL_PASS);
        CHECK_CONTAINS_NOT(buf_get_text(&trial.out), "seen_red");
}

TEST(a_patch_bites) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     LOOKS "    teeth:\n"
                           "      patch: |\n"
                           "        --- a/README\n"
                           "        +++ b/README\n"
                           "        @@ -1 +1 @@\n"
                           "        -a product\n"
                           "        +a ruin\n"
                           "      expect-fail: { looks: stdout.contains }\n",
                     TRIAL_PASS, "PASS  M1");
}

TEST(a_check_that_stays_green_when_broken_fails) {
        cleanup_trial Trial trial;

        trial_make(&trial, "other", "x\n", 0644);
        trial_expect(&trial, LOOKS "    teeth: { run: rm other }\n", TRIAL_FAIL, "teeth.green");
}

TEST(red_elsewhere_than_the_plan_says_fails) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     LOOKS "    teeth:\n"
                           "      run: echo nothing > README\n"
                           "      expect-fail: { looks: stdout.line-count }\n",
                     TRIAL_FAIL, "teeth.elsewhere");
        trial_expect(&trial,
                     "  - id: looks\n    run: [./tool]\n    expect: { exit-status: 0 }\n"
                     "    teeth: { run: rm tool }\n",
                     TRIAL_FAIL, "fail     looks");
}

TEST(a_command_that_is_gone_is_no_red) {
        cleanup_trial Trial trial;

        trial_make(&trial, "tool", "#!/bin/bash\ncat README\n", 0755);
        trial_expect(&trial,
                     "  - id: looks\n    run: [./tool]\n"
                     "    expect: { stdout: { contains: product } }\n    teeth: { run: rm tool }\n",
                     TRIAL_FAIL, "teeth.elsewhere");
}

TEST(what_cannot_be_broken_fails) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial, LOOKS "    teeth: { run: rm absent }\n", TRIAL_FAIL, "teeth.broken");
        trial_expect(&trial,
                     LOOKS
                     "    teeth:\n      patch: |\n        --- a/README\n        +++ b/README\n"
                     "        @@ -1 +1 @@\n        -another product\n        +a ruin\n",
                     TRIAL_FAIL, "teeth.broken");
}

TEST(on_the_host_the_break_is_undone) {
        cleanup_trial Trial trial;
        cleanup_free char *checks = NULL, *stuck = NULL;

        trial_make(&trial, NULL, NULL, 0);
        bench_write(trial.dir, "state", "up\n", 0644);
        checks = mem_printf("  - id: up\n    run: cat %s/state\n    on: host\n"
                            "    expect: { stdout: { equals: up } }\n"
                            "    teeth: { run: echo down > %s/state, undo: echo up > %s/state }\n",
                            trial.dir, trial.dir, trial.dir);
        trial_expect(&trial, checks, TRIAL_PASS, "PASS  M1");
        stuck = mem_printf("  - id: up\n    run: cat %s/state\n    on: host\n"
                           "    expect: { stdout: { equals: up } }\n"
                           "    teeth: { run: echo down > %s/state, undo: exit 3 }\n",
                           trial.dir, trial.dir);
        trial_expect(&trial, stuck, TRIAL_FAIL, "teeth.stuck");
        CHECK_CONTAINS(buf_get_text(&trial.out), "undo failed");
}

static void expect_red_at(Trial *trial, const char *commit, int status, const char *said) {
        cleanup_free char *checks = mem_printf(LOOKS "    red-at: %s\n", commit);

        trial_expect(trial, checks, status, said);
}

TEST(a_check_must_fail_at_the_commit_that_red_at_names) {
        cleanup_trial Trial trial;
        RepoId good, bad;

        trial_make(&trial, NULL, NULL, 0);
        bench_write(trial.repo.path, "README", "nothing\n", 0644);
        repo_commit(&trial.repo, "broken", bad);
        bench_write(trial.repo.path, "README", "a product\n", 0644);
        repo_commit(&trial.repo, "mended", good);
        memcpy(trial.commit, good, sizeof good);
        expect_red_at(&trial, bad, TRIAL_PASS, "PASS  M1");
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--json", NULL), TRIAL_PASS);
        CHECK_CONTAINS(buf_get_text(&trial.out), "\"seen_red\":1");
        CHECK_CONTAINS(buf_get_text(&trial.out), "red-at: red at stdout.contains");
        expect_red_at(&trial, good, TRIAL_FAIL, "red-at.green");
        expect_red_at(&trial, "0123456789012345678901234567890123456789", TRIAL_FAIL,
                      "red-at.absent");
}

TEST(at_the_commit_of_red_at_a_missing_command_is_no_red) {
        cleanup_trial Trial trial;
        RepoId first;

        trial_make(&trial, NULL, NULL, 0);
        memcpy(first, trial.commit, sizeof first);
        bench_write(trial.repo.path, "tool", "#!/bin/bash\ncat README\n", 0755);
        repo_commit(&trial.repo, "with a tool", trial.commit);
        {
                cleanup_free char *checks =
                        mem_printf("  - id: looks\n    run: [./tool]\n"
                                   "    expect: { stdout: { contains: product } }\n"
                                   "    red-at: %s\n",
                                   first);

                trial_expect(&trial, checks, TRIAL_FAIL, "red-at.elsewhere");
        }
        {
                cleanup_free char *checks =
                        mem_printf("  - id: looks\n    run: ./tool\n    red-at: %s\n", first);

                trial_expect(&trial, checks, TRIAL_FAIL, "red-at.elsewhere");
        }
}
