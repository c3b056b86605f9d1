/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Lines into a struct, as the rows say. */

#include "client/settings.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/utf8.h"

/* Where the parser is, for faults. */
typedef struct Place {
        const char *file;
        size_t line; /* 0: the default of a row */
} Place;

static bool is_space(uint8_t c) {
        return c == ' ' || c == '\t' || c == '\r';
}

static Slice trim(Slice text) {
        while (text.n && is_space(text.data[0]))
                text = slice_from(text, 1);
        while (text.n && is_space(text.data[text.n - 1]))
                text.n--;
        return text;
}

static int refuse(const Place *place, Fault *fault) {
        if (place->line)
                fault_place(fault, "%s:%zu", place->file, place->line);
        else
                fault_place(fault, "%s", place->file);
        return SETTINGS_E_REFUSED;
}

static const SettingRow *find_row(const SettingRow *rows, size_t n_rows, Slice name) {
        for (size_t i = 0; i < n_rows; i++)
                if (slice_is(name, rows[i].name))
                        return &rows[i];
        return NULL;
}

static int refuse_name(const SettingRow *rows, size_t n_rows, Slice name, const Place *place,
                       Fault *fault) {
        const char *names[SETTINGS_MAX];
        const char *nearest;

        for (size_t i = 0; i < n_rows; i++)
                names[i] = rows[i].name;
        nearest = nearest_word(name, names, n_rows);
        fault_set(fault, "config-line", "there is no setting `%.*s`", SLICE_ARGS(name));
        if (nearest)
                fault_next(fault, "did you mean `%s`?", nearest);
        return refuse(place, fault);
}

/* Digits only, below 2^53 so that JSON can carry it. */
static bool parse_number(Slice value, uint64_t *ret_number) {
        uint64_t number = 0;

        if (value.n == 0 || value.n > 15)
                return false;
        for (size_t i = 0; i < value.n; i++) {
                if (value.data[i] < '0' || value.data[i] > '9')
                        return false;
                number = number * 10 + (uint64_t)(value.data[i] - '0');
        }
        *ret_number = number;
        return true;
}

static int set_number(const SettingRow *row, Slice value, const Place *place, void *target,
                      Fault *fault) {
        uint64_t number = 0;
        bool is_duration = row->kind == SETTING_DURATION;
        bool is_good =
                is_duration ? duration_parse(value, &number) == 0 : parse_number(value, &number);

        if (!is_good || number < row->least || number > row->most) {
                fault_set(fault, "config-value", "%s = %.*s: wanted %s from %llu to %llu%s",
                          row->name, SLICE_ARGS(value), is_duration ? "a duration" : "a number",
                          (unsigned long long)row->least, (unsigned long long)row->most,
                          is_duration ? " ms, with its unit (30s, 5m)" : "");
                return refuse(place, fault);
        }
        *(uint64_t *)((char *)target + row->offset) = number;
        return 0;
}

static int set_text(const SettingRow *row, Slice value, const Place *place, void *target,
                    Fault *fault) {
        char **text = (char **)((char *)target + row->offset);

        if (value.n < row->least || value.n > row->most || !utf8_is_valid(value) ||
            memchr(value.data ? value.data : (const uint8_t *)"", 0, value.n)) {
                fault_set(fault, "config-value", "%s: wanted a text of %llu to %llu bytes",
                          row->name, (unsigned long long)row->least, (unsigned long long)row->most);
                return refuse(place, fault);
        }
        free(*text);
        *text = mem_strndup(value.n ? (const char *)value.data : "", value.n);
        return 0;
}

static int set_value(const SettingRow *row, Slice value, const Place *place, void *target,
                     Fault *fault) {
        return row->kind == SETTING_TEXT ? set_text(row, value, place, target, fault)
                                         : set_number(row, value, place, target, fault);
}

static int set_fallbacks(const SettingRow *rows, size_t n_rows, const bool *is_given,
                         const Place *place, void *target, Fault *fault) {
        for (size_t i = 0; i < n_rows; i++) {
                int r;

                if (is_given[i])
                        continue;
                if (!rows[i].fallback) {
                        fault_set(fault, "config-value", "%s is missing", rows[i].name);
                        return refuse(place, fault);
                }
                r = set_value(&rows[i], slice_text(rows[i].fallback), place, target, fault);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int parse_line(Slice line, const SettingRow *rows, size_t n_rows, bool *is_given,
                      const Place *place, void *target, Fault *fault) {
        size_t equals = slice_find(line, slice_text("="));
        Slice name = trim(slice_head(line, equals));
        const SettingRow *row;

        if (equals == line.n) {
                fault_set(fault, "config-line", "a line is `name = value`");
                return refuse(place, fault);
        }
        row = find_row(rows, n_rows, name);
        if (!row)
                return refuse_name(rows, n_rows, name, place, fault);
        if (is_given[row - rows]) {
                fault_set(fault, "config-line", "%s is given twice", row->name);
                return refuse(place, fault);
        }
        is_given[row - rows] = true;
        return set_value(row, trim(slice_from(line, equals + 1)), place, target, fault);
}

static int parse_lines(Slice text, Place place, const SettingRow *rows, size_t n_rows, void *target,
                       Fault *reterr_fault) {
        bool is_given[SETTINGS_MAX] = {false};
        const Place head = place;

        assert(n_rows <= SETTINGS_MAX);
        while (text.n) {
                size_t end = slice_find(text, slice_text("\n"));
                Slice line = trim(slice_head(text, end));
                int r;

                text = slice_from(text, end + 1);
                place.line++;
                if (line.n == 0 || line.data[0] == '#')
                        continue;
                r = parse_line(line, rows, n_rows, is_given, &place, target, reterr_fault);
                if (r != 0)
                        return r;
        }
        return set_fallbacks(rows, n_rows, is_given, &head, target, reterr_fault);
}

int settings_parse(Slice text, const char *file, const SettingRow *rows, size_t n_rows,
                   void *target, Fault *reterr_fault) {
        return parse_lines(text, (Place){.file = file}, rows, n_rows, target, reterr_fault);
}

/* ---- sections ---- */

static Slice take_line(Slice *rest, size_t *line) {
        size_t end = slice_find(*rest, slice_text("\n"));
        Slice taken = trim(slice_head(*rest, end));

        *rest = slice_from(*rest, end + 1);
        ++*line;
        return taken;
}

static bool is_heading(Slice line) {
        return line.n > 2 && line.data[0] == '[' && line.data[line.n - 1] == ']';
}

static void skip_body(Slice *rest, size_t *line) {
        Slice after = *rest;
        size_t after_line = *line;

        while (after.n && !is_heading(take_line(&after, &after_line))) {
                *rest = after;
                *line = after_line;
        }
}

int settings_next_section(Slice *rest, size_t *line, const char *file, SettingSection *ret_section,
                          Fault *reterr_fault) {
        *ret_section = (SettingSection){.line = 0};
        while (rest->n) {
                Slice heading = take_line(rest, line);

                if (heading.n == 0 || heading.data[0] == '#')
                        continue;
                if (!is_heading(heading)) {
                        fault_set(reterr_fault, "config-line", "before any `[name]`");
                        return refuse(&(Place){.file = file, .line = *line}, reterr_fault);
                }
                ret_section->name = trim(slice_make(heading.data + 1, heading.n - 2));
                ret_section->line = *line;
                ret_section->text = *rest;
                skip_body(rest, line);
                ret_section->text.n -= rest->n;
                return 0;
        }
        return 0;
}

int settings_parse_section(const SettingSection *section, const char *file, const SettingRow *rows,
                           size_t n_rows, void *target, Fault *reterr_fault) {
        return parse_lines(section->text, (Place){.file = file, .line = section->line}, rows,
                           n_rows, target, reterr_fault);
}

void settings_print_docs(const SettingRow *rows, size_t n_rows, Buf *text) {
        buf_text(text, "| setting | default | meaning |\n| --- | --- | --- |\n");
        for (size_t i = 0; i < n_rows; i++) {
                buf_printf(text, "| `%s` | ", rows[i].name);
                if (rows[i].fallback)
                        buf_printf(text, "`%s`", rows[i].fallback);
                else
                        buf_text(text, "must be given");
                buf_printf(text, " | %s |\n", rows[i].sentence);
        }
}
