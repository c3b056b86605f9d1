/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Sizes. */

#include "base/size.h"

static const struct {
        const char *unit;
        uint64_t bytes;
} unit_rows[] = {
        {"B", 1},         {"kB", 1000},       {"KiB", 1024},    {"MB", 1000000},
        {"MiB", 1 << 20}, {"GB", 1000000000}, {"GiB", 1 << 30},
};

static const char *const shown_units[] = {"KiB", "MiB", "GiB"};

int size_parse(Slice text, uint64_t *ret_bytes) {
        uint64_t number = 0;
        size_t i = 0;

        for (; i < text.n && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
                number = number * 10 + (uint64_t)(text.data[i] - '0');
                if (number > UINT32_MAX)
                        return SIZE_E_BAD;
        }
        if (i == 0)
                return SIZE_E_BAD;
        if (i == text.n)
                return SIZE_E_NO_UNIT;
        for (size_t u = 0; u < ARRAY_SIZE(unit_rows); u++)
                if (slice_is(slice_from(text, i), unit_rows[u].unit)) {
                        *ret_bytes = number * unit_rows[u].bytes;
                        return 0;
                }
        return SIZE_E_BAD;
}

void size_describe(uint64_t n_bytes, Buf *text) {
        uint64_t whole = n_bytes, tenths = 0;
        size_t unit = 0;

        for (; whole >= 1024 && unit < ARRAY_SIZE(shown_units); unit++) {
                tenths = whole % 1024 * 10 / 1024;
                whole /= 1024;
        }
        if (unit == 0)
                buf_printf(text, "%llu byte%s", (unsigned long long)n_bytes,
                           n_bytes == 1 ? "" : "s");
        else
                buf_printf(text, "%llu.%llu %s (%llu bytes)", (unsigned long long)whole,
                           (unsigned long long)tenths, shown_units[unit - 1],
                           (unsigned long long)n_bytes);
}
