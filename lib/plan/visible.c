/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Excerpts of hostile bytes, and what no plan may contain. */

#include "plan/visible.h"

#include "base/text.h"
#include "base/utf8.h"

/* A form of the character before it: a plan in any script may have it, though it is not seen. */
static bool is_variation(uint32_t point) {
        return point == 0x34f || point == 0x180e || (point >= 0xfe00 && point <= 0xfe0f) ||
               (point >= 0xe0080 && point <= 0xe0fff);
}

bool visible_is_hidden(uint32_t point) {
        return text_is_hidden(point) && !is_variation(point);
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

void visible_append(Buf *text, Slice bytes, size_t n_max) {
        size_t end = text->n + n_max;

        while (bytes.n && text->n < end) {
                uint32_t point;
                size_t n = size_max(utf8_read(bytes, &point), 1);

                text_make_visible(slice_head(bytes, n), false, text);
                bytes = slice_from(bytes, n);
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
