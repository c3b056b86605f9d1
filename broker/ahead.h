/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Signatures of frames that wait for their turn, looked at by other processors meanwhile. That one
 * holds is all that is ever said of it: what is not known, or of another key than was thought, the
 * core looks at itself, so that what it answers does not depend on this.
 */

#include "proto/entry.h"
#include "proto/message.h"

typedef struct Ahead Ahead;
typedef struct AheadJob AheadJob;

typedef enum AheadState { AHEAD_OURS, AHEAD_WAITS, AHEAD_RUNS, AHEAD_OVER } AheadState;

/* Part of what waits, which may not be freed before ahead_take. */
struct AheadJob {
        AheadJob *next, *previous; /* of those that wait */
        AheadState state;
        bool holds;
        Slice frame; /* as it came; borrowed */
        PublicKey author;
        Hash ledger;
};

/* No thread is started before there is work for it. */
Ahead *ahead_new(void);
/* Nothing may wait any more that is still used. */
Ahead *ahead_free(Ahead *ahead);
DEFINE_FREEP(Ahead, ahead_free, ahead_freep)

/* `job` is zero; nothing is done where the frame is not a submission. */
void ahead_add(Ahead *ahead, AheadJob *job, Slice frame, const PublicKey *author,
               const Hash *ledger);
/* What was added is begun, if there is so much that it is worth to wake somebody. */
void ahead_begin(Ahead *ahead);
/* The job is the caller's again; waits as long as it is being looked at. */
void ahead_take(Ahead *ahead, AheadJob *job);

/* Whether it is known that `author` has signed this submission, which was decoded in place from the
 * job's frame. Only of a job that was taken. */
bool ahead_holds(const AheadJob *job, const PublicKey *author, const Hash *ledger,
                 const struct submit *submit);
