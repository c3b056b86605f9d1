/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Bounds are compared as intervals, texts by what stands in them, groups by their parts. What is
 * not recognised counts as weaker, so that a person looks at it.
 */

#include "plan/implies.h"

#include "plan/regex.h"

static bool look_alike(const Matcher *a, const Matcher *b) {
        return a->view == b->view && slice_equal(a->path, b->path);
}

static bool texts_are_equal(const Matcher *a, const Matcher *b) {
        return a->op == b->op && a->is_literal == b->is_literal && a->is_empty == b->is_empty &&
               slice_equal(a->text, b->text);
}

/* What holds for just one text is held against it. */
static bool text_satisfies(Slice text, const Matcher *wanted) {
        size_t start;

        switch ((int)wanted->op) {
        case MATCH_CONTAINS: return slice_find(text, wanted->text) < text.n;
        case MATCH_NOT_CONTAINS: return slice_find(text, wanted->text) == text.n;
        case MATCH_MATCHES:
                return regex_search(wanted->text, text, REGEX_WHOLE, &start) == REGEX_FOUND;
        case MATCH_NOT_MATCHES:
                return regex_search(wanted->text, text, REGEX_WHOLE, &start) == REGEX_NONE;
        case MATCH_EMPTY: return wanted->is_empty == (text.n == 0);
        default: return false;
        }
}

static bool text_implies(const Matcher *matcher, const Matcher *wanted) {
        if (texts_are_equal(matcher, wanted))
                return true;
        if (matcher->op == MATCH_EQUALS && !matcher->is_literal)
                return text_satisfies(matcher->text, wanted);
        if (matcher->op != wanted->op || matcher->text.n == 0 || wanted->text.n == 0)
                return false;
        if (matcher->op == MATCH_CONTAINS)
                return slice_find(matcher->text, wanted->text) < matcher->text.n;
        return matcher->op == MATCH_NOT_CONTAINS &&
               slice_find(wanted->text, matcher->text) < wanted->text.n;
}

static bool has_floor(const Matcher *matcher) {
        return matcher->op != MATCH_LT && matcher->op != MATCH_LE;
}

static bool has_ceiling(const Matcher *matcher) {
        return matcher->op != MATCH_GT && matcher->op != MATCH_GE;
}

static bool floor_implies(const Matcher *matcher, const Matcher *wanted) {
        int order = decimal_compare(&matcher->least, &wanted->least);

        return has_floor(matcher) &&
               (order > 0 || (order == 0 && (wanted->op != MATCH_GT || matcher->op == MATCH_GT)));
}

static bool ceiling_implies(const Matcher *matcher, const Matcher *wanted) {
        int order = decimal_compare(&matcher->most, &wanted->most);

        return has_ceiling(matcher) &&
               (order < 0 || (order == 0 && (wanted->op != MATCH_LT || matcher->op == MATCH_LT)));
}

/* One may give the floor and another the ceiling. */
static bool numbers_imply(const Matcher *const *matchers, size_t n_matchers,
                          const Matcher *wanted) {
        bool is_above = !has_floor(wanted), is_below = !has_ceiling(wanted);

        for (size_t i = 0; i < n_matchers; i++) {
                if (!matchers[i]->is_number || !look_alike(matchers[i], wanted))
                        continue;
                is_above |= floor_implies(matchers[i], wanted);
                is_below |= ceiling_implies(matchers[i], wanted);
        }
        return is_above && is_below;
}

static bool leaf_implies(const Matcher *matcher, const Matcher *wanted) {
        const Matcher *const one[] = {matcher};

        if (!look_alike(matcher, wanted))
                return false;
        return wanted->is_number ? numbers_imply(one, 1, wanted) : text_implies(matcher, wanted);
}

typedef bool Relation(const Matcher *matcher, const Matcher *wanted);

static bool some_implies(const Matcher *group, const Matcher *wanted, Relation *relation) {
        for (size_t i = 0; i < group->n_parts; i++)
                if (relation(&group->parts[i], wanted))
                        return true;
        return false;
}

static bool each_implies(const Matcher *group, const Matcher *wanted, Relation *relation) {
        for (size_t i = 0; i < group->n_parts; i++)
                if (!relation(&group->parts[i], wanted))
                        return false;
        return true;
}

static bool implies(const Matcher *matcher, const Matcher *wanted) {
        if (matcher->op == MATCH_ANY)
                return each_implies(matcher, wanted, implies);
        if (wanted->op == MATCH_ALL || wanted->op == MATCH_ANY) {
                for (size_t i = 0; i < wanted->n_parts; i++)
                        if (implies(matcher, &wanted->parts[i]) == (wanted->op == MATCH_ANY))
                                return wanted->op == MATCH_ANY;
                return wanted->op == MATCH_ALL;
        }
        if (matcher->op == MATCH_ALL)
                return some_implies(matcher, wanted, implies);
        if (matcher->op != MATCH_NOT || wanted->op != MATCH_NOT)
                return !matcher_is_group(matcher) && !matcher_is_group(wanted) &&
                       leaf_implies(matcher, wanted);
        /* What is turned is compared the other way round. */
        for (size_t i = 0; i < matcher->n_parts; i++)
                if (!some_implies(wanted, &matcher->parts[i], implies))
                        return false;
        return true;
}

bool matchers_imply(const Matcher *const *matchers, size_t n_matchers, const Matcher *wanted) {
        if (wanted->is_number && !matcher_is_group(wanted) &&
            numbers_imply(matchers, n_matchers, wanted))
                return true;
        for (size_t i = 0; i < n_matchers; i++)
                if (implies(matchers[i], wanted))
                        return true;
        return false;
}
