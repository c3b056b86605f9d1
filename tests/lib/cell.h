/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A sandbox to be tried: a small tree, probes in it, a scratch directory for each run, and the
 * user as whom it is made. What must stand on the host is made before cell_init, which goes on in
 * a child process as that user, while the parent stays to clean up.
 */

#include "sandbox/sandbox.h"

/* Defined by the test program: drop root before the first sandbox. */
extern const bool cell_is_unprivileged;

typedef struct Cell {
        const char *dir;
        char *tree, *runner;
        SandboxSpec spec;       /* complete but for argv and scratch */
        SandboxOutcome outcome; /* of the last run */
        unsigned n_runs;
        char scratch[128]; /* of the last run */
} Cell;

/* Before cell_init: a path on the host that is removed when the test is over. */
void cell_clean_up(const char *path);
void cell_init(Cell *ret_cell);
void cell_deinit(Cell *cell);

/* Starts and waits. */
#define cell_run(cell, ...) cell_run_argv((cell), (const char *[]){__VA_ARGS__, NULL})
void cell_run_argv(Cell *cell, const char *const *argv);
/* A script for sh. */
void cell_run_script(Cell *cell, const char *script);
/* Only starts. */
#define cell_start(cell, ...) cell_start_argv((cell), (const char *[]){__VA_ARGS__, NULL})
Sandbox *cell_start_argv(Cell *cell, const char *const *argv) must_check;
/* Waits for the end of what was started. */
void cell_wait(Cell *cell, Sandbox *sandbox);

/* What the last run has written. */
const char *cell_get_out(const Cell *cell);
void cell_expect_end(const Cell *cell, SandboxEnd end);
/* It has run to its end, with this status. */
void cell_expect_exit(const Cell *cell, int status);
/* Runs a probe (`argument` may be NULL) that must have been prevented. */
void cell_expect_prevented(Cell *cell, const char *probe, const char *argument);
/* The n-th list of paths has exactly this one, or does not. */
bool cell_has(char **paths, size_t n, const char *path);

/* How many processes of the host have `mark` among their arguments. */
size_t cell_count_processes(const char *mark);

#define cleanup_cell cleanup(cell_deinit)
