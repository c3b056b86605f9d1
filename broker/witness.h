/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Checkpoints that were kept outside the ledger: the rendered one, a file from elsewhere, what the
 * agents of this machine have seen. */

#include "broker/verify.h"
#include "client/project.h"

typedef struct Witnesses {
        Witness *rows;
        size_t n;
} Witnesses;

enum { _WITNESS_E_SUCCESS, WITNESS_E_REFUSED };

void witnesses_deinit(Witnesses *witnesses);

/* A CHECKPOINT's text, without its signature; false if it is none. */
bool witness_parse_text(Slice text, Hash *ret_ledger, Checkpoint *ret_checkpoint);

/* FILE and FILE.sig. WITNESS_E_REFUSED: rules checkpoint-missing, checkpoint-malformed,
 * checkpoint-signature. */
int witnesses_add_file(Witnesses *witnesses, const Project *project, const char *file,
                       Fault *reterr_fault) must_check;

/* CHECKPOINT in the project's docs and each agent's newest, where there are any. Also rule
 * seen-malformed. */
int witnesses_add_remembered(Witnesses *witnesses, const Project *project,
                             Fault *reterr_fault) must_check;
