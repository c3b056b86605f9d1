/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Head and ring. */

#include "sandbox/stream.h"

void stream_init(Stream *stream, const SandboxLimits *limits) {
        *stream = (Stream){
                .head = BUF_INIT(limits->keep_head),
                .ring = BUF_INIT(limits->keep_tail),
                .n_max = limits->output_bytes ? limits->output_bytes : UINT64_MAX,
        };
        hash_start(&stream->hasher);
}

void stream_deinit(Stream *stream) {
        buf_deinit(&stream->head);
        buf_deinit(&stream->ring);
}

static Slice fill(Buf *buf, Slice bytes) {
        size_t n = size_min(bytes.n, buf->n_max - buf->n);

        buf_slice(buf, slice_head(bytes, n));
        return slice_from(bytes, n);
}

/* `bytes` behind a ring that is full. */
static void turn(Stream *stream, Slice bytes) {
        Buf *ring = &stream->ring;

        if (bytes.n > ring->n)
                bytes = slice_from(bytes, bytes.n - ring->n);
        while (bytes.n && ring->n) {
                size_t n = size_min(bytes.n, ring->n - stream->oldest);

                memcpy(ring->data + stream->oldest, bytes.data, n);
                stream->oldest = (stream->oldest + n) % ring->n;
                bytes = slice_from(bytes, n);
        }
}

void stream_add(Stream *stream, Slice bytes) {
        uint64_t n_left = stream->n_max - stream->n_bytes;

        if (bytes.n > n_left) {
                stream->is_over = true;
                bytes = slice_head(bytes, (size_t)n_left);
        }
        stream->n_bytes += bytes.n;
        hash_add(&stream->hasher, bytes.data, bytes.n);
        turn(stream, fill(&stream->ring, fill(&stream->head, bytes)));
}

void stream_finish(Stream *stream, SandboxStream *ret_stream) {
        Slice ring = buf_get(&stream->ring);

        buf_deinit(&ret_stream->head);
        buf_deinit(&ret_stream->tail);
        *ret_stream = (SandboxStream){
                .n_bytes = stream->n_bytes,
                .head = stream->head,
                .tail = BUF_INIT(stream->ring.n_max),
                .is_cut = stream->n_bytes > stream->head.n + stream->ring.n,
        };
        stream->head = BUF_INIT(0);
        buf_slice(&ret_stream->tail, slice_from(ring, stream->oldest));
        buf_slice(&ret_stream->tail, slice_head(ring, stream->oldest));
        hash_finish(&stream->hasher, &ret_stream->hash);
}
