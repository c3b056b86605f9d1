/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Libraries that are loaded when they are first needed. To load libcurl and the forty that it needs
 * takes longer than most verbs do, and hardly a verb needs it. What is used of such a library are
 * the rows of a .def file, LATE(function); its homes call late_<function>. Home of dlopen.
 *
 * How to use one more function: a row in the library's .def.
 */

#include "base/defs.h"

/* What a row becomes: where its address is kept, that this is kept elsewhere, how it is found. */
#define LATE_DEFINE(function)  __typeof__(function) *late_##function;
#define LATE_DECLARE(function) extern LATE_DEFINE(function)
#define LATE_ROW(function)     {#function, &late_##function},

typedef struct LateRow {
        const char *name;
        void *place; /* of a pointer to the function */
} LateRow;

/* Finds all of them, once in a process. NULL; or why that cannot be, in the dynamic linker's
 * words. */
const char *late_load(const char *library, const LateRow *rows, size_t n_rows);
