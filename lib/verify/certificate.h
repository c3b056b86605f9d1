/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Facts of a certificate, from the lines in which libcurl tells them. Pure. */

#include "base/hash.h"
#include "base/slice.h"

enum { CERTIFICATE_TEXT_BYTES = 1024, CERTIFICATE_NAMES_BYTES = 16384 };

typedef struct CertificateFacts {
        bool is_there;
        char subject[CERTIFICATE_TEXT_BYTES], issuer[CERTIFICATE_TEXT_BYTES];
        char names[CERTIFICATE_NAMES_BYTES];  /* a line each */
        uint64_t not_before_ms, not_after_ms; /* wall; 0: not told */
        Hash sha256;
} CertificateFacts;

/* "Subject:CN = localhost"; what is not known is passed over. What is too long is cut. */
void certificate_add(CertificateFacts *facts, Slice line);
