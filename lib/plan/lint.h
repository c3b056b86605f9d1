/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Green must mean something: what cannot fail, or was never looked at, is refused. */

#include "plan/faults.h"

typedef struct LintRule {
        const char *rule, *sentence, *next;
} LintRule;

/* For docs/plan.md; in no particular order. NULL at the end. */
const LintRule *lint_rule_at(size_t i);

void lint_gate(const Gate *gate, FaultList *faults);
/* What concerns the gates together: their number, ids and needs. */
void lint_phase(const Plan *plan, Arena *arena, FaultList *faults);
