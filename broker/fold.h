/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The state of a ledger, for verbs that only look. */

#include "broker/ledger.h"
#include "broker/state.h"

enum { _FOLD_E_SUCCESS, FOLD_E_CORRUPT };

/* Every entry into the empty state. FOLD_E_CORRUPT: the fault names the entry. */
int fold_ledger(Ledger *ledger, State *state, Fault *reterr_fault) must_check;

/* What was appended since the state was folded. As above. */
int fold_more(Ledger *ledger, State *state, Fault *reterr_fault) must_check;

/* The body of an entry; FOLD_E_CORRUPT. Texts point into the entry, lists into the arena. */
int fold_decode(const Entry *entry, Arena *arena, Message *ret_message,
                Fault *reterr_fault) must_check;
