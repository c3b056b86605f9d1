/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Whether a PASS still counts: computed when it is read, never stored. Pure. */

#include "broker/state.h"

/* A PASS counts iff it was cold, at `commit`, under the approved gate's digest, is younger than
 * valid-for (protocol.md §5) and was not retracted. A carried one is as old as the one that was
 * measured. `why` (may be NULL) is told otherwise. */
bool gate_is_fresh(const GateRecord *gate, Slice commit, uint64_t now_ms, Buf *why);

/* Manual checks that the newest verdict left open and nobody has answered since: "look, sound".
 * False if there is none. */
bool gate_say_questions(const PhaseRecord *phase, const GateRecord *gate, Buf *text);

/* Claimed, and without its verdict yet. */
bool gate_is_pending(const GateRecord *gate);

/* A gate that needs this one may be verified at `commit`: its newest verdict is a PASS there, of
 * the gate as it is, or an operator waives it. */
bool gate_need_is_met(const GateRecord *need, Slice commit, uint64_t now_ms);
