/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Numbers that were measured: their percentiles, exact. And what a process uses. */

#include <sys/types.h>

#include "base/defs.h"

typedef struct Figures {
        uint64_t *values;
        size_t n;
} Figures;

void figures_deinit(Figures *figures);
#define cleanup_figures cleanup(figures_deinit)

void figures_add(Figures *figures, uint64_t value);
/* 0 where there is none. Sorts. */
uint64_t figures_percentile(Figures *figures, unsigned percent);
/* "# NAME | n, p50, p99, most UNIT" */
void figures_print(Figures *figures, const char *name, const char *unit);

/* Of a process, from /proc. */
uint64_t process_resident_kib(pid_t pid);
size_t process_count_fds(pid_t pid);
uint64_t process_cpu_ms(pid_t pid);
