/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Clocks, UTC texts, durations. */

#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static const struct {
        const char *unit;
        uint64_t ms;
} unit_rows[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};

static uint64_t read_ns(clockid_t clock) {
        struct timespec now;

        clock_gettime(clock, &now);
        return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void format_utc(uint64_t wall_ms, const char *format, char ret_text[TIME_TEXT_BYTES]) {
        time_t seconds = (time_t)(wall_ms / 1000);
        struct tm parts;

        if (!gmtime_r(&seconds, &parts) || strftime(ret_text, TIME_TEXT_BYTES, format, &parts) == 0)
                (void)snprintf(ret_text, TIME_TEXT_BYTES, "?");
}

uint64_t clock_wall_ms(void) {
        return read_ns(CLOCK_REALTIME) / 1000000;
}

uint64_t clock_mono_ns(void) {
        return read_ns(CLOCK_MONOTONIC);
}

uint64_t clock_mono_ms(void) {
        return read_ns(CLOCK_MONOTONIC) / 1000000;
}

void time_format_minute(uint64_t wall_ms, char ret_text[TIME_TEXT_BYTES]) {
        format_utc(wall_ms, "%Y-%m-%dT%H:%MZ", ret_text);
}

void time_format_second(uint64_t wall_ms, char ret_text[TIME_TEXT_BYTES]) {
        format_utc(wall_ms, "%Y-%m-%dT%H:%M:%SZ", ret_text);
}

/* Each digit where it must be, each other character as it is. */
static bool has_shape(Slice text, const char *shape) {
        if (text.n != strlen(shape))
                return false;
        for (size_t i = 0; i < text.n; i++) {
                bool is_digit = text.data[i] >= '0' && text.data[i] <= '9';

                if (shape[i] == '0' ? !is_digit : text.data[i] != (uint8_t)shape[i])
                        return false;
        }
        return true;
}

static int number_at(Slice text, size_t at, size_t n_digits) {
        int number = 0;

        for (size_t i = at; i < at + n_digits; i++)
                number = number * 10 + (text.data[i] - '0');
        return number;
}

int time_parse(Slice text, uint64_t *ret_wall_ms) {
        bool has_seconds = has_shape(text, "0000-00-00T00:00:00Z");
        struct tm parts = {.tm_year = 0}, checked;
        time_t seconds;

        if (!has_seconds && !has_shape(text, "0000-00-00T00:00Z"))
                return TIME_E_BAD;
        parts.tm_year = number_at(text, 0, 4) - 1900;
        parts.tm_mon = number_at(text, 5, 2) - 1;
        parts.tm_mday = number_at(text, 8, 2);
        parts.tm_hour = number_at(text, 11, 2);
        parts.tm_min = number_at(text, 14, 2);
        parts.tm_sec = has_seconds ? number_at(text, 17, 2) : 0;
        checked = parts;
        seconds = timegm(&checked); /* it makes the 3rd of March of the 31st of February */
        if (seconds < 0 || checked.tm_mon != parts.tm_mon || checked.tm_mday != parts.tm_mday ||
            checked.tm_hour != parts.tm_hour || checked.tm_min != parts.tm_min ||
            checked.tm_sec != parts.tm_sec)
                return TIME_E_BAD;
        *ret_wall_ms = (uint64_t)seconds * 1000;
        return 0;
}

int duration_parse(Slice text, uint64_t *ret_ms) {
        uint64_t number = 0;
        size_t i = 0;

        for (; i < text.n && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
                number = number * 10 + (uint64_t)(text.data[i] - '0');
                if (number > UINT32_MAX)
                        return DURATION_E_BAD;
        }
        if (i == 0)
                return DURATION_E_BAD;
        if (i == text.n)
                return DURATION_E_NO_UNIT;
        for (size_t u = 0; u < ARRAY_SIZE(unit_rows); u++)
                if (slice_is(slice_from(text, i), unit_rows[u].unit)) {
                        *ret_ms = number * unit_rows[u].ms;
                        return 0;
                }
        return DURATION_E_BAD;
}

void duration_describe(uint64_t ms, Buf *text) {
        uint64_t s = ms / 1000;

        if (ms < 1000)
                buf_printf(text, "%llu ms", (unsigned long long)ms);
        else if (s < 60)
                buf_printf(text, "%llu.%llu s", (unsigned long long)s,
                           (unsigned long long)(ms % 1000 / 100));
        else if (s < 3600)
                buf_printf(text, "%llu min %02llu s", (unsigned long long)(s / 60),
                           (unsigned long long)(s % 60));
        else if (s < 86400)
                buf_printf(text, "%llu h %02llu min", (unsigned long long)(s / 3600),
                           (unsigned long long)(s % 3600 / 60));
        else
                buf_printf(text, "%llu d %llu h", (unsigned long long)(s / 86400),
                           (unsigned long long)(s % 86400 / 3600));
}
