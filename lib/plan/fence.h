/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The blocks of a plan that the machine reads, found in its Markdown. Home of cmark. */

#include "plan/faults.h"

typedef enum FenceKind { FENCE_PHASE, FENCE_GATE } FenceKind;

typedef struct Fence {
        FenceKind kind;
        Slice text;   /* what stands between the fences */
        size_t line;  /* of its first line, from 1 */
        size_t shift; /* columns that its lines are indented by */
        PlanPlace place;
} Fence;

/* In the order of the file. Blocks that look like ours and would be passed over (misspelt, nested,
 * not closed) are faults. -errno when out of memory. */
int fences_find(Slice markdown, Arena *arena, FaultList *faults, Fence **ret_fences,
                size_t *ret_n_fences) must_check;
