/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What a revision of a plan does to the one in force: which gates go stale, what is weakened. */

#include "base/buf.h"
#include "plan/plan.h"

typedef struct PlanDiff {
        const Plan *after;
        Slice *changed, *added, *removed; /* gates; in the arena */
        size_t n_changed, n_added, n_removed;
        Slice *weakened; /* lines, in the arena */
        size_t n_weakened;
        bool is_first; /* the phase has no plan yet */
} PlanDiff;

/* `before` NULL: there is none. */
void plan_diff_build(const Plan *before, const Plan *after, Arena *arena, PlanDiff *ret_diff);
/* The plan in force cannot be read any more: nothing can be compared, which is said as a weakening.
 */
void plan_diff_blind(const Plan *after, const char *because, Arena *arena, PlanDiff *ret_diff);

/* "phase m: gates M1, M2 change …", then the lines. */
void plan_diff_describe(const PlanDiff *diff, Buf *text);
/* {"phase":"m","changed":[…],"added":[…],"removed":[…],"weakened":[…]} */
void plan_diff_describe_json(const PlanDiff *diff, Buf *text);
