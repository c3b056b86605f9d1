/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* UTF-8 by the table of well-formed sequences; escapes for the rest. */

#include "plan/visible.h"

static const struct {
        uint32_t first, last;
} hidden_rows[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x200b, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

size_t utf8_sequence(Slice text, uint32_t *ret_point) {
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        uint32_t point;
        size_t n;

        if (text.n == 0)
                return 0;
        point = text.data[0];
        n = point < 0x80 ? 1 : point >= 0xf0 ? 4 : point >= 0xe0 ? 3 : 2;
        if (n > text.n || (point >= 0x80 && point < 0xc2) || point > 0xf4)
                return 0;
        if (n > 1)
                point &= 0x7fu >> n;
        for (size_t i = 1; i < n; i++) {
                if ((text.data[i] & 0xc0) != 0x80)
                        return 0;
                point = point << 6 | (text.data[i] & 0x3fu);
        }
        if (point < least[n] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
                return 0;
        *ret_point = point;
        return n;
}

bool utf8_is_valid(Slice text) {
        uint32_t point;

        while (text.n) {
                size_t n = utf8_sequence(text, &point);

                if (n == 0)
                        return false;
                text = slice_from(text, n);
        }
        return true;
}

bool utf8_is_hidden(uint32_t point) {
        for (size_t i = 0; i < ARRAY_SIZE(hidden_rows); i++)
                if (point >= hidden_rows[i].first && point <= hidden_rows[i].last)
                        return true;
        return false;
}

bool utf8_has_hidden(Slice text) {
        uint32_t point;

        for (size_t n; text.n; text = slice_from(text, n)) {
                n = utf8_sequence(text, &point);
                if (n == 0 || utf8_is_hidden(point))
                        return true;
        }
        return false;
}

static void append_point(Buf *text, Slice sequence, uint32_t point) {
        if (point == '\n')
                buf_text(text, "\\n");
        else if (point == '\t')
                buf_text(text, "\\t");
        else if (point == '\r')
                buf_text(text, "\\r");
        else if (!utf8_is_hidden(point))
                buf_slice(text, sequence);
        else if (point < 0x80)
                buf_printf(text, "\\x%02x", (unsigned)point);
        else
                buf_printf(text, "\\u{%x}", (unsigned)point);
}

void visible_append(Buf *text, Slice bytes, size_t n_max) {
        size_t end = text->n + n_max;

        while (bytes.n && text->n < end) {
                uint32_t point;
                size_t n = utf8_sequence(bytes, &point);

                if (n)
                        append_point(text, slice_head(bytes, n), point);
                else
                        buf_printf(text, "\\x%02x", bytes.data[0]);
                bytes = slice_from(bytes, size_max(n, 1));
        }
        if (bytes.n)
                buf_text(text, "…");
}

Slice visible_excerpt(Arena *arena, Slice bytes, size_t place) {
        cleanup_buf Buf text = BUF_TEXT;
        size_t start = place > EXCERPT_BEFORE_BYTES && bytes.n > EXCERPT_BYTES
                               ? size_min(place, bytes.n) - EXCERPT_BEFORE_BYTES
                               : 0;

        for (int i = 0; i < 3 && start && (bytes.data[start] & 0xc0) == 0x80; i++)
                start--;
        if (start)
                buf_text(&text, "…");
        visible_append(&text, slice_from(bytes, start), EXCERPT_BYTES);
        return arena_slice(arena, buf_get(&text));
}
