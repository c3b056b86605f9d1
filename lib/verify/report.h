/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Reports of tests, JUnit XML and TAP, as data. They are written by what is judged: sizes are
 * limited, and what does not agree with itself is said, for somebody may have edited it.
 */

#include "base/arena.h"
#include "base/slice.h"
#include "verify/assertions.h"

enum {
        REPORT_BYTES_MAX = 16 << 20,
        REPORT_TESTS_MAX = 100000,
        REPORT_NAME_BYTES_MAX = 4096,
        REPORT_NAMES_BYTES_MAX = 32 << 20, /* of all names together */
        REPORT_WHY_BYTES = 256,
};

typedef enum ReportState {
        REPORT_TEST_PASSED,
        REPORT_TEST_FAILED,
        REPORT_TEST_SKIPPED, /* or known to fail: it says nothing */
} ReportState;

typedef struct ReportTest {
        Slice name;  /* control characters made visible: it is one line */
        Slice suite; /* of a JUnit case that names no class; else empty */
        ReportState state;
} ReportTest;

typedef struct Report {
        ReportTest *tests;
        size_t n_tests, n_name_bytes;
        uint64_t n_executed; /* tests of one name are one */
        uint64_t n_failed, n_skipped;
        Slice mismatch; /* where it first disagrees with itself; empty: nowhere */
        bool has_bailed;
        Slice bail; /* the reason that it gives */
} Report;

enum { _REPORT_READ_E_SUCCESS, REPORT_E_MALFORMED };

/*
 * JUnit: a test's name is its classname, a stop, and its name; or the name alone. Document types,
 * and with them entities, are refused. TAP 13 and 14: a test's name is its description, or its
 * number; a subtest's stands behind its parent's and " > "; a test with subtests is not counted
 * itself. REPORT_E_MALFORMED: it is not one, or it is over a limit; why is said.
 */
int report_read_junit(Slice text, Arena *arena, Report *ret_report,
                      char reterr_why[REPORT_WHY_BYTES]) must_check;
int report_read_tap(Slice text, Arena *arena, Report *ret_report,
                    char reterr_why[REPORT_WHY_BYTES]) must_check;

/* What the rules of every report demand of this one, and what the plan says of skips and names. */
void report_assert(const Check *check, const Report *report, Assertions *assertions);
/* Of all assertions, those about failed tests first, with the names of these. */
void report_tell_failures(const Report *report, Assertions *assertions);
void report_observe(const Report *report, Arena *arena, Observed *observed);

/* For the readers. False: it is over a limit. */
bool report_add(Report *report, Arena *arena, Slice name, ReportState state) must_check;
/* Only the first is kept. */
void report_mismatch(Report *report, Arena *arena, const char *format, ...) printf_like(3, 4);
void report_count(Report *report);
