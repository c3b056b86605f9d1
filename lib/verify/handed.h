/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A run of a check (with its retries) that another process of ours made, handed over as bytes. */

#include "verify/check_report.h"

typedef struct HandedRun {
        Judgement judgement;
        bool was_overlay, was_starved;
        bool was_beside_others; /* the one that takes it knows */
        uint64_t started_ms, duration_ms, n_attempts;
        Slice lines[CHECK_LINES_MAX];
        size_t n_lines;
        Slice notes[CHECK_NOTES_MAX];
        size_t n_notes;
        Slice frame; /* its check_evidence */
} HandedRun;

/* Makes the run, in a directory of its own with this name, and appends it to the answer. */
int handed_make(const AttemptSetting *setting, const Check *check, const char *name,
                Buf *answer) must_check;
/* All of it is borrowed from the bytes. False: they are no run. */
bool handed_take(Slice bytes, HandedRun *ret_run);
/* An attempt that shows what the run saw. */
void handed_show(const HandedRun *run, Attempt *ret_attempt);
