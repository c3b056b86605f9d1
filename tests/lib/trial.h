/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#pragma once

/* A small repository and a plan with one gate, M1, verified by `adversary-agent verify`. */

#include <sys/types.h>

#include "base/buf.h"
#include "tests/lib/repo.h"

/* Exit statuses. */
enum {
        TRIAL_PASS = 0,
        TRIAL_FAIL = 1,
        TRIAL_USAGE = 2,
        TRIAL_INCONCLUSIVE = 3,
        TRIAL_NOTHING = 5,
};

typedef struct Trial {
        Repo repo;
        RepoId commit;
        const char *dir; /* of the plan, the cache, and TMPDIR */
        Buf out;
} Trial;

/* A repository with a README ("a product") and this file, if any, committed. */
void trial_make(Trial *trial, const char *path, const char *text, mode_t mode);
void trial_deinit(Trial *trial);
#define cleanup_trial cleanup(trial_deinit)

/* The gate's checks, as they stand in the plan. */
void trial_write_plan(const Trial *trial, const char *checks);
/* The exit status; what was printed on either stream is in trial->out. */
int trial_verify(Trial *trial, const char *gate, const char *commit, const char *option,
                 const char *value) must_check;
/* Both; ends the test unless the exit status is this one and `said` was printed. */
void trial_expect(Trial *trial, const char *checks, int status, const char *said);
