/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * JUnit XML through expat: one call for the whole document, no document type and so no entities,
 * nothing is fetched. Writers disagree about what `tests` counts: the cases below, or the own
 * children; either is taken. A count that says less than there is, or more, is not.
 */

#include "verify/report.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 64, NUMBER_DIGITS_MAX = 9 };

typedef struct Suite {
        Slice name;
        size_t first_test;   /* of the report's tests */
        uint64_t n_children; /* cases and suites */
        bool has_tests;
        uint64_t tests, bad, skipped; /* as it says */
        size_t depth;
} Suite;

typedef struct Reading {
        XML_Parser parser;
        Report *report;
        Arena *arena;
        char *why;
        Suite suites[DEPTH_MAX];
        size_t n_suites;
        size_t depth;      /* of elements */
        size_t case_depth; /* of the open test case; 0: none */
        Slice case_name, case_suite;
        ReportState case_state;
        bool has_root;
} Reading;

static void refuse(Reading *reading, const char *why) {
        if (!reading->why[0])
                (void)snprintf(reading->why, REPORT_WHY_BYTES, "%s, line %lu", why,
                               (unsigned long)XML_GetCurrentLineNumber(reading->parser));
        (void)XML_StopParser(reading->parser, XML_FALSE);
}

static void add_test(Reading *reading, Slice suite, Slice name, ReportState state) {
        Report *report = reading->report;

        if (report_add(report, reading->arena, name, state))
                report->tests[report->n_tests - 1].suite = suite;
        else
                refuse(reading, "it has more tests, or longer names, than are read");
}

static const char *attribute(const char **attributes, const char *name) {
        for (; attributes[0]; attributes += 2)
                if (strcmp(attributes[0], name) == 0)
                        return attributes[1];
        return NULL;
}

static bool has_value(const char **attributes, const char *name, const char *value) {
        const char *actual = attribute(attributes, name);

        return actual && strcmp(actual, value) == 0;
}

static uint64_t count_of(Reading *reading, const char **attributes, const char *name) {
        const char *text = attribute(attributes, name);
        uint64_t number = 0;

        if (!text || !*text)
                return 0;
        if (strlen(text) > NUMBER_DIGITS_MAX || strspn(text, "0123456789") != strlen(text)) {
                report_mismatch(reading->report, reading->arena, "%s=\"%.40s\" is no number", name,
                                text);
                return 0;
        }
        for (; *text; text++)
                number = number * 10 + (uint64_t)(*text - '0');
        return number;
}

/* Of a suite; one that is longer is cut. */
static Slice name_of(const Reading *reading, const char **attributes) {
        Slice name = slice_text(attribute(attributes, "name"));

        return arena_slice(reading->arena, slice_head(name, REPORT_NAME_BYTES_MAX));
}

static void suite_start(Reading *reading, const char **attributes) {
        const char *tests = attribute(attributes, "tests");
        Suite suite = {.first_test = reading->report->n_tests,
                       .has_tests = tests && *tests,
                       .depth = reading->depth};

        if (reading->n_suites == DEPTH_MAX || reading->case_depth) {
                refuse(reading, "suites stand in each other too deep, or in a test case");
                return;
        }
        suite.name = name_of(reading, attributes);
        suite.tests = count_of(reading, attributes, "tests");
        suite.bad =
                count_of(reading, attributes, "failures") + count_of(reading, attributes, "errors");
        suite.skipped = count_of(reading, attributes, "skipped") +
                        count_of(reading, attributes, "disabled");
        if (reading->n_suites)
                reading->suites[reading->n_suites - 1].n_children++;
        reading->suites[reading->n_suites++] = suite;
}

static void suite_end(Reading *reading) {
        const Suite *suite = &reading->suites[--reading->n_suites];
        Report *report = reading->report;
        uint64_t n = report->n_tests - suite->first_test, n_failed = 0, n_skipped = 0;

        for (size_t i = suite->first_test; i < report->n_tests; i++) {
                n_failed += report->tests[i].state == REPORT_TEST_FAILED;
                n_skipped += report->tests[i].state == REPORT_TEST_SKIPPED;
        }
        if (suite->has_tests && suite->tests != n && suite->tests != suite->n_children)
                report_mismatch(report, reading->arena, "it says tests=\"%llu\", there are %llu",
                                (unsigned long long)suite->tests, (unsigned long long)n);
        if (suite->bad && !n_failed)
                report_mismatch(report, reading->arena,
                                "it says that %llu failed or broke, and shows none",
                                (unsigned long long)suite->bad);
        if (suite->skipped && !n_skipped)
                report_mismatch(report, reading->arena,
                                "it says that %llu were skipped, and shows none",
                                (unsigned long long)suite->skipped);
}

static void case_start(Reading *reading, const char **attributes) {
        const char *class_name = attribute(attributes, "classname");
        const char *name = attribute(attributes, "name");
        bool has_class = class_name && *class_name;
        bool was_not_run = has_value(attributes, "status", "notrun") ||
                           has_value(attributes, "status", "skipped") ||
                           has_value(attributes, "result", "skipped") ||
                           has_value(attributes, "result", "suppressed");

        if (reading->case_depth || !reading->n_suites || !name || !*name) {
                refuse(reading, "a test case stands in another one, in no suite, or has no name");
                return;
        }
        if (strlen(name) + (has_class ? strlen(class_name) : 0) >= REPORT_NAME_BYTES_MAX) {
                refuse(reading, "a test's name is too long");
                return;
        }
        reading->suites[reading->n_suites - 1].n_children++;
        reading->case_depth = reading->depth;
        reading->case_suite = has_class ? SLICE_NULL : reading->suites[reading->n_suites - 1].name;
        reading->case_state = was_not_run ? REPORT_TEST_SKIPPED : REPORT_TEST_PASSED;
        reading->case_name = slice_text(arena_printf(
                reading->arena, "%s%s%s", has_class ? class_name : "", has_class ? "." : "", name));
}

/* A suite that broke outside of its tests has no case that says so. */
static void outcome_start(Reading *reading, const char *element) {
        bool is_skip = strcmp(element, "skipped") == 0;

        if (reading->case_depth && reading->depth == reading->case_depth + 1) {
                if (!is_skip)
                        reading->case_state = REPORT_TEST_FAILED;
                else if (reading->case_state == REPORT_TEST_PASSED)
                        reading->case_state = REPORT_TEST_SKIPPED;
        } else if (!reading->case_depth && reading->n_suites && !is_skip) {
                add_test(reading, SLICE_NULL, slice_text("(outside of any test)"),
                         REPORT_TEST_FAILED);
                reading->suites[reading->n_suites - 1].n_children++;
        }
}

/* What a build tool ran again until it held has failed, too: the plan did not say that it may. */
static bool is_outcome(const char *element) {
        static const char *const names[] = {"failure",      "error",      "skipped",
                                            "flakyFailure", "flakyError", "rerunFailure",
                                            "rerunError"};

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (strcmp(element, names[i]) == 0)
                        return true;
        return false;
}

static void on_start(void *userdata, const char *element, const char **attributes) {
        Reading *reading = userdata;
        bool is_suite = strcmp(element, "testsuite") == 0 || strcmp(element, "testsuites") == 0;

        reading->depth++;
        if (reading->depth == DEPTH_MAX || (reading->depth == 1 && !is_suite)) {
                refuse(reading, reading->depth == 1 ? "its root is neither testsuites nor testsuite"
                                                    : "elements stand in each other too deep");
                return;
        }
        if (is_suite)
                suite_start(reading, attributes);
        else if (strcmp(element, "testcase") == 0)
                case_start(reading, attributes);
        else if (is_outcome(element))
                outcome_start(reading, element);
}

static void on_end(void *userdata, const char *element) {
        Reading *reading = userdata;

        (void)element;
        if (reading->case_depth && reading->depth == reading->case_depth) {
                add_test(reading, reading->case_suite, reading->case_name, reading->case_state);
                reading->case_depth = 0;
        } else if (reading->n_suites &&
                   reading->suites[reading->n_suites - 1].depth == reading->depth) {
                suite_end(reading);
        }
        reading->depth--;
}

static void on_document_type(void *userdata, const char *name, const char *system_id,
                             const char *public_id, int has_internal_subset) {
        (void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
        refuse(userdata, "it has a document type, which no report needs");
}

static void parser_freep(XML_Parser *parser) {
        XML_ParserFree(*parser);
}

int report_read_junit(Slice text, Arena *arena, Report *ret_report,
                      char reterr_why[REPORT_WHY_BYTES]) {
        cleanup(parser_freep) XML_Parser parser = XML_ParserCreate(NULL);
        Reading reading = {
                .parser = parser, .report = ret_report, .arena = arena, .why = reterr_why};
        enum XML_Status status;

        *ret_report = (Report){.n_tests = 0};
        reterr_why[0] = 0;
        if (!parser || text.n > REPORT_BYTES_MAX) {
                (void)snprintf(reterr_why, REPORT_WHY_BYTES, "it is larger than is read");
                return REPORT_E_MALFORMED;
        }
        XML_SetUserData(parser, &reading);
        XML_SetElementHandler(parser, on_start, on_end);
        XML_SetStartDoctypeDeclHandler(parser, on_document_type);
        status = XML_Parse(parser, text.n ? (const char *)text.data : "", (int)text.n, XML_TRUE);
        if (status != XML_STATUS_OK && !reterr_why[0])
                (void)snprintf(reterr_why, REPORT_WHY_BYTES, "%s, line %lu",
                               XML_ErrorString(XML_GetErrorCode(parser)),
                               (unsigned long)XML_GetCurrentLineNumber(parser));
        report_count(ret_report);
        return status == XML_STATUS_OK && !reterr_why[0] ? 0 : REPORT_E_MALFORMED;
}
