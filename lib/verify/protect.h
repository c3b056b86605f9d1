/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The paths that a plan protects, compared with the newest commit that had a PASS: a claim that
 * changes them is no evidence. */

#include "verify/mirror.h"
#include "verify/verify.h"

/* PREP_E_FAIL with rule claim.protected: they were changed, or the base is not in the repository to
 * be compared with. PREP_E_ERROR with a rule of its own. */
int protect_check(const VerifyRequest *request, Mirror *mirror, Fault *reterr_fault) must_check;
