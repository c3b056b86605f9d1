/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Stories: who does what, and what is expected then. Nothing is lost or late; the auditor looks
 * after each step.
 *
 *      {BUILDER,   "claim M1,M2 at a", "M1 claimed"},
 *      {ADVERSARY, "take",             "then lease, M1 verifying"},
 *
 * What can be done is a row in play_verbs.c. An entry must be accepted, unless `refused RULE` is
 * expected. Expectations, separated by commas:
 *
 *      refused RULE      the broker refuses it by this rule
 *      then KIND         an entry of this kind was written in this step; `no KIND`: none was
 *      ping WHO WAIT     somebody was pinged about it in this step
 *      M1 STATE          where the gate stands; `phase STATE`, `finding STATE`: of the newest one
 *      proxy NAME        who has the resource, oldest first: bob+berta; nobody
 */

#include "tests/sim/world.h"

typedef struct PlayStep {
        Who who; /* of `wait` and `restart`: the operator, who has no part in it */
        const char *does, *expects;
} PlayStep;

void play(const PlayStep *steps, size_t n_steps);

#define PLAY(...)                                                                                  \
        play((const PlayStep[]){__VA_ARGS__},                                                      \
             sizeof((const PlayStep[]){__VA_ARGS__}) / sizeof(PlayStep))
