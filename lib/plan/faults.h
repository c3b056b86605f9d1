/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The errors of one plan, gathered while it is read, so that a person mends them in one go. */

#include "plan/plan.h"

typedef struct FaultList {
        const char *file; /* for places */
        Fault *faults;    /* the caller's */
        size_t n, n_max;
        size_t n_found; /* those that did not fit included */
        Fault spare;    /* takes what does not fit */
} FaultList;

/* The new fault, with its place, so that the caller may add what to do next. Never NULL. */
Fault *faults_add(FaultList *list, PlanPlace place, const char *rule, const char *format, ...)
        printf_like(4, 5);
