/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Waiting for the verdicts of one claim, and saying what came: the common end of `claim --wait` and
 * `wait`. */

#include "verbs/talk.h"

/* Sets talk->status. `deadline_ms` is monotonic, UINT64_MAX for none. */
int verdicts_wait(Talk *talk, uint64_t seq, const struct claim *claim, uint64_t deadline_ms,
                  Fault *reterr_fault) must_check;

typedef struct FoundClaim {
        uint64_t seq;
        bool has_no_taker; /* it waits for an adversary, and none is connected */
} FoundClaim;

/* The newest claim of a gate, of --phase or the only phase that fits. */
int claim_find(Talk *talk, const char *gate, Arena *arena, FoundClaim *ret_claim,
               Fault *reterr_fault) must_check;

/* Says, on standard error, that no adversary is there to take a claim. */
void verdicts_warn(void);

/* {"seq":12,"name":"C-12","phase":…,"gates":[…],"commit":…,"repository":…} */
void claim_describe_json(uint64_t seq, const struct claim *claim, Buf *text);
