/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The first look at hostile bytes, also against msgpack-c's reader as a second opinion. */

#include "proto/scan.h"

#include <malloc.h>
#include <stdlib.h>

#include <msgpack.h>

#include "base/mem.h"
#include "tests/lib/arbitrary.h"
#include "tests/lib/test.h"

#define FRAME(...)                                                                                 \
        slice_make((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

TEST(the_five_byte_bomb_is_refused_and_nothing_is_allocated) {
        struct mallinfo2 before = mallinfo2();
        int r = scan_frame(FRAME(0xdd, 0x01, 0x00, 0x00, 0x00));
        struct mallinfo2 after = mallinfo2();

        CHECK_EQ_INT(r, SCAN_E_TRUNCATED);
        CHECK_EQ_U64(after.uordblks, before.uordblks);
        CHECK_EQ_U64(after.hblkhd, before.hblkhd);
}

TEST(whole_objects_pass) {
        CHECK_EQ_INT(scan_frame(FRAME(0x00)), 0);
        CHECK_EQ_INT(scan_frame(FRAME(0x7f)), 0);
        CHECK_EQ_INT(scan_frame(FRAME(0x90)), 0);
        CHECK_EQ_INT(scan_frame(FRAME(0x80)), 0);
        CHECK_EQ_INT(scan_frame(FRAME(0xa0)), 0);
        CHECK_EQ_INT(scan_frame(FRAME(0xc4, 0x00)), 0);
        CHECK_EQ_INT(scan_frame(FRAME(0xcc, 0x80)), 0);
        CHECK_EQ_INT(scan_frame(FRAME(0xcd, 0x01, 0x00)), 0);
        CHECK_EQ_INT(scan_frame(FRAME(0x92, 0x01, 0x81, 0x01, 0xa1, 'x')), 0);
        CHECK_EQ_INT(scan_frame(FRAME(0x92, 0x90, 0x91, 0x80)), 0);
}

TEST(no_bytes_are_no_object) {
        CHECK_EQ_INT(scan_frame(SLICE_NULL), SCAN_E_EMPTY);
}

TEST(more_declared_than_there_is_is_refused_at_each_place) {
        CHECK_EQ_INT(scan_frame(FRAME(0xcd, 0x01)), SCAN_E_TRUNCATED);
        CHECK_EQ_INT(scan_frame(FRAME(0xcf, 1, 2, 3, 4, 5, 6, 7)), SCAN_E_TRUNCATED);
        CHECK_EQ_INT(scan_frame(FRAME(0xd9)), SCAN_E_TRUNCATED);
        CHECK_EQ_INT(scan_frame(FRAME(0xa2, 'x')), SCAN_E_TRUNCATED);
        CHECK_EQ_INT(scan_frame(FRAME(0x91)), SCAN_E_TRUNCATED);
        CHECK_EQ_INT(scan_frame(FRAME(0x81, 0x01)), SCAN_E_TRUNCATED);
        CHECK_EQ_INT(scan_frame(FRAME(0x92, 0x01)), SCAN_E_TRUNCATED);
        CHECK_EQ_INT(scan_frame(FRAME(0x92, 0xa1, 'x')), SCAN_E_TRUNCATED);
        CHECK_EQ_INT(scan_frame(FRAME(0xdf, 0xff, 0xff, 0xff, 0xff)), SCAN_E_TRUNCATED);
        CHECK_EQ_INT(scan_frame(FRAME(0xdb, 0xff, 0xff, 0xff, 0xff, 'x')), SCAN_E_TRUNCATED);
        CHECK_EQ_INT(scan_frame(FRAME(0xc6, 0xff, 0xff, 0xff, 0xff, 'x')), SCAN_E_TRUNCATED);
}

TEST(bytes_behind_the_object_are_refused) {
        CHECK_EQ_INT(scan_frame(FRAME(0x00, 0x00)), SCAN_E_TRAILING);
        CHECK_EQ_INT(scan_frame(FRAME(0x91, 0x01, 0x01)), SCAN_E_TRAILING);
        CHECK_EQ_INT(scan_frame(FRAME(0x90, 0xc1)), SCAN_E_TRAILING);
}

TEST(kinds_that_no_message_has_are_refused) {
        static const uint8_t firsts[] = {0xc0, 0xc1, 0xc2, 0xc3, 0xc7, 0xc8, 0xc9,
                                         0xca, 0xcb, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4,
                                         0xd5, 0xd6, 0xd7, 0xd8, 0xe0, 0xff};

        for (size_t i = 0; i < sizeof firsts; i++) {
                uint8_t frame[32] = {firsts[i]};

                CHECK_EQ_INT(scan_frame(slice_make(frame, sizeof frame)), SCAN_E_FORBIDDEN);
        }
}

TEST(a_longer_form_than_needed_is_refused) {
        CHECK_EQ_INT(scan_frame(FRAME(0xcc, 0x7f)), SCAN_E_FORBIDDEN);
        CHECK_EQ_INT(scan_frame(FRAME(0xcd, 0x00, 0xff)), SCAN_E_FORBIDDEN);
        CHECK_EQ_INT(scan_frame(FRAME(0xce, 0x00, 0x00, 0xff, 0xff)), SCAN_E_FORBIDDEN);
        CHECK_EQ_INT(scan_frame(FRAME(0xcf, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff)), SCAN_E_FORBIDDEN);
        CHECK_EQ_INT(scan_frame(FRAME(0xd9, 0x01, 'x')), SCAN_E_FORBIDDEN);
        CHECK_EQ_INT(scan_frame(FRAME(0xda, 0x00, 0x01, 'x')), SCAN_E_FORBIDDEN);
        CHECK_EQ_INT(scan_frame(FRAME(0xc5, 0x00, 0x01, 'x')), SCAN_E_FORBIDDEN);
        CHECK_EQ_INT(scan_frame(FRAME(0xdc, 0x00, 0x01, 0x01)), SCAN_E_FORBIDDEN);
        CHECK_EQ_INT(scan_frame(FRAME(0xdd, 0x00, 0x00, 0x00, 0x01, 0x01)), SCAN_E_FORBIDDEN);
        CHECK_EQ_INT(scan_frame(FRAME(0xde, 0x00, 0x01, 0x01, 0x01)), SCAN_E_FORBIDDEN);
}

TEST(nesting_is_limited) {
        uint8_t frame[64];

        memset(frame, 0x91, sizeof frame);
        frame[SCAN_DEPTH_MAX] = 0x01;
        CHECK_EQ_INT(scan_frame(slice_make(frame, SCAN_DEPTH_MAX + 1)), 0);
        frame[SCAN_DEPTH_MAX] = 0x90;
        CHECK_EQ_INT(scan_frame(slice_make(frame, SCAN_DEPTH_MAX + 1)), SCAN_E_TOO_DEEP);
        memset(frame, 0x91, sizeof frame);
        CHECK_EQ_INT(scan_frame(slice_make(frame, sizeof frame)), SCAN_E_TOO_DEEP);
}

TEST(each_condition_has_a_sentence_of_its_own) {
        for (int i = SCAN_E_TRUNCATED; i <= SCAN_E_EMPTY; i++)
                for (int j = SCAN_E_TRUNCATED; j < i; j++)
                        CHECK(strcmp(scan_reason(i), scan_reason(j)) != 0);
}

/* ---- against msgpack-c ---- */

static bool is_of_ours(const msgpack_object *object) {
        if (object->type == MSGPACK_OBJECT_ARRAY) {
                for (uint32_t i = 0; i < object->via.array.size; i++)
                        if (!is_of_ours(&object->via.array.ptr[i]))
                                return false;
                return true;
        }
        if (object->type == MSGPACK_OBJECT_MAP) {
                for (uint32_t i = 0; i < object->via.map.size; i++)
                        if (!is_of_ours(&object->via.map.ptr[i].key) ||
                            !is_of_ours(&object->via.map.ptr[i].val))
                                return false;
                return true;
        }
        return object->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
               object->type == MSGPACK_OBJECT_STR || object->type == MSGPACK_OBJECT_BIN;
}

/* Whole, of our kinds, and written again to the same bytes. */
static bool other_opinion(Slice frame) {
        msgpack_unpacked result;
        msgpack_sbuffer again;
        msgpack_packer packer;
        size_t offset = 0;
        bool is_good;

        msgpack_unpacked_init(&result);
        msgpack_sbuffer_init(&again);
        msgpack_packer_init(&packer, &again, msgpack_sbuffer_write);
        is_good = msgpack_unpack_next(&result, (const char *)frame.data, frame.n, &offset) ==
                          MSGPACK_UNPACK_SUCCESS &&
                  offset == frame.n && is_of_ours(&result.data) &&
                  msgpack_pack_object(&packer, result.data) == 0 &&
                  slice_equal(slice_make(again.data, again.size), frame);
        msgpack_sbuffer_destroy(&again);
        msgpack_unpacked_destroy(&result);
        return is_good;
}

/* The other reader believes counts, so it is asked only where they are small. */
static bool declares_much(Slice frame) {
        for (size_t i = 0; i + 1 < frame.n; i++)
                if (frame.data[i] >= 0xdc && frame.data[i] <= 0xdf)
                        return true;
        return false;
}

static void check_opinions(Slice frame) {
        if (!declares_much(frame))
                CHECK_EQ_INT(scan_frame(frame) == 0, other_opinion(frame));
}

TEST(another_reader_agrees_on_every_one_and_two_bytes) {
        for (unsigned i = 0; i < 1u << 16; i++) {
                const uint8_t frame[2] = {(uint8_t)(i >> 8), (uint8_t)i};

                check_opinions(slice_make(frame, 2));
                if (frame[1] == 0)
                        check_opinions(slice_make(frame, 1));
        }
}

TEST(another_reader_agrees_on_random_bytes) {
        Arbitrary arbitrary = {.state = 1};
        size_t n_good = 0;

        for (int i = 0; i < 300000; i++) {
                uint8_t frame[12];
                size_t n = 1 + arbitrary_below(&arbitrary, sizeof frame);

                for (size_t j = 0; j < n; j++) {
                        uint64_t byte = arbitrary_below(&arbitrary, 256);

                        /* Heads of containers and short forms more often than chance has them. */
                        frame[j] = (uint8_t)(arbitrary_below(&arbitrary, 2) ? byte
                                                                            : 0x80 | (byte & 0x33));
                }
                check_opinions(slice_make(frame, n));
                n_good += scan_frame(slice_make(frame, n)) == 0;
        }
        /* Otherwise they agreed on refusals only. */
        CHECK(n_good > 1000);
}
