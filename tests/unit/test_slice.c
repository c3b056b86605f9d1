/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Borrowed bytes. */

#include "base/slice.h"

#include "tests/lib/test.h"

TEST(empty_slices_are_equal_whatever_they_point_to) {
        CHECK(slice_equal(SLICE_NULL, slice_text("")));
        CHECK(slice_equal(SLICE_NULL, slice_text(NULL)));
}

TEST(a_prefix_comes_before_what_it_begins) {
        CHECK(slice_compare(slice_text("M1"), slice_text("M10")) < 0);
        CHECK(slice_compare(slice_text("M10"), slice_text("M1")) > 0);
        CHECK_EQ_INT(slice_compare(slice_text("M1"), slice_text("M1")), 0);
        CHECK(slice_compare(SLICE_NULL, slice_text("a")) < 0);
}

TEST(bytes_compare_as_unsigned) {
        CHECK(slice_compare(slice_text("\xff"), slice_text("a")) > 0);
}

TEST(a_longer_id_is_not_the_shorter_one) {
        CHECK(!slice_is(slice_text("WC1"), "C1"));
        CHECK(!slice_is(slice_text("C1"), "WC1"));
        CHECK(slice_is(slice_text("C1"), "C1"));
}

TEST(the_rest_behind_the_end_is_empty) {
        CHECK_EQ_U64(slice_from(slice_text("abc"), 3).n, 0);
        CHECK_EQ_U64(slice_from(slice_text("abc"), 99).n, 0);
        CHECK_EQ_SLICE(slice_from(slice_text("abc"), 1), slice_text("bc"));
        CHECK_EQ_SLICE(slice_head(slice_text("abc"), 99), slice_text("abc"));
}

TEST(a_needle_is_found_at_its_first_place) {
        CHECK_EQ_U64(slice_find(slice_text("abcabc"), slice_text("ca")), 2);
        CHECK_EQ_U64(slice_find(slice_text("abcabc"), slice_text("abc")), 0);
        CHECK_EQ_U64(slice_find(slice_text("abc"), SLICE_NULL), 0);
}

TEST(a_missing_needle_is_at_the_end) {
        CHECK_EQ_U64(slice_find(slice_text("abc"), slice_text("x")), 3);
        CHECK_EQ_U64(slice_find(slice_text("abc"), slice_text("abcd")), 3);
        CHECK_EQ_U64(slice_find(SLICE_NULL, slice_text("x")), 0);
}

TEST(bytes_with_nuls_are_searched_whole) {
        CHECK_EQ_U64(slice_find(slice_make("a\0b", 3), slice_text("b")), 2);
}
