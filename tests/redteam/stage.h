/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Where pairs are played: repositories, and a verification by the same calls that
 * `adversary-agent verify` makes, as root or as anybody. One per process.
 */

#include "tests/lib/repo.h"
#include "tests/redteam/pair.h"
#include "verify/by_hand.h"

/* Of the program that this is linked into. */
extern const bool stage_is_unprivileged;

typedef struct Stage {
        ByHand by_hand;
        Arena arena; /* of what came out */
} Stage;

/* What a commit of a pair came out as. */
typedef struct Came {
        PairEnd end;
        const char *said;
} Came;

/* Changes the user, or skips the test. */
void stage_open(Stage *ret_stage);
void stage_close(Stage *stage);

/* Both commits of a pair; and the base, where its PASS is carried. */
void stage_play(Stage *stage, const Pair *pair, Came ret_came[_PART_MAX]);
