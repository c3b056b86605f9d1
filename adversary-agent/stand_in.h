/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The verdict on a gate whose workers died: INCONCLUSIVE, sandbox.worker-died. */

#include "adversary-agent/core.h"

/* False if the plan cannot be read here: then there is nothing that could be said. */
bool stand_in_make(const Job *job, uint64_t now_ms, Arena *arena, Message *ret_verdict);
