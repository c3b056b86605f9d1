/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What fresh.c, why_done.c, waits.c and status.c share. Nobody else includes it. */

#include "base/arena.h"
#include "base/buf.h"

/* Enough of a commit for people. */
#define SHORT_COMMIT "%.12s"

/* At most `n_max` bytes of the text, never half a character; in the arena. */
Slice status_cut(Arena *arena, const Buf *text, size_t n_max);
uint64_t status_age(uint64_t then_ms, uint64_t now_ms);
