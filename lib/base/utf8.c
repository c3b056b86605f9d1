/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* UTF-8: the first byte says how long a character is; what came out says if it had to be. */

#include "base/utf8.h"

enum { CODE_MAX = 0x10ffff, SURROGATE_FIRST = 0xd800, SURROGATE_LAST = 0xdfff };

/* A first byte: the bits that mark it, how many bytes follow, the least code that needs so many. */
static const struct {
        uint8_t mask, mark;
        size_t n_more;
        uint32_t least;
} forms[] = {
        {0x80, 0x00, 0, 0},
        {0xe0, 0xc0, 1, 0x80},
        {0xf0, 0xe0, 2, 0x800},
        {0xf8, 0xf0, 3, 0x10000},
};

static size_t read_form(Slice text, size_t form, uint32_t *ret_code) {
        uint32_t code = text.data[0] & (uint8_t)~forms[form].mask;

        if (text.n <= forms[form].n_more)
                return 0;
        for (size_t i = 1; i <= forms[form].n_more; i++) {
                if ((text.data[i] & 0xc0) != 0x80)
                        return 0;
                code = code << 6 | (text.data[i] & 0x3f);
        }
        if (code < forms[form].least || code > CODE_MAX ||
            (code >= SURROGATE_FIRST && code <= SURROGATE_LAST))
                return 0;
        *ret_code = code;
        return forms[form].n_more + 1;
}

size_t utf8_read(Slice text, uint32_t *ret_code) {
        if (!text.n)
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
                if ((text.data[0] & forms[i].mask) == forms[i].mark)
                        return read_form(text, i, ret_code);
        return 0;
}

Slice utf8_head(Slice text, size_t n_max) {
        Slice head = slice_head(text, n_max);

        while (head.n && head.n < text.n && (text.data[head.n] & 0xc0) == 0x80)
                head.n--;
        return head;
}

Slice utf8_head_characters(Slice text, size_t n_max) {
        Slice rest = text;

        for (size_t i = 0; i < n_max && rest.n; i++) {
                uint32_t code;
                size_t n = utf8_read(rest, &code);

                rest = slice_from(rest, n ? n : 1);
        }
        return slice_head(text, text.n - rest.n);
}

size_t utf8_count(Slice text) {
        size_t n_characters = 0;

        for (; text.n; n_characters++)
                text = slice_from(text, utf8_head_characters(text, 1).n);
        return n_characters;
}

/* How many bytes at the beginning have their top bit clear, by eights. */
static size_t count_ascii(Slice text) {
        const uint64_t top_bits = UINT64_C(0x8080808080808080);
        size_t n = 0;

        while (text.n - n >= sizeof top_bits) {
                uint64_t eight;

                memcpy(&eight, text.data + n, sizeof eight);
                if (eight & top_bits)
                        break;
                n += sizeof eight;
        }
        return n;
}

bool utf8_is_valid(Slice text) {
        while (text.n) {
                size_t n = count_ascii(text);
                uint32_t code;

                if (!n)
                        n = utf8_read(text, &code);

                if (!n)
                        return false;
                text = slice_from(text, n);
        }
        return true;
}
