/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Bytes made fit to be shown. */

#include "verify/printable.h"

#include "base/utf8.h"

static bool is_shown(uint32_t point) {
        bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0);
        bool is_direction = (point >= 0x200b && point <= 0x200f) ||
                            (point >= 0x2028 && point <= 0x202e) ||
                            (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;

        return !is_control && !is_direction;
}

static void append_hex(Buf *text, Slice bytes) {
        for (size_t i = 0; i < bytes.n && !text->is_full; i++)
                buf_printf(text, "\\x%02x", bytes.data[i]);
}

void printable_append(Buf *text, Slice bytes) {
        while (bytes.n && !text->is_full) {
                uint32_t point = 0;
                size_t n = utf8_read(bytes, &point);

                if (n && is_shown(point) && point != '\\')
                        buf_append(text, bytes.data, n);
                else if (point == '\\')
                        buf_text(text, "\\\\");
                else
                        append_hex(text, slice_head(bytes, size_max(n, 1)));
                bytes = slice_from(bytes, size_max(n, 1));
        }
}
