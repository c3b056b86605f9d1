/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Pauses, holds, alerts, pings and untold notes: how they are found, and for the fold, added and
 * dropped. Adding takes the record over, dropping frees it. */

#include "broker/state.h"

PauseRecord *state_find_pause(const State *state, uint64_t seq);
/* The one that the agent declared last, expired or not; NULL if there is none. */
PauseRecord *state_find_pause_of(const State *state, const PhaseRecord *phase,
                                 const AgentRecord *agent);
/* Drops the agent's older one, and those that had expired when this one came. */
void state_add_pause(State *state, PauseRecord *pause);
void state_drop_pause(State *state, PauseRecord *pause);

HoldRecord *state_find_hold(const State *state, uint64_t seq);
void state_add_hold(State *state, HoldRecord *hold);
void state_drop_hold(State *state, HoldRecord *hold);

AlertRecord *state_find_alert(const State *state, uint64_t seq);
void state_add_alert(State *state, AlertRecord *alert);
void state_drop_alert(State *state, AlertRecord *alert);

/* What makes pings those of one matter. The gates of one cause are one matter. */
typedef struct PingKey {
        const PhaseRecord *phase; /* NULL: of none */
        Slice who;
        WaitFor wait_for;
        uint64_t cause;
} PingKey;

PingRecord *state_find_ping(const State *state, const PingKey *key);
/* Drops the one that was silent longest where there are PINGS_MAX. */
void state_add_ping(State *state, PingRecord *ping);
void state_drop_pings_of(State *state, const PhaseRecord *phase);

UntoldRecord *state_find_untold(const State *state, uint64_t seq);
/* Drops the oldest where there are UNTOLD_MAX. */
void state_add_untold(State *state, UntoldRecord *note);
void state_drop_untold(State *state, UntoldRecord *note);

/* All of them. */
void state_watch_deinit(State *state);
void state_watch_describe(const State *state, Buf *text);
