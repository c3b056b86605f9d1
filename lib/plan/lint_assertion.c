/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Of one assertion: that it holds whatever is there. Numbers are tried at every place where an
 * answer can change, texts with nothing and with what the assertion itself speaks of.
 */

#include "plan/lint.h"

#include "plan/grammar.h"
#include "plan/match.h"
#include "plan/regex.h"
#include "plan/shell.h"

enum { TELLING_BYTES = 4, NUMBERS_MAX = 1024, BEYOND = 2, ITEMS_MAX = 64 };

static bool is_empty_text(const Assertion *assertion) {
        switch ((int)assertion->matcher->op) {
        case MATCH_CONTAINS:
        case MATCH_NOT_CONTAINS:
        case MATCH_MATCHES:
        case MATCH_NOT_MATCHES:
        case MATCH_EVERY_LINE: return assertion->matcher->text.n == 0;
        default: return false;
        }
}

static bool finds_nothing(const Assertion *assertion) {
        const Matcher *matcher = assertion->matcher;
        size_t start;

        return !matcher_is_group(matcher) && matcher_rows[matcher->op].operand == OPERAND_REGEXES &&
               matcher->text.n &&
               regex_search(matcher->text, SLICE_NULL, REGEX_WHOLE, &start) != REGEX_NONE;
}

/* What the command prints. The lines of processes are command lines, of which one is its own. */
static bool is_output(const Check *check, Subject subject) {
        return subject == SUBJECT_STDOUT || subject == SUBJECT_STDERR ||
               subject == SUBJECT_OUTPUT || subject == SUBJECT_BODY ||
               (subject == SUBJECT_LINES && check->kind == CHECK_LOG);
}

static bool regex_is_in_command(const Check *check, Slice pattern) {
        size_t start;

        for (size_t i = 0; i < size_min(check->n_command, ITEMS_MAX); i++)
                if (regex_search(pattern, check->command[i], REGEX_WHOLE, &start) == REGEX_FOUND)
                        return true;
        return false;
}

/* Short words turn up anywhere; they count only where the command prints texts of its own. */
static bool is_in_command(const Assertion *assertion) {
        const Matcher *matcher = assertion->matcher;
        const Check *check = assertion->check;

        if (!is_output(check, assertion->expectation->subject) || matcher->is_number ||
            assertion->is_turned || check->n_command == 0)
                return false;
        if (matcher->op == MATCH_MATCHES || matcher->op == MATCH_EVERY_LINE)
                return shell_prints(check) && regex_is_in_command(check, matcher->text);
        if (matcher->op != MATCH_CONTAINS && matcher->op != MATCH_EQUALS)
                return false;
        return (matcher->text.n >= TELLING_BYTES || shell_prints(check)) &&
               shell_has_text(check, matcher->text);
}

/* Those are read from a report, of which a floor is demanded. */
static bool has_control_of_its_own(Subject subject) {
        return subject == SUBJECT_SKIPPED || subject == SUBJECT_NAMES;
}

static bool speaks_of_absence(const Matcher *matcher) {
        if (matcher->op == MATCH_NOT_CONTAINS || matcher->op == MATCH_NOT_MATCHES ||
            (matcher->op == MATCH_NOT && !matcher->parts[0].is_number))
                return true;
        for (size_t i = 0; i < matcher->n_parts; i++)
                if (speaks_of_absence(&matcher->parts[i]))
                        return true;
        return false;
}

/* `output` is both streams; `lines` and `count` are of the same. */
static bool controls(Subject control, Subject subject) {
        return control == subject ||
               (subject == SUBJECT_OUTPUT &&
                (control == SUBJECT_STDOUT || control == SUBJECT_STDERR)) ||
               (subject == SUBJECT_LINES && control == SUBJECT_COUNT);
}

/* It holds where there is nothing at all, and nothing beside it demands that there is something. */
static bool is_without_control(const Assertion *assertion) {
        const Check *check = assertion->check;
        Subject subject = assertion->expectation->subject;

        if (check->kind == CHECK_LOG || has_control_of_its_own(subject) ||
            !speaks_of_absence(assertion->matcher))
                return false;
        for (size_t i = 0; i < check->n_expectations; i++) {
                bool is_itself = &check->expectations[i] == assertion->expectation;

                if ((is_itself || controls(check->expectations[i].subject, subject)) &&
                    !assertion->of_nothing[i].held)
                        return false;
        }
        return true;
}

/* Every number at which an answer can change, and what lies beside it. */
typedef struct Numbers {
        int64_t least, most; /* that can be there */
        int64_t items[NUMBERS_MAX];
        size_t n;
        bool is_incomplete; /* not all of it is about this number */
} Numbers;

static void numbers_add(Numbers *numbers, int64_t number) {
        if (numbers->n == NUMBERS_MAX)
                numbers->is_incomplete = true;
        else if (number >= numbers->least && number <= numbers->most)
                numbers->items[numbers->n++] = number;
}

static void numbers_add_around(Numbers *numbers, const Decimal *bound) {
        int64_t whole = decimal_floor(bound);

        for (int64_t i = -1; i <= BEYOND; i++)
                numbers_add(numbers, whole + i);
}

static void numbers_gather(Numbers *numbers, const Matcher *matcher) {
        for (size_t i = 0; i < matcher->n_parts; i++)
                numbers_gather(numbers, &matcher->parts[i]);
        if (matcher_is_group(matcher))
                return;
        numbers->is_incomplete |=
                !matcher->is_number || matcher->view == VIEW_NUMBER || matcher->view == VIEW_JSON;
        numbers_add_around(numbers, &matcher->least);
        numbers_add_around(numbers, &matcher->most);
}

static bool is_of_lines(const Matcher *matcher) {
        while (matcher_is_group(matcher))
                matcher = &matcher->parts[0];
        return matcher->view == VIEW_LINE_COUNT;
}

/* What can be there at all, as the rows have it. */
static void range_get(const Assertion *assertion, Numbers *ret_numbers) {
        const Expectation *expectation = assertion->expectation;
        const SubjectRow *row = &subject_rows[expectation->subject];
        bool is_certificate = expectation->subject == SUBJECT_CERTIFICATE;

        for (size_t i = 0; i < _SUBJECT_MAX; i++)
                if (expectation->subject == SUBJECT_FILES &&
                    slice_is(expectation->fact, subject_rows[i].word))
                        row = &subject_rows[i];
        ret_numbers->least = row->least;
        ret_numbers->most = row->most;
        if (is_certificate && slice_is(expectation->name, "valid"))
                ret_numbers->most = 1;
        else if (is_certificate)
                ret_numbers->least = -INT64_MAX;
        if (ret_numbers->most == 0 || is_of_lines(assertion->matcher))
                ret_numbers->most = INT64_MAX;
}

/* Whether each number that can be there is allowed, or none is. */
static bool numbers_all(const Assertion *assertion, bool wanted) {
        Numbers numbers = {.n = 0};

        range_get(assertion, &numbers);
        numbers_gather(&numbers, assertion->matcher);
        numbers_add(&numbers, numbers.least);
        numbers_add(&numbers, numbers.most);
        for (size_t i = 0; i < numbers.n && !numbers.is_incomplete; i++) {
                Decimal number = decimal_of(numbers.items[i]);

                if (matcher_group_holds_number(assertion->matcher, &number) !=
                    (wanted != assertion->is_turned))
                        return false;
        }
        return !numbers.is_incomplete;
}

static bool allows_all_numbers(const Assertion *assertion) {
        return numbers_all(assertion, true);
}

static bool allows_no_number(const Assertion *assertion) {
        return numbers_all(assertion, false);
}

/* Whether it is about the text itself, so that a text can be made that it speaks of. */
static bool is_literal(const Matcher *matcher) {
        for (size_t i = 0; i < matcher->n_parts; i++)
                if (!is_literal(&matcher->parts[i]))
                        return false;
        return matcher_is_group(matcher) || (matcher->view == VIEW_WHOLE &&
                                             matcher_rows[matcher->op].operand != OPERAND_REGEXES);
}

static bool holds_for(const Assertion *assertion, Slice text) {
        cleanup_arena Arena arena = ARENA_INIT;
        Expectation expectation = {.subject = SUBJECT_STDOUT,
                                   .matcher = (Matcher *)assertion->matcher};
        const Check check = {.expectations = &expectation, .n_expectations = 1};
        const Observed observed = {.out = {.head = text}};
        MatchResult *results;
        size_t n_results;

        expectations_evaluate(&check, &observed, &arena, &results, &n_results);
        return results[0].held;
}

/* False if it does not hold for one of the texts that it speaks of. What must not be there is
 * gathered in `absent`. */
static bool holds_for_texts_of(const Assertion *assertion, const Matcher *matcher, bool is_turned,
                               Buf *absent) {
        bool is_absent = (matcher->op == MATCH_NOT_CONTAINS) != is_turned;

        for (size_t i = 0; i < matcher->n_parts; i++)
                if (!holds_for_texts_of(assertion, &matcher->parts[i],
                                        is_turned != (matcher->op == MATCH_NOT), absent))
                        return false;
        if (is_absent && !matcher_is_group(matcher)) {
                buf_slice(absent, matcher->text);
                buf_byte(absent, '\n');
        }
        return matcher_is_group(matcher) || holds_for(assertion, matcher->text);
}

static bool allows_all_texts(const Assertion *assertion) {
        cleanup_buf Buf absent = BUF_TEXT;

        return matcher_is_group(assertion->matcher) && is_literal(assertion->matcher) &&
               (subject_rows[assertion->expectation->subject].values & AS_STREAM) &&
               holds_for(assertion, SLICE_NULL) &&
               holds_for_texts_of(assertion, assertion->matcher, false, &absent) &&
               holds_for(assertion, buf_get(&absent));
}

const AssertionLint assertion_lints[] = {
        {{"vacuous-text", "an empty text stands in everything",
          "name a text, or say `empty: true` or `empty: false`",
          "{ run: ./t, expect: { stdout: { contains: \"\" } } }"},
         EACH_MATCHER,
         is_empty_text},
        {{"vacuous-regex", "the expression matches the empty text", "demand at least one character",
          "{ run: ./t, expect: { stdout: { matches: \"(ok)*\" } } }"},
         EACH_MATCHER,
         finds_nothing},
        {{"vacuous-echo", "the expected text stands in the command itself",
          "expect what only the product can print",
          "{ run: ./t && echo passed, expect: { stdout: { contains: passed } } }"},
         EACH_MATCHER,
         is_in_command},
        {{"vacuous-range", "every number that can be there is allowed", "narrow the range",
          "{ run: ./t, expect: { stdout: { line-count: { ge: 0 } } } }"},
         EACH_MATCHER,
         allows_all_numbers},
        {{"plan-range", "no number that can be there is allowed", "look at the bounds again",
          "{ run: ./t, expect: { exit-status: 256 } }"},
         EACH_MATCHER,
         allows_no_number},
        {{"vacuous-any", "whatever is there, one of the branches holds", "narrow the branches",
          "{ run: ./t, expect: { stdout: { any: [{ contains: up }, { not-contains: up }] } } }"},
         WHOLE_ASSERTION,
         allows_all_texts},
        {{"vacuous-negative",
          "there are only things that must not be there: nothing at all would hold as well",
          "add a positive control, as in `line-count: { ge: 1 }`",
          "{ run: ./journal, expect: { stdout: { not-contains: error } } }"},
         WHOLE_ASSERTION,
         is_without_control},
        {{"vacuous-range", "every number that can be there is allowed", "narrow the range",
          "{ run: ./t, expect: { exit-status: { any: [{ le: 3 }, { ge: 4 }] } } }"},
         WHOLE_ASSERTION,
         allows_all_numbers},
        {{"plan-range", "no number that can be there is allowed", "look at the bounds again",
          "{ run: ./t, expect: { exit-status: { not: { ge: 0 } } } }"},
         WHOLE_ASSERTION,
         allows_no_number},
};
const size_t n_assertion_lints = ARRAY_SIZE(assertion_lints);
