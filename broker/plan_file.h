/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A plan as a file, or as it is in force, with what is wrong with it. */

#include "broker/verbs.h"
#include "plan/plan.h"

enum { PLAN_FAULTS_MAX = 50 };

typedef struct PlanFile {
        const char *file;
        Plan plan;
        Fault faults[PLAN_FAULTS_MAX];
        size_t n_faults;
} PlanFile;

void plan_file_deinit(PlanFile *file);
#define cleanup_plan_file cleanup(plan_file_deinit)

/* As plan_parse: PLAN_E_REFUSED. A file that cannot be read has one fault, which says so. */
int plan_file_read(const char *path, PlanFile *ret_file) must_check;
/* What was approved; it parses unless the grammar has changed since. PLAN_E_REFUSED. */
int plan_file_in_force(const PhaseRecord *phase, PlanFile *ret_file) must_check;

/* The entry that approves it. What it says of the plan is computed here and checked by the broker's
 * rules. Borrows from the plan. */
void plan_file_make_message(const char *file, const Plan *plan, Arena *arena, Message *ret_message);
