/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What status_build says of pauses, holds and alerts. Everything in the arena. Pure. */

#include "broker/state.h"

/* Those of the phase that run now. */
void status_build_pauses(const State *state, const PhaseRecord *phase, uint64_t now_ms,
                         Arena *arena, struct phase_status *status);
/* How often somebody was pinged for each wait, and until when nobody is. */
void status_note_pings(const State *state, const PhaseRecord *phase, uint64_t now_ms,
                       struct phase_status *status);
void status_build_holds(const State *state, Arena *arena, struct status *status);
/* `phase` empty: of all; those of no phase always. */
void status_build_alerts(const State *state, Slice phase, Arena *arena, struct status *status);
