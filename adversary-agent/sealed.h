/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A worker's side of sealed checks: run cold after the plan's own, by the same engine, and told in
 * the verdict by number and outcome only. */

#include "verify/verify.h"

typedef struct SealedRun {
        Slice text;       /* the sealed file; empty: it is lost */
        Slice digest;     /* of the seal */
        const char *kept; /* directory for the evidence */
} SealedRun;

/* Adds to a result what the sealed checks of its gate found. Only a PASS that was measured is
 * looked at further: whatever else a claim could learn of them would cost it nothing. Conditions as
 * verify_run has them. */
int sealed_verify(const SealedRun *sealed, const VerifyRequest *request,
                  VerifyResult *result) must_check;
