/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One function for each kind of field. */

#include "broker/fields.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/hash.h"
#include "view/status.h"

enum { INDENT = 2, HEX_BYTES_MAX = 64 };

static void append_indent(size_t indent, Buf *text) {
        buf_printf(text, "%*s", (int)indent, "");
}

/* Several lines stand below the name, each indented. */
static void append_text(Slice value, size_t indent, Buf *text) {
        cleanup_buf Buf visible = BUF_TEXT;
        bool is_block = slice_find(value, slice_text("\n")) < value.n;
        Slice rest;

        text_make_visible(value, true, &visible);
        rest = buf_get(&visible);
        buf_text(text, is_block || !rest.n ? "\n" : " ");
        if (!is_block && rest.n) {
                buf_slice(text, rest);
                buf_text(text, "\n");
                return;
        }
        while (rest.n) {
                size_t end = slice_find(rest, slice_text("\n"));

                append_indent(indent + INDENT, text);
                buf_slice(text, slice_head(rest, end));
                buf_text(text, "\n");
                rest = slice_from(rest, end + 1);
        }
}

/* Names end in _ms for times and durations; times are those that lie after 1980. */
static void append_number(const char *name, uint64_t number, Buf *text) {
        static const uint64_t year_1980_ms = 315532800000;
        size_t n = strlen(name);
        char when[TIME_TEXT_BYTES];

        buf_printf(text, " %" PRIu64, number);
        if (n > 3 && strcmp(name + n - 3, "_ms") == 0) {
                time_format_second(number, when);
                buf_text(text, " (");
                if (number > year_1980_ms)
                        buf_text(text, when);
                else
                        duration_describe(number, text);
                buf_text(text, ")");
        }
        buf_text(text, "\n");
}

static void append_fields(const RecordSpec *spec, const void *body, size_t indent, Buf *text);

static void append_list(const FieldSpec *field, const uint8_t *body, size_t indent, Buf *text) {
        const RecordSpec *spec = record_spec(field->record);
        const uint8_t *items = *(uint8_t *const *)(const void *)(body + field->offset);
        size_t n = *(const size_t *)(const void *)(body + field->count_offset);

        buf_text(text, "\n");
        for (size_t i = 0; i < n; i++) {
                append_indent(indent + INDENT, text);
                buf_text(text, "- ");
                append_fields(spec, items + i * spec->struct_bytes, indent + 2 * INDENT, text);
        }
}

static void append_texts(const FieldSpec *field, const uint8_t *body, size_t indent, Buf *text) {
        const Slice *items = *(Slice *const *)(const void *)(body + field->offset);
        size_t n = *(const size_t *)(const void *)(body + field->count_offset);

        buf_text(text, "\n");
        for (size_t i = 0; i < n; i++) {
                append_indent(indent + INDENT, text);
                buf_text(text, "-");
                append_text(items[i], indent + INDENT, text);
        }
}

static void append_bytes(Slice value, size_t indent, Buf *text) {
        if (value.n > HEX_BYTES_MAX) {
                append_text(value, indent, text);
                return;
        }
        buf_text(text, " ");
        hex_append(text, value);
        buf_text(text, "\n");
}

/* Short BYTES without a fixed length are what a program printed, not a digest. */
static bool is_output(const FieldSpec *field) {
        return field->least != field->most;
}

static void append_field(const FieldSpec *field, const uint8_t *body, size_t indent, Buf *text) {
        const void *value = body + field->offset;

        buf_printf(text, "%s:", field->name);
        switch (field->kind) {
        case FIELD_U64: append_number(field->name, *(const uint64_t *)value, text); break;
        case FIELD_WORD:
                buf_printf(text, " %s\n", word_of(field->words, *(const int *)value));
                break;
        case FIELD_TEXT: append_text(*(const Slice *)value, indent, text); break;
        case FIELD_BYTES:
                if (is_output(field))
                        append_text(*(const Slice *)value, indent, text);
                else
                        append_bytes(*(const Slice *)value, indent, text);
                break;
        case FIELD_TEXTS: append_texts(field, body, indent, text); break;
        case FIELD_LIST: append_list(field, body, indent, text); break;
        }
}

/* The first one stands where the text is, behind the dash of a list's item. */
static void append_fields(const RecordSpec *spec, const void *body, size_t indent, Buf *text) {
        uint64_t present = *(const uint64_t *)body;
        bool is_first = true;

        for (size_t i = 0; i < spec->n_fields; i++) {
                if (!field_is_present(present, spec->fields[i].tag))
                        continue;
                if (!is_first)
                        append_indent(indent, text);
                append_field(&spec->fields[i], body, indent, text);
                is_first = false;
        }
}

void fields_describe(const Message *message, Buf *text) {
        const MessageSpec *spec = message_spec(message->type);

        append_indent(INDENT, text);
        if (spec)
                append_fields(&spec->body, message_body_const(message), INDENT, text);
}
