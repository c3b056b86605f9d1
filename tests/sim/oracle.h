/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * What must be true, told from the ledger's entries alone, by other code than the broker's: whether
 * DONE was due, who may have which resource, who was pinged for what. An entry that should not
 * stand where it does ends the test. One phase.
 */

#include "proto/entry.h"
#include "proto/message.h"

enum {
        ORACLE_GATES_MAX = 16,
        ORACLE_PARTS_MAX = 8,
        ORACLE_NAMES_MAX = 16,
        ORACLE_THINGS_MAX = 4096, /* of a kind, in one ledger */
};

typedef char OracleName[65];

/* One adversary's word on one gate of one claim. */
typedef struct OraclePart {
        uint64_t seq, received_ms;
        OracleName who;
        bool is_pass;
        Hash digest; /* of the gate as it was run */
} OraclePart;

/* Words that are to agree. */
typedef struct OracleParts {
        OraclePart parts[ORACLE_PARTS_MAX];
        size_t n;
        OracleName commit;
} OracleParts;

typedef struct OracleGate {
        OracleName id;
        bool in_plan;
        Hash digest;
        uint64_t verifiers, valid_for_ms, waived_until_ms;
        uint64_t claim;
        bool must_match;
        bool is_lied_of;   /* in the words that the newest claim stands on */
        bool is_open;      /* the newest claim awaits its verdict */
        bool is_exhausted; /* or has none, and never will */
        OracleParts said;  /* on the newest claim */
        OracleParts held;  /* the newest that decided the gate; n is 0: none counts */
} OracleGate;

typedef struct OracleFinding {
        uint64_t seq, waived_until_ms;
        OracleName gate; /* empty: of the phase */
        Blocks blocks;
        bool is_open;
} OracleFinding;

typedef struct OracleHold {
        uint64_t seq, lease, hold_ms, wait_ms;
        OracleName resource, who;
        Lock lock;
        HoldState state;
        uint64_t since_ms, since_mono_ms; /* in that state */
        size_t n_restarts;                /* before it */
        uint64_t seen_ms; /* the latest wall time at which a broker began anew, since */
} OracleHold;

typedef struct OraclePing {
        uint64_t cause, attempt;
        WaitFor wait_for;
        OracleName who;
} OraclePing;

typedef struct OracleLease {
        uint64_t seq, claim;
        OracleName who;
        bool is_over;
} OracleLease;

typedef struct OracleAgent {
        OracleName name;
        Role role;
        uint64_t paused, paused_until_ms;
} OracleAgent;

/* Who has said its verdict on a gate of a claim, ever. */
typedef struct OracleVerdict {
        uint64_t seq, claim;
        OracleName gate, who;
} OracleVerdict;

typedef struct Oracle {
        uint64_t mono_ms;  /* set by whoever feeds it */
        size_t n_restarts; /* of the broker */
        OracleGate gates[ORACLE_GATES_MAX];
        size_t n_gates;
        OracleAgent agents[ORACLE_NAMES_MAX];
        size_t n_agents;
        OracleFinding findings[ORACLE_THINGS_MAX];
        size_t n_findings;
        OracleVerdict verdicts[ORACLE_THINGS_MAX];
        size_t n_verdicts;
        OracleLease leases[ORACLE_THINGS_MAX];
        size_t n_leases;
        OracleHold holds[ORACLE_THINGS_MAX];
        size_t n_holds;
        OraclePing pings[ORACLE_THINGS_MAX];
        size_t n_pings;
        MessageType kinds[ORACLE_THINGS_MAX]; /* by number of the entry */
        uint64_t vetoes[ORACLE_THINGS_MAX];   /* that stand */
        size_t n_vetoes;
        uint64_t asked, granted;
        OracleName asked_commit;
} Oracle;

/* The ledger's next entry. */
void oracle_hear(Oracle *oracle, const Entry *entry, const Message *message);

/* The broker begins anew at this time: what is left of a hold is what the wall clock says. */
void oracle_begin_anew(Oracle *oracle, uint64_t wall_ms);

/* ---- questions ---- */

/* The gate waits for (more) verdicts on this claim. */
bool oracle_awaits(const Oracle *oracle, uint64_t claim, const char *gate);
/* A gate of the claim does. */
bool oracle_is_open(const Oracle *oracle, uint64_t claim);
/* This adversary said its verdict on the gate (NULL: on some gate) of the claim. */
bool oracle_has_said(const Oracle *oracle, const char *who, uint64_t claim, const char *gate);

/* What decided the gate is a PASS of everybody, and counts still. */
bool oracle_has_pass(const Oracle *oracle, const char *gate);

/* ---- oracle_watch.c, for oracle.c ---- */

void oracle_hear_watch(Oracle *oracle, const Entry *entry, const Message *message);
void oracle_copy(OracleName name, Slice text);
OracleLease *oracle_find_lease(Oracle *oracle, uint64_t seq);
