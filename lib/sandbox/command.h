/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The child of PID 1 that becomes the command. */

#include "sandbox/seccomp.h"
#include "sandbox/setup.h"

typedef enum CommandStage {
        COMMAND_PREPARED, /* ours: rights, limits, filter */
        COMMAND_WORKDIR,
        COMMAND_EXEC,
} CommandStage;

/* Why there is no command; travels on the exec pipe, which the command itself never has. */
typedef struct CommandFailure {
        CommandStage stage;
        int error;
        char what[64]; /* a step of ours, or the reason behind an error that says too little */
} CommandFailure;

typedef struct CommandFds {
        int out, err; /* become 1 and 2 */
        int exec;     /* closed by a successful exec */
} CommandFds;

/* Does not come back. */
noreturn_ void command_become(const Setup *setup, SeccompFilter *filter, const CommandFds *fds);
