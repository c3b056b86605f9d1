/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The life of a hold, and the order in which they are granted. */

#include "broker/hold.h"

#include <string.h>

static const MachineEvent event_rows[] = {
#define HOLD_EVENT(NAME, timer, source)                                                            \
        [HOLD_EV_##NAME] = {.name = #NAME, .is_timer = (timer), .cause = (source)},
#include "broker/hold.def"
};

static const MachineEdge edge_rows[] = {
#define HOLD_EDGE(from, event, to, reason)                                                         \
        {.in = HOLD_STATE_##from,                                                                  \
         .on = HOLD_EV_##event,                                                                    \
         .becomes = HOLD_STATE_##to,                                                               \
         .because = (reason)},
#include "broker/hold.def"
};

static const Machine machine = {
        .name = "hold",
        .events = event_rows,
        .n_events = ARRAY_SIZE(event_rows),
        .edges = edge_rows,
        .n_edges = ARRAY_SIZE(edge_rows),
};

int hold_apply(HoldRecord *hold, const HoldEvent *event) {
        int becomes = machine_next(&machine, (int)hold->state, (int)event->kind);

        if (becomes < 0)
                return HOLD_E_NOT_NOW;
        hold->state = (HoldState)becomes;
        if (event->kind == HOLD_EV_GRANT)
                hold->granted_ms = event->received_ms;
        return 0;
}

static bool is_in_the_way(const HoldRecord *before, const HoldRecord *hold) {
        return before->state == HOLD_STATE_WAITING || before->lock == LOCK_EXCLUSIVE ||
               hold->lock == LOCK_EXCLUSIVE;
}

/* Nobody overtakes, so that whoever holds the resource asked earlier: only those are looked at. */
bool hold_is_next(const State *state, const HoldRecord *hold) {
        if (hold->state != HOLD_STATE_WAITING)
                return false;
        for (size_t i = 0; i < state->n_holds && state->holds[i] != hold; i++)
                if (strcmp(state->holds[i]->resource, hold->resource) == 0 &&
                    is_in_the_way(state->holds[i], hold))
                        return false;
        return true;
}

const char *hold_why_moot(const State *state, const HoldRecord *hold) {
        if (hold->agent->is_revoked)
                return "the key of its owner was revoked";
        if (hold->lease_seq == 0 || state_find_lease(state, hold->lease_seq))
                return NULL;
        return "its lease has ended";
}

uint64_t hold_get_limit(const HoldRecord *hold) {
        if (hold->state == HOLD_STATE_HELD)
                return hold->hold_ms;
        return hold->wait_ms ? hold->wait_ms : UINT64_MAX;
}

uint64_t hold_get_deadline(const HoldRecord *hold) {
        uint64_t limit_ms = hold_get_limit(hold);

        if (limit_ms == UINT64_MAX)
                return UINT64_MAX;
        return (hold->state == HOLD_STATE_HELD ? hold->granted_ms : hold->received_ms) + limit_ms;
}

void hold_get_machine(MachineState ret_states[_HOLD_STATE_MAX], Machine *ret_machine) {
#define HOLD_STATE_ROW(NAME, final, waiting)                                                       \
        ret_states[HOLD_STATE_##NAME] = (MachineState){                                            \
                .name = words_HOLD_STATE.rows[HOLD_STATE_##NAME].word,                             \
                .is_final = (final),                                                               \
                .is_waiting = (waiting),                                                           \
                .sentence = words_HOLD_STATE.rows[HOLD_STATE_##NAME].sentence,                     \
        };
#include "broker/hold.def"
        *ret_machine = machine;
        ret_machine->states = ret_states;
        ret_machine->n_states = _HOLD_STATE_MAX;
}
