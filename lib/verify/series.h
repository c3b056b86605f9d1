/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* One run of a check: attempts, each in a sandbox of its own, until one passes or no retry is left;
 * then, with `hold`, more of them for as long as it must stay true. */

#include "verify/check_report.h"

/* The last attempt, and a line for each. Conditions: ATTEMPT_E_CANCELLED. */
int series_run(AttemptSetting *setting, const Check *check, bool force_copy, CheckReport *report,
               Attempt *ret_last) must_check;
