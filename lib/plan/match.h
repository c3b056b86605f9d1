/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Expectations against what was observed. One evaluator for all kinds of check; hostile bytes cost
 * bounded time and memory (PCRE2 match and depth limits, JSON through SQLite with a size limit).
 * Homes: pcre2.h in plan/regex.c, sqlite3.h in plan/jsonpath.c.
 */

#include "plan/plan.h"

typedef struct ObservedStream {
        Slice head, tail; /* the tail directly follows the head unless is_cut */
        bool is_cut;
} ObservedStream;

typedef struct ObservedHeader {
        Slice name, value;
} ObservedHeader;

/* What a check produced. What a kind does not have stays zero and may not be asked for. */
typedef struct Observed {
        int exit_status; /* -1: it did not exit */
        ObservedStream out, err, body;
        int status;
        const ObservedHeader *headers;
        size_t n_headers;
        uint64_t duration_ms;
} Observed;

typedef struct MatchResult {
        Slice where;            /* "stdout.line-count.ge" */
        Slice expected, actual; /* short, printable; in the arena */
        bool held;
        bool is_undecided;  /* it would need bytes that were cut or a limit was hit: not held */
        const char *reason; /* "assert.stdout", "output.limit": the class when it did not hold */
        uint64_t offset;    /* where in the stream, if has_offset */
        bool has_offset;
} MatchResult;

/* Each assertion of the check, one result each, in the plan's order. Variables in expected texts
 * (${…}) were substituted when the plan was parsed. */
void expectations_evaluate(const Check *check, const Observed *observed, Arena *arena,
                           MatchResult **ret_results, size_t *ret_n_results);
