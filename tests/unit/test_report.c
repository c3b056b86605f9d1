/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Reports of tests: what is read out of them, and what is not believed. */

#include "verify/report.h"

#include "base/mem.h"
#include "tests/lib/test.h"

enum { MANY = 70 };

static Arena arena;

static Report read_tap(const char *text) {
        char why[REPORT_WHY_BYTES];
        Report report;

        if (report_read_tap(slice_text(text), &arena, &report, why) != 0)
                FAIL_TEST("refused: %s", why);
        return report;
}

static Report read_junit(const char *text) {
        char why[REPORT_WHY_BYTES];
        Report report;

        if (report_read_junit(slice_text(text), &arena, &report, why) != 0)
                FAIL_TEST("refused: %s", why);
        return report;
}

static void refuse_junit(const char *text, const char *said) {
        char why[REPORT_WHY_BYTES];
        Report report;

        CHECK_EQ_INT(report_read_junit(slice_text(text), &arena, &report, why), REPORT_E_MALFORMED);
        CHECK_CONTAINS(why, said);
}

static void expect_counts(const Report *report, uint64_t executed, uint64_t failed,
                          uint64_t skipped) {
        CHECK_EQ_U64(report->n_executed, executed);
        CHECK_EQ_U64(report->n_failed, failed);
        CHECK_EQ_U64(report->n_skipped, skipped);
}

static void expect_mismatch(const Report *report, const char *said) {
        CHECK_CONTAINS(arena_text(&arena, report->mismatch), said);
}

static void expect_match(const Report *report) {
        CHECK_EQ_SLICE(report->mismatch, SLICE_NULL);
}

/* Of a check without a word of its own: the first assertion that does not hold, or NULL. */
static const MatchResult *first_broken(const Check *check, const Report *report) {
        Assertions assertions = {.arena = &arena};

        report_assert(check, report, &assertions);
        for (size_t i = 0; i < assertions.n; i++)
                if (!assertions.items[i].held)
                        return &assertions.items[i];
        return NULL;
}

TEST(tap_tests_are_counted_by_how_they_ended) {
        Report report = read_tap("TAP version 14\n1..5\nok 1 - a\nnot ok 2 - b\n  ---\n"
                                 "  message: no\n  ...\nok 3 - c # SKIP lazy\n"
                                 "not ok 4 - d # todo later\nok 5\n# a remark\nnoise\n");

        expect_counts(&report, 3, 1, 2);
        expect_match(&report);
        CHECK_EQ_SLICE(report.tests[0].name, slice_text("a"));
        CHECK_EQ_SLICE(report.tests[4].name, slice_text("5"));
}

TEST(a_tap_test_that_is_not_ok_has_failed_though_it_says_skip) {
        Report report = read_tap("1..1\nnot ok 1 - a # SKIP so\n");

        expect_counts(&report, 1, 1, 0);
}

TEST(a_hash_behind_a_backslash_belongs_to_the_name) {
        Report report = read_tap("1..2\nok 1 - a \\# SKIP \\\\ b\nok 2 - c #4\n");

        expect_counts(&report, 2, 0, 0);
        CHECK_EQ_SLICE(report.tests[0].name, slice_text("a # SKIP \\ b"));
        CHECK_EQ_SLICE(report.tests[1].name, slice_text("c #4"));
}

TEST(tap_numbers_and_plan_must_agree) {
        Report report = read_tap("1..3\nok 1\nok 3\n");

        expect_mismatch(&report, "missing: number 2");
        report = read_tap("1..2\nok 1\nok 1\n");
        expect_mismatch(&report, "two tests with the number 1");
        report = read_tap("ok 1\nok 2\n");
        expect_mismatch(&report, "there is no plan");
        report = read_tap("1..1\n1..1\nok 1\n");
        expect_mismatch(&report, "a second plan");
        report = read_tap("ok 1\n1..2\nok 2\n");
        expect_mismatch(&report, "behind the plan");
        report = read_tap("1..1\nok 1\nok 2\n");
        expect_mismatch(&report, "the plan says 1, there are 2");
        report = read_tap("1..1\nok 0\n");
        expect_mismatch(&report, "no test has the number 0");
        report = read_tap("ok 1\n1..1\n");
        expect_match(&report);
}

TEST(two_tap_reports_in_one_are_seen) {
        Report report = read_tap("TAP version 13\n1..1\nok 1\nTAP version 13\n1..1\nok 1\n");

        expect_mismatch(&report, "two reports");
}

TEST(tap_subtests_stand_behind_their_parent) {
        Report report = read_tap("1..2\n# Subtest: p\n    ok 1 - a\n    not ok 2 - b\n    1..2\n"
                                 "not ok 1 - p\nok 2 - q\n");

        expect_counts(&report, 3, 1, 0);
        expect_match(&report);
        CHECK_EQ_SLICE(report.tests[0].name, slice_text("p > a"));
        CHECK_EQ_SLICE(report.tests[1].name, slice_text("p > b"));
        CHECK_EQ_SLICE(report.tests[2].name, slice_text("q"));
}

TEST(a_tap_parent_must_not_be_better_than_its_subtests) {
        Report report = read_tap("1..1\n    1..1\n    not ok 1 - a\nok 1 - p\n");

        expect_counts(&report, 1, 1, 0);
        expect_mismatch(&report, "a subtest of p failed");
        report = read_tap("1..1\n    1..1\n    ok 1 - a\nnot ok 1 - p\n");
        expect_counts(&report, 2, 1, 0);
        report = read_tap("1..1\n    1..1\n    not ok 1 - a\nnot ok 1 - p # todo\n");
        expect_counts(&report, 0, 0, 1);
}

TEST(tap_subtests_without_a_test_or_a_plan_are_seen) {
        Report report = read_tap("1..0\n    1..1\n    ok 1 - a\n");

        expect_mismatch(&report, "subtests belong to no test");
        report = read_tap("1..1\n    ok 1 - a\nok 1 - p\n");
        expect_mismatch(&report, "a subtest: there is no plan");
}

TEST(a_tap_group_of_nothing_counts_as_skipped) {
        Report report = read_tap("1..1\n    1..0 # SKIP none\nok 1 - p\n");

        expect_counts(&report, 0, 0, 1);
}

TEST(a_tap_run_that_bails_out_has_failed) {
        Report report = read_tap("1..2\nok 1\nBail out! the disk is gone\n");
        Check check = {.kind = CHECK_REPORT};

        CHECK(report.has_bailed);
        CHECK_EQ_TEXT(first_broken(&check, &report)->reason, "report.bailed-out");
}

TEST(what_has_no_line_of_tap_is_refused) {
        char why[REPORT_WHY_BYTES];
        Report report;

        CHECK_EQ_INT(report_read_tap(slice_text("okay\nnotok\n1..x\n"), &arena, &report, why),
                     REPORT_E_MALFORMED);
}

TEST(junit_tests_are_counted_by_how_they_ended) {
        Report report =
                read_junit("<?xml version='1.0'?>\n<testsuite tests='5' failures='1' "
                           "errors='1' skipped='1' disabled='0'>\n"
                           "<testcase classname='c' name='a'><system-out>&lt;failure/&gt;"
                           "</system-out></testcase>\n"
                           "<testcase classname='c' name='b'><failure/></testcase>\n"
                           "<testcase classname='c' name='d'><error/><skipped/></testcase>\n"
                           "<testcase name='e'><skipped/></testcase>\n"
                           "<testcase name='f' status='notrun'/></testsuite>");

        expect_counts(&report, 3, 2, 2);
        expect_match(&report);
        CHECK_EQ_SLICE(report.tests[0].name, slice_text("c.a"));
        CHECK_EQ_SLICE(report.tests[3].name, slice_text("e"));
}

TEST(junit_counts_may_be_of_all_cases_or_of_the_own_children) {
        Report report = read_junit("<testsuites tests='2'><testsuite tests='2' name='a'>"
                                   "<testsuite tests='2' name='b'><testcase name='x'/>"
                                   "<testcase name='y'/></testsuite></testsuite></testsuites>");

        expect_match(&report);
        report = read_junit("<testsuites><testsuite tests='1' name='a'><testsuite tests='2'>"
                            "<testcase name='x'/><testcase name='y'/></testsuite></testsuite>"
                            "</testsuites>");
        expect_match(&report);
}

TEST(junit_counts_that_are_wrong_are_seen) {
        Report report = read_junit("<testsuite tests='3'><testcase name='x'/></testsuite>");

        expect_mismatch(&report, "it says tests=\"3\", there are 1");
        report = read_junit("<testsuite failures='1'><testcase name='x'/></testsuite>");
        expect_mismatch(&report, "1 failed or broke, and shows none");
        report = read_junit("<testsuite skipped='2'><testcase name='x'/></testsuite>");
        expect_mismatch(&report, "2 were skipped, and shows none");
        report = read_junit("<testsuite tests='-1'><testcase name='x'/></testsuite>");
        expect_mismatch(&report, "is no number");
}

TEST(a_junit_suite_that_broke_outside_of_its_cases_has_failed) {
        Report report = read_junit(
                "<testsuite tests='1' errors='1'><testcase name='x'/><error/></testsuite>");

        expect_counts(&report, 2, 1, 0);
}

TEST(what_is_no_junit_is_refused_with_the_reason) {
        refuse_junit("", "no element");
        refuse_junit("<html/>", "neither testsuites nor testsuite");
        refuse_junit("<testsuite><testcase name='a'/>", "no element");
        refuse_junit("<testsuite><testcase/></testsuite>", "has no name");
        refuse_junit("<testsuite><testcase name='a'><testcase name='b'/></testcase></testsuite>",
                     "stands in another one");
        refuse_junit("<testsuite><testcase name='a'></testsuite>", "mismatched tag");
}

TEST(junit_with_entities_is_refused_before_they_expand) {
        refuse_junit("<!DOCTYPE t [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"
                     "<testsuite><testcase name='&b;'/></testsuite>",
                     "document type");
        refuse_junit("<!DOCTYPE t SYSTEM 'file:///etc/passwd'><testsuite/>", "document type");
}

TEST(junit_that_is_nested_without_end_is_refused) {
        cleanup_buf Buf text = BUF_TEXT;

        for (size_t i = 0; i < MANY; i++)
                buf_text(&text, "<testsuite>");
        refuse_junit(buf_get_text(&text), "too deep");
}

TEST(names_are_one_line_each) {
        Report report = read_junit("<testsuite><testcase name='a&#10;ok&#x202e;'/></testsuite>");

        CHECK(slice_find(report.tests[0].name, slice_text("\n")) == report.tests[0].name.n);
        CHECK(slice_find(report.tests[0].name, slice_text("\xe2\x80\xae")) ==
              report.tests[0].name.n);
}

TEST(a_report_of_nothing_but_skips_is_vacuous) {
        Report report = read_tap("1..1\nok 1 - a # SKIP\n");
        Slice name = slice_text("a");
        Check check = {.kind = CHECK_REPORT, .report = {.may_skip = &name, .n_may_skip = 1}};

        CHECK_EQ_TEXT(first_broken(&check, &report)->reason, "vacuous");
}

TEST(a_skip_that_is_not_allowed_fails) {
        Report report = read_tap("1..2\nok 1 - a # SKIP\nok 2 - b\n");
        Check check = {.kind = CHECK_REPORT};

        CHECK_EQ_TEXT(first_broken(&check, &report)->reason, "report.skipped");
        CHECK_EQ_SLICE(first_broken(&check, &report)->actual, slice_text("1: a"));
}

TEST(one_test_that_is_reported_many_times_is_one) {
        Report tap = read_tap("1..3\nok 1 - a\nok 2 - a\nok 3 - b\n");
        Report junit = read_junit("<testsuite tests='3'><testcase name='a'/><testcase name='a'/>"
                                  "<testcase name='a'><skipped/></testcase></testsuite>");

        expect_counts(&tap, 2, 0, 0);
        expect_match(&tap);
        expect_counts(&junit, 1, 0, 1);
        expect_match(&junit);
}

/* As a program says it that numbers its tests by file. */
TEST(tests_of_one_name_in_two_suites_are_two) {
        Report report = read_junit("<testsuites><testsuite name='t1'><testcase name='1 - ok'/>"
                                   "<testcase name='1 - ok'/></testsuite><testsuite name='t2'>"
                                   "<testcase name='1 - ok'/></testsuite></testsuites>");

        expect_counts(&report, 2, 0, 0);
}

TEST(what_was_run_again_until_it_held_has_failed) {
        Report report = read_junit("<testsuite><testcase name='a'><flakyFailure/></testcase>"
                                   "<testcase name='b'><rerunError/></testcase></testsuite>");

        expect_counts(&report, 2, 2, 0);
}

TEST(closed_names_say_what_is_missing_unexpected_and_there_twice) {
        Report report = read_tap("1..4\nok 1 - a\nok 2 - b\nok 3 - b\nok 4 - d\n");
        Slice names[] = {slice_text("c"), slice_text("b"), slice_text("a")};
        Check check = {.kind = CHECK_REPORT, .report = {.names = names, .n_names = 3}};

        CHECK_EQ_TEXT(first_broken(&check, &report)->reason, "report.names");
        CHECK_EQ_SLICE(first_broken(&check, &report)->actual,
                       slice_text("missing: c; unexpected: d; twice: b"));
}

TEST(closed_names_hold_where_they_are_exactly_these) {
        Report report = read_tap("1..2\nok 1 - a\nok 2 - b\n");
        Slice names[] = {slice_text("b"), slice_text("a")};
        Check check = {.kind = CHECK_REPORT, .report = {.names = names, .n_names = 2}};

        CHECK(first_broken(&check, &report) == NULL);
}

TEST(failed_tests_are_told_by_name_and_first) {
        Report report = read_tap("1..2\nnot ok 1 - a\nok 2 - b\n");
        Check check = {.kind = CHECK_REPORT};
        Assertions assertions = {.arena = &arena};

        assertions_add(&assertions, SIGHTING_EXIT_STATUS, "exit-status.equals", false, "0", "1");
        report_assert(&check, &report, &assertions);
        report_tell_failures(&report, &assertions);
        CHECK_EQ_SLICE(assertions.items[0].where, slice_text("failed.equals"));
        CHECK_EQ_SLICE(assertions.items[0].actual, slice_text("1: a"));
        CHECK_EQ_SLICE(assertions.items[1].where, slice_text("exit-status.equals"));
}

TEST(many_subtests_cost_memory_by_their_tests_alone) {
        enum { SUBTESTS = 2000, BYTES_EACH = 1000 };
        cleanup_buf Buf text = BUF_TEXT;
        size_t n_before = arena.n_bytes;
        Report report;

        for (unsigned i = 1; i <= SUBTESTS; i++)
                buf_printf(&text, "    1..2\n    ok 1\n    ok 2\nok %u\n", i);
        buf_printf(&text, "1..%u\n", SUBTESTS);
        report = read_tap(buf_get_text(&text));
        expect_match(&report);
        expect_counts(&report, 2 * SUBTESTS, 0, 0);
        CHECK(arena.n_bytes - n_before < (size_t)SUBTESTS * BYTES_EACH);
}

TEST(a_subtest_is_counted_without_the_numbers_of_the_one_before) {
        Report report = read_tap("    1..2\n    ok 1\n    ok 2\nok 1\n"
                                 "    1..2\n    ok 1\n    ok 1\nok 2\n1..2\n");

        expect_mismatch(&report, "two tests with the number 1");
}
