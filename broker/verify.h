/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Does the ledger hold? Everything is computed anew from the stored bytes: the chain, each author's
 * signature by the key as it stood at that point of the log, frames, columns, the fold, evidence,
 * and checkpoints that were seen elsewhere. Triggers and indexes are not trusted.
 */

#include "broker/ledger.h"

/* A checkpoint that somebody remembers, its signature verified by whoever read it. */
typedef struct Witness {
        char *source; /* where it is from, for people */
        Hash ledger;
        uint64_t seq;
        Hash hash;
} Witness;

typedef struct VerifyReport {
        uint64_t n_entries, n_evidence; /* that hold */
        uint64_t n_seals, n_revealed;   /* each that is revealed hashes to what was sealed */
        Hash ledger, head;
        uint64_t bad_seq; /* the first bad entry; 0: none, or not an entry's fault */
} VerifyReport;

enum { _VERIFY_E_SUCCESS, VERIFY_E_BROKEN };

/*
 * VERIFY_E_BROKEN: the fault has the first bad entry as its place and why (rules entry-*,
 * evidence-*, ledger-schema, ledger-shorter, ledger-forked, ledger-corrupt). `broker_key` is what
 * the genesis must name. The ledger is open for LEDGER_INSPECT.
 */
int verify_ledger(Ledger *ledger, const PublicKey *broker_key, const Witness *witnesses,
                  size_t n_witnesses, VerifyReport *ret_report, Fault *reterr_fault) must_check;
