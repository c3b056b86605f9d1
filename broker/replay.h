/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The fold: the state after one more entry. Pure; one case for each kind. Entries in the ledger
 * were accepted by the rules, so that what cannot be applied is a corrupt ledger. */

#include "broker/state.h"

enum { _REPLAY_E_SUCCESS, REPLAY_E_CORRUPT };

/* REPLAY_E_CORRUPT: the entry is not what its hash says; the fault names it. */
int replay_check_hash(const Entry *entry, Fault *reterr_fault) must_check;

/* REPLAY_E_CORRUPT: the entry does not follow the head, or is not what its kind says; the fault
 * names the entry. The state is then unusable. `message` is the decoded frame. */
int replay_apply(State *state, const Entry *entry, const Message *message,
                 Fault *reterr_fault) must_check;
