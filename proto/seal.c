/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The salt has a fixed length, so that the parts need no others. */

#include "proto/seal.h"

static const char domain[] = "coldgate seal v1";

void seal_digest(Slice file, const uint8_t salt[SEAL_SALT_BYTES], Hash *ret_digest) {
        Hasher hasher;

        hash_start(&hasher);
        hash_add(&hasher, domain, sizeof domain);
        hash_add(&hasher, salt, SEAL_SALT_BYTES);
        hash_add(&hasher, file.data, file.n);
        hash_finish(&hasher, ret_digest);
}
