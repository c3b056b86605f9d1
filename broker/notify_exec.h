/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A hook: a program of the operator's that gets an event on its standard input. A process group of
 * its own, killed at its end or its deadline with all that it left; what it prints goes to the log,
 * cut. */

#include "base/slice.h"
#include "proto/loop.h"

typedef struct ExecSpec {
        const char *name;    /* for the log */
        const char *program; /* absolute */
        char *const *argv;
        char *const *env; /* all of it */
        Slice input;      /* copied */
        uint64_t timeout_ms;
} ExecSpec;

typedef struct ExecRun ExecRun;

/* NULL: it cannot be started; `reterr_errno` says why. */
ExecRun *exec_run_start(const ExecSpec *spec, int *reterr_errno);
/* Kills it if it still runs. */
ExecRun *exec_run_free(ExecRun *run);
DEFINE_FREEP(ExecRun, exec_run_free, exec_run_freep)

void exec_run_add_fds(const ExecRun *run, LoopWait *wait);
uint64_t exec_run_deadline(const ExecRun *run);
/* True: it has ended, with this wait status; or it was killed at its deadline. */
bool exec_run_step(ExecRun *run, int *ret_status, bool *ret_is_late);
