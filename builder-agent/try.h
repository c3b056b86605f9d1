/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A gate tried in the Builder's own hands: the adversary's engine, cold, with a mirror of our own.
 * What comes of it is never a verdict. */

#include "builder-agent/matter.h"
#include "plan/plan.h"
#include "verbs/talk.h"

/* The approved plan of a phase; the session is connected. TALK_E_REFUSED. */
int try_get_plan(Talk *talk, Slice phase, Plan *ret_plan, Fault *reterr_fault) must_check;

/* The shell word by which the approved plan is had again. */
void try_name_plan(Slice phase, Buf *word);

typedef struct Trying {
        const Plan *plan;
        const char *plan_file; /* a shell word */
        const char *gate;
        const char *only_check; /* NULL: all of them */
        const Matter *matter;
        const char *state; /* the project's own directory, or NULL: nothing that is run sees it */
} Trying;

/* Prints what came of it, and that it is no verdict, unless --json; with `evidence` a line for each
 * assertion is appended to it, `<check> <where> = <actual>`. TALK_E_REFUSED. */
int try_gate(const Args *args, const Trying *trying, Buf *evidence, Decision *ret_decision,
             Fault *reterr_fault) must_check;
