/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Which phase is meant where none was named. Pure. */

#include "base/fault.h"
#include "proto/message.h"

enum { _CHOOSE_E_SUCCESS, CHOOSE_E_REFUSED };

/* The only phase that has all these gates (none: any phase); one that is not DONE wins over one
 * that is. Rules: plan-not-approved, gate-unknown (with "did you mean"), phase-ambiguous. */
int choose_phase(const struct status *status, const char *const *gates, size_t n_gates,
                 const struct phase_status **ret_phase, Fault *reterr_fault) must_check;

/* NULL if the phase has no such gate. */
const struct gate_status *phase_find_gate_status(const struct phase_status *phase,
                                                 const char *gate);
