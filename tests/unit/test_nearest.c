/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Did you mean. */

#include "base/nearest.h"

#include "tests/lib/test.h"

static const char *const words[] = {"claim", "wait", "withdraw", "status", "M1"};

static const char *nearest(const char *mistyped) {
        return nearest_word(slice_text(mistyped), words, ARRAY_SIZE(words));
}

TEST(a_missing_a_wrong_and_a_swapped_letter_are_found) {
        CHECK_EQ_TEXT(nearest("clam"), "claim");
        CHECK_EQ_TEXT(nearest("cleim"), "claim");
        CHECK_EQ_TEXT(nearest("cliam"), "claim");
        CHECK_EQ_TEXT(nearest("widthraw"), "withdraw");
        CHECK_EQ_TEXT(nearest("m1"), "M1");
}

TEST(what_is_too_far_is_not_suggested) {
        CHECK_EQ_TEXT(nearest("verify"), NULL);
        CHECK_EQ_TEXT(nearest("xy"), NULL);
        CHECK_EQ_TEXT(nearest(""), NULL);
}

TEST(a_word_of_any_length_is_survived) {
        char word[1000];

        memset(word, 'x', sizeof word);
        word[sizeof word - 1] = 0;
        CHECK_EQ_TEXT(nearest(word), NULL);
        word[64] = 0;
        CHECK_EQ_TEXT(nearest(word), NULL);
}

TEST(without_words_there_is_none) {
        CHECK_EQ_TEXT(nearest_word(slice_text("x"), NULL, 0), NULL);
}
