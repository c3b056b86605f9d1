/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Hostile bytes in a form that a person can read. */

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

enum { EXCERPT_BYTES = 360, EXCERPT_BEFORE_BYTES = 100 };

/* Control characters, bidirectional overrides, and what has no width or ends a line unseen. */
bool visible_is_hidden(uint32_t point);
/* Whether the text has a hidden character or is not UTF-8. */
bool visible_has_hidden(Slice text);

/* Appends up to about `n_max` bytes: \n, \t, \x1b and \u{202e} stand for what would not be seen. */
void visible_append(Buf *text, Slice bytes, size_t n_max);
/* What stands around `place`, at most 400 bytes, with an ellipsis where something is left out. */
Slice visible_excerpt(Arena *arena, Slice bytes, size_t place);
