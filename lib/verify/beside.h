/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* First runs of checks that do not touch one another, begun ahead of their turn, several at a time.
 * Results are still taken one by one, in the plan's order. */

#include "verify/handed.h"
#include "verify/pool.h"

typedef enum BesideNow {
        BESIDE_READY,  /* it may run as soon as there is a place */
        BESIDE_NEVER,  /* it will not be run: its turn passes without one */
        BESIDE_NOT_YET /* what it needs has no result yet */
} BesideNow;

typedef struct BesidePlace {
        bool is_begun; /* and not taken */
        bool runs;
        bool was_beside; /* something of ours ran at the same time */
        Buf answer;
} BesidePlace;

typedef struct Beside {
        AttemptSetting *setting;
        size_t n_places; /* at a time; below 2: nothing is begun ahead */
        void *userdata;
        BesideNow (*look)(void *userdata, size_t check);
        size_t n_seen; /* checks of the gate that were begun or passed over */
        Pool pool;
        BesidePlace places[POOL_WORKERS_MAX]; /* the n-th check in n modulo the window's length */
} Beside;

void beside_init(Beside *beside);
void beside_deinit(Beside *beside);

enum { _BESIDE_E_SUCCESS, BESIDE_E_CANCELLED, BESIDE_E_NONE };

/* The first run of the check whose turn it is, once it has ended. After one that did not hold
 * nothing of ours runs any more: it is confirmed alone. The run is borrowed until the next call.
 * BESIDE_E_NONE: it is for the caller to make, and nothing else of ours runs. */
int beside_take(Beside *beside, size_t check, HandedRun *ret_run) must_check;
