/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Stamps as programs write them. */

#include "verify/log_window.h"

#include <ctype.h>
#include <time.h>

#include "base/mem.h"

enum { STAMP_BYTES_MAX = 128, MINUTES_A_DAY = 1440 };

static const uint64_t day_ms = (uint64_t)24 * 60 * 60 * 1000;

static const char *take_digits(const char *text, int n, int *ret_number) {
        *ret_number = 0;
        for (int i = 0; i < n; i++) {
                if (!isdigit((unsigned char)text[i]))
                        return NULL;
                *ret_number = *ret_number * 10 + (text[i] - '0');
        }
        return text + n;
}

static uint64_t moment_of(struct tm *parts, bool has_zone, long zone_seconds) {
        time_t seconds;

        parts->tm_isdst = -1;
        seconds = has_zone ? timegm(parts) - zone_seconds : mktime(parts);
        return seconds > 0 ? (uint64_t)seconds * 1000 : 0;
}

/* "Z", "+02:00", "+0200", "+02". */
static bool read_zone(const char *text, long *ret_seconds) {
        int sign = *text == '-' ? -1 : 1, hours, minutes = 0;

        *ret_seconds = 0;
        if (*text == 'Z' || *text == 'z')
                return true;
        if (*text != '+' && *text != '-')
                return false;
        text = take_digits(text + 1, 2, &hours);
        if (!text)
                return false;
        text += *text == ':';
        if (isdigit((unsigned char)*text) && !take_digits(text, 2, &minutes))
                return false;
        *ret_seconds = sign * (hours * 3600L + minutes * 60L);
        return hours * 60 + minutes < MINUTES_A_DAY;
}

static bool read_iso(const char *text, uint64_t *ret_ms) {
        struct tm parts = {.tm_sec = 0};
        uint64_t fraction_ms = 0, scale = 100;
        long zone = 0;
        bool has_zone;

        text += *text == '[';
        if (!isdigit((unsigned char)*text))
                return false;
        text = strptime(text, "%Y-%m-%d", &parts);
        if (!text || (*text != 'T' && *text != 't' && *text != ' '))
                return false;
        text = strptime(text + 1, "%H:%M:%S", &parts);
        if (!text)
                return false;
        if ((*text == '.' || *text == ',') && isdigit((unsigned char)text[1]))
                for (text++; isdigit((unsigned char)*text); text++, scale /= 10)
                        fraction_ms += (uint64_t)(*text - '0') * scale;
        has_zone = read_zone(text, &zone);
        *ret_ms = moment_of(&parts, has_zone, zone) + fraction_ms;
        return *ret_ms > 0;
}

static bool has_year(const char *pattern) {
        for (const char *at = pattern; (at = strchr(at, '%')) && at[1]; at += 2)
                if (strchr("YyGgcDFsxC+", at[1]))
                        return true;
        return false;
}

static bool read_pattern(const char *text, const char *pattern, uint64_t now_ms, uint64_t *ret_ms) {
        static const int no_zone = 1 << 30;
        time_t now = (time_t)(now_ms / 1000);
        struct tm parts = {.tm_mday = 1};
        struct tm then;
        bool has_zone;

        (void)localtime_r(&now, &then);
        if (!has_year(pattern))
                parts.tm_year = then.tm_year;
        parts.tm_gmtoff = no_zone;
        if (!strptime(text, pattern, &parts))
                return false;
        has_zone = parts.tm_gmtoff != no_zone;
        then = parts;
        *ret_ms = moment_of(&then, has_zone, has_zone ? parts.tm_gmtoff : 0);
        if (!has_year(pattern) && *ret_ms > now_ms + day_ms) {
                then = parts;
                then.tm_year--;
                *ret_ms = moment_of(&then, has_zone, has_zone ? parts.tm_gmtoff : 0);
        }
        return *ret_ms > 0;
}

bool log_stamp_read(Slice line, const char *pattern, uint64_t now_ms, uint64_t *ret_ms) {
        char text[STAMP_BYTES_MAX];
        size_t n = size_min(line.n, sizeof text - 1);

        if (n)
                memcpy(text, line.data, n);
        text[n] = 0;
        return pattern && *pattern ? read_pattern(text, pattern, now_ms, ret_ms)
                                   : read_iso(text, ret_ms);
}

void log_window_read(Slice text, const char *pattern, uint64_t since_ms, uint64_t now_ms,
                     LogWindow *window) {
        bool is_inside = false;

        while (text.n) {
                size_t n = slice_find(text, slice_text("\n"));
                Slice line = slice_head(text, n + 1);
                uint64_t stamp_ms = 0;

                text = slice_from(text, n + 1);
                if (log_stamp_read(line, pattern, now_ms, &stamp_ms)) {
                        is_inside = stamp_ms >= since_ms;
                        if (window->n_stamped++ == 0)
                                window->first_stamp_ms = stamp_ms;
                }
                if (!is_inside)
                        continue;
                buf_slice(&window->lines, line);
                window->n_lines++;
        }
}
