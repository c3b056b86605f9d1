/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A backup in the place of the ledger. It is copied beside it, verified there, held against what
 * agents and files remember, and only then swapped in; the ledger that was is kept. From the rename
 * to ledger.db.restoring on, the swap is decided, and nobody opens the ledger for writing before it
 * is done.
 */

#include "broker/verify.h"
#include "client/project.h"

typedef struct RestoreWish {
        const char *backup; /* NULL: the ledger that is there */
        const char *seen;   /* an agent's `seen` from elsewhere; NULL: none */
        const char *why;    /* entries may be lost, because of this; NULL: they may not */
} RestoreWish;

typedef struct RestoreReport {
        VerifyReport verified; /* the backup */
        uint64_t lost_seq;     /* the newest entry that was said to be lost; 0: none */
        uint64_t said_seq;     /* by this entry */
        char *kept;            /* where the ledger is that was; NULL: there was none */
} RestoreReport;

void restore_report_deinit(RestoreReport *report);

enum {
        _RESTORE_E_SUCCESS,
        RESTORE_E_REFUSED, /* nothing was touched; rules ledger-*, checkpoint-*, seen-malformed */
        RESTORE_E_BROKEN,  /* nothing was touched: the backup does not hold; rules of verify.h */
};

int restore(const Project *project, const RestoreWish *wish, RestoreReport *ret_report,
            Fault *reterr_fault) must_check;
