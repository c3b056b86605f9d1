/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Who is waited for in a phase: computed from the state and the time, never remembered. A wait is
 * the same one as before if who, wait_for, cause and gate are: `cause` is the entry that made it so
 * and does not change while nothing happens.
 */

#include "broker/state.h"

/* All of them, gates in the plan's order first; none if the phase is DONE. Everything in the
 * arena. */
void waits_build(const State *state, const PhaseRecord *phase, uint64_t now_ms, Arena *arena,
                 struct wait **ret_waits, size_t *ret_n);

/* Fills in what each of them is answered with, where that can be typed. */
void waits_say_next(const State *state, const PhaseRecord *phase, Arena *arena, struct wait *waits,
                    size_t n_waits);

/* The commit at which DONE would be asked for now: that of the request that waits, of the newest
 * claim that stands, or empty if there is none. Waits and status are computed for it. */
Slice phase_get_candidate(const State *state, const PhaseRecord *phase);
