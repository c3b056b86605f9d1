/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* PID 1 inside: builds the view, starts the command, waits, lists what it left, kills and reaps
 * all of it, reports. */

#include "sandbox/seccomp.h"
#include "sandbox/setup.h"

/* On the link: init to runner in frames, runner to init in single bytes. */
#define INIT_HELLO   'H' /* the death of the runner will be noticed from now on */
#define INIT_STARTED 'S' /* the command runs */
#define INIT_REPORT  'R' /* a report, the last thing said */
#define INIT_GO      'G'
#define INIT_TERM    'T' /* ask all processes to end */
#define INIT_KILL    'K' /* end them */

typedef struct InitFds {
        int link, out, err;
} InitFds;

/* Does not come back. Its exit status says nothing; only the report does. */
noreturn_ void init_run(const Setup *setup, SeccompFilter *filter, const InitFds *fds);
