/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Bytes that somebody else owns. May hold NULs; need not end in one. */

#include <string.h>

#include "base/defs.h"

typedef struct Slice {
        const uint8_t *data; /* NULL only if n is 0 */
        size_t n;
} Slice;

#define SLICE_NULL ((Slice){NULL, 0})
/* For printf: printf("%.*s", SLICE_ARGS(text)) */
#define SLICE_ARGS(slice) (int)(slice).n, (const char *)(slice).data

static inline Slice slice_make(const void *data, size_t n) {
        return (Slice){(const uint8_t *)data, n};
}

static inline Slice slice_text(const char *text) {
        return text ? slice_make(text, strlen(text)) : SLICE_NULL;
}

static inline bool slice_equal(Slice a, Slice b) {
        return a.n == b.n && (a.n == 0 || memcmp(a.data, b.data, a.n) == 0);
}

static inline bool slice_is(Slice a, const char *text) {
        return slice_equal(a, slice_text(text));
}

/* As memcmp, the shorter one first where one is a prefix of the other. */
static inline int slice_compare(Slice a, Slice b) {
        int order = a.n && b.n ? memcmp(a.data, b.data, size_min(a.n, b.n)) : 0;

        return order ? order : (a.n > b.n) - (a.n < b.n);
}

static inline Slice slice_from(Slice a, size_t offset) {
        return offset >= a.n ? SLICE_NULL : slice_make(a.data + offset, a.n - offset);
}

static inline Slice slice_head(Slice a, size_t n) {
        return slice_make(a.data, size_min(a.n, n));
}

/* First place of `needle`, or a.n if there is none. */
size_t slice_find(Slice a, Slice needle);
