/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The kinds of check. A new kind: its function here, a row in attempt.c, its file. */

#include "verify/attempt.h"

/* Runs the check once, fills in what was seen and the judgement. ATTEMPT_E_CANCELLED. */
typedef int (*CheckRunner)(AttemptSetting *setting, const Check *check, bool force_copy,
                           Attempt *attempt);

int run_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                      Attempt *attempt) must_check;
int http_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                       Attempt *attempt) must_check;
int report_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                         Attempt *attempt) must_check;
int git_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                      Attempt *attempt) must_check;
int revision_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                           Attempt *attempt) must_check;
int file_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                       Attempt *attempt) must_check;
int port_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                       Attempt *attempt) must_check;
int process_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                          Attempt *attempt) must_check;
int log_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                      Attempt *attempt) must_check;
int manual_check_attempt(AttemptSetting *setting, const Check *check, bool force_copy,
                         Attempt *attempt) must_check;

/* Waits for the end of a sandbox, telling progress. ATTEMPT_E_CANCELLED: stopped and dead. */
int attempt_follow(AttemptSetting *setting, Sandbox *sandbox,
                   SandboxOutcome *ret_outcome) must_check;
