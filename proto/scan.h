/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The first look at bytes from outside: is this one whole msgpack object whose declared sizes fit
 * the bytes that are there? Allocates nothing. msgpack_unpack trusts declared counts: the five
 * bytes dd 01 00 00 00 made it map 512 MiB; this scan refuses them.
 */

#include "base/slice.h"

enum { SCAN_DEPTH_MAX = 8 };

enum {
        _SCAN_E_SUCCESS,
        SCAN_E_TRUNCATED, /* declared more than there is */
        SCAN_E_TRAILING,  /* bytes behind the object */
        SCAN_E_TOO_DEEP,  /* nested deeper than SCAN_DEPTH_MAX */
        SCAN_E_FORBIDDEN, /* nil, bool, float, negative, ext, or not the shortest form */
        SCAN_E_EMPTY,
};

typedef enum ScanKind {
        SCAN_UINT,
        SCAN_TEXT,
        SCAN_BYTES,
        SCAN_ARRAY,
        SCAN_MAP,
} ScanKind;

/* What an object's first bytes say. */
typedef struct ScanHead {
        ScanKind kind;
        uint64_t value; /* the number, the length in bytes, or the count of items or pairs */
        size_t n_bytes; /* of the head itself */
} ScanHead;

int scan_frame(Slice frame) must_check;
/* The whole object at the beginning; what follows it is not looked at. */
int scan_object(Slice bytes, size_t *ret_n_bytes) must_check;
/* The head at the beginning; what follows it is not looked at. TRUNCATED, FORBIDDEN. */
int scan_head(Slice bytes, ScanHead *ret_head) must_check;
/* A sentence for a condition. */
const char *scan_reason(int condition);
