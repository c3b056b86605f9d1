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

TEST(the_nearest_is_suggested_or_else_all_that_there_are) {
        const char *many[200];
        Fault fault;

        fault_set(&fault, "x-unknown", "there is no x");
        nearest_suggest(slice_text("clam"), words, ARRAY_SIZE(words), &fault);
        CHECK_EQ_TEXT(fault.next, "did you mean claim?");
        nearest_suggest(slice_text("zzz"), words, ARRAY_SIZE(words), &fault);
        CHECK_EQ_TEXT(fault.next, "one of: claim, wait, withdraw, status, M1");
        for (size_t i = 0; i < ARRAY_SIZE(many); i++)
                many[i] = "claim";
        nearest_suggest(slice_text("zzz"), many, ARRAY_SIZE(many), &fault);
        CHECK(strlen(fault.next) < sizeof fault.next - 1);
        CHECK_CONTAINS(fault.next, "claim, …");
}
