/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Hostile text in Markdown. Inside a fence nothing is interpreted, so that only the fence itself
 * must be longer than any run of backticks in the text; outside, whatever could mean something to
 * Markdown or HTML is escaped.
 */

#include "broker/render_parts.h"

#include "view/status.h"

enum { FENCE_LEAST = 3 };

static size_t longest_backticks(Slice text) {
        size_t longest = 0, run = 0;

        for (size_t i = 0; i < text.n; i++) {
                run = text.data[i] == '`' ? run + 1 : 0;
                longest = size_max(longest, run);
        }
        return longest;
}

/* People and scripts grep for `## M1: PASS @`, and no grep knows of fences: two of these marks
 * never stand side by side in what others wrote. */
static void append_without_headings(Slice visible, Buf *text) {
        for (size_t i = 0; i < visible.n; i++) {
                if (i && visible.data[i] == '#' && visible.data[i - 1] == '#')
                        buf_byte(text, '\\');
                buf_byte(text, visible.data[i]);
        }
}

void render_fence(Slice hostile, const char *info, Buf *text) {
        size_t n = size_max(FENCE_LEAST, longest_backticks(hostile) + 1);
        cleanup_buf Buf visible = BUF_TEXT;

        text_make_visible(hostile, true, &visible);
        for (size_t i = 0; i < n; i++)
                buf_byte(text, '`');
        buf_printf(text, "%s\n", info);
        append_without_headings(buf_get(&visible), text);
        if (visible.n && visible.data[visible.n - 1] != '\n')
                buf_text(text, "\n");
        for (size_t i = 0; i < n; i++)
                buf_byte(text, '`');
        buf_text(text, "\n");
}

void render_inline(Slice hostile, Buf *text) {
        static const char escaped[] = "\\`*_{}[]()#+!|~";
        cleanup_buf Buf visible = BUF_TEXT;

        text_make_visible(hostile, false, &visible);
        for (size_t i = 0; i < visible.n; i++) {
                char c = (char)visible.data[i];

                if (c == '<')
                        buf_text(text, "&lt;");
                else if (c == '>')
                        buf_text(text, "&gt;");
                else if (c == '&')
                        buf_text(text, "&amp;");
                else if (strchr(escaped, c))
                        buf_printf(text, "\\%c", c);
                else
                        buf_byte(text, (uint8_t)c);
        }
}

/* A code span cannot be escaped: what would end it, or its table's cell, is written as plain text.
 */
void render_code(Slice hostile, Buf *text) {
        bool is_plain = hostile.n > 0;

        for (size_t i = 0; i < hostile.n; i++)
                is_plain &= hostile.data[i] > ' ' && hostile.data[i] < 0x7f &&
                            hostile.data[i] != '`' && hostile.data[i] != '|';
        if (!is_plain) {
                render_inline(hostile, text);
                return;
        }
        buf_text(text, "`");
        buf_slice(text, hostile);
        buf_text(text, "`");
}
