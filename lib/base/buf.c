/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Growing bytes with a ceiling. */

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { FIRST_BYTES = 256 };

void buf_deinit(Buf *buf) {
        free(buf->data);
        *buf = BUF_INIT(buf->n_max);
}

void buf_clear(Buf *buf) {
        buf->n = 0;
        buf->is_full = false;
}

uint8_t *buf_reserve(Buf *buf, size_t n) {
        size_t wanted;

        if (n > buf->n_max || buf->n > buf->n_max - n) {
                buf->is_full = true;
                return NULL;
        }
        wanted = buf->n + n + 1;
        if (wanted > buf->n_allocated) {
                size_t grown = size_max(wanted, size_max(FIRST_BYTES, buf->n_allocated * 2));

                buf->data = mem_resize(buf->data, grown, 1);
                buf->n_allocated = grown;
        }
        return buf->data + buf->n;
}

void buf_append(Buf *buf, const void *data, size_t n) {
        uint8_t *room = buf_reserve(buf, n);

        if (!room)
                return;
        if (n)
                memcpy(room, data, n);
        buf->n += n;
        buf->data[buf->n] = 0;
}

void buf_slice(Buf *buf, Slice slice) {
        buf_append(buf, slice.data, slice.n);
}

void buf_text(Buf *buf, const char *text) {
        buf_append(buf, text, strlen(text));
}

void buf_byte(Buf *buf, uint8_t byte) {
        buf_append(buf, &byte, 1);
}

void buf_vprintf(Buf *buf, const char *format, va_list args) {
        va_list again;
        uint8_t *room;
        int n;

        va_copy(again, args);
        n = vsnprintf(NULL, 0, format, again);
        va_end(again);
        if (n < 0 || !(room = buf_reserve(buf, (size_t)n)))
                return;
        (void)vsnprintf((char *)room, (size_t)n + 1, format, args);
        buf->n += (size_t)n;
}

void buf_printf(Buf *buf, const char *format, ...) {
        va_list args;

        va_start(args, format);
        buf_vprintf(buf, format, args);
        va_end(args);
}

char *buf_take(Buf *buf) {
        char *text = buf->data ? (char *)buf->data : mem_strdup("");

        *buf = BUF_INIT(buf->n_max);
        return text;
}

const char *buf_get_text(const Buf *buf) {
        return buf->data ? (const char *)buf->data : "";
}
