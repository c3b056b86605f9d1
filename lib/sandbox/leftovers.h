/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The processes that are still there, from /proc: who they are and where they listen, while they
 * are stopped. For PID 1 these are all but itself, in its own namespaces; on the host those that
 * it has started. */

#include "sandbox/descend.h"
#include "sandbox/sandbox.h"

/* Into the outcome, at most REPORT_LEFTOVERS_MAX. Texts have no control characters. What cannot be
 * read is left out. `only` NULL: everybody but PID 1. */
void leftovers_list(const Descendants *only, SandboxOutcome *outcome);
