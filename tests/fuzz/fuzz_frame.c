/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Frames from outside: whatever decodes must encode to the same bytes and be describable. */

#include "tests/fuzz/fuzz.h"

#include "proto/codec.h"
#include "proto/describe.h"
#include "proto/scan.h"

/* A list of the shortest items there are is sixteen times as large in memory, and one in a list
 * counts twice where the decoder gives up in between. */
enum { BYTES_PER_BYTE_MAX = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf again = BUF_INIT(FRAME_MAX), text = BUF_TEXT;
        CodecFault fault = {.reason = NULL};
        Slice frame = slice_make(data, n);
        Message message;

        int r = codec_decode(frame, &arena, &message, &fault);

        must(arena.n_bytes <= BYTES_PER_BYTE_MAX * n);
        if (r) {
                must(fault.reason != NULL);
                return 0;
        }
        must(scan_frame(frame) == 0);
        must(codec_encode(&message, &again, &fault) == 0);
        must(slice_equal(buf_get(&again), frame));
        describe_line(&message, &text);
        describe_json(&message, &text);
        message_set_present(&message);
        buf_clear(&again);
        must(codec_encode(&message, &again, &fault) == 0);
        must(again.n <= n);
        return 0;
}
