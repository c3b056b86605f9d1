/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Secrets leave no trace in a ledger, because nothing can be taken out of one again: they are
 * replaced before evidence and verdict are signed (design: verification.md §5).
 *
 * What is a secret: the values of a file that only its owner can read, a line each, also in base64,
 * hex and percent encoding and as evidence shows odd bytes, and any twelve bytes in a row of them,
 * so that a cut value does not slip through; and what looks like one (rows in redact.c): tokens of
 * well-known services, private keys, passwords in URLs, authorization headers.
 */

#include "base/fault.h"
#include "proto/message.h"

typedef struct Redactor Redactor;

enum {
        _REDACT_E_SUCCESS,
        REDACT_E_REFUSED, /* rule secrets-file */
};

/* `file` NULL: only what looks like a secret. */
int redactor_new(const char *file, Redactor **ret_redactor, Fault *reterr_fault) must_check;
Redactor *redactor_free(Redactor *redactor);
DEFINE_FREEP(Redactor, redactor_free, redactor_freep)

/* The text itself if there is nothing secret in it, otherwise a copy in the arena with each secret
 * replaced by a word that is no longer than it. *n_found grows by their number. */
Slice redact_text(const Redactor *redactor, Slice text, Arena *arena, size_t *n_found);

/* Every text of the message that may say more than an id. */
void redact_message(const Redactor *redactor, Message *message, Arena *arena, size_t *n_found);
