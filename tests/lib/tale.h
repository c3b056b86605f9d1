/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A short story, told by a real core to a real ledger batch by batch: plan, claims, leases,
 * evidence small and large, verdicts, findings, notes several at a time, checkpoints, a restart.
 * What the core would have acknowledged by then is known for each call to the disk.
 */

#include "broker/ledger.h"
#include "tests/lib/desk.h"
#include "tests/lib/disk.h"

enum { TALE_BATCHES_MAX = 64 };

typedef struct Tale {
        Desk desk; /* what was said: the truth */
        Ledger *ledger;
        char *path;
        const Disk *disk;             /* NULL: nobody records */
        bool is_careless;             /* synchronous=NORMAL: it must lose */
        size_t n_entries, n_evidence; /* that are in the ledger */
        /* After `call` calls, so many were durable by the ledger's word. */
        struct {
                size_t call, n_entries, n_evidence;
        } acks[TALE_BATCHES_MAX];
        size_t n_acks;
} Tale;

/* Below `dir`, recorded by `disk`; closed at the end. */
void tale_tell(Tale *tale, const char *dir, const Disk *disk, bool is_careless);
void tale_deinit(Tale *tale);
#define cleanup_tale cleanup(tale_deinit)

/* Numbers of entries and evidence that were acknowledged when so many calls had been made. */
void tale_acked(const Tale *tale, size_t n_calls, size_t *ret_entries, size_t *ret_evidence);

typedef struct TaleFault {
        char text[2048];
} TaleFault;

/* Opens what is in `dir` as a broker would and compares it with the truth: a beginning of it, with
 * at least so many entries and evidence. False, and why. */
bool tale_holds(const Tale *tale, const char *dir, size_t n_entries, size_t n_evidence,
                TaleFault *reterr_fault);
