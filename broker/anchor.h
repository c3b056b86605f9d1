/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The ledger, anchored in git: the rendered files and the signed checkpoint as commits, one for
 * each claim and each verdict in the ledger's order, so that the history of the repository reads as
 * the handshake does, and a ledger that was cut or forked later no longer fits it.
 *
 * Where it stopped is what CHECKPOINT says at HEAD. Same ledger, same commit below: same commits.
 */

#include "broker/ledger.h"

typedef struct AnchorReport {
        size_t n_commits;
        uint64_t seq;    /* of the ledger's newest entry that HEAD has */
        char commit[65]; /* HEAD; "" if nothing was ever committed */
        bool is_bare;    /* there is no work tree in which the files could be */
} AnchorReport;

enum { _ANCHOR_E_SUCCESS, ANCHOR_E_REFUSED };

/* Files in `dir`, which is in a repository. Rules: those of broker/repository.h, of files_walk, and
 * ledger-shorter, ledger-forked: HEAD has another ledger's checkpoint. */
int anchor_commit(Ledger *ledger, const Key *broker, const char *dir, AnchorReport *ret_report,
                  Fault *reterr_fault) must_check;
