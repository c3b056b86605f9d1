/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The life of a veto. */

#include "broker/veto.h"

static const MachineEvent event_rows[] = {
#define VETO_EVENT(NAME, timer, source)                                                            \
        [VETO_EV_##NAME] = {.name = #NAME, .is_timer = (timer), .cause = (source)},
#include "broker/veto.def"
};

static const MachineEdge edge_rows[] = {
#define VETO_EDGE(from, event, to, reason)                                                         \
        {.in = VETO_STATE_##from,                                                                  \
         .on = VETO_EV_##event,                                                                    \
         .becomes = VETO_STATE_##to,                                                               \
         .because = (reason)},
#include "broker/veto.def"
};

static const Machine machine = {
        .name = "veto",
        .events = event_rows,
        .n_events = ARRAY_SIZE(event_rows),
        .edges = edge_rows,
        .n_edges = ARRAY_SIZE(edge_rows),
};

int veto_apply(VetoRecord *veto, VetoEventKind event) {
        int becomes = machine_next(&machine, (int)veto->state, (int)event);

        if (becomes < 0)
                return VETO_E_NOT_NOW;
        veto->state = (VetoState)becomes;
        return 0;
}

static bool names_gate(const VetoRecord *veto, const GateRecord *gate) {
        for (size_t i = 0; i < veto->n_gates; i++)
                if (slice_is(slice_text(gate->id), veto->gates[i]))
                        return true;
        return veto->n_gates == 0;
}

bool veto_blocks(const VetoRecord *veto, const PhaseRecord *phase, const GateRecord *gate) {
        if (veto->state != VETO_STATE_STANDING || veto->phase != phase)
                return false;
        return !gate || names_gate(veto, gate);
}

const VetoRecord *veto_find_blocking(const State *state, const PhaseRecord *phase,
                                     const GateRecord *gate) {
        for (size_t i = 0; i < state->n_vetoes; i++)
                if (veto_blocks(state->vetoes[i], phase, gate))
                        return state->vetoes[i];
        return NULL;
}

void veto_get_machine(MachineState ret_states[_VETO_STATE_MAX], Machine *ret_machine) {
#define VETO_STATE_ROW(NAME, final, waiting)                                                       \
        ret_states[VETO_STATE_##NAME] = (MachineState){                                            \
                .name = words_VETO_STATE.rows[VETO_STATE_##NAME].word,                             \
                .is_final = (final),                                                               \
                .is_waiting = (waiting),                                                           \
                .sentence = words_VETO_STATE.rows[VETO_STATE_##NAME].sentence,                     \
        };
#include "broker/veto.def"
        *ret_machine = machine;
        ret_machine->states = ret_states;
        ret_machine->n_states = _VETO_STATE_MAX;
}
