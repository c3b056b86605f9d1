/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Settings from rows: `name = value`, one a line; `#` begins a comment line. Default, limits and
 * sentence are in the row. Add a setting: a row in the table of its file (project.c).
 */

#include "base/fault.h"
#include "base/slice.h"

enum { SETTINGS_MAX = 32, SETTINGS_BYTES_MAX = 65536 };

typedef enum SettingKind {
        SETTING_TEXT,     /* char *, on the heap; limits are of its length */
        SETTING_DURATION, /* uint64_t in milliseconds */
        SETTING_NUMBER,   /* uint64_t */
} SettingKind;

typedef struct SettingRow {
        const char *name;
        SettingKind kind;
        size_t offset; /* in the target */
        uint64_t least, most;
        const char *fallback; /* as it would be written; NULL: must be given */
        const char *sentence;
} SettingRow;

enum { _SETTINGS_E_SUCCESS, SETTINGS_E_REFUSED };

/* Fills every row's place in `target`. SETTINGS_E_REFUSED with rule config-line (unknown, double,
 * no `=`; at file:line) or config-value (limits; missing). What was allocated stays in `target`,
 * for its deinit. */
int settings_parse(Slice text, const char *file, const SettingRow *rows, size_t n_rows,
                   void *target, Fault *reterr_fault) must_check;

/* A part of a file that has `[name]` lines: the lines behind one. */
typedef struct SettingSection {
        Slice name, text;
        size_t line; /* of its `[name]` */
} SettingSection;

/* Takes the next section off `rest`, of which `line` lines of the file are gone (both begin with
 * the file's). SETTINGS_E_REFUSED with rule config-line: no `[name]`. `ret_section->name` is empty
 * when there is none left. */
int settings_next_section(Slice *rest, size_t *line, const char *file, SettingSection *ret_section,
                          Fault *reterr_fault) must_check;
/* As settings_parse; faults name the file's line. */
int settings_parse_section(const SettingSection *section, const char *file, const SettingRow *rows,
                           size_t n_rows, void *target, Fault *reterr_fault) must_check;

/* A Markdown table for docs/settings.md. */
void settings_print_docs(const SettingRow *rows, size_t n_rows, Buf *text);
