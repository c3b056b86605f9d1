/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `report` and `file` checks of real runs: what holds, what does not, what cannot be believed. */

#include "tests/lib/bench.h"
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

static const char junit[] =
        "<testsuites tests=\"3\"><testsuite name=\"s\" tests=\"3\" failures=\"1\" skipped=\"1\">\n"
        "<testcase classname=\"a\" name=\"good\"/>\n"
        "<testcase classname=\"a\" name=\"bad\"><failure message=\"no\"/></testcase>\n"
        "<testcase classname=\"a\" name=\"lazy\"><skipped/></testcase>\n"
        "</testsuite></testsuites>\n";

TEST(a_report_that_the_run_made_is_judged) {
        cleanup_trial Trial trial;

        trial_make(&trial, "t.tap", "1..2\nok 1 - one\nok 2 - two\n", 0644);
        trial_expect(&trial,
                     "  - id: suite\n"
                     "    report: { run: cp t.tap out.tap, format: tap, file: out.tap }\n"
                     "    expect: { executed: { ge: 2 } }\n",
                     TRIAL_PASS, "PASS  M1");
        trial_expect(&trial,
                     "  - id: suite\n"
                     "    report: { run: cat t.tap, format: tap, names: [one, two] }\n",
                     TRIAL_PASS, "PASS  M1");
}

TEST(a_failed_test_is_named_before_the_exit_status) {
        cleanup_trial Trial trial;

        trial_make(&trial, "r.xml", junit, 0644);
        trial_expect(&trial,
                     "  - id: suite\n"
                     "    report:\n      run: \"mkdir out; cp r.xml out/r.xml; exit 1\"\n"
                     "      format: junit\n      file: out/r.xml\n"
                     "    expect: { executed: { ge: 2 } }\n",
                     TRIAL_FAIL, "found   : 1: a.bad");
        CHECK_CONTAINS(buf_get_text(&trial.out), "assert.failed");
        CHECK_CONTAINS(buf_get_text(&trial.out), "found   : 1: a.lazy");
        CHECK_CONTAINS(buf_get_text(&trial.out), "report| ");
}

TEST(the_report_and_its_assertions_are_evidence) {
        cleanup_trial Trial trial;

        trial_make(&trial, "t.tap", "1..1\nok 1 - one\n", 0644);
        trial_write_plan(&trial,
                         "  - id: suite\n"
                         "    report: { run: cp t.tap out.tap, format: tap, file: out.tap }\n"
                         "    expect: { executed: { ge: 1 } }\n");
        CHECK_EQ_INT(trial_verify(&trial, "M1", trial.commit, "--json", NULL), TRIAL_PASS);
        CHECK_CONTAINS(buf_get_text(&trial.out), "\"name\":\"report\",\"bytes\":16");
        CHECK_CONTAINS(buf_get_text(&trial.out), "\"where\":\"report.plan\"");
        CHECK_CONTAINS(buf_get_text(&trial.out), "\"where\":\"failed.equals\"");
}

TEST(a_report_that_stands_in_the_commit_is_stale) {
        cleanup_trial Trial trial;

        trial_make(&trial, "out.tap", "1..1\nok 1 - one\n", 0644);
        trial_expect(
                &trial,
                "  - id: suite\n    report: { run: touch out.tap, format: tap, file: out.tap }\n"
                "    expect: { executed: { ge: 1 } }\n",
                TRIAL_FAIL, "report.stale");
}

TEST(no_report_a_broken_one_and_one_elsewhere_are_told_apart) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(
                &trial,
                "  - id: none\n    report: { run: ls, format: tap, file: out.tap }\n"
                "    expect: { executed: { ge: 1 } }\n"
                "  - id: broken\n    report: { run: echo '<testsuite>', format: junit }\n"
                "    expect: { executed: { ge: 1 } }\n"
                "  - id: link\n"
                "    report: { run: ln -s /etc/hostname out.tap, format: tap, file: out.tap }\n"
                "    expect: { executed: { ge: 1 } }\n",
                TRIAL_FAIL, "fail     none");
        CHECK_CONTAINS(buf_get_text(&trial.out), "report.missing");
        CHECK_CONTAINS(buf_get_text(&trial.out), "report.malformed");
        CHECK_CONTAINS(buf_get_text(&trial.out), "it is not a file that can be read");
}

TEST(a_report_of_nothing_is_vacuous) {
        cleanup_trial Trial trial;

        trial_make(&trial, "t.tap", "1..0 # SKIP nothing\n", 0644);
        trial_expect(&trial,
                     "  - id: none\n    report: { run: cat t.tap, format: tap }\n"
                     "    expect: { executed: { ge: 1 } }\n",
                     TRIAL_FAIL, "vacuous");
}

TEST(tests_beyond_the_closed_names_and_skips_beyond_the_allowed_fail) {
        cleanup_trial Trial trial;

        trial_make(&trial, "t.tap", "1..3\nok 1 - one\nok 2 - two\nok 3 - three # SKIP lazy\n",
                   0644);
        trial_expect(&trial,
                     "  - id: suite\n    report:\n      run: cat t.tap\n      format: tap\n"
                     "      names: [one, four, three]\n      may-skip: [three]\n",
                     TRIAL_FAIL, "missing: four; unexpected: two");
        trial_expect(&trial,
                     "  - id: suite\n    report:\n      run: cat t.tap\n      format: tap\n"
                     "      names: [one, two, three]\n      may-skip: [three]\n",
                     TRIAL_PASS, "PASS  M1");
}

TEST(a_command_that_dies_is_the_reason_not_its_report) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: dies\n    report: { run: kill -SEGV $$, format: tap }\n"
                     "    expect: { executed: { ge: 1 } }\n",
                     TRIAL_FAIL, "signal.11");
        trial_expect(&trial,
                     "  - id: absent\n    report: { run: [no-such-tool], format: tap }\n"
                     "    expect: { executed: { ge: 1 } }\n",
                     TRIAL_INCONCLUSIVE, "env.missing");
}

TEST(facts_of_a_file_of_the_commit) {
        cleanup_trial Trial trial;

        trial_make(&trial, "bin/tool", "#!/bin/sh\n", 0755);
        trial_expect(
                &trial,
                "  - id: tool\n    file: { path: bin/tool }\n"
                "    expect: { exists: true, mode: \"0755\", size: 10B, content: { contains: sh } }\n",
                TRIAL_PASS, "PASS  M1");
        trial_expect(
                &trial,
                "  - id: tool\n    file: { path: bin/other }\n    expect: { size: { ge: 1B } }\n",
                TRIAL_FAIL, "(absent)");
}

TEST(facts_of_a_file_that_a_command_left) {
        cleanup_trial Trial trial;

        trial_make(&trial, "in/a", "hello\n", 0644);
        trial_expect(
                &trial,
                "  - id: made\n"
                "    file: { path: moved/b/a, run: \"mkdir moved; mv in moved/b; chmod 600 moved/b/a\" }\n"
                "    expect: { mode: \"0600\", content: { equals: hello } }\n"
                "  - id: below\n    file: { path: in/a, run: touch in/c }\n"
                "    expect: { content: { equals: hello } }\n",
                TRIAL_PASS, "PASS  M1");
        trial_expect(&trial,
                     "  - id: gone\n    file: { path: in/a, run: rm -r in }\n"
                     "    expect: { size: { ge: 1B } }\n"
                     "  - id: replaced\n    file: { path: in/a, run: rm -r in; mkdir in }\n"
                     "    expect: { size: { ge: 1B } }\n"
                     "  - id: link\n    file: { path: in/a, run: ln -sf /etc/hostname in/a }\n"
                     "    expect: { size: { ge: 1B } }\n",
                     TRIAL_FAIL, "fail     gone");
        CHECK_CONTAINS(buf_get_text(&trial.out), "fail     replaced");
        CHECK_CONTAINS(buf_get_text(&trial.out), "(not a regular file)");
}

TEST(what_stands_below_a_file_is_not_looked_for_in_the_commit) {
        cleanup_trial Trial trial;

        trial_make(&trial, "in/README", "of the directory\n", 0644);
        trial_expect(&trial,
                     "  - id: file\n    file: { path: in/README, run: rm -r in; touch in }\n"
                     "    expect: { size: { ge: 1B } }\n",
                     TRIAL_FAIL, "(absent)");
}

TEST(a_command_that_fails_leaves_no_good_file) {
        cleanup_trial Trial trial;

        trial_make(&trial, NULL, NULL, 0);
        trial_expect(&trial,
                     "  - id: made\n    file: { path: a, run: echo x > a; exit 3 }\n"
                     "    expect: { content: { equals: x } }\n",
                     TRIAL_FAIL, "assert.exit-status");
}
