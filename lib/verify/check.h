/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* One check with all its runs: the canary before anything but a pass is believed, the confirmation
 * of a fail, what the plan makes of it. */

#include "verify/handed.h"

/* Its first run may have been made already, elsewhere; `handed` is NULL if not. Conditions:
 * ATTEMPT_E_CANCELLED. */
int check_verify(AttemptSetting *setting, const Check *check, const HandedRun *handed,
                 CheckReport *ret_report) must_check;
