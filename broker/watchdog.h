/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Who is to be told now. Level, not edge: each look computes who is waited for and compares it with
 * who was told, both from the state, so that nothing is lost or said twice when the broker is
 * killed between an entry and its ping. Words for people (notes, probes, commit texts) cause
 * nothing; a note in an inbox is told once. Pure.
 */

#include "broker/state.h"

enum { PINGS_OF_CAUSE = 4 }; /* the first at once, then the alert */

typedef struct WatchSettings {
        /* After a ping, the next one of its cause; after the last, the alert to the operator. */
        uint64_t again_ms[PINGS_OF_CAUSE];
} WatchSettings;

/* What is to be said now, `ping` and `alert` messages in the arena, and when there is more (wall
 * time; UINT64_MAX: not before something happens). What is left out for its number comes with the
 * next look. */
void watchdog_look(const State *state, const WatchSettings *settings, uint64_t now_ms, Arena *arena,
                   Message **ret_messages, size_t *ret_n, uint64_t *ret_next_ms);

/* Until when pings about `who`, a role or an agent, are silenced in the phase: by the agent's
 * pause, or by the pauses of all agents of the role. 0: they are not. */
uint64_t watchdog_paused_until(const State *state, const PhaseRecord *phase, Slice who,
                               uint64_t now_ms);

/* Which waits are pinged, for docs/watchdog.md. */
void watchdog_print_docs(Buf *text);
