/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Zero residue: the commands of `unchanged` print the same before and after the whole gate. */

#include "verify/attempt.h"

typedef struct Unchanged {
        Arena arena;
        struct {
                Hash hash;
                Slice head;
        } * before; /* what each printed; NULL: not asked yet */
} Unchanged;

/* Zeroed memory is one that was not asked. */
void unchanged_deinit(Unchanged *unchanged);

enum { UNCHANGED_E_CHANGED = 10, UNCHANGED_E_PROBE };

/* UNCHANGED_E_PROBE: a command itself fails, twice: rule residue.probe. ATTEMPT_E_CANCELLED. */
int unchanged_ask_before(Unchanged *unchanged, AttemptSetting *setting,
                         Fault *reterr_fault) must_check;
/* Beside these UNCHANGED_E_CHANGED, rule residue.unchanged, with what came and went as its found.
 * What is different is asked again a moment later: some things take their time to go. */
int unchanged_ask_after(Unchanged *unchanged, AttemptSetting *setting,
                        Fault *reterr_fault) must_check;
