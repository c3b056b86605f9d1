/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* One stream of the command's output: hashed in all, kept at both ends, in bounded memory. */

#include "sandbox/sandbox.h"

typedef struct Stream {
        Hasher hasher;
        Buf head;
        Buf ring; /* the last bytes behind the head; its oldest is at `oldest` once it is full */
        size_t oldest;
        uint64_t n_bytes;
        uint64_t n_max;
        bool is_over; /* there was more than n_max */
} Stream;

void stream_init(Stream *stream, const SandboxLimits *limits);
void stream_deinit(Stream *stream);
/* Counts and keeps up to the limit; what is beyond it is dropped. */
void stream_add(Stream *stream, Slice bytes);
/* Replaces what `ret_stream` holds. */
void stream_finish(Stream *stream, SandboxStream *ret_stream);

#define cleanup_stream cleanup(stream_deinit)
