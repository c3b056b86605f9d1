/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Numbers are compared as they stand, without sign, zeros in front, or zeros behind the point. A
 * word that has letters in it is none: durations, dates and commits differ from run to run. */

#include "broker/compare.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/buf.h"

enum {
        STREAM_END_BYTES = 4096, /* of each end of a stream, whose numbers count */
        NUMBERS_MAX = 16384,     /* of a check */
        NUMBERS_SHOWN = 10,
        VALUE_SHOWN = 200,
};

/* A check's evidence, and the numbers in it. */
typedef struct Measured {
        const struct check_evidence *evidence;
        Slice statuses;
        Slice *numbers; /* sorted */
        size_t n;
        Slice shown[NUMBERS_SHOWN]; /* the first of them */
        size_t n_shown;
} Measured;

/* The differences so far. */
typedef struct Comparison {
        Arena *arena;
        Slice *lines;
        size_t n;
} Comparison;

/* ---- words and numbers ---- */

static bool is_word_byte(uint8_t byte) {
        return isalnum(byte) || byte == '.' || byte == '_' || byte == ':' || byte == '+' ||
               byte == '-' || byte >= 0x80;
}

/* The next word behind `*at`; false at the end. */
static bool next_word(Slice text, size_t *at, Slice *ret_word) {
        size_t begin;

        while (*at < text.n && !is_word_byte(text.data[*at]))
                (*at)++;
        begin = *at;
        while (*at < text.n && is_word_byte(text.data[*at]))
                (*at)++;
        *ret_word = slice_head(slice_from(text, begin), *at - begin);
        return ret_word->n > 0;
}

/* Digits, perhaps a point and digits; signs before and points behind are no part of it. */
static bool is_number(Slice word, Slice *ret_number) {
        size_t n_points = 0;

        while (word.n && (word.data[0] == '-' || word.data[0] == '+' || word.data[0] == ':'))
                word = slice_from(word, 1);
        while (word.n && (word.data[word.n - 1] == '.' || word.data[word.n - 1] == ':'))
                word.n--;
        if (word.n == 0 || !isdigit(word.data[0]))
                return false;
        for (size_t i = 0; i < word.n; i++) {
                n_points += word.data[i] == '.';
                if (!isdigit(word.data[i]) && word.data[i] != '.')
                        return false;
        }
        if (n_points > 1)
                return false;
        while (word.n > 1 && word.data[0] == '0' && word.data[1] != '.')
                word = slice_from(word, 1);
        while (n_points && (word.data[word.n - 1] == '0' || word.data[word.n - 1] == '.'))
                n_points -= word.data[--word.n] == '.';
        *ret_number = word;
        return true;
}

static bool next_number(Slice text, size_t *at, Slice *ret_number) {
        Slice word;

        while (next_word(text, at, &word))
                if (is_number(word, ret_number))
                        return true;
        return false;
}

/* ---- what was measured ---- */

static int compare_slices(const void *a, const void *b) {
        return slice_compare(*(const Slice *)a, *(const Slice *)b);
}

/* A short stream is all in its head. */
static Slice end_of(const struct stream *stream, bool is_last) {
        Slice end = stream->tail.n ? stream->tail : stream->head;

        if (!is_last)
                return slice_head(stream->head, STREAM_END_BYTES);
        if (stream->tail.n == 0 && stream->head.n <= STREAM_END_BYTES)
                return SLICE_NULL;
        return slice_from(end, end.n - size_min(end.n, STREAM_END_BYTES));
}

/* All texts in which a measured number may stand, one after the other; false behind the last. Of a
 * stream both ends: what is far from them is nobody's result. */
static bool next_text(const Measured *measured, size_t *at, Slice *ret_text) {
        const struct check_evidence *evidence = measured->evidence;
        size_t i = (*at)++;

        if (i < evidence->n_assertions) {
                *ret_text = evidence->assertions[i].actual;
                return true;
        }
        i -= evidence->n_assertions;
        if (i < 2 * evidence->n_streams) {
                *ret_text = end_of(&evidence->streams[i / 2], i % 2 == 1);
                return true;
        }
        *ret_text = measured->statuses;
        return i == 2 * evidence->n_streams;
}

static void show_once(Measured *measured, Slice number) {
        for (size_t i = 0; i < measured->n_shown; i++)
                if (slice_equal(measured->shown[i], number))
                        return;
        measured->shown[measured->n_shown++] = number;
}

static void collect(Measured *measured, Arena *arena) {
        const struct check_evidence *evidence = measured->evidence;
        size_t at = 0;
        Slice text;

        measured->statuses = slice_text(arena_printf(arena, "%llu %llu",
                                                     (unsigned long long)evidence->exit_status,
                                                     (unsigned long long)evidence->status));
        measured->numbers = arena_alloc_array(arena, NUMBERS_MAX, sizeof(Slice));
        while (next_text(measured, &at, &text)) {
                size_t place = 0;
                Slice number;

                while (measured->n < NUMBERS_MAX && next_number(text, &place, &number))
                        measured->numbers[measured->n++] = number;
        }
        for (size_t i = 0; i < measured->n && measured->n_shown < NUMBERS_SHOWN; i++)
                show_once(measured, measured->numbers[i]);
        qsort(measured->numbers, measured->n, sizeof(Slice), compare_slices);
}

static bool was_measured(const Measured *measured, Slice number) {
        return measured->n && bsearch(&number, measured->numbers, measured->n, sizeof(Slice),
                                      compare_slices) != NULL;
}

/* Numbers of the assertions first: they are what the plan looks at. */
static void show_measured(const Measured *measured, Buf *text) {
        for (size_t i = 0; i < measured->n_shown; i++)
                buf_printf(text, "%s%.*s", i ? ", " : "",
                           SLICE_ARGS(slice_head(measured->shown[i], VALUE_SHOWN)));
        if (measured->n_shown == 0)
                buf_text(text, "no number");
}

/* ---- differences ---- */

/* Never half a character: what is written must be text. */
static Slice cut(Slice text, size_t n_max) {
        Slice head = slice_head(text, n_max);

        while (head.n < text.n && head.n && (text.data[head.n] & 0xc0) == 0x80)
                head.n--;
        return head;
}

static void add(Comparison *comparison, const Buf *text) {
        if (comparison->n < COMPARE_LINES_MAX)
                comparison->lines[comparison->n++] =
                        arena_slice(comparison->arena, cut(buf_get(text), COMPARE_LINE_BYTES_MAX));
}

static void compare_numbers(Comparison *comparison, const Measured *measured, Slice claimed) {
        size_t at = 0;
        Slice number;

        while (next_number(claimed, &at, &number)) {
                cleanup_buf Buf text = BUF_TEXT;

                if (was_measured(measured, number))
                        continue;
                buf_printf(&text, "%.*s: claimed %.*s; measured ",
                           SLICE_ARGS(measured->evidence->check),
                           SLICE_ARGS(slice_head(number, VALUE_SHOWN)));
                show_measured(measured, &text);
                add(comparison, &text);
        }
}

static bool is_mark(uint8_t byte) {
        return byte == '|' || byte == '`' || byte == '*' || byte == ' ' || byte == '\t' ||
               byte == '\r';
}

static Slice trim(Slice text) {
        while (text.n && is_mark(text.data[0]))
                text = slice_from(text, 1);
        while (text.n && is_mark(text.data[text.n - 1]))
                text.n--;
        return text;
}

/* What is between the quotes that a JSON text is shown in; nothing in there is escaped. */
static Slice without_quotes(Slice text) {
        if (text.n < 2 || text.data[0] != '"' || text.data[text.n - 1] != '"')
                return text;
        return trim(slice_head(slice_from(text, 1), text.n - 2));
}

/* A text may be claimed with its quotes and without. */
static bool is_same_value(Slice claimed, Slice actual) {
        Slice left, right;

        if (slice_equal(claimed, trim(actual)) ||
            slice_equal(claimed, without_quotes(trim(actual))))
                return true;
        return is_number(claimed, &left) && is_number(trim(actual), &right) &&
               slice_equal(left, right);
}

/* `where` empty: any assertion of the check. */
static bool is_of(const struct assertion *assertion, Slice where) {
        return slice_equal(slice_head(assertion->where, where.n), where);
}

/* False: the check has no such assertion. */
static bool compare_value(Comparison *comparison, const struct check_evidence *evidence,
                          Slice where, Slice value) {
        const struct assertion *found = NULL;
        cleanup_buf Buf text = BUF_TEXT;

        for (size_t i = 0; i < evidence->n_assertions; i++) {
                const struct assertion *assertion = &evidence->assertions[i];

                if (!is_of(assertion, where))
                        continue;
                if (is_same_value(value, assertion->actual))
                        return true;
                if (!found)
                        found = assertion;
        }
        if (!found)
                return false;
        buf_printf(&text, "%.*s %.*s: claimed %.*s; measured %.*s", SLICE_ARGS(evidence->check),
                   SLICE_ARGS(found->where), SLICE_ARGS(cut(value, VALUE_SHOWN)),
                   SLICE_ARGS(cut(found->actual, VALUE_SHOWN)));
        add(comparison, &text);
        return true;
}

/* ---- lines ---- */

/* Marks of lists, quotes, tables and tasks. */
static Slice skip_marks(Slice line) {
        static const char marks[] = "-*+|>`#[]xX \t";
        Slice rest = line;

        while (rest.n && memchr(marks, rest.data[0], sizeof marks - 1)) {
                bool is_letter = rest.data[0] == 'x' || rest.data[0] == 'X';

                if (is_letter && (rest.n < 2 || rest.data[1] != ']'))
                        break;
                rest = slice_from(rest, 1);
        }
        return rest;
}

/* What stands behind the id; false if the line does not begin with it. */
static bool take_id(Slice line, Slice id, Slice *ret_rest) {
        if (id.n == 0 || line.n < id.n || !slice_equal(slice_head(line, id.n), id))
                return false;
        *ret_rest = slice_from(line, id.n);
        if (ret_rest->n == 0)
                return true;
        return !isalnum(ret_rest->data[0]) && ret_rest->data[0] != '_' &&
               ret_rest->data[0] != '[' &&
               !(ret_rest->data[0] == '-' && ret_rest->n > 1 && isalnum(ret_rest->data[1])) &&
               !(ret_rest->data[0] == '.' && ret_rest->n > 1 && isalnum(ret_rest->data[1]));
}

static void compare_line(Comparison *comparison, const Measured *measured, Slice rest) {
        size_t equals = slice_find(rest, slice_text("="));
        Slice where = trim(slice_head(rest, equals));

        if (equals < rest.n && compare_value(comparison, measured->evidence, where,
                                             trim(slice_from(rest, equals + 1))))
                return;
        compare_numbers(comparison, measured, rest);
}

static bool next_line(Slice text, size_t *at, Slice *ret_line) {
        Slice rest = slice_from(text, *at);

        if (rest.n == 0)
                return false;
        *ret_line = slice_head(rest, slice_find(rest, slice_text("\n")));
        *at += ret_line->n + 1;
        *ret_line = skip_marks(*ret_line);
        return true;
}

bool compare_names_check(Slice claimed, Slice check) {
        size_t at = 0;
        Slice line, rest;

        while (at < claimed.n && next_line(claimed, &at, &line))
                if (take_id(line, check, &rest))
                        return true;
        return false;
}

void compare_evidence(Slice claimed, const struct check_evidence *measured, size_t n_measured,
                      Arena *arena, Slice **ret_lines, size_t *ret_n) {
        Measured *all = arena_alloc_array(arena, n_measured, sizeof *all);
        Comparison comparison = {
                .arena = arena,
                .lines = arena_alloc_array(arena, COMPARE_LINES_MAX, sizeof(Slice)),
        };
        size_t at = 0;
        Slice line, rest;

        for (size_t i = 0; i < n_measured; i++) {
                all[i] = (Measured){.evidence = &measured[i]};
                collect(&all[i], arena);
        }
        while (comparison.n < COMPARE_LINES_MAX && at < claimed.n && next_line(claimed, &at, &line))
                for (size_t i = 0; i < n_measured; i++)
                        if (take_id(line, measured[i].check, &rest))
                                compare_line(&comparison, &all[i], rest);
        *ret_lines = comparison.lines;
        *ret_n = comparison.n;
}
