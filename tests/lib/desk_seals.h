/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Sealed checks on the desk. */

#include "tests/lib/desk.h"

#define DESK_SEALED_FILE "the checks that nobody sees"

/* Of DESK_SEALED_FILE with a salt of zeros, or (`other`) of something else; phase "m". */
Message desk_make_seal(Desk *desk, bool other);
Message desk_make_reveal(Desk *desk, uint64_t seal);
/* What an operator says to have it revealed. */
Message desk_make_reveal_request(uint64_t seal);
/* A verdict on M1 of a fresh lease of ADVERSARY, with so many sealed results that passed; the last
 * of them has this outcome. */
Message desk_make_sealed_verdict(Desk *desk, Decision decision, size_t n, Outcome last);
