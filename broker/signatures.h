/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Signatures of many entries, looked at by all processors: handed over in the ledger's order, by
 * copies, and answered at the end. For `broker verify`, whose time is Ed25519's.
 */

#include "proto/entry.h"

typedef struct Signatures Signatures;

/* Starts a thread for each processor. Where none can be started the caller's does all. */
Signatures *signatures_new(void);
Signatures *signatures_free(Signatures *signatures);
DEFINE_FREEP(Signatures, signatures_free, signatures_freep)

/* May wait: what is under way is bounded. */
void signatures_add(Signatures *signatures, const PublicKey *author, const Hash *ledger,
                    const Entry *entry);

/* Waits for all. The first entry that its author has not signed, 0 if there is none. */
uint64_t signatures_finish(Signatures *signatures);
