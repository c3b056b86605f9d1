/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `git` and `revision` checks on real repositories, and what waits for a revision or an answer. */

#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

/* The trial's first commit, then one with this file; the trial's commit is the second. */
static void make_two(Trial *trial, RepoId first, const char *path, const char *text) {
        trial_make(trial, "tests/one", "1\n", 0644);
        memcpy(first, trial->commit, sizeof(RepoId));
        bench_write(trial->repo.path, path, text, 0644);
        repo_commit(&trial->repo, "second", trial->commit);
}

static void expect_fact(Trial *trial, const char *fact, int status, const char *said) {
        cleanup_free char *checks = mem_printf("  - id: fact\n    git: { %s }\n", fact);

        trial_expect(trial, checks, status, said);
}

TEST(descent_is_read_from_the_objects) {
        cleanup_trial Trial trial;
        cleanup_free char *fact = NULL, *other = NULL;
        RepoId first;

        make_two(&trial, first, "src/a", "x\n");
        fact = mem_printf("descends-from: %s", first);
        other = mem_printf("ancestor-of: %s", first);
        expect_fact(&trial, fact, TRIAL_PASS, "PASS  M1");
        expect_fact(&trial, other, TRIAL_FAIL, "git.ancestry");
}

TEST(a_commit_of_the_plan_that_is_nowhere_is_inconclusive) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        expect_fact(&trial, "descends-from: 0123456789012345678901234567890123456789",
                    TRIAL_INCONCLUSIVE, "prep.commit-absent");
}

TEST(a_commit_that_descends_from_the_claim_is_fetched) {
        cleanup_trial Trial trial;
        cleanup_free char *fact = NULL;
        RepoId first;

        make_two(&trial, first, "src/a", "x\n");
        fact = mem_printf("ancestor-of: %s", trial.commit);
        memcpy(trial.commit, first, sizeof first);
        expect_fact(&trial, fact, TRIAL_PASS, "PASS  M1");
}

TEST(paths_that_must_not_differ_are_named_when_they_do) {
        cleanup_trial Trial trial;
        cleanup_free char *same = NULL, *changed = NULL, *idle = NULL;
        RepoId first;

        make_two(&trial, first, "src/a", "x\n");
        same = mem_printf("unchanged-since: { commit: %s, paths: [\"tests/**\"] }", first);
        changed = mem_printf("unchanged-since: { commit: %s, paths: [\"src/**\"] }", first);
        idle = mem_printf("unchanged-since: { commit: %s, paths: [\"test/**\"] }", first);
        expect_fact(&trial, same, TRIAL_PASS, "PASS  M1");
        expect_fact(&trial, changed, TRIAL_FAIL, "found   : src/a");
        expect_fact(&trial, idle, TRIAL_FAIL, "vacuous");
}

TEST(only_the_allowed_paths_may_differ_and_something_must) {
        cleanup_trial Trial trial;
        cleanup_free char *allowed = NULL, *other = NULL, *nothing = NULL;
        RepoId first;

        make_two(&trial, first, "src/a", "x\n");
        allowed = mem_printf("paths-only: { since: %s, paths: [\"src/**\"] }", first);
        other = mem_printf("paths-only: { since: %s, paths: [\"tests/**\"] }", first);
        nothing = mem_printf("paths-only: { since: %s, paths: [\"src/**\"] }", trial.commit);
        expect_fact(&trial, allowed, TRIAL_PASS, "PASS  M1");
        expect_fact(&trial, other, TRIAL_FAIL, "git.paths");
        expect_fact(&trial, nothing, TRIAL_FAIL, "vacuous");
}

TEST(what_once_stood_in_a_file_is_found_in_the_history) {
        cleanup_trial Trial trial;
        cleanup_free char *key = NULL;
        RepoId first;

        make_two(&trial, first, "src/key", "BEGIN PRIVATE KEY\n");
        key = mem_printf("%s/src/key", trial.repo.path);
        CHECK_EQ_INT(unlink(key), 0);
        repo_commit(&trial.repo, "third", trial.commit);
        expect_fact(&trial, "no-match-in-history: ['BEGIN [A-Z ]*PRIVATE KEY']", TRIAL_FAIL,
                    "has one at src/key");
        expect_fact(&trial, "no-match-in-history: ['BEGIN [A-Z ]*PUBLIC KEY']", TRIAL_PASS,
                    "PASS  M1");
}

TEST(a_blob_that_is_too_large_to_search_is_inconclusive) {
        cleanup_trial Trial trial;
        cleanup_free char *script = NULL;

        trial_make(&trial, NULL, NULL, 0);
        script = mem_printf("head -c 17000000 /dev/zero > %s/zeros", trial.repo.path);
        bench_run_expect(&(ProcessSpec){.argv = {"sh", "-c", script}}, 20000, 0, NULL);
        repo_commit(&trial.repo, "large", trial.commit);
        expect_fact(&trial, "no-match-in-history: ['BEGIN [A-Z ]*PRIVATE KEY']", TRIAL_INCONCLUSIVE,
                    "a version of zeros is larger than is searched");
        expect_fact(&trial, "no-match-in-history: ['a prod']", TRIAL_FAIL, "git.history");
}

TEST(a_command_that_names_the_commit_holds) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(
                &trial,
                "  - id: rev\n    revision: { run: \"echo v1-3-g${GATE_COMMIT:0:12}\", digits: 12 }\n",
                TRIAL_PASS, "PASS  M1");
        trial_expect(&trial, "  - id: rev\n    revision: { run: echo 0123abc, digits: 7 }\n",
                     TRIAL_FAIL, "revision.other");
        trial_expect(&trial, "  - id: rev\n    revision: { run: \"echo $GATE_COMMIT; exit 1\" }\n",
                     TRIAL_FAIL, "assert.exit-status");
}

TEST(what_runs_cannot_read_its_revision_from_the_environment) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        bench_write(trial.repo.path, "version", "#!/bin/bash\necho \"$GATE_COMMIT\"\n", 0755);
        repo_commit(&trial.repo, "a product that asks the check", trial.commit);
        trial_expect(&trial, "  - id: rev\n    revision: { run: [./version] }\n", TRIAL_FAIL,
                     "revision.other");
        trial_expect(&trial, "  - id: rev\n    revision: { run: ./version \"$GATE_COMMIT\" }\n",
                     TRIAL_PASS, "PASS  M1");
}

TEST(routes_of_another_revision_are_not_believed) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: rev\n    revision: { run: echo 0123abc, digits: 7 }\n"
                     "  - id: route\n    network: host\n"
                     "    http: { url: \"http://127.0.0.1:9/\" }\n    expect: { status: 200 }\n",
                     TRIAL_FAIL, "needs rev, which did not pass");
        CHECK_CONTAINS(buf_get_text(&trial.out), "skipped  route");
}

TEST(a_question_that_nobody_has_answered_is_inconclusive) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial, "  - id: look\n    manual: Does it look well?\n", TRIAL_INCONCLUSIVE,
                     "unverifiable look");
        CHECK_CONTAINS(buf_get_text(&trial.out), ", manual: look: to be answered: Does it");
}
