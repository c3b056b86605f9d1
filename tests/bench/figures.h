/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The rows of ./bench (rows.def) and how they are measured: rounds in which both sides are taken in
 * turn, their medians, and a calibration of disk and processor just before and after, so that a run
 * on a busy machine is told from one that counts. Printed as lines of JSON behind "# bench ", which
 * tools/bench-table reads.
 */

#include "base/defs.h"

typedef enum FigureRow {
#define ROW(ID, group, what, unit, baseline, AIM, limit) ROW_##ID,
#include "tests/bench/rows.def"
        _ROW_MAX
} FigureRow;

/* From here on the machine is used for the figures; a test may take `limit_s`. */
void figures_begin(unsigned limit_s);
/* Calibrates again and prints the rows that were added to. */
void figures_end(void);

/* One round of a row. */
void figures_add(FigureRow row, double ours, double baseline);
/* A row that cannot be measured here. */
void figures_skip(FigureRow row, const char *why);
/* What is to be said beside the figures of the row. */
void figures_note(FigureRow row, const char *format, ...) printf_like(2, 3);

/* ./bench --quick: fewer rounds, smaller sizes. */
bool figures_is_quick(void);
/* `whole`, or with --quick `quick`. */
unsigned figures_size(unsigned whole, unsigned quick);

/* ---- the machine ---- */

/* Ed25519 verifications a second, of so many processes at once, over some tenths of a second. */
double figures_verify_rate(unsigned n_processes);
/* Flush requests that the device of the directory has had; SIZE_MAX: not known. */
uint64_t figures_flushes(const char *dir);
/* Memory of a process, in MiB. */
double figures_resident(int pid);
/* Processor time that it has used, in s. */
double figures_cpu_s(int pid);

/* ---- samples ---- */

typedef struct Samples {
        double *values;
        size_t n, n_allocated;
} Samples;

void samples_add(Samples *samples, double value);
/* Of 0.5, 0.99; sorts. 0 when there are none. */
double samples_quantile(Samples *samples, double quantile);
void samples_deinit(Samples *samples);
#define cleanup_samples cleanup(samples_deinit)
