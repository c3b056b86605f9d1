/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the words of one check demand of each other, beside what the lint says about vacuity. */

#include "plan/faults.h"

void check_rules_apply(const Check *check, FaultList *faults);
