/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What is kept of a check while it is run: its judgement, the attempt that shows it, a line for
 * each attempt, what else was seen. */

#include "verify/attempt.h"

enum { CHECK_LINES_MAX = 200, CHECK_NOTES_MAX = 8 };

typedef struct CheckReport {
        Arena arena;
        Judgement judgement; /* of all runs together */
        Attempt shown;       /* the attempt whose evidence shows it */
        bool seen_red;       /* it was proved that it can fail */
        uint64_t n_attempts;
        Slice lines[CHECK_LINES_MAX]; /* an attempt each, the first ones */
        size_t n_lines;
        Slice notes[CHECK_NOTES_MAX]; /* leaks, files outside, a cleanup that failed */
        size_t n_notes;
} CheckReport;

/* Zeroed memory is an empty report. */
void check_report_deinit(CheckReport *report);

/* Counts the attempt and says in a line how it went; `how` is appended to its outcome, e.g. ", on
 * a copy". */
void check_report_add_attempt(CheckReport *report, const Attempt *attempt, const char *how);
void check_report_add_line(CheckReport *report, const char *format, ...) printf_like(2, 3);
void check_report_add_note(CheckReport *report, const char *format, ...) printf_like(2, 3);
/* Notes of the processes and the files outside that the shown attempt left. */
void check_report_add_residue(CheckReport *report, const Check *check);
/* Shows this attempt, which is empty afterwards. */
void check_report_show(CheckReport *report, Attempt *attempt);
