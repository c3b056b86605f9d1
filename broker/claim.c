/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The life of a claim. */

#include "broker/claim.h"

static const MachineEvent event_rows[] = {
#define CLAIM_EVENT(NAME, timer, source)                                                           \
        [CLAIM_EV_##NAME] = {.name = #NAME, .is_timer = (timer), .cause = (source)},
#include "broker/claim.def"
};

static const MachineEdge edge_rows[] = {
#define CLAIM_EDGE(from, event, to, reason)                                                        \
        {.in = CLAIM_STATE_##from,                                                                 \
         .on = CLAIM_EV_##event,                                                                   \
         .becomes = CLAIM_STATE_##to,                                                              \
         .because = (reason)},
#include "broker/claim.def"
};

static const Machine machine = {
        .name = "claim",
        .events = event_rows,
        .n_events = ARRAY_SIZE(event_rows),
        .edges = edge_rows,
        .n_edges = ARRAY_SIZE(edge_rows),
};

int claim_apply(ClaimRecord *claim, const ClaimEvent *event) {
        int becomes = machine_next(&machine, (int)claim->state, (int)event->kind);

        if (becomes < 0)
                return CLAIM_E_NOT_NOW;
        claim->state = (ClaimState)becomes;
        if (event->kind == CLAIM_EV_LEASE) {
                claim->lease_seq = event->lease_seq;
                claim->lease_ms = event->lease_ms;
                claim->leased_ms = event->leased_ms;
                claim->adversary = event->adversary;
                claim->attempts = event->attempt;
        }
        if (event->kind == CLAIM_EV_AGAIN)
                claim->attempts = 0;
        return 0;
}

void claim_get_machine(MachineState ret_states[_CLAIM_STATE_MAX], Machine *ret_machine) {
#define CLAIM_STATE_ROW(NAME, final, waiting)                                                      \
        ret_states[CLAIM_STATE_##NAME] = (MachineState){                                           \
                .name = words_CLAIM_STATE.rows[CLAIM_STATE_##NAME].word,                           \
                .is_final = (final),                                                               \
                .is_waiting = (waiting),                                                           \
                .sentence = words_CLAIM_STATE.rows[CLAIM_STATE_##NAME].sentence,                   \
        };
#include "broker/claim.def"
        *ret_machine = machine;
        ret_machine->states = ret_states;
        ret_machine->n_states = _CLAIM_STATE_MAX;
}
