/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The proof that a check that holds can fail: what it looks at is broken (`teeth`), or it is run
 * at a commit that was not yet right (`red-at`), and it must go red there, at an assertion. */

#include "verify/check_report.h"

/* The report's judgement is a pass; afterwards it is one with `seen_red` where the plan asks for
 * such a proof, or says what was amiss with it. Conditions: ATTEMPT_E_CANCELLED. */
int teeth_prove(AttemptSetting *setting, const Check *check, CheckReport *report) must_check;
