/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "base/text.h"

#include "tests/lib/test.h"

static const char *visible(Slice text, bool keep_newlines) {
        static Buf buf;

        buf_deinit(&buf);
        buf = BUF_TEXT;
        text_make_visible(text, keep_newlines, &buf);
        return buf_get_text(&buf);
}

TEST(what_could_deceive_a_reader_is_spelled_out) {
        static const struct {
                const char *hostile, *shown;
        } rows[] = {
                {"\033[2J", "\\x1b[2J"},
                {"a\rb", "a\\rb"},
                {"a\xe2\x80\xae"
                 "b",
                 "a\\u{202e}b"},
                {"\xe2\x81\xa6", "\\u{2066}"},
                {"\xe2\x80\x8b", "\\u{200b}"},
                {"\xc2\x9b"
                 "2J",
                 "\\u{9b}2J"},
                {"\x7f", "\\x7f"},
                {"\xff\xfe", "\\xff\\xfe"},
                {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
                {"gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f dich"},
                {"\xf3\xa0\x81\x81", "\\u{e0041}"},
                {"", ""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                CHECK_EQ_TEXT(visible(slice_text(rows[i].hostile), false), rows[i].shown);
        CHECK_EQ_TEXT(visible(slice_make("a\0b", 3), false), "a\\x00b");
}

TEST(no_two_names_look_alike) {
        static const struct {
                const char *name, *shown;
        } rows[] = {
                {"a b/c.txt", "a b/c.txt"}, {"a\\x1b", "a\\\\x1b"},
                {"a\x1b", "a\\x1b"},        {"a\nb", "a\\nb"},
                {"\xc3z", "\\xc3z"},        {"\xc0\xaf", "\\xc0\\xaf"},
                {"\xe2\x82", "\\xe2\\x82"}, {"", ""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                cleanup_buf Buf text = BUF_TEXT;

                text_make_name_visible(slice_text(rows[i].name), &text);
                CHECK_EQ_TEXT(buf_get_text(&text), rows[i].shown);
        }
}

TEST(what_is_shown_ends_at_a_character) {
        cleanup_buf Buf text = BUF_INIT(4);

        text_make_visible(slice_text("ab\xe2\x82\xac"
                                     "c"),
                          false, &text);
        CHECK_EQ_TEXT(buf_get_text(&text), "ab");
}

TEST(newlines_stay_where_they_are_wanted) {
        CHECK_EQ_TEXT(visible(slice_text("a\tb\nc"), true), "a\tb\nc");
        CHECK_EQ_TEXT(visible(slice_text("a\tb\nc"), false), "a\\tb\\nc");
}
