/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Does the ledger hold? Everything is computed anew from the stored bytes: the chain, each author's
 * signature by the key as it stood at that point of the log, frames, columns, the fold, evidence,
 * and checkpoints that were seen elsewhere. Triggers and indexes are not trusted.
 */

#include "broker/ledger.h"
#include "broker/state.h"

/* A checkpoint that somebody remembers. Whoever read it has verified that the key which it names
 * signed it; whose key that is, is for the ledger to say. */
typedef struct Witness {
        char *source; /* where it is from, for people */
        Hash ledger;
        uint64_t seq;
        Hash hash;
        bool has_signer;   /* false: nobody needed to sign it */
        bool is_volunteer; /* left out, with a line in the log, if it is not to be believed */
        PublicKey signer;  /* the half that signs */
} Witness;

typedef struct VerifyReport {
        uint64_t n_entries, n_evidence; /* that hold */
        uint64_t n_seals, n_revealed;   /* each that is revealed hashes to what was sealed */
        Hash ledger, head;
        uint64_t bad_seq; /* the first bad entry; 0: none, or not an entry's fault */
} VerifyReport;

enum { _VERIFY_E_SUCCESS, VERIFY_E_BROKEN };

/* Whether the broker may have signed it: with a key that was in force then or came later, or with
 * the one that the project knows. `state` is the ledger's. */
bool verify_believes(const State *state, const PublicKey *broker_key, const Witness *witness);

/*
 * VERIFY_E_BROKEN: the fault has the first bad entry as its place and why (rules entry-*,
 * evidence-*, ledger-schema, ledger-shorter, ledger-forked, ledger-corrupt). `broker_key` is
 * what the genesis or a rotation must name. The ledger is open for LEDGER_INSPECT.
 */
int verify_ledger(Ledger *ledger, const PublicKey *broker_key, const Witness *witnesses,
                  size_t n_witnesses, VerifyReport *ret_report, Fault *reterr_fault) must_check;
