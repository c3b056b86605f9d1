/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The life of a claim: rows in broker/claim.def, and the one function that changes its state. */

#include "base/machine.h"
#include "broker/state.h"

typedef enum ClaimEventKind {
#define CLAIM_EVENT(NAME, timer, cause) CLAIM_EV_##NAME,
#include "broker/claim.def"
        _CLAIM_EV_MAX
} ClaimEventKind;

typedef struct ClaimEvent {
        ClaimEventKind kind;
        /* Of a lease: */
        uint64_t lease_seq, lease_ms, leased_ms, attempt;
        char *adversary; /* borrowed from the agent's record */
} ClaimEvent;

enum { _CLAIM_E_SUCCESS, CLAIM_E_NOT_NOW };

/* CLAIM_E_NOT_NOW: there is no such edge; nothing changed. */
int claim_apply(ClaimRecord *claim, const ClaimEvent *event) must_check;

/* The table with its words, for tests and docs; the caller lends the memory of its states. */
void claim_get_machine(MachineState ret_states[_CLAIM_STATE_MAX], Machine *ret_machine);
