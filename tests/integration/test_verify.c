/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `adversary-agent verify` on real repositories: what holds, and what a check can see and leave. */

#include "tests/lib/bench.h"
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

TEST(an_honest_commit_passes) {
        cleanup_trial Trial trial;

        trial_make(&trial, "bin/hello", "#!/bin/bash\necho hello \"$@\"\n", 0755);
        trial_expect(&trial,
                     "  - id: greets\n    run: [bin/hello, you]\n"
                     "    expect: { stdout: { equals: \"hello you\\n\" } }\n",
                     TRIAL_PASS, "PASS  M1");
}

TEST(what_is_only_in_the_working_tree_does_not_count) {
        cleanup_trial Trial trial;

        trial_make(&trial, ".gitignore", "built\n", 0644);
        bench_write(trial.repo.path, "built", "yes\n", 0644);
        bench_write(trial.repo.path, "README", "mended, not committed\n", 0644);
        trial_expect(
                &trial,
                "  - id: built\n    run: test -e built\n    expect: { exit-status: 0 }\n"
                "  - id: mended\n    run: [cat, README]\n    expect: { stdout: { contains: mended } }\n",
                TRIAL_FAIL, "found   : a product");
        CHECK_CONTAINS(buf_get_text(&trial.out), "fail     built");
        CHECK_CONTAINS(buf_get_text(&trial.out), "--check mended");
}

TEST(a_missing_tool_is_inconclusive) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: tool\n    run: [no-such-tool, --now]\n    tools: [no-such-tool]\n"
                     "    expect: { exit-status: 0 }\n",
                     TRIAL_INCONCLUSIVE, "env.missing");
        trial_expect(&trial,
                     "  - id: tool\n    run: [no-such-tool]\n    expect: { exit-status: 0 }\n",
                     TRIAL_INCONCLUSIVE, "env.missing");
        trial_expect(&trial,
                     "  - id: tool\n    run: [bash, -c, 'echo 1']\n    tools: [bash >= 99.5]\n"
                     "    expect: { exit-status: 0 }\n",
                     TRIAL_INCONCLUSIVE, "the plan needs `bash` >= 99.5");
        trial_expect(&trial,
                     "  - id: tool\n    run: cat README\n    tools: [/opt/no-such/tool]\n"
                     "    expect: { stdout: { contains: product } }\n",
                     TRIAL_INCONCLUSIVE, "the plan needs `/opt/no-such/tool`");
}

TEST(a_tool_that_is_new_enough_is_enough) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: tool\n    run: [bash, -c, 'cat README']\n    tools: [bash >= 4.10,"
                     " /bin/bash >= 4.10]\n"
                     "    expect: { stdout: { equals: \"a product\\n\" } }\n",
                     TRIAL_PASS, "PASS  M1");
}

/* nginx knows -v alone and says it to standard error, openssl the word alone. */
TEST(a_tool_that_does_not_know_the_usual_option_has_a_version_too) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: tool\n    run: [bash, -c, 'cat README']\n"
                     "    tools: [nginx >= 1.10, openssl >= 1.1]\n"
                     "    expect: { stdout: { equals: \"a product\\n\" } }\n",
                     TRIAL_PASS, "PASS  M1");
        trial_expect(&trial,
                     "  - id: tool\n    run: [bash, -c, 'cat README']\n"
                     "    tools: [nginx >= 99.1]\n"
                     "    expect: { stdout: { equals: \"a product\\n\" } }\n",
                     TRIAL_INCONCLUSIVE, "here is 1.");
}

/* `sh version` runs a file of that name where it is started. */
TEST(a_tree_answers_for_the_version_of_no_tool) {
        cleanup_trial Trial trial;

        trial_make(&trial, "version", "echo 99.9\n", 0755);
        trial_expect(&trial,
                     "  - id: tool\n    run: [bash, -c, 'cat README']\n    tools: [sh >= 9.1]\n"
                     "    expect: { stdout: { equals: \"a product\\n\" } }\n",
                     TRIAL_INCONCLUSIVE, "the plan needs `sh` >= 9.1");
}

TEST(a_file_of_the_repository_that_cannot_be_executed_is_a_fail) {
        cleanup_trial Trial trial;

        trial_make(&trial, "bin/plain", "echo no\n", 0644);
        trial_expect(&trial,
                     "  - id: plain\n    run: [bin/plain]\n    expect: { exit-status: 0 }\n",
                     TRIAL_FAIL, "exec.product");
        trial_expect(&trial,
                     "  - id: absent\n    run: [./absent]\n    expect: { exit-status: 0 }\n",
                     TRIAL_FAIL, "exec.product");
        trial_expect(&trial,
                     "  - id: nowhere\n    run: [ls]\n    workdir: nowhere\n"
                     "    expect: { exit-status: 0 }\n",
                     TRIAL_FAIL, "exec.workdir");
}

TEST(processes_and_files_that_a_check_leaves_are_noted) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(
                &trial,
                "  - id: leaks\n"
                "    run: for i in {1..50}; do setsid sleep 1000 & done; echo x > \"$HOME/left\"; cat README\n"
                "    expect: { stdout: { equals: \"a product\\n\" } }\n",
                TRIAL_PASS, "leak: check leaks left 50 processes behind, killed: sleep 1000");
        CHECK_CONTAINS(buf_get_text(&trial.out), "outside: check leaks wrote");
}

TEST(a_check_sees_nothing_of_the_one_before_it) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(
                &trial,
                "  - id: litters\n"
                "    run: for d in . \"$HOME\" \"$TMPDIR\" /dev/shm; do echo x > \"$d/litter\"; done; "
                "cat README; rm README\n"
                "    expect: { stdout: { equals: \"a product\\n\" } }\n"
                "  - id: looks\n    needs: [litters]\n"
                "    run: ls -A . \"$HOME\" \"$TMPDIR\" /dev/shm\n"
                "    expect: { stdout: { contains: README, not-contains: litter } }\n",
                TRIAL_PASS, "PASS  M1");
}

TEST(the_environment_is_the_gates_alone) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(
                &trial,
                "  - id: env\n    env: { COLOUR: blue }\n    run: [env]\n"
                "    expect: { stdout: { matches: '(?s)COLOUR=blue.*GATE_SINCE=|GATE_SINCE=.*COLOUR=blue',"
                " contains: HOME=/home/work, not-contains: SECRET, not-matches: '(?i)advers|coldgate' } }\n",
                TRIAL_PASS, "PASS  M1");
}

TEST(a_check_whose_need_failed_is_skipped) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(
                &trial,
                "  - id: one\n    run: exit 4\n    expect: { exit-status: 0 }\n"
                "  - id: two\n    needs: [one]\n    run: [ls]\n    expect: { exit-status: 0 }\n",
                TRIAL_FAIL, "skipped  two");
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--check", "two"), TRIAL_FAIL);
        CHECK_CONTAINS(buf_get_text(&trial.out), "fail     one");
}

TEST(a_check_alone_can_be_run) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial, "  - id: one\n    run: exit 4\n    expect: { exit-status: 0 }\n"
                                 "  - id: two\n    run: [ls]\n    expect: { exit-status: 0 }\n");
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--check", "two"), TRIAL_PASS);
        CHECK_CONTAINS_NOT(buf_get_text(&trial.out), "one  ");
        CHECK_CONTAINS(buf_get_text(&trial.out), "nothing of the whole gate");
}

TEST(a_server_of_the_check_is_asked_from_inside_its_network) {
        cleanup_trial Trial trial;

        trial_make(&trial, "serve.py",
                   "import http.server\n"
                   "http.server.test(http.server.SimpleHTTPRequestHandler, port=8123, "
                   "bind='127.0.0.1')\n",
                   0644);
        trial_expect(
                &trial,
                "  - id: web\n"
                "    http: { url: \"http://127.0.0.1:8123/README\", serve: [python3, serve.py] }\n"
                "    expect: { status: 200, body: { equals: \"a product\\n\" } }\n"
                "  - id: absent\n"
                "    http: { url: \"http://127.0.0.1:8123/nothing\", serve: [python3, serve.py] }\n"
                "    expect: { status: 404 }\n",
                TRIAL_PASS, "PASS  M1");
}

TEST(a_cleanup_that_fails_is_a_note) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: tidy\n    run: cat README\n    network: host\n    cleanup: exit 3\n"
                     "    expect: { stdout: { equals: \"a product\\n\" } }\n",
                     TRIAL_PASS, "cleanup failed: check tidy: exit status 3");
}

TEST(the_json_has_the_verdict_and_the_evidence) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_write_plan(&trial, "  - id: one\n    run: [ls]\n    expect: { exit-status: 0 }\n");
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--json", NULL), TRIAL_PASS);
        CHECK_CONTAINS(buf_get_text(&trial.out), "{\"version\":1,\"verdict\":{");
        CHECK_CONTAINS(buf_get_text(&trial.out), "\"decision\":\"PASS\"");
        CHECK_CONTAINS(buf_get_text(&trial.out), "\"isolation\":\"");
        CHECK_CONTAINS(buf_get_text(&trial.out),
                       "\"evidence\":[{\"gate\":\"M1\",\"check\":\"one\"");
}
