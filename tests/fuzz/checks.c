/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The checks of the test library where no test runs: one that fails is a finding. Stands before
 * tests/lib/test.c, which brings a main of its own. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"

void test_fail(const char *file, int line, const char *format, ...) {
        va_list arguments;

        (void)fprintf(stderr, "%s:%d: ", file, line);
        va_start(arguments, format);
        (void)vfprintf(stderr, format, arguments);
        va_end(arguments);
        (void)fputc('\n', stderr);
        abort();
}

void test_check(bool holds, const char *what, const char *file, int line) {
        if (!holds)
                test_fail(file, line, "%s", what);
}

void test_check_u64(uint64_t actual, uint64_t expected, const char *actual_what,
                    const char *expected_what, const char *file, int line) {
        if (actual != expected)
                test_fail(file, line, "%s is not %s", actual_what, expected_what);
}

void test_check_int(int64_t actual, int64_t expected, const char *actual_what,
                    const char *expected_what, const char *file, int line) {
        if (actual != expected)
                test_fail(file, line, "%s is %lld, not %s", actual_what, (long long)actual,
                          expected_what);
}

void test_check_text(const char *actual, const char *expected, const char *actual_what,
                     const char *expected_what, const char *file, int line) {
        if (actual != expected && (!actual || !expected || strcmp(actual, expected) != 0))
                test_fail(file, line, "%s is not %s:\n%s\n----\n%s", actual_what, expected_what,
                          actual ? actual : "NULL", expected ? expected : "NULL");
}
