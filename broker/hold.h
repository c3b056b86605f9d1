/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Named resources: rows in broker/hold.def, the one function that changes a hold's state, and whose
 * turn it is. First come, first served for each resource; those who share it share while nobody
 * waits before them. Nobody's hold is taken away for another's sake.
 */

#include "base/machine.h"
#include "broker/state.h"

typedef enum HoldEventKind {
#define HOLD_EVENT(NAME, timer, cause) HOLD_EV_##NAME,
#include "broker/hold.def"
        _HOLD_EV_MAX
} HoldEventKind;

typedef struct HoldEvent {
        HoldEventKind kind;
        uint64_t received_ms; /* of a grant */
} HoldEvent;

enum { _HOLD_E_SUCCESS, HOLD_E_NOT_NOW };

/* HOLD_E_NOT_NOW: there is no such edge; nothing changed. */
int hold_apply(HoldRecord *hold, const HoldEvent *event) must_check;

/* Waits, and nobody who asked before it stands in its way. */
bool hold_is_next(const State *state, const HoldRecord *hold);
/* What ends it before its time: its lease or its owner's key; NULL if nothing does. */
const char *hold_why_moot(const State *state, const HoldRecord *hold);
/* When it ends by itself, wall time; UINT64_MAX: it waits as long as it takes. */
uint64_t hold_get_deadline(const HoldRecord *hold);
/* How long it may last in the state that it is in; UINT64_MAX as above. */
uint64_t hold_get_limit(const HoldRecord *hold);

/* The table with its words, for tests and docs; the caller lends the memory of its states. */
void hold_get_machine(MachineState ret_states[_HOLD_STATE_MAX], Machine *ret_machine);
