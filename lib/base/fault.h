/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A refusal that a person or a peer must understand: which rule, where, what was found there, and
 * what to type next. It travels beside the int result (`Fault *reterr_fault`, written only on
 * failure) to the edge, where it is printed or sent.
 */

#include <stdarg.h>

#include "base/defs.h"
#include "base/buf.h"

typedef struct Fault {
        const char *rule; /* a static word, e.g. "claim-dirty-tree"; NULL: no fault */
        char place[512];  /* file:line:column, field or entry; may be empty */
        char found[1024]; /* what was found, as a sentence without a final stop */
        char next[512];   /* the next command or edit; may be empty */
} Fault;

#define FAULT_INIT ((Fault){.rule = NULL})

/* Each setter cuts what does not fit, between characters, so that it ends in "…"; `rule` must be
 * static. `fault_set` also clears the rest. */
void fault_set(Fault *fault, const char *rule, const char *format, ...) printf_like(3, 4);
void fault_place(Fault *fault, const char *format, ...) printf_like(2, 3);
void fault_next(Fault *fault, const char *format, ...) printf_like(2, 3);
void fault_vset(Fault *fault, const char *rule, const char *format, va_list args) printf_like(3, 0);
void fault_vnext(Fault *fault, const char *format, va_list args) printf_like(2, 0);

bool fault_is(const Fault *fault, const char *rule);

/* For people:
 *   claim-dirty-tree: 2 files differ from the commit
 *     at: src/a.c
 *     next: git commit, then claim again
 */
void fault_describe(const Fault *fault, Buf *text);
