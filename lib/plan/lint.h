/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Green must mean something: what cannot fail, or was never looked at, is refused. To add a rule: a
 * row with an example that it refuses in lint_check.c, lint_assertion.c or lint.c, a plan in
 * tests/data/plans/refused/ and its honest twin in tests/data/plans/accepted/.
 */

#include "plan/faults.h"
#include "plan/match.h"
#include "plan/matcher.h"

typedef struct LintRule {
        const char *rule, *sentence, *next;
        const char *example; /* that is refused: of a check without its id, or of a gate */
} LintRule;

typedef struct CheckLint {
        LintRule rule;
        bool (*applies)(const Check *check);
} CheckLint;

/* One assertion, or a matcher in a group of it. */
typedef struct Assertion {
        const Check *check;
        const Expectation *expectation;
        const Matcher *matcher;
        const MatchResult *of_nothing; /* of each of the check's, where nothing was seen */
        bool is_turned;                /* by a `not` around it */
} Assertion;

typedef enum LintReach {
        EACH_MATCHER, /* in whatever groups it stands */
        WHOLE_ASSERTION,
} LintReach;

typedef struct AssertionLint {
        LintRule rule;
        LintReach reach;
        bool (*applies)(const Assertion *assertion);
} AssertionLint;

extern const CheckLint check_lints[];
extern const size_t n_check_lints;
extern const AssertionLint assertion_lints[];
extern const size_t n_assertion_lints;

/* For docs/plan.md. NULL at the end. */
const LintRule *lint_rule_at(size_t i);

void lint_gate(const Gate *gate, FaultList *faults);
/* What concerns the gates together: their number, ids and needs. */
void lint_phase(const Plan *plan, Arena *arena, FaultList *faults);
