/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * What is still to be delivered: rows of the ledger's database that are no part of its chain. A row
 * is put in the transaction of its entry, and dropped when it was delivered or given up, so that a
 * crash repeats a delivery at worst. Nothing here is durable before ledger_commit.
 */

#include "broker/ledger.h"

typedef struct OutboxRow {
        uint64_t seq, item; /* the entry; which of the things that it brings */
        uint64_t attempts;
        uint64_t next_ms; /* wall time: not before */
} OutboxRow;

int ledger_outbox_put(Ledger *ledger, const char *delivery, uint64_t seq, uint64_t item) must_check;
int ledger_outbox_retry(Ledger *ledger, const char *delivery, const OutboxRow *row,
                        const char *error) must_check;
int ledger_outbox_drop(Ledger *ledger, const char *delivery, const OutboxRow *row) must_check;
/* The oldest of the delivery; LEDGER_E_NONE. */
int ledger_outbox_first(Ledger *ledger, const char *delivery, OutboxRow *ret_row) must_check;
/* How many there are, for each delivery that has any. */
typedef void (*OutboxCount)(void *userdata, Slice delivery, uint64_t n);
int ledger_outbox_count(Ledger *ledger, OutboxCount count, void *userdata) must_check;
