/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Expressions over hostile bytes. */

#include "plan/regex.h"

#include <time.h>

#include "base/mem.h"
#include "tests/lib/test.h"

enum { SECONDS_MAX = 12 };

static RegexAnswer search(const char *pattern, Slice subject) {
        size_t start;

        return regex_search(slice_text(pattern), subject, REGEX_WHOLE, &start);
}

static RegexAnswer search_part(const char *pattern, const char *subject, RegexPart part) {
        size_t start;

        return regex_search(slice_text(pattern), slice_text(subject), part, &start);
}

/* Whatever the answer is, it comes in time. */
static void search_in_time(const char *pattern, Slice subject) {
        clock_t started = clock();

        (void)search(pattern, subject);
        if ((clock() - started) / CLOCKS_PER_SEC > SECONDS_MAX)
                FAIL_TEST("%s took too long", pattern);
}

TEST(an_expression_is_found_where_it_stands) {
        size_t start = 0;

        CHECK(regex_search(slice_text("b+"), slice_text("aabbb"), REGEX_WHOLE, &start) ==
              REGEX_FOUND);
        CHECK_EQ_U64(start, 2);
        CHECK(search("c", slice_text("aabbb")) == REGEX_NONE);
        CHECK(search("a", SLICE_NULL) == REGEX_NONE);
}

TEST(lines_are_anchored_only_on_demand) {
        CHECK(search("^b$", slice_text("a\nb\nc\n")) == REGEX_NONE);
        CHECK(search("(?m)^b$", slice_text("a\nb\nc\n")) == REGEX_FOUND);
        CHECK(search("^b$", slice_text("b\n")) == REGEX_FOUND);
}

TEST(a_character_is_one_character_where_all_is_utf8) {
        CHECK(search("^ä.ü$", slice_text("äöü")) == REGEX_FOUND);
        CHECK(search("^\\x{e4}", slice_text("ä")) == REGEX_FOUND);
}

TEST(bytes_that_are_not_utf8_are_searched_as_bytes) {
        CHECK(search("passed", slice_make("\xff\xfe 3 passed\0x", 14)) == REGEX_FOUND);
        CHECK(search("x$", slice_make("\xff\0x", 3)) == REGEX_FOUND);
}

TEST(a_bad_expression_is_refused_with_the_reason) {
        char reason[REGEX_TEXT_BYTES] = "";

        CHECK_EQ_INT(regex_check(slice_text("a("), reason), REGEX_E_BAD);
        CHECK_CONTAINS(reason, "parenthesis");
        CHECK_EQ_INT(regex_check(slice_text("\\C"), reason), REGEX_E_BAD);
        CHECK_EQ_INT(regex_check(slice_text("(*UTF)a"), reason), REGEX_E_BAD);
        CHECK_EQ_INT(regex_check(slice_text("\\d+ passed"), reason), 0);
}

TEST(a_head_answers_only_for_what_the_rest_cannot_change) {
        CHECK(search_part("ready", "it is ready now", REGEX_HEAD) == REGEX_FOUND);
        CHECK(search_part("ready$", "it is ready", REGEX_HEAD) == REGEX_LIMIT);
        CHECK(search_part("ready(?! not)", "it is ready", REGEX_HEAD) == REGEX_LIMIT);
        CHECK(search_part("never", "it is ready", REGEX_HEAD) == REGEX_NONE);
}

TEST(a_tail_does_not_take_its_start_for_a_beginning) {
        CHECK(search_part("\\Aok", "ok\nok\n", REGEX_TAIL) == REGEX_NONE);
        CHECK(search_part("^ok", "ok\nok\n", REGEX_TAIL) == REGEX_NONE);
        CHECK(search_part("(?m)^ok", "no\nok\n", REGEX_TAIL) == REGEX_FOUND);
        CHECK(search_part("(?<!not )ok", "ok\n", REGEX_TAIL) == REGEX_NONE);
        CHECK(search_part("passed$", "...\n12 passed\n", REGEX_TAIL) == REGEX_FOUND);
}

TEST(catastrophic_expressions_end_at_their_budget) {
        enum { BYTES = 128 << 10 };
        cleanup_free char *text = mem_alloc(BYTES);

        memset(text, 'a', BYTES);
        CHECK(search("(a+)+$b", slice_make(text, BYTES)) != REGEX_FOUND);
        search_in_time("(a+)+b", slice_make(text, BYTES));
        search_in_time("(a|a)*c", slice_make(text, BYTES));
        search_in_time("(.*)(.*)(.*)(.*)[^a]$", slice_make(text, BYTES));
        search_in_time("a.*a.*a.*x", slice_make(text, BYTES));
        search_in_time("(a*)*\\1z", slice_make(text, BYTES));
        search_in_time("(?i)(a{1,999}){1,99}\\1z", slice_make(text, BYTES));
        search_in_time("(?=(a+))\\1(?=(a+))\\2z", slice_make(text, BYTES));
        search_in_time("((?:a?){30})+z", slice_make(text, BYTES));
        search_in_time("(?R)?a(?R)?z", slice_make(text, BYTES));
}

TEST(a_budget_that_is_spent_is_not_an_answer) {
        cleanup_free char *text = mem_alloc(65536);

        memset(text, 'a', 65536);
        CHECK(search("(a|aa)+$b|(a+)+c", slice_make(text, 65536)) == REGEX_LIMIT);
}

TEST(a_text_beyond_the_limit_is_not_searched) {
        cleanup_free char *text = mem_alloc(REGEX_SUBJECT_BYTES_MAX + 1);

        CHECK(search("a", slice_make(text, REGEX_SUBJECT_BYTES_MAX + 1)) == REGEX_LIMIT);
}
