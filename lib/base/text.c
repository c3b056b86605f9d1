/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a terminal or a reader could be deceived with, spelled out. */

#include "base/text.h"

#include <string.h>

#include "base/utf8.h"

/* Characters that print nothing, or move what stands beside them. */
static const struct {
        uint32_t first, last;
} hidden_rows[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x34f, 0x34f},   {0x61c, 0x61c},
        {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f}, {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
};

bool text_is_hidden(uint32_t point) {
        for (size_t i = 0; i < ARRAY_SIZE(hidden_rows); i++)
                if (point >= hidden_rows[i].first && point <= hidden_rows[i].last)
                        return true;
        return false;
}

static void append_hidden(uint32_t point, Buf *text) {
        if (point == '\n')
                buf_text(text, "\\n");
        else if (point == '\t')
                buf_text(text, "\\t");
        else if (point == '\r')
                buf_text(text, "\\r");
        else if (point < 0x80)
                buf_printf(text, "\\x%02x", point);
        else
                buf_printf(text, "\\u{%x}", point);
}

static void make_visible(Slice hostile, const char *kept, const char *doubled, Buf *text) {
        while (hostile.n && !text->is_full) {
                uint32_t point = 0;
                size_t n = utf8_read(hostile, &point);
                bool is_ascii = n == 1 && point;

                if (n == 0)
                        buf_printf(text, "\\x%02x", hostile.data[0]);
                else if (is_ascii && strchr(doubled, (int)point))
                        buf_printf(text, "%c%c", (int)point, (int)point);
                else if (text_is_hidden(point) && !(is_ascii && strchr(kept, (int)point)))
                        append_hidden(point, text);
                else
                        buf_append(text, hostile.data, n);
                hostile = slice_from(hostile, size_max(n, 1));
        }
}

void text_make_visible(Slice hostile, bool keep_newlines, Buf *text) {
        make_visible(hostile, keep_newlines ? "\n\t" : "", "", text);
}

void text_make_name_visible(Slice name, Buf *text) {
        make_visible(name, "", "\\", text);
}

void text_print_man(const char *sentence, Buf *text) {
        bool is_code = false;

        for (const char *at = sentence; *at; at++) {
                switch (*at) {
                case '`':
                        buf_text(text, is_code ? "\\fR" : "\\fB");
                        is_code = !is_code;
                        break;
                case '\\': buf_text(text, "\\e"); break;
                case '-': buf_text(text, is_code ? "\\-" : "-"); break;
                case '^': buf_text(text, "\\(ha"); break;
                case '~': buf_text(text, "\\(ti"); break;
                case '\'': buf_text(text, is_code ? "\\(aq" : at == sentence ? "\\&'" : "'"); break;
                case '.': buf_text(text, at == sentence ? "\\&." : "."); break;
                default: buf_byte(text, (uint8_t)*at);
                }
        }
}

void text_quote(const char *word, Buf *text) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                    "_-./:=@%+,";

        if (word[0] && strspn(word, plain) == strlen(word)) {
                buf_text(text, word);
                return;
        }
        buf_byte(text, '\'');
        for (; *word; word++) {
                if (*word == '\'')
                        buf_text(text, "'\\''");
                else
                        buf_byte(text, (uint8_t)*word);
        }
        buf_byte(text, '\'');
}
