/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One value of the command line into one field. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/nearest.h"
#include "proto/label.h"
#include "verbs/say.h"

enum { WORDS_MAX = 32 };

/* What a person calls it: "--why" or "the argument". */
static const char *place_of(const SayField *row) {
        return row->option ? row->option : row->field;
}

static int refuse_value(const SayField *row, Fault *fault, const char *value, const char *wanted) {
        fault_set(fault, row->option ? "option-value" : "argument-value", "%s%s %s is not %s",
                  row->option ? "--" : "", place_of(row), value, wanted);
        return SAY_E_REFUSED;
}

static int read_body(Say *say, const FieldSpec *field, const char *path, Slice *ret_text,
                     Fault *fault) {
        cleanup_buf Buf bytes = BUF_INIT(field->most);
        bool is_stdin = strcmp(path, "-") == 0;
        int r = is_stdin ? fd_read_all(STDIN_FILENO, &bytes) : file_read(path, &bytes);

        if (r == 0 && bytes.is_full)
                r = FILE_E_TOO_LARGE;
        if (r == FILE_E_TOO_LARGE)
                fault_set(fault, "file-unreadable", "it is larger than %llu bytes",
                          (unsigned long long)field->most);
        else if (r != 0)
                fault_set(fault, "file-unreadable", "%s", strerror(r < 0 ? -r : ENOENT));
        if (r != 0) {
                fault_place(fault, "%s", is_stdin ? "standard input" : path);
                return SAY_E_REFUSED;
        }
        *ret_text = arena_slice(&say->arena, buf_get(&bytes));
        return 0;
}

static int read_word(const SayField *row, const FieldSpec *field, const char *value, int *ret_word,
                     Fault *fault) {
        const char *names[WORDS_MAX];
        size_t n = size_min(field->words->n_rows, WORDS_MAX);

        *ret_word = word_find(field->words, slice_text(value));
        if (*ret_word >= 0)
                return 0;
        for (size_t i = 0; i < n; i++)
                names[i] = field->words->rows[i].word;
        (void)refuse_value(row, fault, value, "one of its words");
        nearest_suggest(slice_text(value), names, n, fault);
        return SAY_E_REFUSED;
}

static int read_duration(const SayField *row, const char *value, uint64_t *ret_ms, Fault *fault) {
        if (duration_parse(slice_text(value), ret_ms) == 0)
                return 0;
        (void)refuse_value(row, fault, value, "a duration");
        fault_next(fault, "write a number and a unit: 30s, 5m, 24h, 7d");
        return SAY_E_REFUSED;
}

static int read_time(const SayField *row, const char *value, uint64_t *ret_ms, Fault *fault) {
        if (time_parse(slice_text(value), ret_ms) == 0)
                return 0;
        (void)refuse_value(row, fault, value, "a time");
        fault_next(fault, "write it in UTC: 2026-06-13T05:33Z");
        return SAY_E_REFUSED;
}

static void add_item(Say *say, const FieldSpec *field, const char *value) {
        void *body = message_body(&say->message);
        Slice **items = field_at(field, body);
        size_t *n = field_count_at(field, body);

        if (*n == 0)
                *items = arena_alloc_array(&say->arena, OPTIONS_MAX, sizeof **items);
        (*items)[(*n)++] = slice_text(value); /* as many as there are options at most */
}

static int read_commit(Say *say, const char *value, Slice *ret_commit, Fault *fault) {
        char *commit = arena_alloc(&say->arena, SAY_COMMIT_BYTES);
        int r = say->port->commit(say->port->userdata, value, commit, fault);

        if (r == 0)
                *ret_commit = slice_text(commit);
        return r;
}

static int read_number(Say *say, const SayField *row, const char *value, uint64_t *ret_number,
                       Fault *fault) {
        int r;

        switch (row->how) {
        case SAY_ENTRY: return label_read(value, (MessageType)row->more, ret_number, fault);
        case SAY_UNTIL: return read_time(row, value, ret_number, fault);
        case SAY_DURATION: return read_duration(row, value, ret_number, fault);
        case SAY_FOR:
                r = read_duration(row, value, ret_number, fault);
                *ret_number += r == 0 ? say->now_ms : 0;
                return r;
        case SAY_PHASE:
        case SAY_TEXT:
        case SAY_BODY:
        case SAY_TEXTS:
        case SAY_WORD:
        case SAY_FLAG:
        case SAY_COMMIT:
        case SAY_HOOK: break;
        }
        *ret_number = (uint64_t)row->more; /* a flag */
        return 0;
}

static int read_text(Say *say, const SayField *row, const FieldSpec *field, const char *value,
                     Fault *fault) {
        Slice *text = field_at(field, message_body(&say->message));

        if (row->how == SAY_BODY)
                return read_body(say, field, value, text, fault);
        if (row->how == SAY_COMMIT)
                return read_commit(say, value, text, fault);
        *text = slice_text(value);
        return 0;
}

/* --until and --for, --holds and --fails: one of them; --phase may repeat the argument. */
static int refuse_twice(const Say *say, const SayField *row, Fault *fault) {
        fault_set(fault, "option-value", "--%s is one too many: the %s was given already",
                  place_of(row), row->field);
        fault_next(fault, "%s %s --help", say->args->program->name, say->args->verb->name);
        return SAY_E_REFUSED;
}

int say_read_value(Say *say, const SayField *row, const char *value, Fault *reterr_fault) {
        const FieldSpec *field = say_find_field(say->row->type, row->field);
        void *body = message_body(&say->message);
        int word = row->more, r = 0;

        if (row->how == SAY_HOOK)
                return 0;
        if (row->how != SAY_TEXTS && say_is_given(say, row->field))
                return refuse_twice(say, row, reterr_fault);
        if (row->how == SAY_TEXTS)
                add_item(say, field, value);
        else if (field->kind == FIELD_U64)
                r = read_number(say, row, value, field_at(field, body), reterr_fault);
        else if (field->kind == FIELD_TEXT)
                r = read_text(say, row, field, value, reterr_fault);
        else if (row->how == SAY_WORD)
                r = read_word(row, field, value, &word, reterr_fault);
        if (r == 0 && field->kind == FIELD_WORD)
                memcpy(field_at(field, body), &word, sizeof word); /* an enumeration is an int */
        if (r == 0)
                say_give(say, row->field);
        return r;
}
