/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Where a gate stands. */

#include "broker/gate.h"

static const MachineEvent event_rows[] = {
#define GATE_EVENT(NAME, timer, source)                                                            \
        [GATE_EV_##NAME] = {.name = #NAME, .is_timer = (timer), .cause = (source)},
#include "broker/gate.def"
};

static const MachineEdge edge_rows[] = {
#define GATE_EDGE(from, event, to, reason)                                                         \
        {.in = GATE_STATE_##from,                                                                  \
         .on = GATE_EV_##event,                                                                    \
         .becomes = GATE_STATE_##to,                                                               \
         .because = (reason)},
#include "broker/gate.def"
};

static const Machine machine = {
        .name = "gate",
        .events = event_rows,
        .n_events = ARRAY_SIZE(event_rows),
        .edges = edge_rows,
        .n_edges = ARRAY_SIZE(edge_rows),
};

static const GateEventKind decision_events[] = {
        [DECISION_PASS] = GATE_EV_PASS,
        [DECISION_FAIL] = GATE_EV_FAIL,
        [DECISION_INCONCLUSIVE] = GATE_EV_INCONCLUSIVE,
};

static const GateEventKind release_events[] = {
        [DECISION_PASS] = GATE_EV_RELEASE_PASSED,
        [DECISION_FAIL] = GATE_EV_RELEASE_FAILED,
        [DECISION_INCONCLUSIVE] = GATE_EV_RELEASE_INCONCLUSIVE,
};

static bool is_pending(GateState state) {
        return state == GATE_STATE_CLAIMED || state == GATE_STATE_VERIFYING;
}

static bool ends_claim(const GateRecord *gate, const GateEvent *event, GateState becomes) {
        return is_pending(gate->state) && !event->verdict &&
               (event->kind == GATE_EV_CLAIM || !is_pending(becomes));
}

int gate_apply(GateRecord *gate, const GateEvent *event) {
        int becomes = machine_next(&machine, (int)gate->state, (int)event->kind);

        if (becomes < 0)
                return GATE_E_NOT_NOW;
        if (ends_claim(gate, event, (GateState)becomes)) {
                gate->ended_seq = gate->claim_seq;
                gate->ended_by = event->by_seq;
        }
        gate->state = (GateState)becomes;
        gate->is_exhausted = event->kind == GATE_EV_EXHAUST;
        if (event->kind == GATE_EV_CLAIM)
                gate->claim_seq = event->claim_seq;
        if (event->verdict) {
                gate->verdict = *event->verdict;
                gate->retracted_seq = 0;
        }
        if (event->kind == GATE_EV_RETRACT) {
                gate->retracted_seq = gate->verdict.seq;
                gate->retract_seq = event->retract_seq;
                gate->retract_ms = event->retract_ms;
                gate->verdict = (VerdictRecord){.seq = 0};
        }
        if (event->kind == GATE_EV_DIFFER) {
                gate->verdict.decision = DECISION_FAIL;
                gate->verdict.is_mismatch = true;
        }
        return 0;
}

GateEventKind gate_event_of_decision(Decision decision) {
        return decision_events[decision];
}

GateEventKind gate_event_of_release(const GateRecord *gate) {
        return gate->verdict.seq ? release_events[gate->verdict.decision] : GATE_EV_RELEASE;
}

bool gate_is_exhausted(const GateRecord *gate) {
        return gate->state == GATE_STATE_INCONCLUSIVE && gate->is_exhausted;
}

bool gate_is_waived(const GateRecord *gate, uint64_t now_ms) {
        return gate->waived_seq && now_ms < gate->waived_until_ms;
}

void gate_get_machine(MachineState ret_states[_GATE_STATE_MAX], Machine *ret_machine) {
#define GATE_STATE_ROW(NAME, final, waiting)                                                       \
        ret_states[GATE_STATE_##NAME] = (MachineState){                                            \
                .name = words_GATE_STATE.rows[GATE_STATE_##NAME].word,                             \
                .is_final = (final),                                                               \
                .is_waiting = (waiting),                                                           \
                .sentence = words_GATE_STATE.rows[GATE_STATE_##NAME].sentence,                     \
        };
#include "broker/gate.def"
        *ret_machine = machine;
        ret_machine->states = ret_states;
        ret_machine->n_states = _GATE_STATE_MAX;
}
