/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Times and durations. */

#include "base/clock.h"

#include "tests/lib/test.h"

TEST(durations_need_a_unit) {
        uint64_t ms;

        CHECK_EQ_INT(duration_parse(slice_text("30"), &ms), DURATION_E_NO_UNIT);
}

TEST(each_unit_is_known) {
        static const struct {
                const char *text;
                uint64_t ms;
        } rows[] = {
                {"0s", 0},      {"250ms", 250},    {"30s", 30000},
                {"5m", 300000}, {"24h", 86400000}, {"7d", 604800000},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                uint64_t ms = 1;

                CHECK_EQ_INT(duration_parse(slice_text(rows[i].text), &ms), 0);
                CHECK_EQ_U64(ms, rows[i].ms);
        }
}

TEST(what_is_no_duration_is_refused) {
        static const char *const rows[] = {"",    "s",   "-1s",  "1.5s",
                                           "1 s", "1w",  "1S",   "99999999999ms",
                                           "1s ", " 1s", "0x1s", "1sm"};
        uint64_t ms;

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                CHECK_EQ_INT(duration_parse(slice_text(rows[i]), &ms), DURATION_E_BAD);
}

TEST(the_largest_duration_does_not_overflow) {
        uint64_t ms = 0;

        CHECK_EQ_INT(duration_parse(slice_text("4294967295d"), &ms), 0);
        CHECK_EQ_U64(ms, 4294967295u * 86400000ull);
        CHECK_EQ_INT(duration_parse(slice_text("4294967296d"), &ms), DURATION_E_BAD);
}

TEST(durations_are_told_in_two_units_at_most) {
        static const struct {
                uint64_t ms;
                const char *text;
        } rows[] = {
                {0, "0 ms"},
                {999, "999 ms"},
                {1000, "1.0 s"},
                {59999, "59.9 s"},
                {60000, "1 min 00 s"},
                {3599999, "59 min 59 s"},
                {3600000, "1 h 00 min"},
                {86399999, "23 h 59 min"},
                {86400000, "1 d 0 h"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                cleanup_buf Buf text = BUF_TEXT;

                duration_describe(rows[i].ms, &text);
                CHECK_EQ_TEXT(buf_get_text(&text), rows[i].text);
        }
}

TEST(times_are_utc) {
        char text[TIME_TEXT_BYTES];

        time_format_second(0, text);
        CHECK_EQ_TEXT(text, "1970-01-01T00:00:00Z");
        time_format_minute(1781328787999u, text);
        CHECK_EQ_TEXT(text, "2026-06-13T05:33Z");
        time_format_second(1781328787999u, text);
        CHECK_EQ_TEXT(text, "2026-06-13T05:33:07Z");
}

TEST(a_time_that_no_calendar_has_is_marked) {
        char text[TIME_TEXT_BYTES];

        time_format_second(UINT64_MAX, text);
        CHECK(text[0] != 0);
        CHECK(strlen(text) < TIME_TEXT_BYTES);
}

TEST(monotonic_time_does_not_go_back) {
        uint64_t before = clock_mono_ns();

        for (int i = 0; i < 1000; i++) {
                uint64_t now = clock_mono_ns();

                CHECK(now >= before);
                before = now;
        }
}

TEST(what_is_told_as_a_time_is_read_as_one) {
        uint64_t ms = 0;

        CHECK_EQ_INT(time_parse(slice_text("2026-06-13T05:33:07Z"), &ms), 0);
        CHECK_EQ_U64(ms, UINT64_C(1781328787000));
        CHECK_EQ_INT(time_parse(slice_text("2026-06-13T05:33Z"), &ms), 0);
        CHECK_EQ_U64(ms, UINT64_C(1781328780000));
        CHECK_EQ_INT(time_parse(slice_text("2028-02-29T00:00Z"), &ms), 0);
}

TEST(what_no_calendar_has_is_no_time) {
        static const char *const rows[] = {
                "",
                "2026-06-13",
                "2026-06-13T05:33",
                "2026-06-13 05:33Z",
                "2026-06-13T05:33+02:00",
                "2026-02-30T00:00Z",
                "2026-13-01T00:00Z",
                "2026-00-01T00:00Z",
                "2026-01-01T24:00Z",
                "2026-01-01T00:60Z",
                "1969-12-31T23:59Z",
                "20x6-01-01T00:00Z",
        };
        uint64_t ms;

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                CHECK_EQ_INT(time_parse(slice_text(rows[i]), &ms), TIME_E_BAD);
}
