/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* `run`: the loop that carries out the core's effects. */

#include "adversary-agent/core.h"
#include "client/session.h"

typedef struct DaemonSettings {
        Session *session; /* borrowed */
        size_t n_jobs;
        const char *mirrors, *scratch, *state; /* as in VerifyRequest */
        const char *secrets;                   /* file of redactor_new(); NULL: none */
        int signal_fd;
} DaemonSettings;

/* Until it is told to stop, or the broker wants it no more: its exit status. */
int daemon_run(const DaemonSettings *settings);
