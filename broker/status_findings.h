/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The part of a status that is about findings, vetoes and seals (broker/status.h). Pure. */

#include "broker/state.h"

/* Of the gate, in any state but closed. */
uint64_t status_count_open_findings(const State *state, const PhaseRecord *phase,
                                    const GateRecord *gate);
/* The oldest finding because of which a PASS of the gate does not count; NULL if there is none. */
const FindingRecord *status_find_blocking(const State *state, const GateRecord *gate,
                                          uint64_t now_ms);
/* The phase's findings and standing vetoes, in the arena; texts are the state's. */
void status_build_findings(const State *state, const PhaseRecord *phase, uint64_t now_ms,
                           Arena *arena, struct phase_status *status);
void status_build_vetoes(const State *state, const PhaseRecord *phase, Arena *arena,
                         struct phase_status *status);
void status_build_seals(const State *state, const PhaseRecord *phase, Arena *arena,
                        struct phase_status *status);
