/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Head, ring and hash, whatever the pieces. */

#include "sandbox/stream.h"
#include "tests/lib/test.h"

enum { N_BYTES = 1000 };

static uint8_t bytes[N_BYTES];

static void add_in_pieces(Stream *stream, size_t n, size_t piece) {
        for (size_t i = 0; i < n; i += piece)
                stream_add(stream, slice_make(bytes + i, size_min(piece, n - i)));
}

static void expect(size_t n, size_t head, size_t tail, size_t piece) {
        SandboxLimits limits = {.keep_head = head, .keep_tail = tail};
        SandboxStream result = {.n_bytes = 0};
        cleanup_stream Stream stream;
        size_t n_head = size_min(n, head), n_tail = size_min(n - n_head, tail);
        Hash hash;

        stream_init(&stream, &limits);
        add_in_pieces(&stream, n, piece);
        stream_finish(&stream, &result);
        hash_of(slice_make(bytes, n), &hash);
        CHECK_EQ_U64(result.n_bytes, n);
        CHECK(hash_equal(&result.hash, &hash));
        CHECK_EQ_SLICE(buf_get(&result.head), slice_make(bytes, n_head));
        CHECK_EQ_SLICE(buf_get(&result.tail), slice_make(bytes + n - n_tail, n_tail));
        CHECK(result.is_cut == (n > head + tail));
        buf_deinit(&result.head);
        buf_deinit(&result.tail);
}

TEST(both_ends_are_kept_however_the_bytes_arrive) {
        static const size_t sizes[] = {0, 1, 7, 16, 17, 100, N_BYTES};

        for (size_t i = 0; i < N_BYTES; i++)
                bytes[i] = (uint8_t)(i * 7 + i / 256);
        for (size_t n = 0; n < ARRAY_SIZE(sizes); n++)
                for (size_t head = 0; head < ARRAY_SIZE(sizes); head++)
                        for (size_t tail = 0; tail < ARRAY_SIZE(sizes); tail++)
                                for (size_t piece = 1; piece < ARRAY_SIZE(sizes); piece++)
                                        expect(sizes[n], sizes[head], sizes[tail], sizes[piece]);
}

TEST(the_limit_is_exact) {
        SandboxLimits limits = {.output_bytes = 10, .keep_head = 4, .keep_tail = 4};
        SandboxStream result = {.n_bytes = 0};
        cleanup_stream Stream stream;

        stream_init(&stream, &limits);
        stream_add(&stream, slice_text("0123456789"));
        CHECK(!stream.is_over);
        stream_add(&stream, slice_text("x"));
        CHECK(stream.is_over);
        stream_finish(&stream, &result);
        CHECK_EQ_U64(result.n_bytes, 10);
        CHECK_EQ_SLICE(buf_get(&result.tail), slice_text("6789"));
        buf_deinit(&result.head);
        buf_deinit(&result.tail);
}
