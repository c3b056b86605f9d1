/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* docs/protocol.md from the rows, and the few sentences that no row can say. */

#include "proto/codec.h"
#include "proto/describe.h"
#include "proto/scan.h"

static const struct {
        Direction direction;
        const char *title;
        const char *sentence;
} chapters[] = {
        {ON_LEDGER, "Entries of the ledger",
         "Signed by their author, durable before they are acknowledged, idempotent by message id. "
         "An agent sends one inside a `submit`; it comes back inside an `entry`."},
        {TO_BROKER, "To the broker", "Not in the ledger."},
        {FROM_BROKER, "From the broker", "Not in the ledger."},
        {BOTH_WAYS, "Both ways", "Not in the ledger."},
        {AS_EVIDENCE, "Evidence", "Stored beside the ledger by the SHA-256 of the frame."},
        {TO_WORKER, "Between an adversary and its worker",
         "They travel through a pipe and reach no socket."},
};

static void print_words(Buf *text, const WordSet *set) {
        buf_printf(text, "\n### %s\n\n%s\n\n| word | means |\n|---|---|\n", set->type,
                   set->sentence);
        for (size_t i = 0; i < set->n_rows; i++)
                buf_printf(text, "| `%s` | %s |\n", set->rows[i].word, set->rows[i].sentence);
}

static void print_kind(Buf *text, const FieldSpec *field) {
        switch (field->kind) {
        case FIELD_U64: buf_text(text, "number"); break;
        case FIELD_WORD: buf_printf(text, "word of %s", field->words->type); break;
        case FIELD_TEXT: buf_text(text, "text"); break;
        case FIELD_BYTES: buf_text(text, "bytes"); break;
        case FIELD_TEXTS: buf_text(text, "texts"); break;
        case FIELD_LIST: buf_printf(text, "list of %s", record_spec(field->record)->name); break;
        }
}

static void print_number(Buf *text, uint64_t number) {
        if (number == UINT64_MAX)
                buf_text(text, "2^64-1");
        else if (number == UINT32_MAX)
                buf_text(text, "2^32-1");
        else
                buf_printf(text, "%llu", (unsigned long long)number);
}

static void print_range(Buf *text, const FieldSpec *field, const char *unit) {
        print_number(text, field->least);
        if (field->most != field->least) {
                buf_text(text, " to ");
                print_number(text, field->most);
        }
        buf_text(text, unit);
}

static void print_limits(Buf *text, const FieldSpec *field) {
        switch (field->kind) {
        case FIELD_U64: print_range(text, field, ""); break;
        case FIELD_TEXT:
        case FIELD_BYTES: print_range(text, field, " bytes"); break;
        case FIELD_TEXTS:
                buf_printf(text, "1 to %zu, each ", field->items_max);
                print_range(text, field, " bytes");
                break;
        case FIELD_LIST: buf_printf(text, "1 to %zu", field->items_max); break;
        case FIELD_WORD: break;
        }
}

static void print_fields(Buf *text, const RecordSpec *spec) {
        buf_printf(text, "%s\n\n| tag | field | kind | limits | |\n|---|---|---|---|---|\n",
                   spec->sentence);
        for (size_t i = 0; i < spec->n_fields; i++) {
                const FieldSpec *field = &spec->fields[i];

                buf_printf(text, "| %u | `%s` | ", field->tag, field->name);
                print_kind(text, field);
                buf_text(text, " | ");
                print_limits(text, field);
                buf_printf(text, " | %s%s |\n", field->presence == OPTIONAL ? "Optional. " : "",
                           field->sentence);
        }
}

static void print_intro(Buf *text) {
        buf_printf(text,
                   "# Protocol\n\n"
                   "<!-- Printed from proto/schema.def and proto/words.def; see there. -->\n\n"
                   "A message is one frame: canonical MessagePack, `[number, {tag: value, …}]`, at "
                   "most %d bytes, nested at most %d deep. A record is `{tag: value, …}`.\n\n"
                   "- Tags ascend. An unknown one is refused, but an agent passes over those of a "
                   "`status` that came later than it; a missing field that is not optional is "
                   "refused.\n"
                   "- Numbers, lengths and counts are in their shortest form; nil, booleans, "
                   "negative numbers, floats and extensions do not occur.\n"
                   "- Texts are UTF-8 without NUL (MessagePack `str`), bytes are `bin`, words are "
                   "texts of a fixed set.\n"
                   "- An optional list or list of texts that is empty is absent.\n"
                   "- So there is exactly one frame for each message: what decodes, encodes to the "
                   "same bytes. Signatures and hashes are over frames.\n\n"
                   "Frames travel over ZeroMQ (ROUTER at the broker, DEALER at an agent, one part "
                   "each) with CURVE on every endpoint. Who sent a frame is the key that the "
                   "connection proved, never a field. How entries are signed and chained is in "
                   "[ledger.md](ledger.md).\n",
                   FRAME_MAX, SCAN_DEPTH_MAX);
}

void describe_docs(Buf *text) {
        const MessageSpec *spec;

        print_intro(text);
        for (size_t i = 0; i < ARRAY_SIZE(chapters); i++) {
                buf_printf(text, "\n## %s\n\n%s\n", chapters[i].title, chapters[i].sentence);
                for (size_t j = 0; (spec = message_spec_at(j)) != NULL; j++) {
                        if (spec->direction != chapters[i].direction)
                                continue;
                        buf_printf(text, "\n### %s (0x%02x)\n\n", spec->body.name,
                                   (unsigned)spec->type);
                        print_fields(text, &spec->body);
                }
        }
        buf_text(text, "\n## Records\n");
        for (int i = 0; i < _RECORD_MAX; i++) {
                buf_printf(text, "\n### %s\n\n", record_spec((RecordType)i)->name);
                print_fields(text, record_spec((RecordType)i));
        }
        buf_text(text, "\n## Words\n");
        for (size_t i = 0; word_set_at(i); i++)
                print_words(text, word_set_at(i));
}
