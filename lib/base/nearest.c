/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Optimal string alignment distance over short words. */

#include "base/nearest.h"

#include <stdlib.h>

enum { WORD_MAX = 64, NAMES_BYTES_MAX = 320 };

static size_t min3(size_t a, size_t b, size_t c) {
        return size_min(a, size_min(b, c));
}

static size_t distance(Slice a, Slice b) {
        size_t rows[3][WORD_MAX + 1];
        size_t *before = rows[0], *above = rows[1], *row = rows[2];

        for (size_t j = 0; j <= b.n; j++)
                above[j] = j;
        for (size_t i = 1; i <= a.n; i++) {
                size_t *spare = before;

                row[0] = i;
                for (size_t j = 1; j <= b.n; j++) {
                        bool differ = a.data[i - 1] != b.data[j - 1];

                        row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + differ);
                        if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
                            a.data[i - 2] == b.data[j - 1])
                                row[j] = size_min(row[j], before[j - 2] + 1);
                }
                before = above;
                above = row;
                row = spare;
        }
        return above[b.n];
}

const char *nearest_word(Slice mistyped, const char *const *words, size_t n_words) {
        size_t best = size_min(3, size_max(1, mistyped.n / 3)) + 1;
        const char *nearest = NULL;

        if (mistyped.n > WORD_MAX)
                return NULL;
        for (size_t i = 0; i < n_words; i++) {
                Slice word = slice_text(words[i]);
                size_t d;

                if (word.n > WORD_MAX)
                        continue;
                d = distance(mistyped, word);
                if (d < best) {
                        best = d;
                        nearest = words[i];
                }
        }
        return nearest;
}

void nearest_suggest(Slice mistyped, const char *const *names, size_t n_names, Fault *fault) {
        const char *nearest = nearest_word(mistyped, names, n_names);
        cleanup_buf Buf text = BUF_TEXT;

        if (nearest) {
                fault_next(fault, "did you mean %s?", nearest);
                return;
        }
        for (size_t i = 0; i < n_names; i++) {
                bool has_room = text.n < NAMES_BYTES_MAX;

                buf_printf(&text, "%s%s", i ? ", " : "", has_room ? names[i] : "…");
                if (!has_room)
                        break;
        }
        fault_next(fault, "one of: %s", buf_get_text(&text));
}
