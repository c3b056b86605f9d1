/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What depends on the time, computed from the state when it is asked: freshness, who is waited
 * for, why a phase is not DONE. Pure. */

#include "broker/state.h"

/* A PASS counts iff it was cold, at `commit`, under the approved gate's digest, and is younger
 * than valid-for (protocol.md §5). `why` (may be NULL) is told otherwise. */
bool gate_is_fresh(const GateRecord *gate, Slice commit, uint64_t now_ms, Buf *why);

/* Every reason why DONE at `commit` would be refused; none: it may be granted. */
void phase_why_not_done(const State *state, const PhaseRecord *phase, Slice commit, uint64_t now_ms,
                        Arena *arena, Slice **ret_reasons, size_t *ret_n);

/* The commit at which DONE would be asked for now: that of the newest claim that stands; empty if
 * there is none. Status is computed for it. */
Slice phase_get_candidate(const State *state, const PhaseRecord *phase);

/* The whole answer; `phase` empty: all phases. Everything in the arena. */
void status_build(const State *state, Slice phase, uint64_t now_ms, Arena *arena,
                  struct status *ret_status);
