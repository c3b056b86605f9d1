/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Real processes for tests: started with their output captured, waited for with deadlines, dead
 * when the test is dead. Each function ends the test with the process's output when it does not
 * get what it waits for.
 */

#include <sys/types.h>

#include "base/buf.h"

enum { BENCH_ARGS_MAX = 48 };

typedef struct Process Process;

typedef struct ProcessSpec {
        const char *argv[BENCH_ARGS_MAX]; /* argv[0] is looked up in PATH if it has no slash */
        const char *cwd;                  /* NULL: the test's */
        const char *const *env;           /* "NAME=value" beside the test's own; NULL-terminated */
} ProcessSpec;

/* The path of a built program, from its variable: COLDGATE_BROKER, COLDGATE_BUILDER,
 * COLDGATE_ADVERSARY, COLDGATE_RUNNER. */
const char *bench_program(const char *variable);

Process *process_start(const ProcessSpec *spec) must_check;
/* Kills it if it still runs. */
Process *process_free(Process *process);
DEFINE_FREEP(Process, process_free, process_freep)

pid_t process_get_pid(const Process *process);
/* What it has written so far on each stream, NUL-terminated. Borrowed until the next wait. */
const char *process_get_out(Process *process);
const char *process_get_err(Process *process);

/* Waits until either stream contains `part`, from the place where the last wait for text ended. */
void process_wait_text(Process *process, const char *part, uint64_t limit_ms);
/* Waits for its end: its exit status, or 128 + the signal that ended it. */
int process_wait(Process *process, uint64_t limit_ms);
bool process_is_running(Process *process);
void process_signal(Process *process, int number);
/* SIGKILL, and waits until it is gone. */
void process_kill(Process *process);

/* Runs to its end; the streams are added to the buffers (NULL: dropped). Its status as above. */
int bench_run(const ProcessSpec *spec, uint64_t limit_ms, Buf *out, Buf *err);
/* The same, and ends the test unless the status is `expected`. */
void bench_run_expect(const ProcessSpec *spec, uint64_t limit_ms, int expected, Buf *out);

/* `git …` in a directory, with a fixed author, no configuration of the machine, fixed dates;
 * prints into `out` (may be NULL). Ends the test if git fails. */
#define bench_git(cwd, out, ...) bench_git_argv((cwd), (out), (const char *[]){__VA_ARGS__, NULL})
void bench_git_argv(const char *cwd, Buf *out, const char *const *arguments);
/* Writes a file below `dir`, with its directories. */
void bench_write(const char *dir, const char *path, const char *text, mode_t mode);
