/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Whether each entry of a ledger is what its hash says. At the start on a long ledger that is half
 * of the work, and it needs nothing of the fold: a thread does it over a connection of its own,
 * while the other half folds. No broker serves before both are through
 * (docs/decisions/034-a-second-reader.md).
 */

#include "broker/ledger.h"

typedef struct Chain Chain;

enum { _CHAIN_E_SUCCESS, CHAIN_E_BROKEN, CHAIN_E_ALONE };

/* Entries from which on a second reader pays. */
enum { CHAIN_LONG_ENTRIES = 10000 };

/* Here and now. CHAIN_E_BROKEN: the fault names the first that is not. */
int chain_check(Ledger *ledger, Fault *reterr_fault) must_check;

/* A second reader of the file that nobody writes to meanwhile. CHAIN_E_ALONE: there is no thread to
 * be had. */
int chain_start(const char *path, Chain **ret_chain) must_check;
/* Waits for it. CHAIN_E_BROKEN as above, also when it did not read up to just this head. */
int chain_finish(Chain *chain, uint64_t head_seq, const Hash *head, Fault *reterr_fault) must_check;
Chain *chain_free(Chain *chain);
DEFINE_FREEP(Chain, chain_free, chain_freep)
