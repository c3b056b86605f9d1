/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Every message and record of the schema, by walking the rows. A new row needs no new test here.
 * The second encoder below checks nothing, so that it can make what the codec must refuse, and
 * shares no line with the first, so that both being wrong in the same way is unlikely.
 */

#include <dirent.h>
#include <stdlib.h>

#include <msgpack.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/mem.h"
#include "proto/codec.h"
#include "proto/describe.h"
#include "proto/scan.h"
#include "tests/lib/arbitrary.h"
#include "tests/lib/test.h"

enum { SEEDS = 40, FLIPS = 300 };

/* ---- an encoder without limits ---- */

typedef struct Loose {
        msgpack_sbuffer bytes;
        msgpack_packer packer;
        const FieldSpec *wrong_kind; /* of this row something else is written */
        const RecordSpec *with_more; /* these records get a tag that no row has */
} Loose;

static void loose_slice(Loose *loose, Slice value, bool is_text) {
        if (is_text)
                (void)msgpack_pack_str_with_body(&loose->packer,
                                                 value.data ? value.data : (void *)"", value.n);
        else
                (void)msgpack_pack_bin_with_body(&loose->packer,
                                                 value.data ? value.data : (void *)"", value.n);
}

static void loose_record(Loose *loose, const RecordSpec *spec, const void *body);

static void loose_items(Loose *loose, const FieldSpec *field, const void *body) {
        (void)msgpack_pack_array(&loose->packer, field_count(field, body));
        for (size_t i = 0; i < field_count(field, body); i++)
                if (field->kind == FIELD_TEXTS)
                        loose_slice(loose, field_texts(field, body)[i], true);
                else
                        loose_record(loose, record_spec(field->record), field_item(field, body, i));
}

static void loose_value(Loose *loose, const FieldSpec *field, const void *body) {
        if (field == loose->wrong_kind) {
                if (field->kind == FIELD_U64)
                        loose_slice(loose, slice_text("7"), true);
                else
                        (void)msgpack_pack_uint64(&loose->packer, 7);
                return;
        }
        switch (field->kind) {
        case FIELD_U64: (void)msgpack_pack_uint64(&loose->packer, field_u64(field, body)); break;
        case FIELD_WORD:
                loose_slice(loose, slice_text(word_of(field->words, field_word(field, body))),
                            true);
                break;
        case FIELD_TEXT: loose_slice(loose, field_slice(field, body), true); break;
        case FIELD_BYTES: loose_slice(loose, field_slice(field, body), false); break;
        case FIELD_TEXTS:
        case FIELD_LIST: loose_items(loose, field, body); break;
        }
}

static void loose_record(Loose *loose, const RecordSpec *spec, const void *body) {
        uint64_t present = body_present(body);
        size_t n = (size_t)__builtin_popcountll(present);

        (void)msgpack_pack_map(&loose->packer, n + (loose->with_more == spec));
        for (size_t i = 0; i < spec->n_fields; i++)
                if (field_is_present(present, spec->fields[i].tag)) {
                        (void)msgpack_pack_uint64(&loose->packer, spec->fields[i].tag);
                        loose_value(loose, &spec->fields[i], body);
                }
        if (loose->with_more == spec) {
                (void)msgpack_pack_uint64(&loose->packer, 63);
                (void)msgpack_pack_uint64(&loose->packer, 0);
        }
}

static void loose_encode(Loose *loose, const Message *message) {
        msgpack_sbuffer_init(&loose->bytes);
        msgpack_packer_init(&loose->packer, &loose->bytes, msgpack_sbuffer_write);
        (void)msgpack_pack_array(&loose->packer, 2);
        (void)msgpack_pack_uint64(&loose->packer, (uint64_t)message->type);
        loose_record(loose, &message_spec(message->type)->body, message_body_const(message));
}

static Slice loose_get(const Loose *loose) {
        return slice_make(loose->bytes.data, loose->bytes.size);
}

static void loose_deinit(Loose *loose) {
        msgpack_sbuffer_destroy(&loose->bytes);
}

#define cleanup_loose cleanup(loose_deinit)

/* ---- helpers ---- */

static void encode(const Message *message, Buf *frame) {
        CodecFault fault = {.reason = ""};

        buf_clear(frame);
        if (codec_encode(message, frame, &fault))
                FAIL_TEST("%s.%s %s", message_name(message->type), fault.field ? fault.field : "",
                          fault.reason);
}

/* Decodes and, if that is possible, encodes again to the same bytes. */
static bool decodes_canonically(Slice frame) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf again = BUF_INIT(FRAME_MAX);
        CodecFault fault;
        Message message;

        if (codec_decode(frame, &arena, &message, &fault))
                return false;
        encode(&message, &again);
        CHECK_EQ_SLICE(buf_get(&again), frame);
        return true;
}

static void check_fault(const CodecFault *fault, const RecordSpec *owner, const FieldSpec *field,
                        const Message *message) {
        CHECK_EQ_TEXT(fault->message, message_name(message->type));
        CHECK_EQ_TEXT(fault->field, field->name);
        if (owner != &message_spec(message->type)->body)
                CHECK_EQ_TEXT(fault->record, owner->name);
        CHECK(fault->reason && *fault->reason);
}

/* Neither side lets it pass, and both name the field. */
static void check_refused(const Message *message, const RecordSpec *owner, const FieldSpec *field) {
        cleanup_loose Loose loose = {.wrong_kind = NULL};
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf frame = BUF_INIT(2 * FRAME_MAX);
        CodecFault fault = {.reason = NULL};
        Message decoded;

        CHECK_EQ_INT(codec_encode(message, &frame, &fault), CODEC_E_REFUSED);
        CHECK_EQ_U64(frame.n, 0);
        check_fault(&fault, owner, field, message);
        loose_encode(&loose, message);
        fault = (CodecFault){.reason = NULL};
        CHECK_EQ_INT(codec_decode(loose_get(&loose), &arena, &decoded, &fault), CODEC_E_REFUSED);
        if (loose_get(&loose).n <= FRAME_MAX) /* a longer one is not looked into */
                check_fault(&fault, owner, field, message);
}

typedef void (*OnField)(Message *message, const RecordSpec *owner, const FieldSpec *field,
                        void *body);

static void visit_record(Message *message, const RecordSpec *spec, void *body, OnField on_field) {
        for (size_t i = 0; i < spec->n_fields; i++) {
                const FieldSpec *field = &spec->fields[i];

                if (field->kind == FIELD_LIST)
                        visit_record(message, record_spec(field->record),
                                     (void *)(uintptr_t)field_item(field, body, 0), on_field);
                on_field(message, spec, field, body);
        }
}

/* Calls `on_field` for each field of each message, records inside included, with a message that
 * has all of them; it must leave the message as it was. */
static void for_each_field(OnField on_field) {
        for (size_t i = 0; message_spec_at(i); i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                cleanup_buf Buf before = BUF_INIT(FRAME_MAX), after = BUF_INIT(FRAME_MAX);
                Arbitrary arbitrary = {.state = i, .arena = &arena, .is_full = true};
                Message message;

                arbitrary_message(&arbitrary, message_spec_at(i)->type, &message);
                encode(&message, &before);
                visit_record(&message, &message_spec_at(i)->body, message_body(&message), on_field);
                encode(&message, &after);
                CHECK_EQ_SLICE(buf_get(&after), buf_get(&before));
        }
}

typedef void (*OnMessage)(const Message *message, Slice frame, Arbitrary *arbitrary);

static void for_each_message(OnMessage on_message) {
        for (size_t i = 0; message_spec_at(i); i++)
                for (uint64_t seed = 0; seed < SEEDS; seed++) {
                        cleanup_arena Arena arena = ARENA_INIT;
                        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
                        Arbitrary arbitrary = {
                                .state = seed * 1000 + i, .arena = &arena, .is_full = seed == 0};
                        Message message;

                        arbitrary_message(&arbitrary, message_spec_at(i)->type, &message);
                        encode(&message, &frame);
                        on_message(&message, buf_get(&frame), &arbitrary);
                }
}

/* ---- the rows themselves ---- */

static void check_row(const RecordSpec *spec, size_t index) {
        const FieldSpec *field = &spec->fields[index];

        if (index)
                CHECK(field->tag > spec->fields[index - 1].tag);
        CHECK(field->tag >= 1 && field->tag < 63);
        CHECK(field->least <= field->most);
        CHECK(field->offset >= sizeof(uint64_t) && field->offset < spec->struct_bytes);
        CHECK((field->kind == FIELD_TEXTS || field->kind == FIELD_LIST) == (field->items_max > 0));
        CHECK((field->kind == FIELD_WORD) == (field->words != NULL));
        CHECK_EQ_INT(field->sentence[strlen(field->sentence) - 1], '.');
        for (size_t i = 0; i < index; i++)
                CHECK(strcmp(spec->fields[i].name, field->name) != 0);
}

TEST(rows_ascend_and_each_has_its_limits_and_a_sentence) {
        for (size_t i = 0; message_spec_at(i); i++)
                for (size_t j = 0; j < message_spec_at(i)->body.n_fields; j++)
                        check_row(&message_spec_at(i)->body, j);
        for (int i = 0; i < _RECORD_MAX; i++)
                for (size_t j = 0; j < record_spec((RecordType)i)->n_fields; j++)
                        check_row(record_spec((RecordType)i), j);
}

TEST(each_message_is_found_by_number_and_by_name) {
        for (size_t i = 0; message_spec_at(i); i++) {
                const MessageSpec *spec = message_spec_at(i);

                CHECK(message_spec(spec->type) == spec);
                CHECK_EQ_INT(message_type_by_name(slice_text(spec->body.name)), spec->type);
        }
        CHECK(message_spec(MESSAGE_NONE) == NULL);
        CHECK(message_spec((MessageType)0x7fffffff) == NULL);
        CHECK_EQ_INT(message_type_by_name(slice_text("clai")), MESSAGE_NONE);
        CHECK_EQ_TEXT(message_name(MESSAGE_NONE), "none");
}

TEST(each_word_is_found_and_nothing_else_is) {
        for (size_t i = 0; word_set_at(i); i++)
                for (size_t j = 0; j < word_set_at(i)->n_rows; j++) {
                        const WordRow *row = &word_set_at(i)->rows[j];

                        CHECK_EQ_INT(word_find(word_set_at(i), slice_text(row->word)), (int)j);
                        CHECK_EQ_TEXT(word_of(word_set_at(i), (int)j), row->word);
                        CHECK(*row->sentence);
                }
        CHECK_EQ_INT(word_find(&words_ROLE, slice_text("root")), -1);
        CHECK_EQ_INT(word_find(&words_ROLE, SLICE_NULL), -1);
        CHECK_EQ_TEXT(word_of(&words_ROLE, _ROLE_MAX), "?");
        CHECK_EQ_TEXT(word_of(&words_ROLE, -1), "?");
}

/* ---- what must pass ---- */

static void on_round_trip(const Message *message, Slice frame, Arbitrary *arbitrary) {
        cleanup_buf Buf before = BUF_TEXT, after = BUF_TEXT;
        cleanup_loose Loose loose = {.wrong_kind = NULL};
        CodecFault fault;
        Message decoded;

        CHECK(decodes_canonically(frame));
        CHECK_EQ_INT(codec_decode(frame, arbitrary->arena, &decoded, &fault), 0);
        describe_json(message, &before);
        describe_json(&decoded, &after);
        CHECK_EQ_TEXT(buf_get_text(&after), buf_get_text(&before));
        loose_encode(&loose, message);
        CHECK_EQ_SLICE(loose_get(&loose), frame);
}

TEST(every_message_comes_back_as_it_was_sent) {
        for_each_message(on_round_trip);
}

static void on_other_reader(const Message *message, Slice frame, Arbitrary *arbitrary) {
        cleanup_loose Loose loose = {.wrong_kind = NULL};
        msgpack_unpacked result;
        size_t offset = 0;

        (void)message;
        (void)arbitrary;
        msgpack_unpacked_init(&result);
        CHECK_EQ_INT(msgpack_unpack_next(&result, (const char *)frame.data, frame.n, &offset),
                     MSGPACK_UNPACK_SUCCESS);
        CHECK_EQ_U64(offset, frame.n);
        msgpack_sbuffer_init(&loose.bytes);
        msgpack_packer_init(&loose.packer, &loose.bytes, msgpack_sbuffer_write);
        CHECK_EQ_INT(msgpack_pack_object(&loose.packer, result.data), 0);
        CHECK_EQ_SLICE(loose_get(&loose), frame);
        msgpack_unpacked_destroy(&result);
}

TEST(another_reader_reads_every_frame_and_writes_the_same) {
        for_each_message(on_other_reader);
}

/* Frames that are kept: what was good once must stay readable, what was bad must stay refused. */
TEST(the_corpus_decodes_as_its_names_say) {
        const char *path = test_source("tests/data/corpus/frame");
        DIR *directory = opendir(path);
        const struct dirent *item;
        size_t n_good = 0, n_bad = 0;

        CHECK(directory != NULL);
        while ((item = readdir(directory)) != NULL) {
                cleanup_free char *file = mem_printf("%s/%s", path, item->d_name);
                cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
                bool is_good = strncmp(item->d_name, "good-", 5) == 0;

                if (!is_good && strncmp(item->d_name, "bad-", 4) != 0)
                        continue;
                CHECK_EQ_INT(file_read(file, &frame), 0);
                if (decodes_canonically(buf_get(&frame)) != is_good)
                        FAIL_TEST("%s", item->d_name);
                *(is_good ? &n_good : &n_bad) += 1;
        }
        (void)closedir(directory);
        CHECK(n_good >= 28 && n_bad >= 30);
}

/* ---- what must not ---- */

static void on_truncation(const Message *message, Slice frame, Arbitrary *arbitrary) {
        /* A copy of the exact size, so that a sanitizer sees a read behind its end. */
        uint8_t *copy;

        (void)message;
        for (size_t n = 0; n<frame.n; n += frame.n> 2000 ? 7 : 1) {
                CodecFault fault = {.reason = NULL};
                Message decoded;

                copy = malloc(n ? n : 1);
                CHECK(copy != NULL);
                memcpy(copy, frame.data, n);
                CHECK_EQ_INT(codec_decode(slice_make(copy, n), arbitrary->arena, &decoded, &fault),
                             CODEC_E_REFUSED);
                CHECK(fault.reason != NULL);
                free(copy);
        }
}

TEST(every_truncation_is_refused) {
        for_each_message(on_truncation);
}

static void on_flips(const Message *message, Slice frame, Arbitrary *arbitrary) {
        uint8_t *flipped = arena_alloc(arbitrary->arena, frame.n);

        (void)message;
        for (size_t i = 0; i < FLIPS; i++) {
                memcpy(flipped, frame.data, frame.n);
                for (uint64_t j = 0; j <= arbitrary_below(arbitrary, 3); j++)
                        flipped[arbitrary_below(arbitrary, frame.n)] ^=
                                (uint8_t)(1u << arbitrary_below(arbitrary, 8));
                (void)decodes_canonically(slice_make(flipped, frame.n));
        }
}

TEST(a_damaged_frame_is_refused_or_is_another_canonical_one) {
        for_each_message(on_flips);
}

static void on_trailing(const Message *message, Slice frame, Arbitrary *arbitrary) {
        uint8_t *longer = arena_alloc(arbitrary->arena, frame.n + 1);

        (void)message;
        memcpy(longer, frame.data, frame.n);
        CHECK(!decodes_canonically(slice_make(longer, frame.n + 1)));
}

TEST(a_byte_behind_the_end_is_refused) {
        for_each_message(on_trailing);
}

static void on_number_limits(Message *message, const RecordSpec *owner, const FieldSpec *field,
                             void *body) {
        uint64_t *number = field_at(field, body);
        uint64_t before;

        if (field->kind != FIELD_U64)
                return;
        before = *number;
        if (field->most < UINT64_MAX) {
                *number = field->most + 1;
                check_refused(message, owner, field);
        }
        if (field->least > 0) {
                *number = field->least - 1;
                check_refused(message, owner, field);
        }
        *number = before;
}

TEST(a_number_beyond_its_limits_is_refused_by_name) {
        for_each_field(on_number_limits);
}

static Slice letters(Arena *arena, size_t n) {
        uint8_t *text = arena_alloc(arena, n);

        memset(text, 'a', n);
        return slice_make(text, n);
}

static void on_length_limits(Message *message, const RecordSpec *owner, const FieldSpec *field,
                             void *body) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice *slice = field->kind == FIELD_TEXTS ? *(Slice **)field_at(field, body)
                                                  : field_at(field, body);
        Slice before;

        if (field->kind != FIELD_TEXT && field->kind != FIELD_BYTES && field->kind != FIELD_TEXTS)
                return;
        before = *slice;
        *slice = letters(&arena, field->most + 1);
        check_refused(message, owner, field);
        if (field->least > 0) {
                *slice = letters(&arena, field->least - 1);
                check_refused(message, owner, field);
        }
        *slice = before;
}

TEST(a_text_or_bytes_beyond_their_limits_are_refused_by_name) {
        for_each_field(on_length_limits);
}

static void on_bad_text(Message *message, const RecordSpec *owner, const FieldSpec *field,
                        void *body) {
        /* As long as the longest of our least lengths, so that only what is in it is wrong. */
        static const char *const tails[] = {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x82",
                                            "\xf5\x80\x80\x80"};
        cleanup_arena Arena arena = ARENA_INIT;
        Slice *slice = field->kind == FIELD_TEXTS ? *(Slice **)field_at(field, body)
                                                  : field_at(field, body);
        Slice before;

        if (field->kind != FIELD_TEXT && field->kind != FIELD_TEXTS)
                return;
        before = *slice;
        for (size_t i = 0; i <= ARRAY_SIZE(tails); i++) {
                Slice tail = i ? slice_text(tails[i - 1]) : slice_make("", 1);
                Slice text = letters(&arena, size_max(field->least, tail.n));

                memcpy((uint8_t *)(uintptr_t)text.data + text.n - tail.n, tail.data, tail.n);
                *slice = text;
                check_refused(message, owner, field);
        }
        *slice = before;
}

TEST(a_text_that_is_not_utf8_or_holds_a_nul_is_refused_by_name) {
        for_each_field(on_bad_text);
}

static void on_counts(Message *message, const RecordSpec *owner, const FieldSpec *field,
                      void *body) {
        cleanup_arena Arena arena = ARENA_INIT;
        size_t item_bytes, n = field->items_max + 1;
        uint8_t *items, *before;

        if (field->kind != FIELD_TEXTS && field->kind != FIELD_LIST)
                return;
        item_bytes = field->kind == FIELD_TEXTS ? sizeof(Slice)
                                                : record_spec(field->record)->struct_bytes;
        items = arena_alloc_array(&arena, n, item_bytes);
        memcpy(&before, field_at(field, body), sizeof before);
        for (size_t i = 0; i < n; i++)
                memcpy(items + i * item_bytes, before, item_bytes);
        memcpy(field_at(field, body), &items, sizeof items);
        *field_count_at(field, body) = n;
        check_refused(message, owner, field);
        *field_count_at(field, body) = 0;
        check_refused(message, owner, field);
        memcpy(field_at(field, body), &before, sizeof before);
        *field_count_at(field, body) = 1;
}

TEST(a_list_that_is_empty_or_too_long_is_refused_by_name) {
        for_each_field(on_counts);
}

static void on_words(Message *message, const RecordSpec *owner, const FieldSpec *field,
                     void *body) {
        int before, wrong;

        if (field->kind != FIELD_WORD)
                return;
        before = field_word(field, body);
        for (wrong = -1; wrong <= (int)field->words->n_rows;
             wrong += (int)field->words->n_rows + 1) {
                memcpy(field_at(field, body), &wrong, sizeof wrong);
                check_refused(message, owner, field);
        }
        memcpy(field_at(field, body), &before, sizeof before);
}

TEST(a_word_that_is_not_in_its_set_is_refused_by_name) {
        for_each_field(on_words);
}

static void on_absence(Message *message, const RecordSpec *owner, const FieldSpec *field,
                       void *body) {
        uint64_t bit = UINT64_C(1) << field->tag;
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);

        *(uint64_t *)body &= ~bit;
        if (field->presence == REQUIRED) {
                check_refused(message, owner, field);
        } else {
                encode(message, &frame);
                CHECK(decodes_canonically(buf_get(&frame)));
        }
        *(uint64_t *)body |= bit;
}

TEST(a_required_field_may_not_be_absent_and_an_optional_one_may) {
        for_each_field(on_absence);
}

static void on_wrong_kind(Message *message, const RecordSpec *owner, const FieldSpec *field,
                          void *body) {
        cleanup_loose Loose loose = {.wrong_kind = field};
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault = {.reason = NULL};
        Message decoded;

        (void)body;
        loose_encode(&loose, message);
        CHECK_EQ_INT(codec_decode(loose_get(&loose), &arena, &decoded, &fault), CODEC_E_REFUSED);
        check_fault(&fault, owner, field, message);
}

TEST(a_value_of_another_kind_is_refused_by_name) {
        for_each_field(on_wrong_kind);
}

static void on_unknown_tag(Message *message, const RecordSpec *owner, const FieldSpec *field,
                           void *body) {
        cleanup_loose Loose loose = {.with_more = owner};
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault = {.reason = NULL};
        Message decoded;

        (void)field;
        (void)body;
        loose_encode(&loose, message);
        CHECK_EQ_INT(scan_frame(loose_get(&loose)), 0);
        CHECK_EQ_INT(codec_decode(loose_get(&loose), &arena, &decoded, &fault), CODEC_E_REFUSED);
        CHECK_EQ_TEXT(fault.message, message_name(message->type));
        CHECK_CONTAINS(fault.reason, "tag");
        /* Nobody does anything because of a status; all else is refused by agents, too. */
        CHECK_EQ_INT(codec_decode_answer(loose_get(&loose), &arena, &decoded, &fault),
                     message->type == MESSAGE_STATUS ? 0 : CODEC_E_REFUSED);
}

TEST(a_tag_that_no_row_has_is_refused) {
        for_each_field(on_unknown_tag);
}

/* ---- present ---- */

static void on_present(const Message *message, Slice frame, Arbitrary *arbitrary) {
        cleanup_buf Buf again = BUF_INIT(FRAME_MAX);
        Message derived = *message;

        (void)frame;
        (void)arbitrary;
        message_set_present(&derived);
        encode(&derived, &again);
        CHECK(decodes_canonically(buf_get(&again)));
}

TEST(what_is_present_can_be_derived_from_the_values) {
        for_each_message(on_present);
}
