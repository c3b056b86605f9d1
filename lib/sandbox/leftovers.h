/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The processes that are still there, from /proc: who they are and where they listen. For PID 1,
 * in its own namespaces, while they are stopped. */

#include "sandbox/sandbox.h"

/* Into the outcome, at most REPORT_LEFTOVERS_MAX. Texts have no control characters. What cannot be
 * read is left out. */
void leftovers_list(SandboxOutcome *outcome);
