/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* SHA-256 at once and fast, for chains of many entries: OpenSSL has it in the processor's own
 * instructions where there are some, libsodium (base/hash.h) has not. Home of openssl/evp.h. */

#include "base/hash.h"

/* One thread only. */
void digest_of(Slice bytes, Hash *ret_hash);
