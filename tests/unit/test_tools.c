/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Versions as programs print them. */

#include "verify/tools.h"

#include "tests/lib/test.h"

static int compare(const char *a, const char *b) {
        return version_compare(slice_text(a), slice_text(b));
}

TEST(the_first_dotted_number_is_the_version) {
        CHECK_EQ_SLICE(version_find(slice_text("Python 3.11.2\n")), slice_text("3.11.2"));
        CHECK_EQ_SLICE(version_find(slice_text("GNU bash, version 5.2.15(1)-release")),
                       slice_text("5.2.15"));
        CHECK_EQ_SLICE(version_find(slice_text("tool 2023 edition, v1.2.")), slice_text("1.2"));
}

TEST(a_number_without_a_dot_will_do_where_there_is_no_other) {
        CHECK_EQ_SLICE(version_find(slice_text("systemd 252 (252-1)")), slice_text("252"));
        CHECK_EQ_U64(version_find(slice_text("no version")).n, 0);
        CHECK_EQ_U64(version_find(SLICE_NULL).n, 0);
}

TEST(versions_compare_number_by_number) {
        CHECK(compare("3.9", "3.11") < 0);
        CHECK(compare("3.11.2", "3.11") > 0);
        CHECK_EQ_INT(compare("3.11.0", "3.11"), 0);
        CHECK_EQ_INT(compare("1.02", "1.2"), 0);
        CHECK(compare("10", "9.9.9") > 0);
        CHECK(compare("99999999999999999999999.1", "99999999999999999999999") > 0);
}
