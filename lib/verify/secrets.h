/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Values that must not be told: those of a file that only its owner can read, a line each, in every
 * form in which evidence may have them. */

#include "base/arena.h"
#include "base/fault.h"

enum {
        SECRET_BYTES_LEAST = 8,
        SECRET_BYTES_MAX = 1024,
        SECRETS_MAX = 256,
        SECRETS_SLOTS = 1 << 14,
};

typedef struct Secrets {
        Arena arena;
        struct Needle *slots[SECRETS_SLOTS]; /* by their first bytes; in the arena */
} Secrets;

enum {
        _SECRETS_E_SUCCESS,
        SECRETS_E_REFUSED, /* rule secrets-file: loose mode, too short a value, too many */
};

int secrets_read(Secrets *secrets, const char *file, Fault *reterr_fault) must_check;
/* How many bytes at the beginning of the text are of a value; 0: none. */
size_t secrets_match(const Secrets *secrets, Slice text);
void secrets_deinit(Secrets *secrets);
