/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Cutting between characters. */

#include "verify/clip.h"

#include <string.h>

#include "view/status.h"

#define CLIP_MARK "…"

/* The input is cut first, so that a huge text costs no more than a small one. */
static void clip(Slice hostile, bool keep_newlines, size_t n_max, Buf *text) {
        size_t n;

        text_make_visible(slice_head(hostile, n_max), keep_newlines, text);
        if (text->n <= n_max && hostile.n <= n_max)
                return;
        n = size_min(text->n, n_max - strlen(CLIP_MARK));
        while (n > 0 && (text->data[n] & 0xc0) == 0x80)
                n--;
        text->n = n;
        buf_text(text, CLIP_MARK);
}

void clip_line(Slice hostile, size_t n_max, char *ret_text) {
        cleanup_buf Buf text = BUF_TEXT;

        clip(hostile, false, n_max - 1, &text);
        memcpy(ret_text, buf_get_text(&text), text.n + 1);
}

Slice clip_slice(Slice hostile, size_t n_max, Arena *arena) {
        cleanup_buf Buf text = BUF_TEXT;

        clip(hostile, false, n_max, &text);
        return arena_slice(arena, buf_get(&text));
}

Slice clip_text(Slice hostile, size_t n_max, Arena *arena) {
        cleanup_buf Buf text = BUF_TEXT;

        clip(hostile, true, n_max, &text);
        return arena_slice(arena, buf_get(&text));
}
