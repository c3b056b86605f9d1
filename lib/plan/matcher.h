/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* One assertion, ready to be evaluated. */

#include "plan/decimal.h"
#include "plan/grammar.h"

typedef enum MatchView {
        VIEW_WHOLE, /* the subject itself */
        VIEW_LINE_COUNT,
        VIEW_NUMBER,
        VIEW_JSON,
} MatchView;

struct Matcher {
        MatchView view;
        MatchOp op;
        Slice where; /* "stdout.line-count.ge" */
        PlanPlace place;
        Slice path;          /* of VIEW_JSON */
        Slice text;          /* as it was written, after substitution */
        bool is_literal;     /* null, true, false or a number, written without quotes */
        bool is_number;      /* least and most are set */
        Decimal least, most; /* of a number; milliseconds of a duration */
        bool is_empty;       /* of MATCH_EMPTY: what is wanted */
        /* Of MATCH_ALL, MATCH_ANY, MATCH_NOT. A branch of MATCH_ANY with several matchers is a
         * MATCH_ALL; other than that there is none. */
        const Matcher *parts;
        size_t n_parts;
};

static inline bool matcher_is_group(const Matcher *matcher) {
        return matcher->op == MATCH_ALL || matcher->op == MATCH_ANY || matcher->op == MATCH_NOT;
}

/* A number against the bounds of a group in which all is about it. */
bool matcher_group_holds_number(const Matcher *matcher, const Decimal *number);
