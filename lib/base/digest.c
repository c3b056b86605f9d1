/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Looking an algorithm up costs more than to hash a small entry: it is done once. */

#include "base/digest.h"

#include <stdlib.h>

#include <openssl/evp.h>

/* For the life of the process. */
static EVP_MD *algorithm;
static EVP_MD_CTX *context;

static void start(void) {
        algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
        context = EVP_MD_CTX_new();
        if (!algorithm || !context)
                abort(); /* as for memory that is not there */
}

void digest_of(Slice bytes, Hash *ret_hash) {
        if (!context)
                start();
        if (EVP_DigestInit_ex2(context, algorithm, NULL) != 1 ||
            EVP_DigestUpdate(context, bytes.data, bytes.n) != 1 ||
            EVP_DigestFinal_ex(context, ret_hash->bytes, NULL) != 1)
                abort();
}
