/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* How a check is run: again, many times, for a time, within limits; and what may be a warning. */

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

TEST(each_repetition_knows_its_number_and_all_of_them_count) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: drill\n    run: test -f README && echo \"run $N\"\n"
                     "    repeat: { times: 6, concurrency: 3 }\n"
                     "    expect: { stdout: { matches: '^run [1-6]$' } }\n",
                     TRIAL_PASS, "PASS  M1");
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--json", NULL), TRIAL_PASS);
        CHECK_CONTAINS(buf_get_text(&trial.out), "6 repetitions held, 3 at a time");
        CHECK_CONTAINS(buf_get_text(&trial.out), "\"attempts\":6");
        CHECK_CONTAINS(buf_get_text(&trial.out), "repeat: 6 of 6 held, 3 at a time");
        CHECK_CONTAINS(buf_get_text(&trial.out), "\"exit_status\":0");
}

TEST(a_repetition_that_fails_fails_the_check_with_the_tally) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: drill\n    run: test \"$N\" != 3 && test \"$N\" != 5 && cat README\n"
                     "    repeat: { times: 6, concurrency: 2 }\n"
                     "    expect: { stdout: { contains: product } }\n",
                     TRIAL_FAIL, "2 of 6 repetitions failed, N=3 first");
        CHECK_CONTAINS(buf_get_text(&trial.out), "fail     drill");
        CHECK_CONTAINS(buf_get_text(&trial.out), "N=5, 1: fail");
        CHECK_CONTAINS(buf_get_text(&trial.out), "repeat: 4 of 6 held");
}

/* Two at a time meet at a port of the machine's network. */
TEST(what_fails_only_beside_others_is_contention) {
        static const char serve[] = "import os, socket, sys, time\n"
                                    "n = int(os.environ['N'])\n"
                                    "s = socket.socket(socket.AF_UNIX)\n"
                                    "try: s.bind('\\0coldgate-' + os.environ['NAME'])\n"
                                    "except OSError: sys.exit('taken')\n"
                                    "time.sleep(0.7)\n"
                                    "print('alone')\n";
        cleanup_trial Trial trial;
        cleanup_free char *checks = NULL;

        trial_make(&trial, "serve.py", serve, 0644);
        checks = mem_printf("  - id: port\n    run: [python3, serve.py]\n    network: host\n"
                            "    env: { NAME: test-%d }\n"
                            "    repeat: { times: 2, concurrency: 2 }\n"
                            "    expect: { stdout: { equals: alone } }\n",
                            (int)getpid());
        trial_expect(&trial, checks, TRIAL_FAIL, "contention");
        CHECK_CONTAINS(buf_get_text(&trial.out), "alone it holds");
}

TEST(what_converges_is_asked_until_it_holds) {
        cleanup_trial Trial trial;
        cleanup_free char *checks = NULL;

        trial_make(&trial, NULL, NULL, 0);
        checks = mem_printf("  - id: slow\n    run: echo x >> %s/asked; wc -l < %s/asked\n"
                            "    on: host\n    retries: 5\n    interval: 20ms\n"
                            "    expect: { stdout: { number: { ge: 3 } } }\n",
                            trial.dir, trial.dir);
        trial_expect(&trial, checks, TRIAL_PASS, "PASS  M1");
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--json", NULL), TRIAL_PASS);
}

TEST(what_must_stay_true_and_does_not_fails) {
        cleanup_trial Trial trial;
        cleanup_free char *checks = NULL;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: stays\n    run: cat README\n    hold: 300ms\n    interval: 100ms\n"
                     "    expect: { stdout: { contains: product } }\n",
                     TRIAL_PASS, "PASS  M1");
        checks = mem_printf("  - id: sinks\n    run: echo x >> %s/asked; wc -l < %s/asked\n"
                            "    on: host\n    hold: 5s\n    interval: 20ms\n"
                            "    expect: { stdout: { number: { le: 3 } } }\n",
                            trial.dir, trial.dir);
        trial_expect(&trial, checks, TRIAL_FAIL, "it held for");
}

TEST(a_failure_that_is_allowed_is_a_warning_that_is_said) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(
                &trial,
                "  - id: one\n    run: cat README\n    expect: { stdout: { contains: product } }\n"
                "  - id: soft\n    run: exit 4\n    allow-failure: true\n"
                "    expect: { exit-status: 0 }\n"
                "  - id: after\n    needs: [soft]\n    run: cat README\n"
                "    expect: { stdout: { contains: product } }\n",
                TRIAL_PASS, "warn     soft");
        CHECK_CONTAINS(buf_get_text(&trial.out), "note: warning: check soft: fail");
        CHECK_CONTAINS(buf_get_text(&trial.out), "2 checks held, 1 warning");
}

TEST(a_gate_of_warnings_alone_is_refused) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: soft\n    run: exit 4\n    allow-failure: true\n"
                     "    expect: { exit-status: 0 }\n",
                     TRIAL_USAGE, "vacuous-warnings");
}

/* Fails first, holds when it is confirmed. */
static void expect_flaky(const char *words, int status, const char *said) {
        cleanup_trial Trial trial;
        cleanup_free char *checks = NULL;

        trial_make(&trial, NULL, NULL, 0);
        checks = mem_printf("  - id: other\n    run: cat README\n"
                            "    expect: { stdout: { contains: product } }\n"
                            "  - id: moody\n    run: echo x >> %s/asked; wc -l < %s/asked\n"
                            "    on: host\n    expect: { stdout: { number: { ge: 2 } } }\n%s",
                            trial.dir, trial.dir, words);
        trial_expect(&trial, checks, status, said);
}

TEST(what_holds_when_it_is_confirmed_is_flaky_and_fails) {
        expect_flaky("", TRIAL_FAIL, "flaky    moody");
}

TEST(flakiness_may_be_a_warning_by_the_plan) {
        expect_flaky("flaky: warn\n", TRIAL_PASS, "warn     moody");
}

TEST(too_little_examined_is_vacuous) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: files\n    run: \"echo 3 files checked; cat README\"\n"
                     "    examined: { ge: 4, from: '(\\d+) files checked' }\n"
                     "    expect: { stdout: { contains: product } }\n",
                     TRIAL_FAIL, "vacuous");
        trial_expect(&trial,
                     "  - id: files\n    run: \"echo 4 files checked; cat README\"\n"
                     "    examined: { ge: 4, from: '(\\d+) files checked' }\n"
                     "    expect: { stdout: { contains: product } }\n",
                     TRIAL_PASS, "PASS  M1");
}

TEST(what_passes_with_twice_its_limits_fails_and_says_so) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: grows\n    run: head -c 1500000 /dev/zero > big && cat README\n"
                     "    limits: { file-size: 1MiB }\n"
                     "    expect: { stdout: { contains: product } }\n",
                     TRIAL_FAIL, "limit.tight");
        trial_expect(&trial,
                     "  - id: grows\n    run: head -c 5000000 /dev/zero > big && cat README\n"
                     "    limits: { file-size: 1MiB }\n"
                     "    expect: { stdout: { contains: product } }\n",
                     TRIAL_FAIL, "fail     grows");
}

/* ---- on: host, host-access ---- */

TEST(a_command_is_told_the_name_of_the_user_that_it_has) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: here\n    run: test \"$USER\" = \"$(id -un)\"\n"
                     "  - id: there\n    run: test \"$USER $LOGNAME\" = \"$(id -un) $(id -un)\"\n"
                     "    on: host\n",
                     TRIAL_PASS, "PASS  M1");
}

TEST(on_the_host_a_check_has_our_rights_and_the_evidence_says_so) {
        cleanup_trial Trial trial;
        cleanup_free char *checks = NULL;

        trial_make(&trial, "bin/greet", "#!/bin/bash\necho hello\n", 0755);
        checks = mem_printf("  - id: here\n    run: test -d %s && bin/greet && test -w \"$HOME\"\n"
                            "    on: host\n    expect: { stdout: { contains: hello } }\n",
                            trial.dir);
        trial_expect(&trial, checks, TRIAL_PASS, "PASS  M1");
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--json", NULL), TRIAL_PASS);
        CHECK_CONTAINS(buf_get_text(&trial.out), "none (on: host, by the plan)");
}

TEST(a_path_that_the_plan_opens_is_seen_and_one_that_is_not_there_is_inconclusive) {
        cleanup_trial Trial trial;
        cleanup_free char *checks = NULL, *absent = NULL;

        trial_make(&trial, NULL, NULL, 0);
        bench_write(trial.dir, "open/fact", "a fact\n", 0644);
        checks = mem_printf("  - id: fact\n    run: cat %s/open/fact\n"
                            "    host-access: [%s/open]\n"
                            "    expect: { stdout: { contains: a fact } }\n",
                            trial.dir, trial.dir);
        trial_expect(&trial, checks, TRIAL_PASS, "PASS  M1");
        absent = mem_printf("  - id: fact\n    run: cat README\n"
                            "    host-access: [%s/absent]\n"
                            "    expect: { stdout: { contains: product } }\n",
                            trial.dir);
        trial_expect(&trial, absent, TRIAL_INCONCLUSIVE, "env.missing");
}
