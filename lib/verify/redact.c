/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One pass over a text marks the bytes that are secret, a second one writes the rest. */

#include "verify/redact.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/mem.h"
#include "verify/secrets.h"

enum {
        TEXT_BYTES_LEAST = 4, /* less says nothing */
        ID_BYTES = 256,       /* fields that hold no more are ids, words and digests */
};

struct Redactor {
        Secrets secrets;
};

/* What looks like a secret: a beginning, then at least so many of these characters. */
static const struct {
        const char *begins;
        const char *charset; /* beside letters and digits */
        size_t least;
} shapes[] = {
        {"AKIA", "", 16},
        {"ASIA", "", 16},
        {"ghp_", "", 30},
        {"gho_", "", 30},
        {"ghs_", "", 30},
        {"ghu_", "", 30},
        {"ghr_", "", 30},
        {"github_pat_", "_", 40},
        {"glpat-", "-_", 20},
        {"xoxb-", "-", 20},
        {"xoxp-", "-", 20},
        {"xoxa-", "-", 20},
        {"xoxr-", "-", 20},
        {"xapp-", "-", 20},
        {"sk_live_", "", 16},
        {"rk_live_", "", 16},
        {"sk-", "-_", 32},
        {"AIza", "-_", 35},
        {"npm_", "", 36},
        {"pypi-", "-_", 40},
        {"dckr_pat_", "-_", 20},
        {"hvs.", "-_", 24},
        {"eyJ", "-_.", 40},
        {"SG.", "-_.", 40},
        {"AGE-SECRET-KEY-1", "", 40},
};

static const char *const secret_headers[] = {"authorization", "proxy-authorization",
                                             "cookie",        "set-cookie",
                                             "x-api-key",     "private-token"};

static const char pem_begins[] = "-----BEGIN ";
static const char pem_middle[] = "PRIVATE KEY-----";
static const char pem_ends[] = "-----END ";
/* No longer than what it replaces, because fields have limits. */
static const char replacement[] = "[redacted]";
static const char short_replacement[] = "***";

int redactor_new(const char *file, Redactor **ret_redactor, Fault *reterr_fault) {
        cleanup(redactor_freep) Redactor *redactor = mem_new(Redactor);
        int r = file ? secrets_read(&redactor->secrets, file, reterr_fault) : 0;

        if (r != 0)
                return r > 0 ? REDACT_E_REFUSED : r;
        *ret_redactor = TAKE(redactor);
        return 0;
}

Redactor *redactor_free(Redactor *redactor) {
        if (redactor)
                secrets_deinit(&redactor->secrets);
        free(redactor);
        return NULL;
}

/* ---- what is secret at a place: how many bytes from there, 0 if none ---- */

static bool begins_with(Slice rest, const char *text) {
        size_t n = strlen(text);

        return rest.n >= n && memcmp(rest.data, text, n) == 0;
}

static size_t match_shape(Slice rest) {
        for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
                size_t n_begin = strlen(shapes[i].begins), n = n_begin;

                if (!begins_with(rest, shapes[i].begins))
                        continue;
                while (n < rest.n && (isalnum(rest.data[n]) ||
                                      (rest.data[n] && strchr(shapes[i].charset, rest.data[n]))))
                        n++;
                if (n - n_begin >= shapes[i].least)
                        return n;
        }
        return 0;
}

/* From its first line to its last, or to the end where that was cut off. */
static size_t match_private_key(Slice rest) {
        const uint8_t *end;
        Slice line;

        if (!begins_with(rest, pem_begins))
                return 0;
        line = slice_head(rest, 64);
        if (!memmem(line.data, line.n, pem_middle, sizeof pem_middle - 1))
                return 0;
        end = memmem(rest.data, rest.n, pem_ends, sizeof pem_ends - 1);
        if (!end)
                return rest.n;
        line = slice_from(rest, (size_t)(end - rest.data) + sizeof pem_ends - 1);
        end = memmem(line.data, line.n, "-----", 5);
        return end ? (size_t)(end + 5 - rest.data) : rest.n;
}

/* At a `:` behind `://user`: the password up to its `@`. */
static size_t match_password(Slice text, size_t at) {
        size_t begin = at, n = at + 1;

        if (text.data[at] != ':' || (at + 2 < text.n && text.data[at + 1] == '/'))
                return 0;
        while (begin > 0 && at - begin < 128 && !strchr("/ \t\n\"'", text.data[begin - 1]))
                begin--;
        if (begin < 3 || memcmp(text.data + begin - 3, "://", 3) != 0)
                return 0;
        while (n < text.n && n - at < 512 && text.data[n] && !strchr("@/ \t\n\"'", text.data[n]))
                n++;
        return n < text.n && text.data[n] == '@' && n > at + 1 ? n - at : 0;
}

static bool is_header(Slice name) {
        for (size_t i = 0; i < ARRAY_SIZE(secret_headers); i++)
                if (name.n == strlen(secret_headers[i]) &&
                    strncasecmp((const char *)name.data, secret_headers[i], name.n) == 0)
                        return true;
        return false;
}

/* At the beginning of a line or a quoted text: the value behind a header's name and colon. */
static size_t match_header(Slice text, size_t at, size_t *ret_skip) {
        Slice rest = slice_from(text, at);
        size_t n = 0, n_name;

        if (at > 0 && !strchr("\n\"' ", text.data[at - 1]))
                return 0;
        while (n < rest.n && n < 32 && (isalnum(rest.data[n]) || rest.data[n] == '-'))
                n++;
        n_name = n;
        if (n == rest.n || rest.data[n] != ':' || !is_header(slice_head(rest, n_name)))
                return 0;
        n++;
        while (n < rest.n && rest.data[n] == ' ')
                n++;
        *ret_skip = n;
        while (n < rest.n && rest.data[n] && !strchr("\r\n\"'", rest.data[n]))
                n++;
        return n - *ret_skip;
}

/* ---- marking and writing ---- */

static void mark(uint8_t *marks, size_t at, size_t n) {
        if (n)
                memset(marks + at, 1, n);
}

static void mark_at(const Redactor *redactor, Slice text, size_t at, uint8_t *marks) {
        Slice rest = slice_from(text, at);
        size_t skip = 0, n;

        mark(marks, at, secrets_match(&redactor->secrets, rest));
        mark(marks, at, match_shape(rest));
        mark(marks, at, match_private_key(rest));
        n = match_password(text, at);
        if (n)
                mark(marks, at + 1, n - 1);
        n = match_header(text, at, &skip);
        mark(marks, at + skip, n);
}

static Slice replace(size_t n) {
        return n >= sizeof replacement - 1 ? slice_text(replacement)
                                           : slice_head(slice_text(short_replacement), n);
}

Slice redact_text(const Redactor *redactor, Slice text, Arena *arena, size_t *n_found) {
        cleanup_free uint8_t *marks = NULL;
        cleanup_buf Buf out = BUF_INIT(SIZE_MAX);
        size_t n_before = *n_found;

        if (text.n < TEXT_BYTES_LEAST)
                return text;
        marks = mem_new_array(uint8_t, text.n);
        for (size_t i = 0; i < text.n; i++)
                mark_at(redactor, text, i, marks);
        if (!memchr(marks, 1, text.n))
                return text;
        for (size_t i = 0; i < text.n;) {
                size_t n = 1;

                while (i + n < text.n && marks[i + n] == marks[i])
                        n++;
                if (marks[i]) {
                        *n_found += 1;
                        buf_slice(&out, replace(n));
                } else {
                        buf_slice(&out, slice_make(text.data + i, n));
                }
                i += n;
        }
        return *n_found == n_before ? text : arena_slice(arena, buf_get(&out));
}

typedef struct Walk {
        const Redactor *redactor;
        Arena *arena;
        size_t *n_found;
} Walk;

static void redact_body(const Walk *walk, const RecordSpec *spec, void *body);

static void redact_texts(const Walk *walk, const FieldSpec *field, void *body) {
        size_t n = field_count(field, body);
        Slice *texts = arena_alloc_array(walk->arena, n + 1, sizeof *texts);

        for (size_t i = 0; i < n; i++)
                texts[i] = redact_text(walk->redactor, field_texts(field, body)[i], walk->arena,
                                       walk->n_found);
        if (n)
                memcpy(field_at(field, body), &texts, sizeof(void *));
}

static void redact_field(const Walk *walk, const FieldSpec *field, void *body) {
        Slice value;

        switch (field->kind) {
        case FIELD_U64:
        case FIELD_WORD: return;
        case FIELD_TEXT:
        case FIELD_BYTES:
                if (field->most <= ID_BYTES)
                        return;
                value = redact_text(walk->redactor, field_slice(field, body), walk->arena,
                                    walk->n_found);
                memcpy(field_at(field, body), &value, sizeof value);
                return;
        case FIELD_TEXTS:
                if (field->most > ID_BYTES)
                        redact_texts(walk, field, body);
                return;
        case FIELD_LIST:
                for (size_t i = 0; i < field_count(field, body); i++)
                        redact_body(walk, record_spec(field->record),
                                    (void *)(uintptr_t)field_item(field, body, i));
        }
}

/* A header's value is told by its name. */
static void redact_named_value(const Walk *walk, struct named_value *pair) {
        if (!is_header(pair->name) || pair->value.n == 0)
                return;
        *walk->n_found += 1;
        pair->value = slice_text(replacement);
}

static void redact_body(const Walk *walk, const RecordSpec *spec, void *body) {
        for (size_t i = 0; i < spec->n_fields; i++)
                redact_field(walk, &spec->fields[i], body);
        if (spec == record_spec(RECORD_NAMED_VALUE))
                redact_named_value(walk, body);
}

void redact_message(const Redactor *redactor, Message *message, Arena *arena, size_t *n_found) {
        Walk walk = {.redactor = redactor, .arena = arena, .n_found = n_found};

        redact_body(&walk, &message_spec(message->type)->body, message_body(message));
}
