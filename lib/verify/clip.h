/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Hostile text made fit for a field of a message: control characters visible, valid UTF-8, at most
 * so many bytes, whole characters. */

#include "base/arena.h"
#include "base/slice.h"

/* One line, NUL-terminated, at most `n_max` - 1 bytes; cut text ends in "…". */
void clip_line(Slice hostile, size_t n_max, char *ret_text);
/* As above, in the arena, at most `n_max` bytes. */
Slice clip_slice(Slice hostile, size_t n_max, Arena *arena);
/* The same with newlines kept. */
Slice clip_text(Slice hostile, size_t n_max, Arena *arena);
