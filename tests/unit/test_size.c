/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Numbers of bytes. */

#include "base/size.h"

#include "tests/lib/test.h"

TEST(sizes_have_units) {
        static const struct {
                const char *text;
                int r;
                uint64_t n_bytes;
        } rows[] = {
                {"0B", 0, 0},
                {"512B", 0, 512},
                {"1KiB", 0, 1024},
                {"4MiB", 0, 4194304},
                {"2GiB", 0, 2147483648u},
                {"10kB", 0, 10000},
                {"1MB", 0, 1000000},
                {"3GB", 0, 3000000000u},
                {"4294967295GiB", 0, 4294967295u * (UINT64_C(1) << 30)},
                {"512", SIZE_E_NO_UNIT, 0},
                {"", SIZE_E_BAD, 0},
                {"KiB", SIZE_E_BAD, 0},
                {"1kib", SIZE_E_BAD, 0},
                {"1.5KiB", SIZE_E_BAD, 0},
                {"-1B", SIZE_E_BAD, 0},
                {"4294967296B", SIZE_E_BAD, 0},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                uint64_t n_bytes = 0;

                CHECK_EQ_INT(size_parse(slice_text(rows[i].text), &n_bytes), rows[i].r);
                CHECK_EQ_U64(n_bytes, rows[i].n_bytes);
        }
}

TEST(sizes_are_shown_rounded_and_exactly) {
        static const struct {
                uint64_t n_bytes;
                const char *text;
        } rows[] = {
                {0, "0 bytes"},
                {1, "1 byte"},
                {1023, "1023 bytes"},
                {1536, "1.5 KiB (1536 bytes)"},
                {1048576, "1.0 MiB (1048576 bytes)"},
                {UINT64_MAX, "17179869183.9 GiB (18446744073709551615 bytes)"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                cleanup_buf Buf text = BUF_TEXT;

                size_describe(rows[i].n_bytes, &text);
                CHECK_EQ_TEXT(buf_get_text(&text), rows[i].text);
        }
}
