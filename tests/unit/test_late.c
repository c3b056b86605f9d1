/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Libraries that are loaded late: what is found, and what is said of what is not. */

#include "base/late.h"

#include <math.h>
#include <string.h>

#include "tests/lib/test.h"

static double (*late_cbrt)(double);
static double (*late_hypot)(double, double);
static void (*late_nothing)(void);

TEST(a_function_of_a_late_library_can_be_called) {
        static const LateRow rows[] = {LATE_ROW(cbrt) LATE_ROW(hypot)};

        CHECK(late_load("libm.so.6", rows, ARRAY_SIZE(rows)) == NULL);
        CHECK(late_cbrt(27.0) > 2.9 && late_hypot(3.0, 4.0) > 4.9);
}

TEST(a_library_that_is_not_there_is_named) {
        static const LateRow rows[] = {LATE_ROW(nothing)};
        const char *why = late_load("libnothing.so.7", rows, ARRAY_SIZE(rows));

        CHECK(why && strstr(why, "libnothing.so.7"));
        CHECK(late_nothing == NULL);
}

TEST(a_function_that_is_not_there_is_named_and_asked_for_again) {
        static const LateRow rows[] = {LATE_ROW(nothing)};

        for (int i = 0; i < 2; i++) {
                const char *why = late_load("libm.so.6", rows, ARRAY_SIZE(rows));

                CHECK(why && strstr(why, "nothing"));
        }
}
