/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The messages as C types. Everything here is a pass over proto/schema.def and proto/words.def:
 * look for a field there, not here. `present` has bit `tag` set for each field that is there; when
 * making a message, message_set_present() derives it from the values.
 */

#include "base/arena.h"
#include "base/slice.h"

/* Enumerations: `Role`, ROLE_BROKER …, _ROLE_MAX. */
#define WORDS(Type, PREFIX, sentence)          typedef enum Type {
#define WORD_ROW(PREFIX, NAME, word, sentence) PREFIX##_##NAME,
#define END_WORDS(Type, PREFIX)                                                                    \
        _##PREFIX##_MAX                                                                            \
        }                                                                                          \
        Type;
#include "proto/words.def"

typedef enum MessageType {
        MESSAGE_NONE,
#define MESSAGE(number, UPPER, lower, direction, sentence) MESSAGE_##UPPER = (number),
#include "proto/schema.def"
} MessageType;

typedef enum RecordType {
#define RECORD(UPPER, lower, sentence) RECORD_##UPPER,
#include "proto/schema.def"
        _RECORD_MAX
} RecordType;

typedef enum Direction {
        ON_LEDGER,
        TO_BROKER,
        FROM_BROKER,
        BOTH_WAYS,
        AS_EVIDENCE,
        TO_WORKER,
} Direction;

/* `struct claim { uint64_t present; Slice phase; Slice *gates; size_t n_gates; … };` */
#define RECORD(UPPER, lower, sentence)                                                             \
        struct lower {                                                                             \
                uint64_t present;
#define END_RECORD(UPPER, lower)                                                                   \
        }                                                                                          \
        ;
#define MESSAGE(number, UPPER, lower, direction, sentence)                                         \
        struct lower {                                                                             \
                uint64_t present;
#define END_MESSAGE(UPPER, lower)                                                                  \
        }                                                                                          \
        ;
#define U64(presence, tag, name, least, most, sentence)   uint64_t name;
#define WORD(presence, tag, name, Type, PREFIX, sentence) Type name;
#define TEXT(presence, tag, name, least, most, sentence)  Slice name;
#define BYTES(presence, tag, name, least, most, sentence) Slice name;
#define TEXTS(presence, tag, name, items, most, sentence)                                          \
        Slice *name;                                                                               \
        size_t n_##name;
#define LIST(presence, tag, name, RECORD_, record, items, sentence)                                \
        struct record *name;                                                                       \
        size_t n_##name;
#include "proto/schema.def"

typedef struct Message {
        MessageType type;
        union {
#define MESSAGE(number, UPPER, lower, direction, sentence) struct lower lower;
#include "proto/schema.def"
        };
} Message;

/* ---- the rows ---- */

typedef enum FieldKind {
        FIELD_U64,
        FIELD_WORD,
        FIELD_TEXT,
        FIELD_BYTES,
        FIELD_TEXTS,
        FIELD_LIST,
} FieldKind;

typedef enum Presence { OPTIONAL, REQUIRED } Presence;

typedef struct WordRow {
        const char *word;
        const char *sentence;
} WordRow;

typedef struct WordSet {
        const char *type; /* "Role" */
        const char *sentence;
        const WordRow *rows;
        size_t n_rows;
} WordSet;

typedef struct FieldSpec {
        FieldKind kind;
        Presence presence;
        uint8_t tag; /* 1 to 63 */
        const char *name;
        size_t offset;        /* of the value in the struct */
        size_t count_offset;  /* of n_name, for TEXTS and LIST */
        uint64_t least, most; /* of a U64; of a TEXT's or BYTES' length */
        size_t items_max;     /* for TEXTS and LIST */
        const WordSet *words; /* for WORD */
        RecordType record;    /* for LIST */
        const char *sentence;
} FieldSpec;

typedef struct RecordSpec {
        const char *name;
        const char *sentence;
        size_t struct_bytes;
        const FieldSpec *fields; /* tags ascending */
        size_t n_fields;
} RecordSpec;

typedef struct MessageSpec {
        MessageType type;
        Direction direction;
        RecordSpec body;
} MessageSpec;

/* NULL for an unknown number. */
const MessageSpec *message_spec(MessageType type);
const RecordSpec *record_spec(RecordType type);
/* All of them, in the schema's order: for docs and tests. NULL behind the last. */
const MessageSpec *message_spec_at(size_t index);
const char *message_name(MessageType type);
/* By its name ("claim"); MESSAGE_NONE if there is none. */
MessageType message_type_by_name(Slice name);

/* Word sets by type: words_role, words_decision … and their lookups. */
#define WORDS(Type, PREFIX, sentence) extern const WordSet words_##PREFIX;
#include "proto/words.def"

/* All of them; NULL behind the last. */
const WordSet *word_set_at(size_t index);

/* The word of a value: word_of(&words_ROLE, ROLE_BUILDER) is "builder". */
const char *word_of(const WordSet *set, int value);
/* -1 if there is no such word. */
int word_find(const WordSet *set, Slice word);

/* The body of a message as bytes at its union's place. */
void *message_body(Message *message);
const void *message_body_const(const Message *message);

/* Values of a body (of a message or a record) by row. Each is for the kinds that its name says:
 * WORD; TEXT and BYTES; TEXTS and LIST; TEXTS; LIST. Borrowed. */
uint64_t field_u64(const FieldSpec *field, const void *body);
int field_word(const FieldSpec *field, const void *body);
Slice field_slice(const FieldSpec *field, const void *body);
size_t field_count(const FieldSpec *field, const void *body);
const Slice *field_texts(const FieldSpec *field, const void *body);
const void *field_item(const FieldSpec *field, const void *body, size_t index);
/* Whether it is neither zero nor empty. */
bool field_has_value(const FieldSpec *field, const void *body);
/* Their places, to write to. */
void *field_at(const FieldSpec *field, void *body);
size_t *field_count_at(const FieldSpec *field, void *body);
/* The bits of a body, which begins with them. */
uint64_t body_present(const void *body);

/* Derives `present` everywhere in the message from its values: an OPTIONAL field is present iff
 * it is not zero, not empty; a REQUIRED one always. An OPTIONAL U64 or WORD whose zero means
 * something is set by the caller afterwards: present |= 1ull << tag. */
void message_set_present(Message *message);
bool field_is_present(uint64_t present, unsigned tag);

/* The phase that an entry belongs to, where its fields say it; SLICE_NULL otherwise. */
Slice message_phase(const Message *message);
