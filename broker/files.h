/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The rendered files on disk: REVIEW-<phase>.md, JOURNAL-<phase>.md, STATUS-<phase>.md,
 * BACKLOG-<phase>.md and the signed checkpoint. A Files follows the ledger with a fold of its own,
 * because a section is rendered with the state right after its entry, whenever that is done.
 *
 * REVIEW and JOURNAL are appended to; where the file is not what was rendered before it is written
 * anew and renamed into place. The others are always renamed into place, and only if they change.
 */

#include "broker/ledger.h"
#include "broker/state.h"

typedef struct Files Files;

enum {
        _FILES_E_SUCCESS,
        FILES_E_BEHIND,  /* more entries are there */
        FILES_E_CORRUPT, /* the ledger does not fold; the fault is replay_apply's */
        FILES_E_DIFFERS, /* rule render-differs, the place of the first difference */
};

/* Borrows the ledger. `docs` is the directory, made if missing. */
int files_new(Ledger *ledger, const char *docs, Files **ret_files) must_check;
Files *files_free(Files *files);
DEFINE_FREEP(Files, files_free, files_freep)

/* Told of each entry after it was folded and rendered; 0, or what the walk is ended with. */
typedef int (*FilesHear)(void *userdata, const Files *files, const Entry *entry,
                         const Message *message);
void files_set_hear(Files *files, FilesHear hear, void *userdata);
/* As of the newest entry that was taken. */
const State *files_get_state(const Files *files);
uint64_t files_get_as_of(const Files *files);

/* Writes what at most `n_max` more entries make of the files. FILES_E_BEHIND, FILES_E_CORRUPT. */
int files_follow(Files *files, size_t n_max, Fault *reterr_fault) must_check;

/* Writes the files of one phase (empty: all) anew from the ledger. FILES_E_CORRUPT. */
int files_write(Ledger *ledger, const char *docs, Slice phase, size_t *ret_n_phases,
                Fault *reterr_fault) must_check;
/* Compares them instead. FILES_E_CORRUPT, FILES_E_DIFFERS. */
int files_check(Ledger *ledger, const char *docs, Slice phase, size_t *ret_n_phases,
                Fault *reterr_fault) must_check;

/* What the broker signs of its head. */
typedef struct FilesCheckpoint {
        Buf text, signature, signers; /* CHECKPOINT, CHECKPOINT.sig, allowed_signers */
} FilesCheckpoint;

void files_make_checkpoint(const Key *broker, const Hash *ledger, uint64_t seq, const Hash *hash,
                           FilesCheckpoint *ret_checkpoint);
void files_checkpoint_deinit(FilesCheckpoint *checkpoint);

/* CHECKPOINT, CHECKPOINT.sig and allowed_signers, for `ssh-keygen -Y verify -f allowed_signers
 * -I broker -n checkpoint@coldgate -s CHECKPOINT.sig < CHECKPOINT`. */
int files_write_checkpoint(const char *docs, const Key *broker, const Hash *ledger, uint64_t seq,
                           const Hash *hash) must_check;
