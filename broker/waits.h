/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Who is waited for in a phase: computed from the state and the time, never remembered. A wait is
 * the same one as before if who, wait_for, cause and gate are: `cause` is the entry that made it so
 * and does not change while nothing happens.
 */

#include "broker/state.h"

/* What a wait is about, where it is about one of them. */
typedef struct WaitSubject {
        const GateRecord *gate;
        const FindingRecord *finding;
} WaitSubject;

typedef struct Waits {
        struct wait *waits;
        WaitSubject *subjects; /* one beside each */
        size_t n;
} Waits;

/* Names of gates, of every phase that is not DONE: made when it is first asked for one. */
typedef struct GateNames {
        Slice *names;
        size_t n;
} GateNames;

/* All of them, gates in the plan's order first; none if the phase is DONE. Everything in the
 * arena. */
void waits_build(const State *state, const PhaseRecord *phase, uint64_t now_ms, Arena *arena,
                 Waits *ret_waits);

/* Fills in what each of them is answered with, where that can be typed. `names`, empty at first, is
 * for all phases of the state; it lives in the arena. */
void waits_say_next(const State *state, const PhaseRecord *phase, GateNames *names, Arena *arena,
                    Waits *waits);

/* The commit at which DONE would be asked for now: that of the request that waits, of the newest
 * claim that stands, or empty if there is none. Waits and status are computed for it. */
Slice phase_get_candidate(const State *state, const PhaseRecord *phase);
