/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What became of a claim, folded from the entries behind it. Pure. */

#include "base/arena.h"
#include "proto/message.h"

enum { WATCH_GATES_MAX = 64 };

typedef enum WatchState {
        WATCH_PENDING,
        WATCH_DECIDED,
        WATCH_SUPERSEDED, /* a newer claim covers the gate */
        WATCH_WITHDRAWN,
        WATCH_EXHAUSTED, /* the attempts ran out without a verdict */
        _WATCH_MAX,
} WatchState;

extern const char *const watch_words[_WATCH_MAX];

typedef struct WatchGate {
        Slice gate;
        WatchState state;
        Decision decision; /* if decided */
        uint64_t cause;    /* the entry that ended the wait; 0: pending */
} WatchGate;

typedef struct Watch {
        uint64_t claim;
        Slice phase;
        WatchGate gates[WATCH_GATES_MAX];
        size_t n_gates;
} Watch;

/* Texts are copied into the arena. */
void watch_init(Watch *watch, uint64_t seq, const struct claim *claim, Arena *arena);
/* An entry behind the claim. True if it changed something. */
bool watch_apply(Watch *watch, uint64_t seq, const Message *body);
bool watch_is_over(const Watch *watch);
/* What the broker makes of the verdicts: of a gate that needs several, or whose claimed evidence
 * differs, the entries do not say it alone. True if a gate waits on for another verdict. */
bool watch_confirm(Watch *watch, const struct phase_status *phase);
/* What holds of the claim as a whole, worst first: a FAIL, then withdrawn or superseded, then
 * INCONCLUSIVE or exhausted, then pending, then all PASS. */
int watch_exit_status(const Watch *watch);
/* "decided", "withdrawn", "superseded", "exhausted", "pending". */
const char *watch_outcome(const Watch *watch);
