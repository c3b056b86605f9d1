/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The engine itself on a small repository and a plan: for what only the broker would tell it. */

#include "tests/lib/repo.h"
#include "verify/verify.h"

typedef struct Rig {
        Repo repo;
        RepoId commit; /* that is verified: the newest */
        Plan plan;
        char *mirrors, *scratch, *runner;
        VerifyRequest request; /* of the plan's first gate */
        VerifyResult result;
} Rig;

/* An empty repository. */
void rig_make(Rig *rig, const char *plan);
void rig_deinit(Rig *rig);
#define cleanup_rig cleanup(rig_deinit)

/* Commits it, and what else has changed. */
void rig_change(Rig *rig, const char *path, const char *text);
/* Borrowed until the next. */
const struct verdict *rig_verify(Rig *rig);
