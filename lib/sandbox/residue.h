/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Which files a command wrote, changed or deleted: what the upper layers and places hold, compared
 * with what was there before. */

#include "sandbox/setup.h"

/* Fills `outside` and `changed`, sorted. Directories end in a slash. Only after every process of
 * the sandbox is dead: nothing moves while it is looked at. */
void residue_list(const Setup *setup, SandboxOutcome *outcome);
