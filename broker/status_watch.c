/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Pauses, holds and alerts, as they stand now. */

#include "broker/status_watch.h"

#include "broker/hold.h"
#include "broker/state_watch.h"
#include "broker/watchdog.h"

void status_build_pauses(const State *state, const PhaseRecord *phase, uint64_t now_ms,
                         Arena *arena, struct phase_status *status) {
        status->pauses = arena_alloc_array(arena, state->n_pauses, sizeof *status->pauses);
        for (size_t i = 0; i < state->n_pauses && status->n_pauses < PAUSES_MAX; i++) {
                const PauseRecord *pause = state->pauses[i];

                if (pause->phase != phase || pause->until_ms <= now_ms || pause->agent->is_revoked)
                        continue;
                status->pauses[status->n_pauses++] = (struct pause_status){
                        .pause = pause->seq,
                        .who = slice_text(pause->agent->name),
                        .until_ms = pause->until_ms,
                        .why = slice_text(pause->why),
                };
        }
}

void status_note_pings(const State *state, const PhaseRecord *phase, uint64_t now_ms,
                       struct phase_status *status) {
        for (size_t i = 0; i < status->n_waits; i++) {
                struct wait *wait = &status->waits[i];
                const PingKey key = {.phase = phase,
                                     .who = wait->who,
                                     .wait_for = wait->wait_for,
                                     .cause = wait->cause};
                const PingRecord *ping = state_find_ping(state, &key);

                wait->pings = ping ? ping->attempts : 0;
                wait->paused_until_ms = watchdog_paused_until(state, phase, wait->who, now_ms);
        }
}

void status_build_holds(const State *state, Arena *arena, struct status *status) {
        status->holds = arena_alloc_array(arena, state->n_holds, sizeof *status->holds);
        for (size_t i = 0; i < state->n_holds; i++) {
                const HoldRecord *hold = state->holds[i];
                uint64_t deadline_ms = hold_get_deadline(hold);

                status->holds[status->n_holds++] = (struct hold_status){
                        .hold = hold->seq,
                        .resource = slice_text(hold->resource),
                        .lock = hold->lock,
                        .who = slice_text(hold->agent->name),
                        .state = hold->state,
                        .deadline_ms = deadline_ms == UINT64_MAX ? 0 : deadline_ms,
                        .why = slice_text(hold->why),
                        .since_ms = hold->state == HOLD_STATE_HELD ? hold->granted_ms
                                                                   : hold->received_ms,
                };
        }
}

void status_build_alerts(const State *state, Slice phase, Arena *arena, struct status *status) {
        status->alerts = arena_alloc_array(arena, state->n_alerts, sizeof *status->alerts);
        for (size_t i = 0; i < state->n_alerts && status->n_alerts < ALERTS_MAX; i++) {
                const AlertRecord *alert = state->alerts[i];

                if (phase.n && alert->phase && !slice_is(phase, alert->phase->name))
                        continue;
                status->alerts[status->n_alerts++] = (struct alert_status){
                        .alert = alert->seq,
                        .phase = slice_text(alert->phase ? alert->phase->name : NULL),
                        .what = slice_text(alert->what),
                        .since_ms = alert->received_ms,
                };
        }
}
