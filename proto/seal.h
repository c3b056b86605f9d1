/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What a seal says of a file that it does not show (docs/ledger.md). */

#include "base/hash.h"

enum { SEAL_SALT_BYTES = 32 };

/* SHA-256 of the domain tag, the salt and the file's bytes. */
void seal_digest(Slice file, const uint8_t salt[SEAL_SALT_BYTES], Hash *ret_digest);
