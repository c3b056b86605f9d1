/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Bytes with a ceiling. */

#include "base/buf.h"

#include <stdlib.h>

#include "tests/lib/test.h"

TEST(an_empty_buffer_has_an_empty_text) {
        Buf buf = BUF_INIT(8);

        CHECK_EQ_TEXT(buf_get_text(&buf), "");
        CHECK_EQ_U64(buf_get(&buf).n, 0);
        buf_deinit(&buf);
        buf_deinit(&buf);
}

TEST(what_would_pass_the_ceiling_is_not_appended_at_all) {
        cleanup_buf Buf buf = BUF_INIT(5);

        buf_text(&buf, "abc");
        CHECK(!buf.is_full);
        buf_text(&buf, "def");
        CHECK(buf.is_full);
        CHECK_EQ_TEXT(buf_get_text(&buf), "abc");
        buf_text(&buf, "de");
        CHECK_EQ_TEXT(buf_get_text(&buf), "abcde");
        CHECK(buf.is_full);
}

TEST(a_ceiling_of_everything_does_not_overflow) {
        cleanup_buf Buf buf = BUF_INIT(10);

        buf_text(&buf, "abc");
        CHECK(buf_reserve(&buf, SIZE_MAX) == NULL);
        CHECK(buf_reserve(&buf, SIZE_MAX - 3) == NULL);
        CHECK(buf.is_full);
}

TEST(clearing_keeps_the_ceiling_and_forgets_that_it_was_full) {
        cleanup_buf Buf buf = BUF_INIT(2);

        buf_text(&buf, "abc");
        buf_clear(&buf);
        CHECK(!buf.is_full);
        buf_text(&buf, "ab");
        CHECK_EQ_TEXT(buf_get_text(&buf), "ab");
        buf_byte(&buf, 'c');
        CHECK(buf.is_full);
}

TEST(growing_keeps_what_was_there) {
        cleanup_buf Buf buf = BUF_INIT(1 << 20);

        for (int i = 0; i < 10000; i++)
                buf_printf(&buf, "%04d;", i);
        CHECK_EQ_U64(buf.n, 50000);
        CHECK_EQ_SLICE(slice_head(slice_from(buf_get(&buf), 5 * 1234), 5), slice_text("1234;"));
        CHECK_EQ_INT(buf.data[buf.n], 0);
}

TEST(nuls_are_bytes_like_others) {
        cleanup_buf Buf buf = BUF_INIT(10);

        buf_append(&buf, "a\0b", 3);
        CHECK_EQ_SLICE(buf_get(&buf), slice_make("a\0b", 3));
}

TEST(what_is_taken_is_gone) {
        cleanup_buf Buf buf = BUF_INIT(10);
        char *text;

        buf_text(&buf, "abc");
        text = buf_take(&buf);
        CHECK_EQ_TEXT(text, "abc");
        free(text);
        CHECK_EQ_U64(buf.n, 0);
        text = buf_take(&buf);
        CHECK_EQ_TEXT(text, "");
        free(text);
}
