/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Broker, builder and adversary in one process and virtual time. The agents are scripts that keep
 * what they said until it is answered, as the real ones do; the network loses what the seed says;
 * the broker is killed when a call of its port fails, and comes back with what is durable.
 *
 * The story: M1 and M2 are claimed at commit A, where M2 does not hold; claimed again at B, where
 * both do; DONE is asked for at B until it is granted.
 */

#include "tests/lib/desk.h"

typedef struct SimSettings {
        uint64_t seed;
        uint64_t loss_percent;            /* of frames, each way */
        uint64_t repeat_percent;          /* of frames to the broker, sent twice */
        uint64_t kill_broker_permille;    /* of steps */
        uint64_t kill_adversary_permille; /* of steps */
        FakeCall fail_call;
        uint64_t fail_at; /* that call of the story fails; 0: none */
} SimSettings;

typedef struct SimResult {
        bool is_done;
        uint64_t took_ms;
        size_t n_crashes;
        size_t n_verdicts, n_claims; /* in the ledger */
        bool has_failed;             /* the call of the settings was reached */
} SimResult;

/* Plays the story to its end, or for a virtual hour. Invariants are checked after each step. */
SimResult sim_play(const SimSettings *settings);
