/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The figures of a running broker as Prometheus text; rows in metrics.def. */

#include "broker/core.h"
#include "broker/notify.h"
#include "client/project.h"

enum { COMMIT_BOUNDS = 12 };

/* How long commits took; the last place is for what is above every bound. */
typedef struct CommitTimes {
        uint64_t counts[COMMIT_BOUNDS + 1];
        uint64_t n, sum_ns;
} CommitTimes;

void commit_times_add(CommitTimes *times, uint64_t took_ns);

typedef struct MetricsSource {
        const Project *project;
        const Core *core;
        const Notify *notify; /* may be NULL */
        const CommitTimes *commits;
        uint64_t checkpoint_seq, started_ms, now_ms, wall_ms, n_silent, n_failed;
} MetricsSource;

void metrics_print(const MetricsSource *source, Buf *text);
/* For docs/operations.md. */
void metrics_print_docs(Buf *text);
