/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Checks that only the adversary knows: a plan of its own for a phase, whose gates have the ids of
 * the phase's gates that the checks belong to. A copy and the salt are in the agent's state, synced
 * before the seal is said; from then on the copy is what counts.
 *
 *     sealed/PHASE.seal             32 bytes of salt, then the file
 *     sealed/PHASE.evidence/DIGEST  evidence that the broker does not have yet
 */

#include "base/fault.h"
#include "base/hash.h"
#include "proto/seal.h"

typedef struct SealedFile {
        char *phase;
        char *kept; /* directory of its evidence */
        Buf bytes;  /* salt and file */
        Hash digest;
} SealedFile;

enum { SEALED_FILES_MAX = 64 };

typedef struct SealedFiles {
        SealedFile items[SEALED_FILES_MAX];
        size_t n;
} SealedFiles;

void sealed_files_deinit(SealedFiles *files);

enum { _SEALED_E_SUCCESS, SEALED_E_REFUSED };

/* What earlier runs have kept below the agent's directory. SEALED_E_REFUSED: rule sealed-state. */
int sealed_files_load(const char *dir, SealedFiles *ret_files, Fault *reterr_fault) must_check;
/* Takes a new file: kept when this returns. SEALED_E_REFUSED: rules sealed-file, sealed-changed,
 * those of plans. */
int sealed_files_add(SealedFiles *files, const char *dir, const char *path,
                     Fault *reterr_fault) must_check;
SealedFile *sealed_files_find(SealedFiles *files, Slice digest);
Slice sealed_file_get(const SealedFile *file);
const uint8_t *sealed_file_get_salt(const SealedFile *file);
