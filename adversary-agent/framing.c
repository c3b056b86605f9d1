/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Lengths before frames. */

#include "adversary-agent/framing.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

enum { LENGTH_BYTES = 4, READ_BYTES = 65536 };

int framing_write(int fd, const Message *message) {
        cleanup_buf Buf bytes = BUF_INIT(FRAME_MAX + LENGTH_BYTES);
        CodecFault fault = {.message = NULL};
        size_t n;

        buf_append(&bytes, "\0\0\0", LENGTH_BYTES);
        if (codec_encode(message, &bytes, &fault) != 0)
                return error_origin(-EINVAL);
        n = bytes.n - LENGTH_BYTES;
        for (size_t i = 0; i < LENGTH_BYTES; i++)
                bytes.data[i] = (uint8_t)(n >> (8 * (LENGTH_BYTES - 1 - i)));
        return fd_write_all(fd, buf_get(&bytes));
}

int framing_take(Buf *stream, Buf *ret_frame) {
        size_t n = 0;

        buf_clear(ret_frame);
        if (stream->n < LENGTH_BYTES)
                return FRAMING_E_PENDING;
        for (size_t i = 0; i < LENGTH_BYTES; i++)
                n = n << 8 | stream->data[i];
        if (n > FRAME_MAX)
                return FRAMING_E_MALFORMED;
        if (stream->n - LENGTH_BYTES < n)
                return FRAMING_E_PENDING;
        buf_append(ret_frame, stream->data + LENGTH_BYTES, n);
        stream->n -= LENGTH_BYTES + n;
        memmove(stream->data, stream->data + LENGTH_BYTES + n, stream->n);
        return 0;
}

int framing_read(int fd, Buf *stream, Buf *ret_frame) {
        for (;;) {
                int r = framing_take(stream, ret_frame);
                uint8_t *room;
                ssize_t n;

                if (r != FRAMING_E_PENDING)
                        return r;
                room = buf_reserve(stream, READ_BYTES);
                if (!room)
                        return FRAMING_E_MALFORMED;
                n = read(fd, room, READ_BYTES);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return FRAMING_E_END;
                stream->n += (size_t)n;
        }
}
