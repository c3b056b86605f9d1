/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What of a tree a gate depends on: a digest over path, kind and id of all that its `inputs` match.
 * Where it is the same, a PASS carries over. */

#include "base/hash.h"
#include "verify/tree.h"
#include "verify/verify.h"

/* PREP_E_FAIL with rule vacuous: a glob matches nothing. PREP_E_ERROR as listing_open has it. */
int inputs_digest(const char *mirror_path, const char *tree, const Gate *gate, Hash *ret_digest,
                  Fault *reterr_fault) must_check;
