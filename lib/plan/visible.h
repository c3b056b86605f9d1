/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Hostile bytes in a form that a person can read. */

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

enum { EXCERPT_BYTES = 360, EXCERPT_BEFORE_BYTES = 100 };

/* What a plan may not contain: all that text_is_hidden, but the marks that choose a character's
 * form. */
bool visible_is_hidden(uint32_t point);
/* Whether the text has a hidden character or is not UTF-8. */
bool visible_has_hidden(Slice text);

/* As text_make_visible, up to about `n_max` bytes. */
void visible_append(Buf *text, Slice bytes, size_t n_max);
/* What stands around `place`, at most 400 bytes, with an ellipsis where something is left out. */
Slice visible_excerpt(Arena *arena, Slice bytes, size_t place);
