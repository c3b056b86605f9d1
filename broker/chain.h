/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Each entry of a ledger in its order, proved to be what its hash says before it is visited. At the
 * start on a long ledger to read and to prove is half of the work: a thread does it over a
 * connection of its own, some blocks of entries ahead of the caller, who folds
 * (docs/decisions/034-a-second-reader.md).
 */

#include "broker/ledger.h"

enum { _CHAIN_E_SUCCESS, CHAIN_E_BROKEN, CHAIN_E_ALONE };

/* Entries from which on a thread pays. */
enum { CHAIN_LONG_ENTRIES = 10000 };

/* By the caller's thread alone. CHAIN_E_BROKEN: the fault names the first entry that is not what
 * its hash says; those before it were visited. What `visit` returns, if that is not 0. */
int chain_walk(Ledger *ledger, LedgerVisit visit, void *userdata, Fault *reterr_fault) must_check;

/* The same by two threads, of the file, which nobody writes to meanwhile. CHAIN_E_ALONE: there is
 * no thread to be had; nothing was visited. */
int chain_walk_ahead(const char *path, LedgerVisit visit, void *userdata,
                     Fault *reterr_fault) must_check;
