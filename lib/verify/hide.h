/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What a check must not see of this machine: mirrors with later commits, our state, other
 * workspaces, the claimant's own copy. */

#include "verify/verify.h"

/* NULL-ended, in the arena; directories that exist, and the files that the request names. */
const char *const *hide_list(const VerifyRequest *request, Arena *arena);
