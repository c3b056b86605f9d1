/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The rows of schema.def and words.def as tables. In the rows pass each message opens a function
 * with its own `This`, so that a row can say offsetof(This, name) without being told whose it is.
 */

#include "proto/message.h"

enum { TAG_MAX = 63 };

/* ---- words ---- */

#define WORDS(Type_, PREFIX_, sentence_) static const WordRow rows_##PREFIX_[] = {
#define WORD_ROW(PREFIX_, NAME_, word_, sentence_)                                                 \
        [PREFIX_##_##NAME_] = {.word = word_, .sentence = sentence_},
#define END_WORDS(Type_, PREFIX_)                                                                  \
        }                                                                                          \
        ;                                                                                          \
        _Static_assert(sizeof(Type_) == sizeof(int), "a WORD field is read and written as int");
#include "proto/words.def"

#define WORDS(Type_, PREFIX_, sentence_)                                                           \
        const WordSet words_##PREFIX_ = {                                                          \
                .type = #Type_,                                                                    \
                .sentence = sentence_,                                                             \
                .rows = rows_##PREFIX_,                                                            \
                .n_rows = ARRAY_SIZE(rows_##PREFIX_),                                              \
        };
#include "proto/words.def"

static const WordSet *const word_sets[] = {
#define WORDS(Type_, PREFIX_, sentence_) &words_##PREFIX_,
#include "proto/words.def"
};

/* ---- rows ---- */

#define RECORD(UPPER_, lower_, sentence_)                                                          \
        static const RecordSpec *rows_of_record_##lower_(void) {                                   \
                typedef struct lower_ This;                                                        \
                static const char this_sentence[] = sentence_;                                     \
                static const FieldSpec rows[] = {
#define END_RECORD(UPPER_, lower_)                                                                 \
        }                                                                                          \
        ;                                                                                          \
        static const RecordSpec spec = {                                                           \
                .name = #lower_,                                                                   \
                .sentence = this_sentence,                                                         \
                .struct_bytes = sizeof(This),                                                      \
                .fields = rows,                                                                    \
                .n_fields = ARRAY_SIZE(rows),                                                      \
        };                                                                                         \
        return &spec;                                                                              \
        }
#define MESSAGE(number_, UPPER_, lower_, direction_, sentence_)                                    \
        static const MessageSpec *rows_of_message_##lower_(void) {                                 \
                typedef struct lower_ This;                                                        \
                enum { THIS_DIRECTION = (direction_) };                                            \
                static const char this_sentence[] = sentence_;                                     \
                static const FieldSpec rows[] = {
#define END_MESSAGE(UPPER_, lower_)                                                                \
        }                                                                                          \
        ;                                                                                          \
        static const MessageSpec spec = {                                                          \
                .type = MESSAGE_##UPPER_,                                                          \
                .direction = (Direction)THIS_DIRECTION,                                            \
                .body = {.name = #lower_,                                                          \
                         .sentence = this_sentence,                                                \
                         .struct_bytes = sizeof(This),                                             \
                         .fields = rows,                                                           \
                         .n_fields = ARRAY_SIZE(rows)},                                            \
        };                                                                                         \
        return &spec;                                                                              \
        }
#define ROW(kind_, presence_, tag_, name_, sentence_)                                              \
        .kind = kind_, .presence = presence_, .tag = tag_, .name = #name_,                         \
        .offset = offsetof(This, name_), .sentence = sentence_
#define U64(presence_, tag_, name_, least_, most_, sentence_)                                      \
        {ROW(FIELD_U64, presence_, tag_, name_, sentence_), .least = least_, .most = most_},
#define WORD(presence_, tag_, name_, Type_, PREFIX_, sentence_)                                    \
        {ROW(FIELD_WORD, presence_, tag_, name_, sentence_), .words = &words_##PREFIX_},
#define TEXT(presence_, tag_, name_, least_, most_, sentence_)                                     \
        {ROW(FIELD_TEXT, presence_, tag_, name_, sentence_), .least = least_, .most = most_},
#define BYTES(presence_, tag_, name_, least_, most_, sentence_)                                    \
        {ROW(FIELD_BYTES, presence_, tag_, name_, sentence_), .least = least_, .most = most_},
#define TEXTS(presence_, tag_, name_, items_, most_, sentence_)                                    \
        {ROW(FIELD_TEXTS, presence_, tag_, name_, sentence_),                                      \
         .count_offset = offsetof(This, n_##name_), .most = most_, .items_max = items_},
#define LIST(presence_, tag_, name_, ITEM_, record_, items_, sentence_)                            \
        {ROW(FIELD_LIST, presence_, tag_, name_, sentence_),                                       \
         .count_offset = offsetof(This, n_##name_), .items_max = items_,                           \
         .record = RECORD_##ITEM_},
#include "proto/schema.def"

typedef const MessageSpec *(*MessageRows)(void);
typedef const RecordSpec *(*RecordRows)(void);

static const MessageRows messages[] = {
#define MESSAGE(number_, UPPER_, lower_, direction_, sentence_) rows_of_message_##lower_,
#include "proto/schema.def"
};

static const MessageRows messages_by_number[] = {
#define MESSAGE(number_, UPPER_, lower_, direction_, sentence_)                                    \
        [MESSAGE_##UPPER_] = rows_of_message_##lower_,
#include "proto/schema.def"
};

static const RecordRows records[] = {
#define RECORD(UPPER_, lower_, sentence_) [RECORD_##UPPER_] = rows_of_record_##lower_,
#include "proto/schema.def"
};

/* ---- lookups ---- */

const MessageSpec *message_spec(MessageType type) {
        size_t number = (size_t)type;

        return number < ARRAY_SIZE(messages_by_number) && messages_by_number[number]
                       ? messages_by_number[number]()
                       : NULL;
}

const MessageSpec *message_spec_at(size_t index) {
        return index < ARRAY_SIZE(messages) ? messages[index]() : NULL;
}

const RecordSpec *record_spec(RecordType type) {
        return (size_t)type < ARRAY_SIZE(records) ? records[type]() : NULL;
}

const char *message_name(MessageType type) {
        const MessageSpec *spec = message_spec(type);

        return spec ? spec->body.name : "none";
}

MessageType message_type_by_name(Slice name) {
        for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
                if (slice_is(name, messages[i]()->body.name))
                        return messages[i]()->type;
        return MESSAGE_NONE;
}

const WordSet *word_set_at(size_t index) {
        return index < ARRAY_SIZE(word_sets) ? word_sets[index] : NULL;
}

const char *word_of(const WordSet *set, int value) {
        return value >= 0 && (size_t)value < set->n_rows ? set->rows[value].word : "?";
}

int word_find(const WordSet *set, Slice word) {
        for (size_t i = 0; i < set->n_rows; i++)
                if (slice_is(word, set->rows[i].word))
                        return (int)i;
        return -1;
}

void *message_body(Message *message) {
        return (uint8_t *)message + offsetof(Message, genesis);
}

const void *message_body_const(const Message *message) {
        return (const uint8_t *)message + offsetof(Message, genesis);
}

/* ---- values ---- */

uint64_t field_u64(const FieldSpec *field, const void *body) {
        return *(const uint64_t *)((const uint8_t *)body + field->offset);
}

int field_word(const FieldSpec *field, const void *body) {
        int value;

        memcpy(&value, (const uint8_t *)body + field->offset, sizeof value);
        return value;
}

Slice field_slice(const FieldSpec *field, const void *body) {
        return *(const Slice *)((const uint8_t *)body + field->offset);
}

size_t field_count(const FieldSpec *field, const void *body) {
        return *(const size_t *)((const uint8_t *)body + field->count_offset);
}

const Slice *field_texts(const FieldSpec *field, const void *body) {
        return *(Slice *const *)((const uint8_t *)body + field->offset);
}

/* The items' type is known by its record's number only; any object pointer has the same form. */
const void *field_item(const FieldSpec *field, const void *body, size_t index) {
        const uint8_t *items;

        memcpy(&items, (const uint8_t *)body + field->offset, sizeof items);
        return items + index * record_spec(field->record)->struct_bytes;
}

void *field_at(const FieldSpec *field, void *body) {
        return (uint8_t *)body + field->offset;
}

size_t *field_count_at(const FieldSpec *field, void *body) {
        return (size_t *)(void *)((uint8_t *)body + field->count_offset);
}

uint64_t body_present(const void *body) {
        return *(const uint64_t *)body;
}

bool field_has_value(const FieldSpec *field, const void *body) {
        switch (field->kind) {
        case FIELD_U64: return field_u64(field, body) != 0;
        case FIELD_WORD: return field_word(field, body) != 0;
        case FIELD_TEXT:
        case FIELD_BYTES: return field_slice(field, body).n != 0;
        case FIELD_TEXTS:
        case FIELD_LIST: return field_count(field, body) != 0;
        }
        return false;
}

static void set_present(const RecordSpec *spec, void *body) {
        uint64_t present = 0;

        for (size_t i = 0; i < spec->n_fields; i++) {
                const FieldSpec *field = &spec->fields[i];

                if (field->presence == REQUIRED || field_has_value(field, body))
                        present |= UINT64_C(1) << field->tag;
                for (size_t j = 0; field->kind == FIELD_LIST && j < field_count(field, body); j++)
                        set_present(record_spec(field->record),
                                    (void *)(uintptr_t)field_item(field, body, j));
        }
        *(uint64_t *)body = present;
}

void message_set_present(Message *message) {
        const MessageSpec *spec = message_spec(message->type);

        if (spec)
                set_present(&spec->body, message_body(message));
}

bool field_is_present(uint64_t present, unsigned tag) {
        return tag <= TAG_MAX && (present >> tag & 1) != 0;
}

Slice message_phase(const Message *message) {
        const MessageSpec *spec = message_spec(message->type);

        for (size_t i = 0; spec && spec->direction == ON_LEDGER && i < spec->body.n_fields; i++)
                if (spec->body.fields[i].kind == FIELD_TEXT &&
                    slice_is(slice_text("phase"), spec->body.fields[i].name))
                        return field_slice(&spec->body.fields[i], message_body_const(message));
        return SLICE_NULL;
}
