/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What a process costs, part by part of a long load, and whether that stays as it was. */

#include <sys/types.h>

#include "tests/lib/figures.h"

typedef struct SoakPart {
        uint64_t kib, wal_kib, p50_us, p99_us;
        uint64_t seq; /* of the newest entry */
        size_t n_fds;
} SoakPart;

/* `wal` and `latencies` may be NULL. */
void soak_look(pid_t pid, const char *wal, Figures *latencies, SoakPart *ret_part);
/* NULL: flat. Otherwise what is not: "memory", "descriptors", "log", "latency". The first part may
 * be dearer or cheaper than the others. */
const char *soak_judge(const SoakPart *parts, size_t n_parts, uint64_t part_ms);
/* More strictly: a slope of at most 1 MiB an hour, no descriptor more, and the 99th percentile, by
 * halves, within a fifth. */
const char *soak_judge_steady(const SoakPart *parts, size_t n_parts, uint64_t part_ms);
/* By the slope through all parts but the first. */
int64_t soak_kib_an_hour(const SoakPart *parts, size_t n_parts, uint64_t part_ms);
