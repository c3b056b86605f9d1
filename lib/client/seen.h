/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The newest checkpoint that an agent has seen. A hash chain alone proves nothing against whoever
 * holds the file; agents that remember what the broker signed do. It only moves forward, and all
 * processes of an agent share it.
 */

#include "base/fault.h"
#include "proto/entry.h"

typedef struct Seen {
        Hash ledger;
        Checkpoint checkpoint; /* seq 0: none yet */
        PublicKey broker;      /* whose key signed it */
} Seen;

enum { _SEEN_E_SUCCESS, SEEN_E_REFUSED };

/* From `dir`/seen; a missing file is no checkpoint. A file that names no key, as files once did, is
 * signed by `broker`. SEEN_E_REFUSED: rule seen-malformed. */
int seen_read(const char *dir, const PublicKey *broker, Seen *ret_seen,
              Fault *reterr_fault) must_check;

int seen_read_file(const char *path, const PublicKey *broker, Seen *ret_seen,
                   Fault *reterr_fault) must_check;

/* What is remembered, if it is this, becomes `dir`/seen.lost-SEQ: the proof of a loss that was
 * admitted. SEEN_E_REFUSED: rule dir-locked. */
int seen_set_aside(const char *dir, const PublicKey *broker, const Checkpoint *lost,
                   Fault *reterr_fault) must_check;

/* Remembers `newer`, whose signature was verified, unless the file has a later one. Its key is the
 * file's, or follows `broker`, which is that of the file. SEEN_E_REFUSED: the same number was
 * signed with another hash, or another ledger (rule ledger-forked), or another process of this
 * agent knows another key (rule broker-key-differs), or holds the file's directory (dir-locked). */
int seen_advance(const char *dir, const PublicKey *broker, const Seen *newer,
                 Fault *reterr_fault) must_check;
