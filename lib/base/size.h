/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Numbers of bytes as people write them. */

#include "base/buf.h"
#include "base/defs.h"
#include "base/slice.h"

enum { _SIZE_E_SUCCESS, SIZE_E_NO_UNIT, SIZE_E_BAD };

/* "0B", "512B", "64KiB", "4MiB", "1GiB", and of powers of ten "10kB", "1MB", "1GB"; a unit is
 * compulsory. Conditions: SIZE_E_NO_UNIT, SIZE_E_BAD (not a number, unknown unit, too large). */
int size_parse(Slice text, uint64_t *ret_bytes) must_check;
/* "512 bytes", "1.5 KiB (1536 bytes)". */
void size_describe(uint64_t n_bytes, Buf *text);
