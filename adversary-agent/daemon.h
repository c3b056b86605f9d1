/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* `run`: the loop that carries out the core's effects. */

#include "adversary-agent/core.h"
#include "adversary-agent/sealed_file.h"
#include "client/session.h"

typedef struct DaemonSettings {
        Session *session; /* borrowed */
        size_t n_jobs;
        const char *mirrors, *scratch, *state; /* as in VerifyRequest */
        const char *secrets;                   /* file of redactor_new(); NULL: none */
        SealedFiles *sealed;                   /* borrowed */
        Slice *hidden;                         /* paths that nothing that is run may see */
        size_t n_hidden;
        const char *probe; /* program that is run after each verdict; NULL: none */
        uint64_t probe_ms;
        bool probe_network; /* it has the host's */
        int signal_fd;
} DaemonSettings;

/* Until it is told to stop, or the broker wants it no more: its exit status. */
int daemon_run(const DaemonSettings *settings);
