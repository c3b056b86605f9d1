/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A verb that stays: until the ledger has something new, a signal, --timeout, or the reader of its
 * output has gone. It asks SQLite's own counter of commits on a connection that only reads, five
 * times a second at most, so that no broker has to run or to know of it.
 */

#include "broker/verbs.h"

typedef struct Follow {
        Ledger *ledger; /* borrowed */
        int signal_fd;
        uint64_t deadline_ms; /* monotonic; UINT64_MAX: none */
        uint64_t version;     /* of the ledger, when it was last looked at */
} Follow;

enum {
        _FOLLOW_E_SUCCESS,
        FOLLOW_E_REFUSED, /* rules option-value, ledger-replaced */
        FOLLOW_E_OVER,    /* a signal, the time, or nobody reads any more: that is how it ends */
        FOLLOW_E_QUIET,   /* nothing was committed */
};

/* From now on SIGINT and SIGTERM end the following, not the program. Call it before the ledger is
 * first read. FOLLOW_E_REFUSED. */
int follow_start(Follow *follow, Errand *errand, Fault *reterr_fault) must_check;
void follow_end(Follow *follow);
#define cleanup_follow cleanup(follow_end)

/* Waits for a commit, `wait_ms` at most (UINT64_MAX: as long as it takes). FOLLOW_E_OVER,
 * FOLLOW_E_QUIET, FOLLOW_E_REFUSED. */
int follow_next(Follow *follow, uint64_t wait_ms, Fault *reterr_fault) must_check;
