/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A command of the person's own, run beside a verb: not in a sandbox, with the person's terminal.
 */

#include <sys/types.h>

#include "base/defs.h"

typedef struct Child {
        pid_t pid; /* 0: none, or it has ended */
        int pidfd; /* readable when it has ended */
} Child;

#define CHILD_INIT ((Child){.pidfd = -1})

/* With the variables "NAME=value" beside the environment, signals as they were. It gets SIGTERM
 * when this process dies. A command that cannot be run ends with 127. */
int child_start(Child *child, const char *const argv[], const char *const variables[],
                size_t n_variables) must_check;
/* Nothing happens where it has ended. */
void child_signal(const Child *child, int signal);
/* Waits for its end; 128 and the signal where one ended it. */
int child_wait(Child *child, int *ret_status) must_check;
/* SIGTERM, and after the time SIGKILL, if it runs. */
void child_stop(Child *child, uint64_t grace_ms);
/* SIGKILL, if it still runs. */
void child_end(Child *child);
#define cleanup_child cleanup(child_end)
