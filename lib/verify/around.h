/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What is around the checks of a gate: whether they are to be run at all (what the plan protects,
 * what a PASS carries over), its lock, and the proof that it left no residue. */

#include "verify/unchanged.h"
#include "verify/verdict.h"

typedef struct Around {
        AttemptSetting *setting;
        VerdictDraft *draft;
        const char *tree; /* id of the claim's */
        Unchanged unchanged;
        bool is_locked;
} Around;

/* Lets go of the lock. Takes a zeroed one. */
void around_deinit(Around *around);

enum { AROUND_E_DECIDED = 20, AROUND_E_CARRIED };

/* Before the first check. AROUND_E_DECIDED: the checks are not run, the draft says why;
 * AROUND_E_CARRIED: nor are they, because a PASS with the same inputs is carried over.
 * ATTEMPT_E_CANCELLED. */
int around_begin(Around *around) must_check;
/* After the last one, when the draft is judged: residue is a fail whatever the checks said.
 * ATTEMPT_E_CANCELLED. */
int around_end(Around *around) must_check;

/* Waits for a resource that the gate does not hold already; nothing to do is success. Conditions as
 * VerifyLocks.take has them. `ret_is_taken`: it must be given back. */
int around_take_lock(AttemptSetting *setting, const PlanLock *lock, bool *ret_is_taken,
                     Fault *reterr_fault) must_check;
void around_give_lock(const AttemptSetting *setting, const PlanLock *lock);
