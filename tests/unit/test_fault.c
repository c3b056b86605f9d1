/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Refusals in words. */

#include "base/fault.h"

#include <string.h>

#include "base/utf8.h"
#include "tests/lib/test.h"

TEST(a_fault_says_rule_place_found_and_next) {
        cleanup_buf Buf text = BUF_TEXT;
        Fault fault = FAULT_INIT;

        fault_set(&fault, "claim-dirty-tree", "%d files differ", 2);
        fault_place(&fault, "%s:%d", "a.c", 7);
        fault_next(&fault, "git commit");
        fault_describe(&fault, &text);
        CHECK_EQ_TEXT(buf_get_text(&text),
                      "claim-dirty-tree: 2 files differ\n  at: a.c:7\n  next: git commit\n");
}

TEST(what_is_empty_is_not_printed) {
        cleanup_buf Buf text = BUF_TEXT;
        Fault fault = FAULT_INIT;

        fault_set(&fault, "rule", "found");
        fault_describe(&fault, &text);
        CHECK_EQ_TEXT(buf_get_text(&text), "rule: found\n");
}

TEST(setting_a_fault_clears_the_one_before) {
        Fault fault = FAULT_INIT, none = FAULT_INIT;

        fault_set(&fault, "a", "x");
        fault_place(&fault, "there");
        fault_next(&fault, "do");
        fault_set(&fault, "b", "y");
        CHECK_EQ_TEXT(fault.place, "");
        CHECK_EQ_TEXT(fault.next, "");
        CHECK(fault_is(&fault, "b"));
        CHECK(!fault_is(&fault, "a"));
        CHECK(!fault_is(&none, "a"));
}

static void fill(char *word, size_t n, const char *character) {
        size_t n_each = strlen(character), n_used = 0;

        for (; n_used + n_each < n; n_used += n_each)
                memcpy(word + n_used, character, n_each);
        word[n_used] = '\0';
}

static bool ends_in(const char *text, const char *end) {
        size_t n = strlen(text), n_end = strlen(end);

        return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

TEST(what_is_cut_is_cut_between_characters_and_says_so) {
        static const char *const characters[] = {"x", "ä", "字", "🜂"};
        char word[4096];
        Fault fault = FAULT_INIT;

        for (size_t i = 0; i < ARRAY_SIZE(characters); i++) {
                fill(word, sizeof word, characters[i]);
                fault_set(&fault, "rule", "%s", word);
                fault_place(&fault, "%s", word);
                fault_next(&fault, "%s", word);
                CHECK(ends_in(fault.found, "…") && utf8_is_valid(slice_text(fault.found)));
                CHECK(ends_in(fault.place, "…") && utf8_is_valid(slice_text(fault.place)));
                CHECK(ends_in(fault.next, "…") && utf8_is_valid(slice_text(fault.next)));
                CHECK(strlen(fault.next) > sizeof fault.next - 8);
        }
}

TEST(what_just_fits_is_not_cut) {
        char word[sizeof FAULT_INIT.next];
        Fault fault = FAULT_INIT;

        fill(word, sizeof word, "x");
        fault_next(&fault, "%s", word);
        CHECK_EQ_TEXT(fault.next, word);
        fault_next(&fault, "%sx", word);
        CHECK(ends_in(fault.next, "x…"));
}

TEST(words_are_cut_between_characters) {
        for (size_t n = 0; n < 8; n++) {
                Fault fault = FAULT_INIT;
                char word[4096] = "";

                memset(word, 'x', n);
                while (strlen(word) + 4 < sizeof word)
                        strcat(word, n < 4 ? "ä" : "😀");
                fault_set(&fault, "rule", "%s", word);
                CHECK(utf8_is_valid(slice_text(fault.found)));
                CHECK(strlen(fault.found) + 4 >= sizeof fault.found);
        }
}

TEST(a_fault_that_quotes_a_terminal_escape_shows_it_and_does_not_send_it) {
        cleanup_buf Buf text = BUF_TEXT;
        Fault fault = FAULT_INIT;

        fault_set(&fault, "gate-unknown", "no gate `%s`", "\033[31mM1");
        fault_place(&fault, "%s", "a\033b");
        fault_next(&fault, "%s", "c\007");
        fault_describe(&fault, &text);
        CHECK(!strchr(buf_get_text(&text), 033));
        CHECK(!strchr(buf_get_text(&text), 007));
        CHECK(strstr(buf_get_text(&text), "[31mM1"));
}
