/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Frames byte by byte: the wire form as strangers must make it. What holds for every message is in
 * tests/table/test_schema.c. */

#include "proto/codec.h"

#include "base/hash.h"
#include "tests/lib/test.h"

#define FRAME(...)                                                                                 \
        slice_make((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static int decode(Slice frame, CodecFault *fault) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message;
        int r;

        *fault = (CodecFault){.reason = NULL};
        r = codec_decode(frame, &arena, &message, fault);
        CHECK((r == 0) == (fault->reason == NULL));
        return r;
}

static void check_reason(Slice frame, const char *field, const char *reason) {
        CodecFault fault;

        CHECK_EQ_INT(decode(frame, &fault), CODEC_E_REFUSED);
        CHECK_EQ_TEXT(fault.field, field);
        CHECK_EQ_TEXT(fault.reason, reason);
}

TEST(the_wire_form_is_what_the_protocol_says) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX), hex = BUF_TEXT;
        Message message = {
                .type = MESSAGE_WITHDRAW,
                .withdraw = {.claim = 300, .why = slice_text("é")},
        };
        CodecFault fault;

        message_set_present(&message);
        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), 0);
        hex_append(&hex, buf_get(&frame));
        CHECK_EQ_TEXT(buf_get_text(&hex), "92"         /* two things */
                                          "06"         /* the number of withdraw */
                                          "82"         /* two fields */
                                          "01cd012c"   /* 1: 300 */
                                          "02a2c3a9"); /* 2: "é" */
}

TEST(a_list_of_records_is_an_array_of_maps) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX), hex = BUF_TEXT;
        struct wait wait = {.who = slice_text("bob"), .what = slice_text("M1"), .since_ms = 0};
        struct phase_status phase = {.present = 0};
        struct gate_status gate = {.gate = slice_text("M1"), .state = GATE_STATE_OPEN};
        Message message = {.type = MESSAGE_STATUS};
        static const uint8_t digest[HASH_BYTES] = {0xab};
        CodecFault fault;

        phase.phase = slice_text("p");
        phase.plan_digest = slice_make(digest, sizeof digest);
        phase.gates = &gate;
        phase.n_gates = 1;
        phase.waits = &wait;
        phase.n_waits = 1;
        message.status.project = slice_text("x");
        message.status.now_ms = 1;
        message.status.phases = &phase;
        message.status.n_phases = 1;
        message_set_present(&message);
        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), 0);
        hex_append(&hex, buf_get(&frame));
        CHECK_EQ_TEXT(buf_get_text(&hex),
                      "924c84"
                      "01a178"
                      "0200"
                      "0301"
                      "0491"
                      "85"
                      "01a170"
                      "02a7706c616e6e6564"
                      "03c420ab00000000000000000000000000000000000000000000000000000000000000"
                      "0491"
                      "8401a24d3102a46f70656e07000900"
                      "0591"
                      "8301a3626f6202a24d310300");
}

TEST(the_five_byte_bomb_takes_nothing_from_the_arena) {
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message message;

        CHECK_EQ_INT(codec_decode(FRAME(0xdd, 0x01, 0x00, 0x00, 0x00), &arena, &message, &fault),
                     CODEC_E_REFUSED);
        CHECK(arena.newest == NULL);
        CHECK(fault.message == NULL);
}

TEST(a_count_above_its_row_takes_nothing_from_the_arena) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;
        Message message;

        /* A refusal with 65535 reasons, all of them there. */
        buf_slice(&frame, FRAME(0x92, 0x44, 0x83, 2, 0xa1, 'r', 4, 0xa1, 'f', 6, 0xdc, 0xff, 0xff));
        for (int i = 0; i < 65535; i++)
                buf_byte(&frame, 0xa0);
        CHECK_EQ_INT(codec_decode(buf_get(&frame), &arena, &message, &fault), CODEC_E_REFUSED);
        CHECK_EQ_TEXT(fault.field, "reasons");
        CHECK_EQ_TEXT(fault.reason, "has too many items");
        CHECK(arena.newest == NULL);
}

TEST(items_too_short_for_what_they_must_hold_take_nothing_from_the_arena) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;
        Message message;

        /* A status of 200 phases, each of them one byte. */
        buf_slice(&frame, FRAME(0x92, 0x4c, 0x84, 1, 0xa1, 'p', 2, 1, 3, 1, 4, 0xdc, 0x00, 200));
        for (int i = 0; i < 200; i++)
                buf_byte(&frame, 0);
        CHECK_EQ_INT(codec_decode(buf_get(&frame), &arena, &message, &fault), CODEC_E_REFUSED);
        CHECK_EQ_TEXT(fault.field, "phases");
        CHECK_EQ_TEXT(fault.reason, "declares more than there is");
        CHECK(arena.newest == NULL);
}

TEST(what_is_no_message_is_refused) {
        check_reason(SLICE_NULL, NULL, "is empty");
        check_reason(FRAME(0x01), NULL, "is not a number and a map");
        check_reason(FRAME(0x91, 0x06), NULL, "is not a number and a map");
        check_reason(FRAME(0x93, 0x06, 0x80, 0x80), NULL, "is not a number and a map");
        check_reason(FRAME(0x92, 0xa1, 'x', 0x80), NULL, "is not a number and a map");
        check_reason(FRAME(0x92, 0x06, 0x90), NULL, "is not a map of fields");
        check_reason(FRAME(0x92, 0x00, 0x80), NULL, "has an unknown number");
        check_reason(FRAME(0x92, 0x7f, 0x80), NULL, "has an unknown number");
        check_reason(FRAME(0x92, 0xcf, 0, 0, 0, 1, 0, 0, 0, 6, 0x81, 1, 1), NULL,
                     "has an unknown number");
}

TEST(tags_out_of_order_twice_or_unknown_are_refused) {
        CodecFault fault;

        CHECK_EQ_INT(decode(FRAME(0x92, 0x06, 0x82, 1, 7, 2, 0xa1, 'w'), &fault), 0);
        check_reason(FRAME(0x92, 0x06, 0x82, 2, 0xa1, 'w', 1, 7), "claim", "is missing");
        check_reason(FRAME(0x92, 0x06, 0x82, 1, 7, 1, 7), NULL, "has an unknown or misplaced tag");
        check_reason(FRAME(0x92, 0x06, 0x82, 0, 7, 1, 7), NULL, "has an unknown or misplaced tag");
        check_reason(FRAME(0x92, 0x06, 0x82, 1, 7, 9, 7), NULL, "has an unknown or misplaced tag");
        check_reason(FRAME(0x92, 0x06, 0x82, 1, 7, 0xa1, 'x', 7), NULL,
                     "has a tag that is not a number");
        check_reason(FRAME(0x92, 0x06, 0x82, 1, 7, 0xcf, 1, 0, 0, 0, 0, 0, 0, 2, 7), NULL,
                     "has an unknown or misplaced tag");
        check_reason(FRAME(0x92, 0x06, 0x80), "claim", "is missing");
}

TEST(the_same_number_in_a_longer_form_is_refused) {
        CodecFault fault;

        CHECK_EQ_INT(decode(FRAME(0x92, 0x06, 0x81, 1, 7), &fault), 0);
        check_reason(FRAME(0x92, 0x06, 0x81, 1, 0xcc, 7), NULL,
                     "holds a value of a kind or length that is not canonical");
        check_reason(FRAME(0x92, 0xcc, 0x06, 0x81, 1, 7), NULL,
                     "holds a value of a kind or length that is not canonical");
}

TEST(bytes_are_no_text_and_text_is_no_bytes) {
        check_reason(FRAME(0x92, 0x06, 0x82, 1, 7, 2, 0xc4, 1, 'w'), "why", "is not a text");
        check_reason(FRAME(0x92, 0x4e, 0x81, 1, 0xa1, 'd'), "digest", "is not bytes");
}

TEST(a_message_without_a_type_or_too_large_is_not_encoded) {
        cleanup_buf Buf frame = BUF_INIT(4 * FRAME_MAX);
        static Slice texts[20];
        static uint8_t letters[1 << 16];
        Message message = {.type = MESSAGE_NONE};
        CodecFault fault = {.reason = NULL};

        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), CODEC_E_REFUSED);
        memset(letters, 'a', sizeof letters);
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                texts[i] = slice_make(letters, sizeof letters);
        message.type = MESSAGE_CHECK_EVIDENCE;
        message.check_evidence = (struct check_evidence){
                .gate = slice_text("M1"),
                .check = slice_text("c"),
                .commit = slice_text("0123456789012345678901234567890123456789"),
                .command = texts,
                .n_command = ARRAY_SIZE(texts),
                .started_ms = 1,
        };
        message_set_present(&message);
        buf_text(&frame, "before");
        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), CODEC_E_REFUSED);
        CHECK_EQ_TEXT(fault.message, "check_evidence");
        CHECK_EQ_TEXT(fault.reason, "is too large for a frame");
        CHECK_EQ_SLICE(buf_get(&frame), slice_text("before"));
        message.check_evidence.n_command = 15; /* just below the limit */
        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), 0);
}

TEST(a_frame_that_does_not_fit_its_buffer_leaves_nothing_in_it) {
        cleanup_buf Buf frame = BUF_INIT(4);
        Message message = {.type = MESSAGE_WITHDRAW, .withdraw = {.claim = 300}};
        CodecFault fault;

        message_set_present(&message);
        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), CODEC_E_REFUSED);
        CHECK_EQ_U64(frame.n, 0);
}

TEST(a_frame_larger_than_the_limit_is_not_looked_at) {
        static uint8_t frame[FRAME_MAX + 1] = {0x92, 0x06, 0x80};

        check_reason(slice_make(frame, sizeof frame), NULL, "is too large for a frame");
}

TEST(a_decoded_text_stays_where_it_is_in_the_frame) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice frame = FRAME(0x92, 0x06, 0x82, 1, 7, 2, 0xa1, 'w');
        CodecFault fault;
        Message message;

        CHECK_EQ_INT(codec_decode(frame, &arena, &message, &fault), 0);
        CHECK(message.withdraw.why.data == frame.data + 7);
        CHECK(field_is_present(message.withdraw.present, 2));
        CHECK(!field_is_present(message.withdraw.present, 3));
        CHECK(!field_is_present(message.withdraw.present, 64));
}

TEST(a_fault_becomes_a_refusal_with_its_place) {
        CodecFault codec_fault = {.message = "verdict",
                                  .record = "check_result",
                                  .field = "check",
                                  .reason = "is missing"};
        Fault fault = FAULT_INIT;

        codec_fault_to_fault(&codec_fault, &fault);
        CHECK_EQ_TEXT(fault.rule, "frame-malformed");
        CHECK_EQ_TEXT(fault.place, "verdict.check_result.check");
        CHECK_EQ_TEXT(fault.found, "check is missing");
        codec_fault = (CodecFault){.reason = "is empty"};
        codec_fault_to_fault(&codec_fault, &fault);
        CHECK_EQ_TEXT(fault.place, "frame");
        CHECK_EQ_TEXT(fault.found, "the frame is empty");
}

TEST(the_phase_is_read_from_entries_that_say_it) {
        Message claim = {.type = MESSAGE_CLAIM, .claim = {.phase = slice_text("pvcheck")}};
        Message verdict = {.type = MESSAGE_VERDICT, .verdict = {.claim = 3}};
        Message offer = {.type = MESSAGE_OFFER, .offer = {.phase = slice_text("pvcheck")}};
        Message none = {.type = MESSAGE_NONE};

        CHECK_EQ_SLICE(message_phase(&claim), slice_text("pvcheck"));
        CHECK_EQ_SLICE(message_phase(&verdict), SLICE_NULL);
        CHECK_EQ_SLICE(message_phase(&offer), SLICE_NULL);
        CHECK_EQ_SLICE(message_phase(&none), SLICE_NULL);
}

/* A status without phases, and fields behind those that it has: 8, 9. */
#define STATUS(n, ...) FRAME(0x92, 0x4c, 0x80 | (n), 1, 0xa1, 'p', 2, 1, 3, 1, 7, 1, __VA_ARGS__)

static int decode_answer(Slice frame, Message *ret_message) {
        static Arena arena; /* lives as long as the test */
        CodecFault fault;

        return codec_decode_answer(frame, &arena, ret_message, &fault);
}

TEST(of_a_status_fields_that_came_later_are_passed_over) {
        CodecFault fault;
        Message message;

        CHECK_EQ_INT(decode_answer(STATUS(5, 9, 7), &message), 0);
        CHECK_EQ_U64(message.status.no_adversary, 1);
        CHECK_EQ_INT(
                decode_answer(STATUS(6, 8, 0x92, 0x81, 1, 0x91, 2, 0xc4, 2, 1, 2, 60, 7), &message),
                0);
        CHECK_EQ_U64(message.status.present & ~UINT64_C(0xff), 0);
        CHECK_EQ_INT(decode(STATUS(5, 9, 7), &fault), CODEC_E_REFUSED);
}

TEST(what_is_passed_over_is_canonical_all_the_same) {
        Message message;

        CHECK_EQ_INT(decode_answer(STATUS(6, 9, 7, 9, 7), &message), CODEC_E_REFUSED);
        CHECK_EQ_INT(decode_answer(STATUS(6, 9, 7, 8, 7), &message), CODEC_E_REFUSED);
        CHECK_EQ_INT(decode_answer(STATUS(6, 9, 7, 6, 7), &message), CODEC_E_REFUSED);
        CHECK_EQ_INT(decode_answer(STATUS(5, 9, 0xc0), &message), CODEC_E_REFUSED);
        CHECK_EQ_INT(decode_answer(STATUS(5, 9, 0x92, 1), &message), CODEC_E_REFUSED);
        CHECK_EQ_INT(decode_answer(FRAME(0x92, 0x4c, 0x83, 1, 0xa1, 'p', 2, 1, 9, 7), &message),
                     CODEC_E_REFUSED);
}
