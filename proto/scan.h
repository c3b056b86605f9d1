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
        SCAN_E_TRUNCATED,   /* declared more than there is */
        SCAN_E_TRAILING,    /* bytes behind the object */
        SCAN_E_TOO_DEEP,    /* nested deeper than SCAN_DEPTH_MAX */
        SCAN_E_FORBIDDEN,   /* nil, bool, float, negative, ext, or not the shortest form */
        SCAN_E_EMPTY,
};

int scan_frame(Slice frame) must_check;
/* A sentence for a condition. */
const char *scan_reason(int condition);
