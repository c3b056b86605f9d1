/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A worker's side of a probe program: somebody's fuzzer, session or script, run over a fresh cold
 * workspace once the verdict was said. It gets facts as JSON on standard input and may print JSON
 * lines, each a finding or a probe (docs/json.md). What it prints is believed in no other way.
 */

#include "verify/verify.h"

enum {
        PROBE_LINES_MAX = 32,
        PROBE_TITLE_MAX = 512,
        PROBE_DETAIL_MAX = 16384,
        PROBE_OUTPUT_MAX = 1 << 20,
};

/* What the program gets. `verdict`: a frame; its checks are left out where they are too many. */
int probe_describe(const VerifyRequest *request, const struct job *job, const char *tree,
                   const char *workspace, Buf *text) must_check;

typedef struct ProbeReport {
        Message *items; /* FINDING and PROBE entries */
        size_t n;
} ProbeReport;

enum { _PROBE_E_SUCCESS, PROBE_E_MALFORMED };

/* All lines or none. Everything in the arena. PROBE_E_MALFORMED with the fault: which line, and
 * what is wrong with it. */
int probe_read(const VerifyRequest *request, const struct job *job, Slice output, Arena *arena,
               ProbeReport *ret_report, Fault *reterr_fault) must_check;

/* Runs it and says what it found on `out_fd`. VERIFY_E_CANCELLED. */
int probe_run(const VerifyRequest *request, const struct job *job, int out_fd) must_check;
