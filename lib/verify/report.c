/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What every report must show, whatever it is written in. */

#include "verify/report.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/mem.h"
#include "verify/clip.h"
#include "view/status.h"

enum { NAMES_SHOWN = 5, NAME_SHOWN_BYTES = 80, SHOWN_BYTES = 400 };

bool report_add(Report *report, Arena *arena, Slice name, ReportState state) {
        cleanup_buf Buf text = BUF_TEXT;

        if (report->n_tests == REPORT_TESTS_MAX || name.n > REPORT_NAME_BYTES_MAX)
                return false;
        text_make_visible(name, false, &text);
        report->n_name_bytes += text.n;
        if (report->n_name_bytes > REPORT_NAMES_BYTES_MAX)
                return false;
        report->tests = arena_grow(arena, report->tests, report->n_tests, sizeof *report->tests);
        report->tests[report->n_tests++] =
                (ReportTest){.name = arena_slice(arena, buf_get(&text)), .state = state};
        return true;
}

void report_mismatch(Report *report, Arena *arena, const char *format, ...) {
        cleanup_buf Buf text = BUF_TEXT;
        va_list args;

        if (report->mismatch.n)
                return;
        va_start(args, format);
        buf_vprintf(&text, format, args);
        va_end(args);
        report->mismatch = arena_slice(arena, buf_get(&text));
}

static int compare(const void *a, const void *b) {
        return slice_compare(*(const Slice *)a, *(const Slice *)b);
}

static int compare_tests(const void *a, const void *b) {
        const ReportTest *one = a, *other = b;
        int r = slice_compare(one->name, other->name);

        return r ? r : slice_compare(one->suite, other->suite);
}

/* One test that is reported forty times is one test. */
static uint64_t count_executed(const Report *report) {
        cleanup_free ReportTest *tests = mem_new_array(ReportTest, report->n_tests + 1);
        size_t n = 0, n_distinct = 0;

        for (size_t i = 0; i < report->n_tests; i++)
                if (report->tests[i].state != REPORT_TEST_SKIPPED)
                        tests[n++] = report->tests[i];
        qsort(tests, n, sizeof *tests, compare_tests);
        for (size_t i = 0; i < n; i++)
                n_distinct += i == 0 || compare_tests(&tests[i - 1], &tests[i]) != 0;
        return n_distinct;
}

void report_count(Report *report) {
        report->n_failed = report->n_skipped = 0;
        report->n_executed = count_executed(report);
        for (size_t i = 0; i < report->n_tests; i++) {
                report->n_failed += report->tests[i].state == REPORT_TEST_FAILED;
                report->n_skipped += report->tests[i].state == REPORT_TEST_SKIPPED;
        }
}

/* The first few names, one after the other. */
typedef struct Some {
        const char *what; /* before the first; NULL: nothing */
        size_t n;
} Some;

static void some_add(Some *some, Slice name, Buf *text) {
        if (some->n == 0 && some->what)
                buf_printf(text, "%s%s: ", text->n ? "; " : "", some->what);
        if (some->n++ < NAMES_SHOWN)
                buf_printf(text, "%s%.*s", some->n > 1 ? ", " : "",
                           SLICE_ARGS(slice_head(name, NAME_SHOWN_BYTES)));
}

static void some_end(const Some *some, Buf *text) {
        if (some->n > NAMES_SHOWN)
                buf_printf(text, " and %zu more", some->n - NAMES_SHOWN);
}

static bool is_among(Slice name, const Slice *names, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (slice_equal(names[i], name))
                        return true;
        return false;
}

static Slice *sort_names(const Report *report, Arena *arena) {
        Slice *names = arena_alloc_array(arena, report->n_tests + 1, sizeof(Slice));

        for (size_t i = 0; i < report->n_tests; i++)
                names[i] = report->tests[i].name;
        qsort(names, report->n_tests, sizeof(Slice), compare);
        return names;
}

static size_t say_twice(const Slice *names, size_t n, Buf *text) {
        Some twice = {.what = "twice"};

        for (size_t i = 1; i < n; i++)
                if (slice_equal(names[i - 1], names[i]) &&
                    (i == 1 || !slice_equal(names[i - 2], names[i])))
                        some_add(&twice, names[i], text);
        some_end(&twice, text);
        return twice.n;
}

static void assert_executed(const Report *report, const Slice *names, Assertions *assertions) {
        cleanup_buf Buf twice = BUF_TEXT;

        (void)say_twice(names, report->n_tests, &twice);
        assertions_add(assertions, SIGHTING_VACUOUS, "report.executed", report->n_executed > 0,
                       "at least 1", "%llu of %zu%s%s", (unsigned long long)report->n_executed,
                       report->n_tests, twice.n ? "; " : "", buf_get_text(&twice));
}

static void assert_skipped(const Check *check, const Report *report, Assertions *assertions) {
        cleanup_buf Buf text = BUF_TEXT;
        Some skipped = {.what = NULL};

        for (size_t i = 0; i < report->n_tests; i++)
                if (report->tests[i].state == REPORT_TEST_SKIPPED &&
                    !is_among(report->tests[i].name, check->report.may_skip,
                              check->report.n_may_skip))
                        some_add(&skipped, report->tests[i].name, &text);
        some_end(&skipped, &text);
        assertions_add(assertions, SIGHTING_REPORT_SKIPPED, "report.skipped", skipped.n == 0,
                       check->report.n_may_skip ? "none but those that may-skip names" : "none",
                       "%zu%s%s", skipped.n, skipped.n ? ": " : "", buf_get_text(&text));
}

/* A merge of two sorted lists. */
static void assert_names(const Check *check, const Report *report, const Slice *names,
                         Assertions *assertions) {
        cleanup_buf Buf text = BUF_TEXT, unexpected_text = BUF_TEXT;
        Some missing = {.what = "missing"}, unexpected = {.what = "unexpected"};
        size_t n_wanted = check->report.n_names, i = 0, k = 0, n_twice;
        Slice *wanted = arena_alloc_array(assertions->arena, n_wanted + 1, sizeof(Slice));

        memcpy(wanted, check->report.names, n_wanted * sizeof(Slice));
        qsort(wanted, n_wanted, sizeof(Slice), compare);
        while (i < n_wanted || k < report->n_tests) {
                int order = i == n_wanted          ? 1
                            : k == report->n_tests ? -1
                                                   : slice_compare(wanted[i], names[k]);

                if (order < 0)
                        some_add(&missing, wanted[i], &text);
                else if (order > 0)
                        some_add(&unexpected, names[k], &unexpected_text);
                i += order <= 0;
                k += order >= 0;
                while (k && k < report->n_tests && slice_equal(names[k], names[k - 1]))
                        k++; /* said as twice */
        }
        some_end(&missing, &text);
        some_end(&unexpected, &unexpected_text);
        if (unexpected.n)
                buf_printf(&text, "%s%s", text.n ? "; " : "", buf_get_text(&unexpected_text));
        n_twice = say_twice(names, report->n_tests, &text);
        assertions_add(assertions, SIGHTING_REPORT_NAMES, "report.names",
                       missing.n + unexpected.n + n_twice == 0, "exactly the names of the plan",
                       "%s", text.n ? buf_get_text(&text) : "exactly these");
}

void report_assert(const Check *check, const Report *report, Assertions *assertions) {
        const Slice *names = sort_names(report, assertions->arena);

        if (report->has_bailed)
                assertions_add(assertions, SIGHTING_REPORT_BAILED, "report.whole", false,
                               "a run to the end", "it bailed out: %.*s", SLICE_ARGS(report->bail));
        if (!check_expects(check, SUBJECT_FAILED))
                assertions_add(assertions, SIGHTING_REPORT_FAILED, "failed.equals",
                               report->n_failed == 0, "0", "%llu",
                               (unsigned long long)report->n_failed);
        assertions_add(assertions, SIGHTING_REPORT_PLAN, "report.plan", report->mismatch.n == 0,
                       "as many tests as it says itself", "%.*s",
                       SLICE_ARGS(report->mismatch.n ? report->mismatch
                                                     : slice_text("as many as it says")));
        assert_executed(report, names, assertions);
        assert_skipped(check, report, assertions);
        if (check->report.n_names)
                assert_names(check, report, names, assertions);
}

static bool is_about_failures(const MatchResult *result) {
        return slice_is(slice_head(result->where, strlen("failed")), "failed");
}

/* Which tests failed says more than that some did, and more than the exit status does. */
void report_tell_failures(const Report *report, Assertions *assertions) {
        cleanup_buf Buf text = BUF_TEXT;
        Some failed = {.what = NULL};
        size_t n_first = 0;

        for (size_t i = 0; i < report->n_tests; i++)
                if (report->tests[i].state == REPORT_TEST_FAILED)
                        some_add(&failed, report->tests[i].name, &text);
        some_end(&failed, &text);
        for (size_t i = 0; i < assertions->n; i++) {
                MatchResult result = assertions->items[i];

                if (!is_about_failures(&result))
                        continue;
                if (!result.held)
                        result.actual =
                                clip_slice(slice_text(arena_printf(assertions->arena, "%zu: %s",
                                                                   failed.n, buf_get_text(&text))),
                                           SHOWN_BYTES, assertions->arena);
                memmove(&assertions->items[n_first + 1], &assertions->items[n_first],
                        (i - n_first) * sizeof result);
                assertions->items[n_first++] = result;
        }
}

void report_observe(const Report *report, Arena *arena, Observed *observed) {
        cleanup_buf Buf skipped = BUF_TEXT, names = BUF_TEXT;

        for (size_t i = 0; i < report->n_tests; i++) {
                buf_slice(&names, report->tests[i].name);
                buf_byte(&names, '\n');
                if (report->tests[i].state != REPORT_TEST_SKIPPED)
                        continue;
                buf_slice(&skipped, report->tests[i].name);
                buf_byte(&skipped, '\n');
        }
        observed->n_executed = report->n_executed;
        observed->n_failed = report->n_failed;
        observed->skipped = arena_slice(arena, buf_get(&skipped));
        observed->names = arena_slice(arena, buf_get(&names));
}
