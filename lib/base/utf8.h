/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* UTF-8, strictly: no surrogates, no overlong forms, nothing above U+10FFFF. */

#include "base/slice.h"

/* Length of the character at the beginning, and its code; 0 where there is none (no bytes, or not
 * UTF-8). */
size_t utf8_read(Slice text, uint32_t *ret_code) must_check;

/* Its beginning, of `n_max` bytes at most: no character is cut in two. */
Slice utf8_head(Slice text, size_t n_max);

/* How many characters it has; of what is no UTF-8 each byte is one. */
size_t utf8_count(Slice text);
/* Its first `n_max` characters. */
Slice utf8_head_characters(Slice text, size_t n_max);

bool utf8_is_valid(Slice text);
