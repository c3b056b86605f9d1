/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Bytes that grow up to a ceiling that is given at the start. What would pass the ceiling is not
 * appended and the buffer remembers that it is full, so that a chain of appends is checked once,
 * at its end.
 */

#include <stdarg.h>

#include "base/defs.h"
#include "base/slice.h"

typedef struct Buf {
        uint8_t *
                data; /* always followed by a NUL that does not count, once anything was appended */
        size_t n;
        size_t n_allocated;
        size_t n_max;
        bool is_full; /* something did not fit */
} Buf;

#define BUF_INIT(max) ((Buf){.n_max = (max)})
/* For texts that we make ourselves; still bounded. */
#define BUF_TEXT BUF_INIT((size_t)64 << 20)

void buf_deinit(Buf *buf);
/* Empties it, keeps the memory and the ceiling. */
void buf_clear(Buf *buf);
void buf_append(Buf *buf, const void *data, size_t n);
void buf_slice(Buf *buf, Slice slice);
void buf_text(Buf *buf, const char *text);
void buf_byte(Buf *buf, uint8_t byte);
void buf_printf(Buf *buf, const char *format, ...) printf_like(2, 3);
void buf_vprintf(Buf *buf, const char *format, va_list args);
/* Room for `n` more bytes, to be written by the caller who then adds to `n`; NULL when full. */
uint8_t *buf_reserve(Buf *buf, size_t n);
/* Hands over the bytes, NUL-terminated; the buffer is empty afterwards. Never NULL. */
char *buf_take(Buf *buf) must_check;

/* The text so far, NUL-terminated; "" when nothing was appended. Borrowed. */
const char *buf_get_text(const Buf *buf);

static inline Slice buf_get(const Buf *buf) {
        return slice_make(buf->data, buf->n);
}

#define cleanup_buf cleanup(buf_deinit)
