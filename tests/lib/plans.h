/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Plans for tests: parsed, or refused, from a text. */

#include "plan/match.h"
#include "plan/plan.h"

enum { PLANS_FAULTS_MAX = 64 };

typedef struct Refusal {
        Fault faults[PLANS_FAULTS_MAX];
        size_t n;
} Refusal;

/* A plan with one gate G whose block ends in `rest`. NUL-terminated, in the arena. */
const char *plans_with_gate(Arena *arena, const char *rest);
/* A plan with one gate and one run check whose `expect` this is. */
const char *plans_with_expect(Arena *arena, const char *expect);
/* Fails the test if the text is refused. The caller deinits it. */
void plans_parse(const char *text, Plan *ret_plan);
/* Fails the test if the text is not refused. */
void plans_refuse(const char *text, Refusal *ret_refusal);
/* The first fault of the rule; fails the test if there is none. */
const Fault *plans_find(const Refusal *refusal, const char *rule);
/* A file of tests/data/plans; fails the test if it cannot be read. */
const char *plans_read(Arena *arena, const char *name);
