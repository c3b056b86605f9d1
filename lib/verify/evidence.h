/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What was measured of a check, as the frame that a verdict names by its digest. Everything in it
 * that the check could write is made printable; long things are cut until the frame is small enough
 * to travel. */

#include "verify/check.h"

enum { EVIDENCE_FRAME_BYTES = 400 << 10 };

typedef struct EvidenceFacts {
        const VerifyRequest *request;
        const char *tree; /* "" if none */
        const char *reproduce;
} EvidenceFacts;

/* The frame lives in `arena`. */
int evidence_make(const EvidenceFacts *facts, const Check *check, const CheckReport *report,
                  Arena *arena, VerifyEvidence *ret_evidence) must_check;
