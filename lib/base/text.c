/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a terminal or a reader could be deceived with, spelled out. */

#include "base/text.h"

#include "base/utf8.h"

/* Characters that print nothing, or move what stands beside them. */
static const struct {
        uint32_t first, last;
} hidden_rows[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x34f, 0x34f},   {0x61c, 0x61c},
        {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f}, {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
};

static bool is_hidden(uint32_t code) {
        for (size_t i = 0; i < ARRAY_SIZE(hidden_rows); i++)
                if (code >= hidden_rows[i].first && code <= hidden_rows[i].last)
                        return true;
        return false;
}

static void append_hidden(uint32_t code, Buf *text) {
        if (code == '\n')
                buf_text(text, "\\n");
        else if (code == '\t')
                buf_text(text, "\\t");
        else if (code == '\r')
                buf_text(text, "\\r");
        else if (code < 0x80)
                buf_printf(text, "\\x%02x", code);
        else
                buf_printf(text, "\\u{%x}", code);
}

void text_make_visible(Slice hostile, bool keep_newlines, Buf *text) {
        while (hostile.n) {
                uint32_t code;
                size_t n = utf8_read(hostile, &code);

                if (n == 0) {
                        buf_printf(text, "\\x%02x", hostile.data[0]);
                        n = 1;
                } else if (keep_newlines && (code == '\n' || code == '\t')) {
                        buf_byte(text, (uint8_t)code);
                } else if (is_hidden(code)) {
                        append_hidden(code, text);
                } else {
                        buf_append(text, hostile.data, n);
                }
                hostile = slice_from(hostile, n);
        }
}
