/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A check many times, several of them at a time: each repetition a run of its own, in a process
 * beside this one; together one result. */

#include "verify/check_report.h"

typedef struct Tally {
        Judgement judgement;
        uint64_t n, n_held, n_failed;
        uint64_t n_beside;     /* how many were at work at the same time */
        uint64_t first_failed; /* its number; 0: none */
        bool was_overlay;
} Tally;

/* Puts the numbers before the summary. */
void tally_say(const Tally *tally, Judgement *judgement);

/* `ret_shown` is the first repetition that failed, the last one where all held. Conditions:
 * ATTEMPT_E_CANCELLED. */
int repeat_run(AttemptSetting *setting, const Check *check, CheckReport *report, Attempt *ret_shown,
               Tally *ret_tally) must_check;
