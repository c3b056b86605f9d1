/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A frame is decoded, changed by its rows and encoded again. */

#include "tests/fuzz/mutate.h"

#include <string.h>

#include "proto/codec.h"
#include "tests/lib/arbitrary.h"

enum { ONE_IN = 8, NUMBERS = 24, DEPTH_MAX = 4 };

typedef struct Change {
        Arbitrary chance;
        const Message *other; /* of the same type, made up: its values are to be had */
} Change;

static uint64_t below(Change *change, uint64_t n) {
        return arbitrary_below(&change->chance, n);
}

/* Numbers are mostly those of entries: of the first ones, and neighbours. */
static void change_number(Change *change, uint64_t *number) {
        switch (below(change, 4)) {
        case 0: *number += 1; break;
        case 1: *number -= *number > 0; break;
        default: *number = below(change, NUMBERS); break;
        }
}

/* What others of the stories are called, so that one that is refused is not always a stranger. */
static void change_text(Change *change, bool is_name, Slice *text) {
        static const char *const words[] = {
                "m",        "M1",       "M2",
                "b",        "builder",  "c",
                "operator", "run",      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "x",        "assert.x", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"};
        uint8_t *copy = arena_alloc(change->chance.arena, text->n + 1);

        if (is_name && below(change, 2)) {
                *text = slice_text(words[below(change, ARRAY_SIZE(words))]);
                return;
        }
        if (text->n)
                memcpy(copy, text->data, text->n);
        *text = slice_make(copy, text->n ? LLVMFuzzerMutate(copy, text->n, text->n) : 0);
}

/* The value that the made-up message has at the same place of its body. */
static void take_other(const FieldSpec *field, const void *other, void *body) {
        static const size_t sizes[] = {
                [FIELD_U64] = sizeof(uint64_t), [FIELD_WORD] = sizeof(int),
                [FIELD_TEXT] = sizeof(Slice),   [FIELD_BYTES] = sizeof(Slice),
                [FIELD_TEXTS] = sizeof(void *), [FIELD_LIST] = sizeof(void *)};

        memcpy((uint8_t *)body + field->offset, (const uint8_t *)other + field->offset,
               sizes[field->kind]);
        if (field->kind == FIELD_TEXTS || field->kind == FIELD_LIST)
                *field_count_at(field, body) = field_count(field, other);
}

static void change_record(Change *change, const RecordSpec *spec, void *body, const void *other,
                          int depth);

static void change_list(Change *change, const FieldSpec *field, void *body, int depth) {
        size_t *n = field_count_at(field, body);
        const RecordSpec *spec = field->kind == FIELD_LIST ? record_spec(field->record) : NULL;
        uint8_t *items;

        memcpy(&items, field_at(field, body), sizeof items);
        if (*n > 1 && below(change, 3) == 0)
                --*n;
        else if (*n > 1 && below(change, 3) == 0 && spec)
                memcpy(items, items + spec->struct_bytes * (*n - 1), spec->struct_bytes);
        else if (*n && spec && depth < DEPTH_MAX)
                change_record(change, spec, items + spec->struct_bytes * below(change, *n), NULL,
                              depth + 1);
        else if (*n && !spec)
                change_text(change, true, (Slice *)(void *)items + below(change, *n));
}

static void change_value(Change *change, const FieldSpec *field, void *body, int depth) {
        int word;

        switch (field->kind) {
        case FIELD_U64: change_number(change, field_at(field, body)); break;
        case FIELD_WORD:
                word = (int)below(change, field->words->n_rows);
                memcpy(field_at(field, body), &word, sizeof word);
                break;
        case FIELD_TEXT:
        case FIELD_BYTES:
                change_text(change, field->kind == FIELD_TEXT, field_at(field, body));
                break;
        case FIELD_TEXTS:
        case FIELD_LIST: change_list(change, field, body, depth); break;
        }
}

static void change_record(Change *change, const RecordSpec *spec, void *body, const void *other,
                          int depth) {
        const FieldSpec *field = &spec->fields[below(change, spec->n_fields)];
        uint64_t bit = UINT64_C(1) << field->tag, *present = body;
        bool is_there = *present & bit;

        if (is_there && field->presence == OPTIONAL && below(change, 4) == 0) {
                *present &= ~bit;
                return;
        }
        if (other && body_present(other) & bit && (!is_there || below(change, 4) == 0))
                take_other(field, other, body);
        else if (is_there)
                change_value(change, field, body, depth);
        else
                return;
        *present |= bit;
}

static MessageType any_type(Change *change) {
        size_t n = 0;

        while (message_spec_at(n))
                n++;
        return message_spec_at(below(change, n))->type;
}

size_t mutate_frame(uint8_t *data, size_t n, size_t n_max, uint64_t seed) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        cleanup_arena Arena arena = ARENA_INIT;
        Change change = {.chance = {.state = seed, .arena = &arena}};
        Message message, other;
        CodecFault fault;
        bool is_one = codec_decode(slice_make(data, n), &arena, &message, &fault) == 0;

        arbitrary_message(&change.chance, is_one ? message.type : any_type(&change), &other);
        if (is_one && below(&change, ONE_IN))
                do
                        change_record(&change, &message_spec(message.type)->body,
                                      message_body(&message), message_body_const(&other), 0);
                while (below(&change, 2));
        else
                message = other;
        if (codec_encode(&message, &frame, &fault) != 0 || frame.n > n_max)
                return 0;
        memcpy(data, frame.data, frame.n);
        return frame.n;
}
