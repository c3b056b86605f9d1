/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What is claimed, or tried: a commit, and where it can be fetched. */

#include "base/options.h"
#include "builder-agent/git.h"

typedef struct Matter {
        char commit[COMMIT_TEXT_MAX];
        Buf url;
} Matter;

void matter_deinit(Matter *matter);

/* By --repo and --commit, or by where we are: the repository around us and its HEAD, which must
 * then have no uncommitted changes. TALK_E_REFUSED. */
int matter_find(const Args *args, Matter *ret_matter, Fault *reterr_fault) must_check;
