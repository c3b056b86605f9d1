/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One line for people, JSON for programs: two walks over the rows. What is printed may come from
 * outside, so nothing of it reaches a terminal or a parser as it came. */

#include "proto/describe.h"

#include "base/hash.h"
#include "base/utf8.h"

enum {
        LINE_VALUE_BYTES = 60, /* of a text, in a line */
        LINE_HEX_BYTES = 4,    /* of an id, in a line */
        LINE_ITEMS = 4,        /* of a list of texts, in a line */
        HEX_BYTES_MAX = 64,    /* what is longer is content, not a name of something */
        FIRST_PRINTABLE = 0x20,
        DELETE = 0x7f,
        LAST_C1 = 0x9f,
};

static const char replacement[] = "\xef\xbf\xbd";

static bool code_is_control(uint32_t code) {
        return code < FIRST_PRINTABLE || (code >= DELETE && code <= LAST_C1);
}

/* Characters that turn the direction of what follows, and line separators. */
static bool code_is_deceptive(uint32_t code) {
        return code == 0x61c || (code >= 0x200e && code <= 0x200f) ||
               (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* ---- line ---- */

static bool needs_quotes(Slice value) {
        for (size_t i = 0; i < value.n; i++)
                if (value.data[i] <= ' ' || strchr("\"=[],", value.data[i]))
                        return true;
        return value.n == 0;
}

static void line_code(Buf *text, uint32_t code, Slice bytes) {
        if (code == '"' || code == '\\')
                buf_printf(text, "\\%c", (char)code);
        else if (code == '\n')
                buf_text(text, "\\n");
        else if (code_is_control(code) || code_is_deceptive(code))
                buf_printf(text, "\\u%04x", (unsigned)code);
        else
                buf_slice(text, bytes);
}

static void line_text(Buf *text, Slice value) {
        const char *quote = needs_quotes(value) ? "\"" : "";
        Slice rest = value;

        buf_text(text, quote);
        while (rest.n && value.n - rest.n < LINE_VALUE_BYTES) {
                uint32_t code;
                size_t n = utf8_read(rest, &code);

                if (n)
                        line_code(text, code, slice_head(rest, n));
                else
                        buf_printf(text, "\\x%02x", rest.data[0]);
                rest = slice_from(rest, size_max(n, 1));
        }
        if (rest.n)
                buf_text(text, "…");
        buf_text(text, quote);
}

/* By the row, not by the value: a short output is still an output. */
static bool is_name(const FieldSpec *field) {
        return field->most <= HEX_BYTES_MAX;
}

static void line_bytes(Buf *text, const FieldSpec *field, Slice value) {
        if (!is_name(field)) {
                buf_printf(text, "(%zu bytes)", value.n);
                return;
        }
        hex_append(text, slice_head(value, LINE_HEX_BYTES));
        if (value.n > LINE_HEX_BYTES)
                buf_text(text, "…");
}

static void line_texts(Buf *text, const FieldSpec *field, const void *body) {
        const Slice *texts = field_texts(field, body);
        size_t n = field_count(field, body);

        buf_byte(text, '[');
        for (size_t i = 0; i < n && i < LINE_ITEMS; i++) {
                if (i)
                        buf_byte(text, ',');
                line_text(text, texts[i]);
        }
        buf_text(text, n > LINE_ITEMS ? ",…]" : "]");
}

static void line_value(Buf *text, const FieldSpec *field, const void *body) {
        switch (field->kind) {
        case FIELD_U64: buf_printf(text, "%llu", (unsigned long long)field_u64(field, body)); break;
        case FIELD_WORD: buf_text(text, word_of(field->words, field_word(field, body))); break;
        case FIELD_TEXT: line_text(text, field_slice(field, body)); break;
        case FIELD_BYTES: line_bytes(text, field, field_slice(field, body)); break;
        case FIELD_TEXTS: line_texts(text, field, body); break;
        case FIELD_LIST: buf_printf(text, "(%zu)", field_count(field, body)); break;
        }
}

void describe_line(const Message *message, Buf *text) {
        const MessageSpec *spec = message_spec(message->type);
        const void *body = message_body_const(message);

        buf_text(text, message_name(message->type));
        for (size_t i = 0; spec && i < spec->body.n_fields; i++) {
                const FieldSpec *field = &spec->body.fields[i];

                if (!field_is_present(body_present(body), field->tag))
                        continue;
                buf_printf(text, " %s=", field->name);
                line_value(text, field, body);
        }
}

/* ---- JSON ---- */

/* Deceptive characters are escaped too: JSON is read on terminals. */
static void json_code(Buf *text, uint32_t code, Slice bytes) {
        if (code == '"' || code == '\\')
                buf_printf(text, "\\%c", (char)code);
        else if (code == '\n')
                buf_text(text, "\\n");
        else if (code_is_control(code) || code_is_deceptive(code))
                buf_printf(text, "\\u%04x", (unsigned)code);
        else
                buf_slice(text, bytes);
}

void describe_json_string(Slice string, Buf *text) {
        buf_byte(text, '"');
        while (string.n) {
                uint32_t code;
                size_t n = utf8_read(string, &code);

                if (n)
                        json_code(text, code, slice_head(string, n));
                else
                        buf_text(text, replacement);
                string = slice_from(string, size_max(n, 1));
        }
        buf_byte(text, '"');
}

static void json_bytes(Buf *text, const FieldSpec *field, Slice value) {
        if (!is_name(field)) {
                describe_json_string(value, text);
                return;
        }
        buf_byte(text, '"');
        hex_append(text, value);
        buf_byte(text, '"');
}

static void json_items(Buf *text, const FieldSpec *field, const void *body) {
        size_t n = field_count(field, body);

        buf_byte(text, '[');
        for (size_t i = 0; i < n; i++) {
                if (i)
                        buf_byte(text, ',');
                if (field->kind == FIELD_TEXTS)
                        describe_json_string(field_texts(field, body)[i], text);
                else
                        describe_record_json(field->record, field_item(field, body, i), text);
        }
        buf_byte(text, ']');
}

static void json_value(Buf *text, const FieldSpec *field, const void *body) {
        switch (field->kind) {
        case FIELD_U64: buf_printf(text, "%llu", (unsigned long long)field_u64(field, body)); break;
        case FIELD_WORD:
                describe_json_string(slice_text(word_of(field->words, field_word(field, body))),
                                     text);
                break;
        case FIELD_TEXT: describe_json_string(field_slice(field, body), text); break;
        case FIELD_BYTES: json_bytes(text, field, field_slice(field, body)); break;
        case FIELD_TEXTS:
        case FIELD_LIST: json_items(text, field, body); break;
        }
}

static void json_object(const RecordSpec *spec, const void *body, Buf *text) {
        const char *separator = "";

        buf_byte(text, '{');
        for (size_t i = 0; i < spec->n_fields; i++) {
                if (!field_is_present(body_present(body), spec->fields[i].tag))
                        continue;
                buf_printf(text, "%s\"%s\":", separator, spec->fields[i].name);
                json_value(text, &spec->fields[i], body);
                separator = ",";
        }
        buf_byte(text, '}');
}

void describe_json(const Message *message, Buf *text) {
        const MessageSpec *spec = message_spec(message->type);

        if (spec)
                json_object(&spec->body, message_body_const(message), text);
        else
                buf_text(text, "{}");
}

void describe_record_json(RecordType type, const void *record, Buf *text) {
        json_object(record_spec(type), record, text);
}
