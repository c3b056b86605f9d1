/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Members of a plan, a gate or a check in two revisions, by the rows of weakening.def. */

#include "plan/grammar.h"

/* Both revisions of something, and where it stands. */
typedef struct Revision {
        const Plan *plan_before, *plan_after;
        const Gate *gate_before, *gate_after;    /* NULL: of the phase */
        const Check *check_before, *check_after; /* NULL: of the gate */
        Buf *text;                               /* a line for each thing that is weaker */
} Revision;

/* "gate M1, check unit: timeout: 30 s -> 60 s" */
void revision_say_change(const Revision *revision, const char *name, Slice before, Slice after);
/* "gate M1: unchanged: ls /srv is gone" */
void revision_say(const Revision *revision, const char *name, Slice text, const char *what);

void revision_compare_plans(const Revision *revision);
void revision_compare_gates(const Revision *revision);
void revision_compare_checks(const Revision *revision);
