/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A SandboxOutcome on its way back. PID 1 reports what it saw of the processes; the runner adds
 * what it saw from outside (streams, files) and reports the whole to the library.
 */

#include "sandbox/sandbox.h"

enum { REPORT_LEFTOVERS_MAX = 256, REPORT_FILES_MAX = 4096 };

void report_encode(const SandboxOutcome *outcome, Buf *bytes);

enum { _REPORT_E_SUCCESS, REPORT_E_BAD };

/* Into the outcome's own arena and buffers. REPORT_E_BAD if it is not a report; the outcome is
 * then empty. */
int report_decode(Slice bytes, SandboxOutcome *ret_outcome) must_check;

/* The harness failed: nothing else in the outcome counts. */
void report_break(SandboxOutcome *outcome, const Fault *fault);
