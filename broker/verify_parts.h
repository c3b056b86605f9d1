/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the files of the verification share; nobody else includes it. */

#include "broker/gone.h"
#include "broker/signatures.h"
#include "broker/verify.h"

enum { BAD_EVIDENCE_MAX = 64 };

typedef struct BadEvidence {
        Hash digest;
        const char *why;
} BadEvidence;

typedef struct SeenId {
        Id id;
        uint64_t seq;
} SeenId;

typedef struct Verification {
        Ledger *ledger;
        const PublicKey *broker_key;
        PublicKey genesis_key;
        const Witness *witnesses;
        size_t n_witnesses;
        Signatures *signatures;
        State state;
        bool others_spoke; /* an entry that is not of the broker was there */
        SeenId *ids;
        size_t n_ids, n_ids_allocated;
        Gone gone;
        BadEvidence bad_evidence[BAD_EVIDENCE_MAX]; /* the first ones */
        size_t n_bad_evidence;
        VerifyReport report;
        Fault *fault;
        /* The entry in hand: */
        const Entry *entry;
        Message message;
        Arena arena;
} Verification;

/* The entry in hand is the first bad one. VERIFY_E_BROKEN. */
int verify_broken(Verification *v, const char *rule, const char *format, ...) printf_like(3, 4);

/* Steps: what decides stands on its grounds, even if the broker's key wrote what its rules refuse.
 */
int verify_grounds(Verification *v) must_check;
/* What others remember of this entry; of those whose key is known by now. */
int verify_witnesses(Verification *v) must_check;
/* At the end, each of them. */
int verify_witness_at_end(Verification *v, const Witness *witness) must_check;
