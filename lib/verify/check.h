/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* One check with all its runs: retries until it holds, the canary before anything but a pass is
 * believed, the confirmation of a fail. */

#include "verify/attempt.h"

enum { CHECK_LINES_MAX = 200, CHECK_NOTES_MAX = 8 };

typedef struct CheckReport {
        Arena arena;
        Judgement judgement; /* of all runs together */
        Attempt shown;       /* the attempt whose evidence shows it */
        uint64_t n_attempts;
        Slice lines[CHECK_LINES_MAX]; /* an attempt each, the first ones */
        size_t n_lines;
        Slice notes[CHECK_NOTES_MAX]; /* leaks, files outside, a cleanup that failed */
        size_t n_notes;
} CheckReport;

/* Zeroed memory is an empty report. */
void check_report_deinit(CheckReport *report);

/* Conditions: ATTEMPT_E_CANCELLED. */
int check_verify(AttemptSetting *setting, const Check *check, CheckReport *ret_report) must_check;
