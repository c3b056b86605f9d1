/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What was measured of a check, as the frame that a verdict names by its digest. Everything in it
 * that the check could write is made printable; long things are cut until the frame is small enough
 * to travel. */

#include "verify/check_report.h"

enum { EVIDENCE_FRAME_BYTES = 400 << 10 };

typedef struct EvidenceFacts {
        const VerifyRequest *request;
        const char *tree; /* "" if none */
        const char *reproduce;
        size_t bytes_max; /* of the frame; 0: EVIDENCE_FRAME_BYTES */
} EvidenceFacts;

/* The frame lives in `arena`. */
int evidence_make(const EvidenceFacts *facts, const Check *check, const CheckReport *report,
                  Arena *arena, VerifyEvidence *ret_evidence) must_check;
/* Of a frame that evidence_make made; in the arena. */
Slice evidence_get_isolation(Slice frame, Arena *arena);
