/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "tests/fuzz/shown.h"

#include <string.h>

#include "base/utf8.h"
#include "plan/jsonpath.h"
#include "tests/fuzz/fuzz.h"

static Slice skip_colour(Slice text) {
        size_t n = 1;

        if (text.n > 1 && text.data[1] == '[')
                for (n = 2; n < text.n && strchr("0123456789;", text.data[n]) && text.data[n];)
                        n++;
        must(n > 1 && n < text.n && text.data[n] == 'm');
        return slice_from(text, n + 1);
}

void must_be_fit(Slice words, bool with_colour) {
        must(utf8_is_valid(words));
        while (words.n)
                if (words.data[0] == '\033' && with_colour) {
                        words = skip_colour(words);
                } else {
                        must((words.data[0] >= ' ' || words.data[0] == '\n' ||
                              words.data[0] == '\t') &&
                             words.data[0] != 0x7f);
                        words = slice_from(words, 1);
                }
}

void must_be_json(Slice json) {
        cleanup_arena Arena arena = ARENA_INIT;
        JsonValue value;

        must(utf8_is_valid(json));
        must(jsonpath_get(json, slice_text("$"), &arena, &value) == 0 && value.kind == JSON_MAP);
}
