/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Makes the namespaces with PID 1 in them. */

#include "sandbox/setup.h"

typedef struct Launch {
        pid_t init_pid;
        int init_fd;                 /* pidfd */
        int link_fd, out_fd, err_fd; /* our ends; the last two do not block */
} Launch;

#define LAUNCH_INIT ((Launch){.init_fd = -1, .link_fd = -1, .out_fd = -1, .err_fd = -1})

enum { _LAUNCH_E_SUCCESS, LAUNCH_E_BROKEN };

/* PID 1 waits for INIT_GO then. `name` is argv[0] of this process, which PID 1 overwrites in its
 * own copy of the memory. LAUNCH_E_BROKEN: see the fault. */
int launch_init(const Setup *setup, char *name, Launch *ret_launch, Fault *reterr_fault) must_check;
