/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Checkpoints that were kept outside the ledger: the rendered one, a file from elsewhere, what the
 * agents of this machine have seen. */

#include "broker/state.h"
#include "broker/verify.h"
#include "client/project.h"
#include "client/seen.h"

typedef struct Witnesses {
        Witness *rows;
        size_t n;
} Witnesses;

enum { _WITNESS_E_SUCCESS, WITNESS_E_REFUSED };

void witnesses_deinit(Witnesses *witnesses);

/* FILE and FILE.sig. WITNESS_E_REFUSED: rules checkpoint-missing, checkpoint-malformed,
 * checkpoint-signature. */
int witnesses_add_file(Witnesses *witnesses, const char *file, Fault *reterr_fault) must_check;

/* A `seen` file from elsewhere, as agents keep it. Also rule seen-malformed. */
int witnesses_add_seen(Witnesses *witnesses, const Project *project, const char *file,
                       Fault *reterr_fault) must_check;

/* An entry that somebody knows; without a signer it is known otherwise. */
void witnesses_add(Witnesses *witnesses, const char *source, const Seen *seen, bool has_signer);

/* As witnesses_add_remembered, but what cannot be believed is left out, with a line in the log:
 * no file that others may write keeps a broker from its work. */
int witnesses_add_believable(Witnesses *witnesses, const Project *project) must_check;

/* The newest of what was signed or seen that the ledger neither has nor says to be lost; NULL: it
 * has all. `state` is the ledger's, `broker_key` the project's. */
int witnesses_find_lost(const Witnesses *witnesses, Ledger *ledger, const State *state,
                        const PublicKey *broker_key, const Witness **ret_lost) must_check;

/* CHECKPOINT in the project's docs and each agent's newest, where there are any. Also rule
 * seen-malformed. */
int witnesses_add_remembered(Witnesses *witnesses, const Project *project,
                             Fault *reterr_fault) must_check;
