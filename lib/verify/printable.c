/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Bytes made fit to be shown. */

#include "verify/printable.h"

enum { CODE_POINT_MAX = 0x10ffff };

/* Bytes of the UTF-8 sequence at the start of `bytes` and its code point; 0 if it is none. */
static size_t decode(Slice bytes, uint32_t *ret_point) {
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        uint8_t lead = bytes.data[0];
        size_t n = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        uint32_t point = n == 1 ? lead : n == 2 ? lead & 0x1fu : n == 3 ? lead & 0x0fu : lead & 7u;

        if (n == 0 || n > bytes.n || lead > 0xf4)
                return 0;
        for (size_t i = 1; i < n; i++) {
                if ((bytes.data[i] & 0xc0) != 0x80)
                        return 0;
                point = point << 6 | (bytes.data[i] & 0x3fu);
        }
        if (point < least[n] || point > CODE_POINT_MAX || (point >= 0xd800 && point < 0xe000))
                return 0;
        *ret_point = point;
        return n;
}

static bool is_shown(uint32_t point) {
        bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0);
        bool is_direction = (point >= 0x200b && point <= 0x200f) ||
                            (point >= 0x2028 && point <= 0x202e) ||
                            (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;

        return !is_control && !is_direction;
}

void printable_append(Buf *text, Slice bytes) {
        while (bytes.n) {
                uint32_t point = 0;
                size_t n = decode(bytes, &point);

                if (n && is_shown(point) && point != '\\')
                        buf_append(text, bytes.data, n);
                else if (point == '\\')
                        buf_text(text, "\\\\");
                else
                        for (size_t i = 0; i < size_max(n, 1); i++)
                                buf_printf(text, "\\x%02x", bytes.data[i]);
                bytes = slice_from(bytes, size_max(n, 1));
        }
}
