/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Findings, in the fold. A FAIL files its gate's finding by itself and the PASS that re-tests the
 * gate closes it, in the same entry: no agent has to remember either (docs/decisions/007). What an
 * adversary files and closes by hand goes through the same functions.
 */

#include "broker/state.h"

/* Filed by hand; `entry` is the finding's. */
void finding_file(State *state, PhaseRecord *phase, const Entry *entry,
                  const struct finding *message);

/* What a verdict means for the findings of its gate: FAIL files one, unless a FAIL before it did
 * and that is open; then it is the one that is shown again. PASS closes what a FAIL filed, and
 * nothing that was filed by hand: that the gate holds is no re-test of it. */
void finding_hear_verdict(State *state, PhaseRecord *phase, const Entry *entry,
                          const struct verdict *message);

void finding_close(FindingRecord *finding, uint64_t closed_seq);

/* Whether it prevents DONE now. A finding that blocks a gate blocks no more than the gate does when
 * that leaves the plan. */
bool finding_is_blocking(const FindingRecord *finding, uint64_t now_ms);
