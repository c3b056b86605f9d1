/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The life of a finding: rows in broker/finding.def, and the one function that changes its state.
 * A FAIL files its gate's finding by itself and the PASS that re-tests the gate closes it, in the
 * same entry: no agent has to remember either (docs/decisions/007). What an adversary files and
 * closes by hand goes through the same functions.
 */

#include "base/machine.h"
#include "broker/state.h"

typedef enum FindingEventKind {
#define FINDING_EVENT(NAME, timer, cause) FINDING_EV_##NAME,
#include "broker/finding.def"
        _FINDING_EV_MAX
} FindingEventKind;

typedef struct FindingEvent {
        FindingEventKind kind;
        uint64_t seq, ms;         /* of the entry that causes it */
        Slice commit;             /* FIX: at which it is mended */
        Slice because;            /* WAIVE: why; DEFER: what closes it */
        uint64_t waived_until_ms; /* WAIVE */
        uint64_t retest_seq;      /* CLOSE: the PASS that re-tested it; 0: none */
} FindingEvent;

enum { _FINDING_E_SUCCESS, FINDING_E_NOT_NOW };

/* FINDING_E_NOT_NOW: there is no such edge; nothing changed. */
int finding_apply(FindingRecord *finding, const FindingEvent *event) must_check;

/* ---- questions ---- */

/* In any state but closed. */
bool finding_is_open(const FindingRecord *finding);
/* An operator lets it stand, and that has not expired. */
bool finding_is_waived(const FindingRecord *finding, uint64_t now_ms);
/* It prevents DONE now. What blocks a gate blocks no more once the gate is waived or has left the
 * plan; what is deferred does in any case. */
bool finding_is_blocking(const FindingRecord *finding, uint64_t now_ms);
/* A PASS of the gate does not count while it is so. */
bool finding_blocks_gate(const FindingRecord *finding, const GateRecord *gate, uint64_t now_ms);

/* ---- in the fold ---- */

/* Filed by hand; `entry` is the finding's. */
void finding_file(State *state, PhaseRecord *phase, const Entry *entry,
                  const struct finding *message);
/* A new item that is deferred from its beginning; `entry` is the deferral's. */
void finding_file_deferred(State *state, PhaseRecord *phase, const Entry *entry,
                           const struct defer *message);
/* An absent severity or `blocks` has the number of its first word. */
bool correct_says_severity(const struct correct *message);
bool correct_says_blocks(const struct correct *message);
void finding_correct(FindingRecord *finding, const struct correct *message);

/* What a verdict means for the findings of its gate: FAIL files one, unless a FAIL before it did
 * and that is open; then it is the one that is shown again. PASS closes what a FAIL filed, and
 * nothing that was filed by hand: that the gate holds is no re-test of it. */
void finding_hear_verdict(State *state, PhaseRecord *phase, const Entry *entry,
                          const struct verdict *message);
/* A verdict on a gate of the phase counts no more: what it alone filed closes, what it closed
 * opens again. `entry` is the retraction's. */
void finding_hear_retract(State *state, PhaseRecord *phase, const Entry *entry,
                          uint64_t verdict_seq);

/* The table with its words, for tests and docs; the caller lends the memory of its states. */
void finding_get_machine(MachineState ret_states[_FINDING_STATE_MAX], Machine *ret_machine);
