/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Known answers, and texts of bytes. */

#include "base/hash.h"

#include "tests/lib/test.h"

static void check_sha256(Slice bytes, const char *hex) {
        char text[HASH_HEX + 1];
        Hash hash;

        hash_of(bytes, &hash);
        hex_encode(hash_slice(&hash), text);
        CHECK_EQ_TEXT(text, hex);
}

TEST(sha256_has_its_known_answers) {
        check_sha256(SLICE_NULL,
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        check_sha256(slice_text("abc"),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(a_hash_in_two_pieces_is_the_hash_of_the_whole_at_every_length) {
        for (size_t n = 0; n < 200; n++) {
                uint8_t bytes[200] = {(uint8_t)n};
                Hasher hasher;
                Hash pieces, whole;

                hash_start(&hasher);
                hash_add(&hasher, bytes, n / 3);
                hash_add(&hasher, bytes + n / 3, n - n / 3);
                hash_finish(&hasher, &pieces);
                hash_of(slice_make(bytes, n), &whole);
                CHECK(hash_equal(&pieces, &whole));
        }
}

TEST(a_hash_in_pieces_is_the_hash_of_the_whole) {
        Hasher hasher;
        Hash pieces, whole;

        hash_start(&hasher);
        hash_add(&hasher, "ab", 2);
        hash_add(&hasher, "", 0);
        hash_add(&hasher, "c", 1);
        hash_finish(&hasher, &pieces);
        hash_of(slice_text("abc"), &whole);
        CHECK(hash_equal(&pieces, &whole));
}

TEST(fields_cannot_be_shifted_into_each_other) {
        Hasher a, b;
        Hash hash_a, hash_b;

        hash_start(&a);
        hash_add_field(&a, slice_text("ab"));
        hash_add_field(&a, slice_text("c"));
        hash_finish(&a, &hash_a);
        hash_start(&b);
        hash_add_field(&b, slice_text("a"));
        hash_add_field(&b, slice_text("bc"));
        hash_finish(&b, &hash_b);
        CHECK(!hash_equal(&hash_a, &hash_b));
}

TEST(numbers_are_big_endian) {
        Hasher hasher;
        Hash number, bytes;

        hash_start(&hasher);
        hash_add_u64(&hasher, 0x0102030405060708u);
        hash_finish(&hasher, &number);
        hash_of(slice_make("\1\2\3\4\5\6\7\10", 8), &bytes);
        CHECK(hash_equal(&number, &bytes));
}

TEST(hashes_differ_by_one_bit) {
        Hash a, b;

        hash_of(slice_text("a"), &a);
        b = a;
        CHECK(hash_equal(&a, &b));
        b.bytes[HASH_BYTES - 1] ^= 1;
        CHECK(!hash_equal(&a, &b));
}

TEST(a_hash_has_exactly_its_bytes) {
        uint8_t bytes[HASH_BYTES + 1] = {0};
        Hash hash;

        CHECK(hash_from_slice(slice_make(bytes, HASH_BYTES), &hash));
        CHECK(!hash_from_slice(slice_make(bytes, HASH_BYTES - 1), &hash));
        CHECK(!hash_from_slice(slice_make(bytes, HASH_BYTES + 1), &hash));
        CHECK(!hash_from_slice(SLICE_NULL, &hash));
}

TEST(hex_is_lower_case_and_exact) {
        uint8_t bytes[2];

        CHECK(hex_decode(slice_text("00ff"), bytes, 2));
        CHECK_EQ_INT(bytes[1], 0xff);
        CHECK(!hex_decode(slice_text("00FF"), bytes, 2));
        CHECK(!hex_decode(slice_text("00f"), bytes, 2));
        CHECK(!hex_decode(slice_text("00ff0"), bytes, 2));
        CHECK(!hex_decode(slice_text("00fg"), bytes, 2));
        CHECK(!hex_decode(slice_text(""), bytes, 2));
}

TEST(base64_goes_there_and_back) {
        uint8_t bytes[64], again[64];

        for (size_t n = 1; n <= sizeof bytes; n++) {
                cleanup_buf Buf text = BUF_TEXT;

                random_bytes(bytes, n);
                base64_append(&text, slice_make(bytes, n));
                CHECK(base64_decode(buf_get(&text), again, n));
                CHECK_EQ_SLICE(slice_make(again, n), slice_make(bytes, n));
        }
}

TEST(base64_is_strict) {
        uint8_t bytes[4];

        CHECK(base64_decode(slice_text("YWJjZA=="), bytes, 4));
        CHECK_EQ_SLICE(slice_make(bytes, 4), slice_text("abcd"));
        CHECK(!base64_decode(slice_text("YWJjZA"), bytes, 4));
        CHECK(!base64_decode(slice_text("YWJjZA=="), bytes, 3));
        CHECK(!base64_decode(slice_text("YWJj ZA=="), bytes, 4));
        CHECK(!base64_decode(slice_text("YWJjZA==x"), bytes, 4));
        CHECK(!base64_decode(slice_text("YWJjZB=="), bytes, 4));
        CHECK(!base64_decode(slice_text("YWJj\xff\x80=="), bytes, 4));
        CHECK(!base64_decode(slice_text("YW\xffjZA=="), bytes, 4));
}
