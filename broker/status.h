/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What depends on the time, computed from the state when it is asked: freshness (fresh.h), who is
 * waited for (waits.h), why a phase is not DONE (why_done.h), and here all of it together. Pure. */

#include "broker/fresh.h"
#include "broker/waits.h"
#include "broker/why_done.h"

/* The whole answer; `phase` empty: all phases. Everything in the arena. */
void status_build(const State *state, Slice phase, uint64_t now_ms, Arena *arena,
                  struct status *ret_status);
