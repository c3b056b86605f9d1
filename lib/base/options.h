/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Command lines from rows. A program is a table of verbs; a verb is a row with its arguments,
 * options, sentence and function. Help, errors with "did you mean" and docs/cli.md come from the
 * rows.
 */

#include "base/fault.h"

/* What a program's exit status says, everywhere (docs/cli.md). */
enum {
        EXIT_HOLDS = 0,
        EXIT_HOLDS_NOT = 1,
        EXIT_USAGE = 2,
        EXIT_NOT_CARRIED_OUT = 3,
        EXIT_NOT_AUTHORISED = 4,
        EXIT_NOTHING_SELECTED = 5,
        EXIT_STALE = 6,
        EXIT_PENDING = 8,
};

enum { OPTIONS_MAX = 24, ARGUMENTS_MAX = 64 };

typedef struct OptionRow {
        const char *name;  /* without dashes */
        const char *value; /* what its value is called in help; NULL: a flag */
        const char *help;
        const char *with; /* the option without which it does nothing, and is refused; NULL: none */
} OptionRow;

typedef struct Args Args;

typedef struct Verb {
        const char *name;      /* one word, or two ("plan lint") */
        const char *arguments; /* for help: "GATE…"; "" if none */
        unsigned n_least, n_most;
        const char *help;             /* one sentence */
        int (*run)(const Args *args); /* returns an exit status */
        const OptionRow *options;     /* beside the common ones; ends with a NULL name */
} Verb;

typedef struct Program {
        const char *name;
        const char *help; /* one sentence */
        const Verb *verbs;
        size_t n_verbs;
} Program;

/* Parsed; everything borrowed from argv. */
struct Args {
        const Program *program;
        const Verb *verb;
        const char *rest[ARGUMENTS_MAX];
        size_t n_rest;
        size_t n_plain; /* of them before `--` */
        struct {
                const OptionRow *row;
                const char *value; /* "" for a flag */
        } options[OPTIONS_MAX];
        size_t n_options;
};

/* Options that every verb takes: --dir, --json, --help, --no-color. */
extern const OptionRow options_common[];

/* Parses, runs the verb, returns the exit status, which is 3 if standard output could not be
 * written. --help and --version are answered here. */
int options_run(const Program *program, int argc, char **argv);

/* Value of an option (the last one given), or NULL when it was not given. The name must stand in
 * the verb's rows or the common ones. */
const char *args_get(const Args *args, const char *name);
bool args_has(const Args *args, const char *name);
/* The i-th value of an option that may be given several times; NULL behind the last. */
const char *args_get_nth(const Args *args, const char *name, size_t i);

enum { _ARGS_E_SUCCESS, ARGS_E_REFUSED };
/* Typed values; `fallback` when not given. ARGS_E_REFUSED with rule option-value. */
int args_get_duration(const Args *args, const char *name, uint64_t fallback_ms, uint64_t *ret_ms,
                      Fault *reterr_fault) must_check;
int args_get_number(const Args *args, const char *name, uint64_t fallback, uint64_t least,
                    uint64_t most, uint64_t *ret_number, Fault *reterr_fault) must_check;

/* At the edge of a program: prints the fault on standard error (as JSON on standard output too,
 * under --json) and returns `status`. */
int args_refuse(const Args *args, const Fault *fault, int status);

/* The whole command line of a program as Markdown, for docs/cli.md; the options of every verb. */
void options_print_docs(const Program *program, Buf *text);
void options_print_docs_common(Buf *text);
/* As a man page of section 1; as completion for bash, of all these programs. */
void options_print_man(const Program *program, Buf *text);
void options_print_completion(const Program *const *programs, size_t n_programs, Buf *text);
