/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Numbers, texts, lists and frames: there and back, and cut at every byte. */

#include "sandbox/wire.h"
#include "tests/lib/test.h"

TEST(what_is_put_is_got) {
        cleanup_buf Buf bytes = BUF_INIT(4096);
        cleanup_arena Arena arena = ARENA_INIT;
        WireReader reader;
        char **texts;
        size_t n;

        wire_put_u64(&bytes, UINT64_MAX);
        wire_put_bytes(&bytes, slice_make("a\0b", 3));
        wire_put_text(&bytes, NULL);
        wire_put_text(&bytes, "");
        wire_put_texts(&bytes, (const char *const[]){"one", "", "three", NULL});
        wire_put_texts(&bytes, NULL);
        reader = (WireReader){.rest = buf_get(&bytes)};
        CHECK_EQ_U64(wire_get_u64(&reader), UINT64_MAX);
        CHECK_EQ_SLICE(wire_get_bytes(&reader, 3), slice_make("a\0b", 3));
        CHECK_EQ_TEXT(wire_get_text(&reader, &arena, 8), NULL);
        CHECK_EQ_TEXT(wire_get_text(&reader, &arena, 8), "");
        texts = wire_get_texts(&reader, &arena, 3, &n);
        CHECK_EQ_U64(n, 3);
        CHECK_EQ_TEXT(texts[0], "one");
        CHECK_EQ_TEXT(texts[1], "");
        CHECK_EQ_TEXT(texts[2], "three");
        CHECK_EQ_TEXT(texts[3], NULL);
        CHECK_EQ_TEXT(wire_get_texts(&reader, &arena, 0, &n)[0], NULL);
        CHECK_EQ_U64(n, 0);
        CHECK(!reader.is_bad);
        CHECK_EQ_U64(reader.rest.n, 0);
}

TEST(what_is_larger_than_its_limit_is_bad) {
        cleanup_buf Buf bytes = BUF_INIT(4096);
        cleanup_arena Arena arena = ARENA_INIT;
        WireReader reader;
        size_t n;

        wire_put_bytes(&bytes, slice_text("four"));
        reader = (WireReader){.rest = buf_get(&bytes)};
        CHECK_EQ_U64(wire_get_bytes(&reader, 3).n, 0);
        CHECK(reader.is_bad);
        buf_clear(&bytes);
        wire_put_u64(&bytes, 5);
        reader = (WireReader){.rest = buf_get(&bytes)};
        CHECK_EQ_U64(wire_get_limited(&reader, 4), 0);
        CHECK(reader.is_bad);
        buf_clear(&bytes);
        wire_put_u64(&bytes, UINT64_MAX);
        reader = (WireReader){.rest = buf_get(&bytes)};
        CHECK_EQ_TEXT(wire_get_texts(&reader, &arena, SIZE_MAX, &n)[0], NULL);
        CHECK_EQ_U64(n, 0);
        CHECK(reader.is_bad);
}

TEST(a_bad_reader_yields_nothing_more) {
        cleanup_buf Buf bytes = BUF_INIT(4096);
        WireReader reader;

        wire_put_u64(&bytes, 9);
        wire_put_u64(&bytes, 1);
        reader = (WireReader){.rest = buf_get(&bytes)};
        (void)wire_get_limited(&reader, 8);
        CHECK_EQ_U64(wire_get_u64(&reader), 0);
        CHECK(reader.is_bad);
}

TEST(a_frame_is_taken_when_it_is_complete) {
        cleanup_buf Buf bytes = BUF_INIT(4096), part = BUF_INIT(4096);
        WireFrame frame;
        size_t offset = 0;

        wire_put_frame(&bytes, 'A', slice_text("payload"));
        wire_put_frame(&bytes, 'B', SLICE_NULL);
        for (size_t n = 0; n < bytes.n; n++) {
                size_t at = 0;

                buf_clear(&part);
                buf_append(&part, bytes.data, n);
                CHECK(wire_take_frame(&part, &at, &frame) == (n >= 16));
                CHECK_EQ_U64(at, n >= 16 ? 16 : 0);
        }
        CHECK(wire_take_frame(&bytes, &offset, &frame));
        CHECK_EQ_INT(frame.kind, 'A');
        CHECK_EQ_SLICE(frame.payload, slice_text("payload"));
        CHECK(wire_take_frame(&bytes, &offset, &frame));
        CHECK_EQ_INT(frame.kind, 'B');
        CHECK_EQ_U64(frame.payload.n, 0);
        CHECK(!wire_take_frame(&bytes, &offset, &frame));
        CHECK_EQ_U64(offset, bytes.n);
}
