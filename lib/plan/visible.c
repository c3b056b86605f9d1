/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Escapes for what would not be seen. */

#include "plan/visible.h"

#include "base/utf8.h"

static const struct {
        uint32_t first, last;
} hidden_rows[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x200b, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

bool visible_is_hidden(uint32_t point) {
        for (size_t i = 0; i < ARRAY_SIZE(hidden_rows); i++)
                if (point >= hidden_rows[i].first && point <= hidden_rows[i].last)
                        return true;
        return false;
}

bool visible_has_hidden(Slice text) {
        uint32_t point;

        for (size_t n; text.n; text = slice_from(text, n)) {
                n = utf8_read(text, &point);
                if (n == 0 || visible_is_hidden(point))
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
        else if (!visible_is_hidden(point))
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
                size_t n = utf8_read(bytes, &point);

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
