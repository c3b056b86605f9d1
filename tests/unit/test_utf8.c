/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Strict UTF-8: every code goes in and out, and nothing else is accepted. */

#include "base/utf8.h"

#include "tests/lib/test.h"

/* A writer of our own, to hold against the reader. */
static size_t write_code(uint32_t code, uint8_t bytes[4]) {
        if (code < 0x80) {
                bytes[0] = (uint8_t)code;
                return 1;
        }
        if (code < 0x800) {
                bytes[0] = (uint8_t)(0xc0 | code >> 6);
                bytes[1] = (uint8_t)(0x80 | (code & 0x3f));
                return 2;
        }
        if (code < 0x10000) {
                bytes[0] = (uint8_t)(0xe0 | code >> 12);
                bytes[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
                bytes[2] = (uint8_t)(0x80 | (code & 0x3f));
                return 3;
        }
        bytes[0] = (uint8_t)(0xf0 | code >> 18);
        bytes[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
        bytes[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        bytes[3] = (uint8_t)(0x80 | (code & 0x3f));
        return 4;
}

TEST(every_code_but_the_surrogates_is_read_as_it_was_written) {
        for (uint32_t code = 0; code < 0x120000; code++) {
                bool is_good = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
                uint32_t read = 0;
                uint8_t bytes[4];
                size_t n = write_code(code, bytes);

                CHECK_EQ_U64(utf8_read(slice_make(bytes, n), &read), is_good ? n : 0);
                CHECK_EQ_U64(read, is_good ? code : 0);
                CHECK_EQ_U64(utf8_read(slice_make(bytes, n - 1), &read), 0);
        }
}

TEST(overlong_forms_and_stray_bytes_are_refused) {
        CHECK(!utf8_is_valid(slice_text("\xc0\x80")));
        CHECK(!utf8_is_valid(slice_text("\xc1\xbf")));
        CHECK(!utf8_is_valid(slice_text("\xe0\x9f\xbf")));
        CHECK(!utf8_is_valid(slice_text("\xf0\x8f\xbf\xbf")));
        CHECK(!utf8_is_valid(slice_text("\x80")));
        CHECK(!utf8_is_valid(slice_text("a\xe2\x28\xa1")));
        CHECK(!utf8_is_valid(slice_text("\xf8\x88\x80\x80\x80")));
        CHECK(!utf8_is_valid(slice_text("a\xff")));
}

TEST(texts_with_nuls_and_of_nothing_are_valid) {
        CHECK(utf8_is_valid(SLICE_NULL));
        CHECK(utf8_is_valid(slice_make("a\0b", 3)));
        CHECK(utf8_is_valid(slice_text("é…\U0001f512")));
}

TEST(no_character_is_cut_in_two) {
        Slice text = slice_text("a\u00e9\u20ac!");

        CHECK_EQ_SLICE(utf8_head(text, 2), slice_text("a"));
        CHECK_EQ_SLICE(utf8_head(text, 5), slice_text("a\u00e9"));
        CHECK_EQ_SLICE(utf8_head(text, 6), slice_text("a\u00e9\u20ac"));
        CHECK_EQ_SLICE(utf8_head(text, 100), text);
        CHECK_EQ_U64(utf8_head(slice_text("\x80\x80\x80"), 2).n, 0);
}

TEST(characters_are_counted_and_what_is_none_byte_by_byte) {
        CHECK_EQ_U64(utf8_count(slice_text("a\u00e9\u20ac!")), 4);
        CHECK_EQ_U64(utf8_count(slice_text("a\xff\xfe")), 3);
        CHECK_EQ_U64(utf8_count(SLICE_NULL), 0);
        CHECK_EQ_SLICE(utf8_head_characters(slice_text("a\u00e9\u20ac!"), 3),
                       slice_text("a\u00e9\u20ac"));
        CHECK_EQ_SLICE(utf8_head_characters(slice_text("ab"), 3), slice_text("ab"));
}
