/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What an offer says of a leased claim. Pure. */

#include "broker/state.h"

/* For the holder of its lease: gates whose verdict is wanted of it, needed ones first, PASSes that
 * may be carried over, answers to manual checks. Everything borrowed or in the arena. */
void offer_make(const State *state, const ClaimRecord *claim, uint64_t now_ms, Arena *arena,
                struct offer *ret_offer);
