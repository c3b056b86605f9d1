/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A walk over the rows that makes up a value for each. */

#include "tests/lib/arbitrary.h"

enum { LENGTH_MAX = 200, ITEMS_MAX = 3, ONE_IN = 4 };

/* splitmix64 */
static uint64_t next_number(Arbitrary *arbitrary) {
        uint64_t z = arbitrary->state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

uint64_t arbitrary_below(Arbitrary *arbitrary, uint64_t n) {
        return next_number(arbitrary) % n;
}

/* Small numbers, large ones and the limits, each as often: the forms of msgpack differ by size. */
static uint64_t make_number(Arbitrary *arbitrary, uint64_t least, uint64_t most) {
        uint64_t number = next_number(arbitrary) >> arbitrary_below(arbitrary, 64);

        switch (arbitrary_below(arbitrary, ONE_IN)) {
        case 0: return least;
        case 1: return most;
        default: return most - least == UINT64_MAX ? number : least + number % (most - least + 1);
        }
}

static Slice make_bytes(Arbitrary *arbitrary, uint64_t least, uint64_t most) {
        uint64_t longest = most > least + LENGTH_MAX ? least + LENGTH_MAX : most;
        size_t n = make_number(arbitrary, least, longest);
        uint8_t *bytes = arena_alloc(arbitrary->arena, n);

        for (size_t i = 0; i < n; i++)
                bytes[i] = (uint8_t)next_number(arbitrary);
        return slice_make(bytes, n);
}

/* Characters of each length in UTF-8, and those that printers must not pass on. */
static Slice make_text(Arbitrary *arbitrary, uint64_t least, uint64_t most) {
        static const char *const characters[] = {"a",  "Z",  "7",      "-",          " ",
                                                 "\"", "\\", "\n",     "\x1b",       "\x7f",
                                                 "é",  "…",  "\u202e", "\U0001f512", "|"};
        Slice bytes = make_bytes(arbitrary, least, most);
        uint8_t *text = arena_alloc(arbitrary->arena, bytes.n);
        size_t n = 0;

        while (n < bytes.n) {
                Slice character =
                        slice_text(characters[arbitrary_below(arbitrary, ARRAY_SIZE(characters))]);

                if (character.n > bytes.n - n)
                        continue;
                memcpy(text + n, character.data, character.n);
                n += character.n;
        }
        return slice_make(text, n);
}

static size_t make_count(Arbitrary *arbitrary, const FieldSpec *field) {
        return arbitrary->is_full
                       ? 1
                       : 1 + arbitrary_below(arbitrary, size_min(field->items_max, ITEMS_MAX));
}

static void make_record(Arbitrary *arbitrary, const RecordSpec *spec, void *body);

static void make_items(Arbitrary *arbitrary, const FieldSpec *field, void *body) {
        size_t n = make_count(arbitrary, field);

        *field_count_at(field, body) = n;
        if (field->kind == FIELD_TEXTS) {
                Slice *texts = arena_alloc_array(arbitrary->arena, n, sizeof *texts);

                for (size_t i = 0; i < n; i++)
                        texts[i] = make_text(arbitrary, field->least, field->most);
                *(Slice **)field_at(field, body) = texts;
        } else {
                const RecordSpec *spec = record_spec(field->record);
                uint8_t *items = arena_alloc_array(arbitrary->arena, n, spec->struct_bytes);

                for (size_t i = 0; i < n; i++)
                        make_record(arbitrary, spec, items + i * spec->struct_bytes);
                memcpy(field_at(field, body), &items, sizeof items);
        }
}

static void make_value(Arbitrary *arbitrary, const FieldSpec *field, void *body) {
        int word;

        switch (field->kind) {
        case FIELD_U64:
                *(uint64_t *)field_at(field, body) =
                        make_number(arbitrary, field->least, field->most);
                break;
        case FIELD_WORD:
                word = (int)arbitrary_below(arbitrary, field->words->n_rows);
                memcpy(field_at(field, body), &word, sizeof word);
                break;
        case FIELD_TEXT:
                *(Slice *)field_at(field, body) = make_text(arbitrary, field->least, field->most);
                break;
        case FIELD_BYTES:
                *(Slice *)field_at(field, body) = make_bytes(arbitrary, field->least, field->most);
                break;
        case FIELD_TEXTS:
        case FIELD_LIST: make_items(arbitrary, field, body); break;
        }
}

static void make_record(Arbitrary *arbitrary, const RecordSpec *spec, void *body) {
        uint64_t present = 0;

        for (size_t i = 0; i < spec->n_fields; i++) {
                const FieldSpec *field = &spec->fields[i];

                if (field->presence == OPTIONAL && !arbitrary->is_full &&
                    arbitrary_below(arbitrary, 2))
                        continue;
                make_value(arbitrary, field, body);
                present |= UINT64_C(1) << field->tag;
        }
        *(uint64_t *)body = present;
}

void arbitrary_message(Arbitrary *arbitrary, MessageType type, Message *ret_message) {
        memset(ret_message, 0, sizeof *ret_message);
        ret_message->type = type;
        make_record(arbitrary, &message_spec(type)->body, message_body(ret_message));
}
