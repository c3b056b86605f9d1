/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Numbers are eight bytes in the order of this machine: nothing of it leaves the machine. */

#include "sandbox/wire.h"

enum { WIRE_NULL = 0, WIRE_TEXT = 1, FRAME_HEAD_BYTES = 9 };

void wire_put_u64(Buf *bytes, uint64_t number) {
        buf_append(bytes, &number, sizeof number);
}

void wire_put_bytes(Buf *bytes, Slice slice) {
        wire_put_u64(bytes, slice.n);
        buf_slice(bytes, slice);
}

void wire_put_text(Buf *bytes, const char *text) {
        wire_put_u64(bytes, text ? WIRE_TEXT : WIRE_NULL);
        if (text)
                wire_put_bytes(bytes, slice_text(text));
}

void wire_put_texts(Buf *bytes, const char *const *texts) {
        size_t n = 0;

        while (texts && texts[n])
                n++;
        wire_put_u64(bytes, n);
        for (size_t i = 0; i < n; i++)
                wire_put_bytes(bytes, slice_text(texts[i]));
}

static void give_up(WireReader *reader) {
        reader->is_bad = true;
        reader->rest = SLICE_NULL;
}

uint64_t wire_get_u64(WireReader *reader) {
        uint64_t number;

        if (reader->rest.n < sizeof number) {
                give_up(reader);
                return 0;
        }
        memcpy(&number, reader->rest.data, sizeof number);
        reader->rest = slice_from(reader->rest, sizeof number);
        return number;
}

uint64_t wire_get_limited(WireReader *reader, uint64_t most) {
        uint64_t number = wire_get_u64(reader);

        if (number > most) {
                give_up(reader);
                return 0;
        }
        return number;
}

Slice wire_get_bytes(WireReader *reader, size_t n_max) {
        size_t n = (size_t)wire_get_limited(reader, n_max);
        Slice bytes;

        if (n > reader->rest.n) {
                give_up(reader);
                return SLICE_NULL;
        }
        bytes = slice_head(reader->rest, n);
        reader->rest = slice_from(reader->rest, n);
        return bytes;
}

char *wire_get_text(WireReader *reader, Arena *arena, size_t n_max) {
        if (wire_get_limited(reader, WIRE_TEXT) == WIRE_NULL)
                return NULL;
        return arena_text(arena, wire_get_bytes(reader, n_max));
}

char **wire_get_texts(WireReader *reader, Arena *arena, size_t n_max, size_t *ret_n) {
        /* Each text costs at least the eight bytes of its length: the list is bounded by what
         * has really been sent. */
        size_t n = (size_t)wire_get_limited(reader, size_min(n_max, reader->rest.n / 8));
        char **texts = arena_alloc_array(arena, n + 1, sizeof(char *));

        for (size_t i = 0; i < n; i++)
                texts[i] = arena_text(arena, wire_get_bytes(reader, reader->rest.n));
        *ret_n = reader->is_bad ? 0 : n;
        return texts;
}

void wire_put_frame(Buf *bytes, char kind, Slice payload) {
        buf_byte(bytes, (uint8_t)kind);
        wire_put_bytes(bytes, payload);
}

bool wire_take_frame(const Buf *bytes, size_t *offset, WireFrame *ret_frame) {
        WireReader reader = {.rest = slice_from(buf_get(bytes), *offset)};
        WireFrame frame;

        if (reader.rest.n < FRAME_HEAD_BYTES)
                return false;
        frame.kind = (char)reader.rest.data[0];
        reader.rest = slice_from(reader.rest, 1);
        frame.payload = wire_get_bytes(&reader, SIZE_MAX);
        if (reader.is_bad)
                return false;
        *offset += FRAME_HEAD_BYTES + frame.payload.n;
        *ret_frame = frame;
        return true;
}
