/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Where a gate stands: rows in broker/gate.def, and the one function that changes its state. */

#include "base/machine.h"
#include "broker/state.h"

typedef enum GateEventKind {
#define GATE_EVENT(NAME, timer, cause) GATE_EV_##NAME,
#include "broker/gate.def"
        _GATE_EV_MAX
} GateEventKind;

typedef struct GateEvent {
        GateEventKind kind;
        uint64_t claim_seq;               /* of a claim */
        uint64_t by_seq;                  /* the entry; of what can end a claim without a verdict */
        const VerdictRecord *verdict;     /* of a verdict */
        uint64_t retract_seq, retract_ms; /* of a retraction */
} GateEvent;

enum { _GATE_E_SUCCESS, GATE_E_NOT_NOW };

/* GATE_E_NOT_NOW: there is no such edge; nothing changed. */
int gate_apply(GateRecord *gate, const GateEvent *event) must_check;

/* Which event a verdict is. */
GateEventKind gate_event_of_decision(Decision decision);
/* Which event it is that nobody claims the gate any more. */
GateEventKind gate_event_of_release(const GateRecord *gate);
/* Its newest claim ran out of attempts: there is no verdict on it. */
bool gate_is_exhausted(const GateRecord *gate);

/* An operator lets it stand without a PASS, and that has not expired. */
bool gate_is_waived(const GateRecord *gate, uint64_t now_ms);

/* The table with its words, for tests and docs; the caller lends the memory of its states. */
void gate_get_machine(MachineState ret_states[_GATE_STATE_MAX], Machine *ret_machine);
