/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Waiting for the verdicts of one claim, and saying what came: the common end of `claim --wait` and
 * `wait`. */

#include "verbs/talk.h"

/* Sets talk->status. `deadline_ms` is monotonic, UINT64_MAX for none. */
int verdicts_wait(Talk *talk, uint64_t seq, const struct claim *claim, uint64_t deadline_ms,
                  Fault *reterr_fault) must_check;

/* Says, on standard error, that no adversary is there to take a claim. */
void verdicts_warn(void);

/* {"seq":12,"name":"C-12","phase":…,"gates":[…],"commit":…,"repository":…} */
void claim_describe_json(uint64_t seq, const struct claim *claim, Buf *text);
