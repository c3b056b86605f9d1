/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Why a phase is not DONE at a commit, every reason at once. Pure. */

#include "broker/state.h"

/* What may become of a reason. */
typedef enum WhyKind {
        WHY_NO_PASS, /* a re-verification of the gate at the commit may bring what is missing */
        WHY_PENDING, /* a claim of the gate is not decided yet */
        WHY_ASKED,   /* a person has to answer a manual check of the gate first */
        WHY_STANDS,  /* somebody must do something first */
} WhyKind;

typedef struct Why {
        WhyKind kind;
        const GateRecord *gate; /* NULL: of none */
        Slice text;
} Why;

/* Each reason why DONE at `commit` may not be granted now, in the plan's order; none if it may or
 * is. Everything in the arena. */
void why_done_build(const State *state, const PhaseRecord *phase, Slice commit, uint64_t now_ms,
                    Arena *arena, Why **ret_whys, size_t *ret_n);

/* The texts alone. */
void phase_why_not_done(const State *state, const PhaseRecord *phase, Slice commit, uint64_t now_ms,
                        Arena *arena, Slice **ret_reasons, size_t *ret_n);
