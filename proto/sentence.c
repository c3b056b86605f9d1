/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The LINE rows of schema.def, filled in: what an entry says, for who reads many of them. */

#include "proto/describe.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/utf8.h"
#include "proto/label.h"

enum {
        WORDS_BYTES_MAX = 300, /* of a text */
        COMMIT_LEAST = 40,     /* of a row for commits and trees, and for nothing else */
        COMMIT_SHOWN = 12,
        NAME_BYTES_MAX = 64, /* what is longer is no name but words */
        DIGEST_SHOWN = 8,
};

static const char *const lines[] = {
#define LINE(UPPER_, line_) [MESSAGE_##UPPER_] = (line_),
#include "proto/schema.def"
};

const char *describe_get_template(MessageType type) {
        return (size_t)type < ARRAY_SIZE(lines) ? lines[type] : NULL;
}

/* ---- values ---- */

static void append_number(const FieldSpec *field, uint64_t number, Buf *text) {
        Slice name = slice_text(field->name);
        char when[TIME_TEXT_BYTES];

        if (slice_is(name, "until_ms")) {
                time_format_minute(number, when);
                buf_text(text, when);
        } else if (slice_is(slice_from(name, name.n - size_min(name.n, 3)), "_ms")) {
                duration_describe(number, text);
        } else if (message_type_by_name(name) != MESSAGE_NONE) { /* it names an entry of the kind */
                label_format(name, number, text);
        } else {
                buf_printf(text, "%" PRIu64, number);
        }
}

static void append_words(Slice words, Buf *text) {
        Slice line, head;

        while (words.n && words.data[0] == '\n')
                words = slice_from(words, 1);
        while (words.n && words.data[words.n - 1] == '\n')
                words.n--;
        line = slice_head(words, slice_find(words, slice_text("\n")));
        head = utf8_head(line, WORDS_BYTES_MAX);
        text_make_visible(head, false, text);
        buf_text(text, head.n < words.n ? "…" : "");
}

static void append_text(const FieldSpec *field, Slice value, Buf *text) {
        bool is_commit = field->least == COMMIT_LEAST && field->most == NAME_BYTES_MAX;

        append_words(is_commit ? slice_head(value, COMMIT_SHOWN) : value, text);
}

/* All names, but only the first of what is longer. */
static void append_texts(const FieldSpec *field, const void *body, Buf *text) {
        size_t n = field_count(field, body), n_shown = field->most <= NAME_BYTES_MAX ? n : 1;

        for (size_t i = 0; i < size_min(n, n_shown); i++) {
                buf_text(text, i ? ", " : "");
                append_words(field_texts(field, body)[i], text);
        }
        if (n > n_shown)
                buf_printf(text, " (and %zu more)", n - n_shown);
}

/* The name of a list is a plural. */
static void append_count(const FieldSpec *field, size_t n, Buf *text) {
        buf_printf(text, "%zu %.*s", n, (int)(strlen(field->name) - (n == 1)), field->name);
}

void describe_value(const FieldSpec *field, const void *body, Buf *text) {
        switch (field->kind) {
        case FIELD_U64: append_number(field, field_u64(field, body), text); break;
        case FIELD_WORD: buf_text(text, word_of(field->words, field_word(field, body))); break;
        case FIELD_TEXT: append_text(field, field_slice(field, body), text); break;
        case FIELD_BYTES:
                hex_append(text, slice_head(field_slice(field, body), DIGEST_SHOWN));
                break;
        case FIELD_TEXTS: append_texts(field, body, text); break;
        case FIELD_LIST: append_count(field, field_count(field, body), text); break;
        }
}

/* ---- templates ---- */

/* Takes what stands before the first `end` off the template, and `end` too. */
static Slice take_until(Slice *template, const char *end) {
        size_t n = slice_find(*template, slice_text(end));
        Slice head = slice_head(*template, n);

        *template = slice_from(*template, n + 1);
        return head;
}

static const FieldSpec *find_field(const RecordSpec *spec, Slice name) {
        if (name.n && name.data[0] == '?')
                name = slice_from(name, 1);
        for (size_t i = 0; i < spec->n_fields; i++)
                if (slice_is(name, spec->fields[i].name))
                        return &spec->fields[i];
        return NULL;
}

/* Without parts in brackets. `text` NULL: only whether all fields are there. */
static bool fill_part(const RecordSpec *spec, const void *body, Slice part, Buf *text) {
        while (part.n) {
                Slice words = take_until(&part, "{"), name = take_until(&part, "}");
                const FieldSpec *field = find_field(spec, name);

                if (text)
                        buf_slice(text, words);
                if (!field)
                        continue; /* the end */
                if (!text && !field_has_value(field, body))
                        return false;
                if (text && name.data[0] != '?')
                        describe_value(field, body, text);
        }
        return true;
}

static void fill_choice(const RecordSpec *spec, const void *body, Slice parts, Buf *text) {
        while (parts.n) {
                Slice part = take_until(&parts, "|");

                if (!fill_part(spec, body, part, NULL))
                        continue;
                (void)fill_part(spec, body, part, text); /* looked at above */
                return;
        }
}

void describe_sentence(const Message *message, Buf *text) {
        const MessageSpec *spec = message_spec(message->type);
        Slice template = slice_text(describe_get_template(message->type));

        while (template.n) {
                Slice part = take_until(&template, "["), parts = take_until(&template, "]");

                (void)fill_part(&spec->body, message_body_const(message), part, text); /* always */
                fill_choice(&spec->body, message_body_const(message), parts, text);
        }
}
