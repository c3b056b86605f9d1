/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The life of a veto: rows in broker/veto.def, and the one function that changes its state. */

#include "base/machine.h"
#include "broker/state.h"

typedef enum VetoEventKind {
#define VETO_EVENT(NAME, timer, cause) VETO_EV_##NAME,
#include "broker/veto.def"
        _VETO_EV_MAX
} VetoEventKind;

enum { _VETO_E_SUCCESS, VETO_E_NOT_NOW };

/* VETO_E_NOT_NOW: there is no such edge; nothing changed. */
int veto_apply(VetoRecord *veto, VetoEventKind event) must_check;

/* It stands and refuses the gate; with `gate` NULL: DONE of the phase, which a veto that is scoped
 * to gates refuses as well, whatever becomes of these. */
bool veto_blocks(const VetoRecord *veto, const PhaseRecord *phase, const GateRecord *gate);
/* The oldest that does; NULL if there is none. */
const VetoRecord *veto_find_blocking(const State *state, const PhaseRecord *phase,
                                     const GateRecord *gate);

/* The table with its words, for tests and docs; the caller lends the memory of its states. */
void veto_get_machine(MachineState ret_states[_VETO_STATE_MAX], Machine *ret_machine);
