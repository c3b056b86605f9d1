/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * What senders have said and what they were answered, and a checker that reads ledger.db by
 * itself, without the broker: acknowledged is in the ledger, the ledger is only what was said, each
 * once, and what was said after an answer stands behind what was answered. An answer that never
 * came is neither: what it was for may be there or not.
 */

#include "base/hash.h"
#include "base/id.h"

enum { SENDERS_MAX = 64 };

/* An acknowledgement, and an entry. */
typedef struct Record {
        Id id;
        uint64_t seq;
        Hash hash;
} Record;

typedef struct SenderHistory {
        uint64_t *floors; /* for each that was said: the highest entry acknowledged before */
        size_t n_said;
        uint64_t acked_seq;
        bool *is_there; /* found in the ledger */
} SenderHistory;

typedef struct History {
        SenderHistory senders[SENDERS_MAX];
        size_t n_senders;
        Record *acks;
        size_t n_acks, n_acks_checked;
        Record *rows; /* of the ledger, as it was read so far */
        size_t n_rows;
        /* What is wrong. */
        size_t n_lost;       /* acknowledged, and another or no entry stands there */
        size_t n_foreign;    /* never said */
        size_t n_twice;      /* there more than once */
        size_t n_disordered; /* before an entry that was acknowledged before it was said */
        size_t n_broken;     /* hash, predecessor or number do not fit */
        size_t n_undecided, n_decided_twice; /* gates of claims */
} History;

void history_deinit(History *history);
#define cleanup_history cleanup(history_deinit)

/* The words of the sender's next note, which are "load SENDER NUMBER". */
void history_say(History *history, size_t sender, char ret_text[64]);
void history_hear(History *history, size_t sender, const Record *ack);

/* How the control deceives the checker about the newest acknowledged entry. */
typedef enum Deceit { DECEIT_NONE, DECEIT_DROPPED, DECEIT_REPEATED, DECEIT_SWAPPED } Deceit;

/* Reads what the file has beyond what was read, and judges it and the acknowledgements that have
 * come. Nobody may be writing. */
void history_check(History *history, const char *ledger, Deceit deceit);
/* Ends the test with the figures unless all of them are 0. */
void history_expect_whole(const History *history);

/* Counts the gates of claims that were neither superseded nor decided, or decided twice. */
void history_check_claims(History *history, const char *ledger);
