/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Pairs that no verification meets, but the broker: what is claimed beside a commit, and results
 * that are of something else. */

#include "tests/redteam/raid.h"

void court_play(Tally *ret_tally);
