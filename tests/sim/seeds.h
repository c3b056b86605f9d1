/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Many stories by chance, and the bugs that one of them must find: planted in the world around the
 * broker's core, never in it. */

#include "tests/sim/world.h"

enum { SEEDS_TURNS = 60 };

/* Everything goes wrong that can: loss, repetition, kills, clocks, routes. */
WorldSettings seeds_everything(uint64_t seed);
/* So many turns, and to DONE if `to_end`: a hash of each entry and of each frame that was sent. */
void seeds_play(const WorldSettings *settings, size_t n_turns, bool to_end, Hash *ret_trace);
/* The first of `n_max` seeds at which it fails with this bug; 0: none does. */
uint64_t seeds_find(FakeBug bug, uint64_t n_max);
