/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * One pass over a text marks the bytes that are secret, a second one writes the rest. Needles are
 * found by their first four bytes in a table, so that the cost depends on the text and hardly on
 * the number of secrets.
 */

#include "verify/redact.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/text.h"

enum {
        FILE_BYTES_MAX = 1 << 18,
        WINDOW = 12, /* of a longer needle, any so many bytes in a row */
        KEY_BYTES = 4,
        N_SLOTS = 1 << 14,
        ID_BYTES = 256, /* fields that hold no more are ids, words and digests */
};

typedef struct Needle {
        uint8_t *bytes;
        size_t n;
        struct Needle *next; /* in its slot */
} Needle;

struct Redactor {
        Arena arena;
        Needle *slots[N_SLOTS];
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

/* ---- the needles ---- */

static size_t slot_of(const uint8_t *bytes) {
        uint32_t key;

        memcpy(&key, bytes, KEY_BYTES);
        return (key * UINT32_C(2654435761)) >> 18;
}

static void add_needle(Redactor *redactor, Slice bytes) {
        Needle **slot = &redactor->slots[slot_of(bytes.data)];
        Needle *needle;

        for (const Needle *known = *slot; known; known = known->next)
                if (known->n == bytes.n && memcmp(known->bytes, bytes.data, bytes.n) == 0)
                        return;
        needle = arena_alloc(&redactor->arena, sizeof *needle);
        needle->bytes = arena_alloc(&redactor->arena, bytes.n);
        memcpy(needle->bytes, bytes.data, bytes.n);
        needle->n = bytes.n;
        needle->next = *slot;
        *slot = needle;
}

static void add_form(Redactor *redactor, Slice form) {
        if (form.n < WINDOW) {
                if (form.n >= KEY_BYTES)
                        add_needle(redactor, form);
                return;
        }
        for (size_t i = 0; i + WINDOW <= form.n; i++)
                add_needle(redactor, slice_make(form.data + i, WINDOW));
}

/* In a longer text the secret's base64 begins at any of three places of a group; the characters
 * that also depend on its neighbours are left out. */
static void add_base64(Redactor *redactor, Slice secret, const char *last_two) {
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789";

        for (size_t shift = 0; shift < 3; shift++) {
                cleanup_buf Buf form = BUF_INIT(2 * SECRET_BYTES_MAX);
                size_t n_bits = 8 * secret.n;

                for (size_t bit = (6 - 8 * shift % 6) % 6; bit + 6 <= n_bits; bit += 6) {
                        unsigned pair = (unsigned)secret.data[bit / 8] << 8 |
                                        (bit / 8 + 1 < secret.n ? secret.data[bit / 8 + 1] : 0u);
                        unsigned six = pair >> (10 - bit % 8) & 63u;

                        buf_byte(&form, (uint8_t)(six < 62 ? alphabet[six] : last_two[six - 62]));
                }
                add_form(redactor, buf_get(&form));
        }
}

static void add_hex(Redactor *redactor, Slice secret, const char *digits) {
        cleanup_buf Buf form = BUF_INIT(2 * SECRET_BYTES_MAX);

        for (size_t i = 0; i < secret.n; i++) {
                buf_byte(&form, (uint8_t)digits[secret.data[i] >> 4]);
                buf_byte(&form, (uint8_t)digits[secret.data[i] & 15]);
        }
        add_form(redactor, buf_get(&form));
}

static void add_percent(Redactor *redactor, Slice secret, const char *digits, const char *plain) {
        cleanup_buf Buf form = BUF_INIT(3 * SECRET_BYTES_MAX);

        for (size_t i = 0; i < secret.n; i++) {
                uint8_t byte = secret.data[i];

                if (isalnum(byte) || (byte && strchr(plain, byte))) {
                        buf_byte(&form, byte);
                        continue;
                }
                buf_byte(&form, '%');
                buf_byte(&form, (uint8_t)digits[byte >> 4]);
                buf_byte(&form, (uint8_t)digits[byte & 15]);
        }
        add_form(redactor, buf_get(&form));
}

/* What was made visible before it came here, as a text or as a name. */
static void add_visible(Redactor *redactor, Slice secret) {
        cleanup_buf Buf text = BUF_TEXT, name = BUF_TEXT;

        text_make_visible(secret, false, &text);
        text_make_name_visible(secret, &name);
        add_form(redactor, buf_get(&text));
        add_form(redactor, buf_get(&name));
}

static void add_secret(Redactor *redactor, Slice secret) {
        static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

        add_form(redactor, secret);
        add_visible(redactor, secret);
        add_base64(redactor, secret, "+/");
        add_base64(redactor, secret, "-_");
        add_hex(redactor, secret, lower);
        add_hex(redactor, secret, upper);
        add_percent(redactor, secret, lower, "-._~");
        add_percent(redactor, secret, upper, "-._~");
        add_percent(redactor, secret, upper, "-._~/:");
}

static int refuse(const char *file, size_t line, const char *found, Fault *reterr_fault) {
        fault_set(reterr_fault, "secrets-file", "%s", found);
        if (line)
                fault_place(reterr_fault, "%s:%zu", file, line);
        else
                fault_place(reterr_fault, "%s", file);
        fault_next(reterr_fault, "a secret a line, 8 to 1024 bytes, in a file of mode 0600");
        return REDACT_E_REFUSED;
}

static int read_secrets(Redactor *redactor, const char *file, Fault *reterr_fault) {
        cleanup_buf Buf text = BUF_INIT(FILE_BYTES_MAX);
        struct stat about;
        size_t n_secrets = 0, line = 0;
        Slice rest;

        if (stat(file, &about) < 0)
                return refuse(file, 0, strerror(errno), reterr_fault);
        if (!S_ISREG(about.st_mode) || (about.st_mode & 077))
                return refuse(file, 0, "others than its owner may read it", reterr_fault);
        if (file_read(file, &text) != 0)
                return refuse(file, 0, "it cannot be read, or is larger than 256 KiB",
                              reterr_fault);
        rest = buf_get(&text);
        while (rest.n) {
                const uint8_t *end = memchr(rest.data, '\n', rest.n);
                Slice secret = slice_head(rest, end ? (size_t)(end - rest.data) : rest.n);

                rest = slice_from(rest, secret.n + (end ? 1 : 0));
                line++;
                if (secret.n == 0 || secret.data[0] == '#')
                        continue;
                if (secret.n < SECRET_BYTES_LEAST || secret.n > SECRET_BYTES_MAX)
                        return refuse(file, line, "it is too short or too long to be told apart",
                                      reterr_fault);
                if (++n_secrets > SECRETS_MAX)
                        return refuse(file, line, "there are more than 256", reterr_fault);
                add_secret(redactor, secret);
        }
        return 0;
}

int redactor_new(const char *file, Redactor **ret_redactor, Fault *reterr_fault) {
        cleanup(redactor_freep) Redactor *redactor = mem_new(Redactor);
        int r = file ? read_secrets(redactor, file, reterr_fault) : 0;

        if (r != 0)
                return r;
        *ret_redactor = TAKE(redactor);
        return 0;
}

Redactor *redactor_free(Redactor *redactor) {
        if (redactor)
                arena_deinit(&redactor->arena);
        free(redactor);
        return NULL;
}

/* ---- what is secret at a place: how many bytes from there, 0 if none ---- */

static size_t match_needle(const Redactor *redactor, Slice rest) {
        size_t longest = 0;

        if (rest.n < KEY_BYTES)
                return 0;
        for (const Needle *needle = redactor->slots[slot_of(rest.data)]; needle;
             needle = needle->next)
                if (needle->n <= rest.n && needle->n > longest &&
                    memcmp(needle->bytes, rest.data, needle->n) == 0)
                        longest = needle->n;
        return longest;
}

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

        mark(marks, at, match_needle(redactor, rest));
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

        if (text.n < KEY_BYTES)
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
