/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Memory of many small things that die together: a message with its lists, a parsed plan. */

#include "base/defs.h"
#include "base/slice.h"

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
        ArenaBlock *newest;
        size_t n_bytes; /* handed out so far */
} Arena;

#define ARENA_INIT ((Arena){.newest = NULL})

void arena_deinit(Arena *arena);
/* What was handed out is void; a first block is kept for what comes next. */
void arena_reset(Arena *arena);
/* Zeroed and aligned for anything. Sizes from outside must have been limited before. */
void *arena_alloc(Arena *arena, size_t n_bytes) must_check __attribute__((returns_nonnull));
void *arena_alloc_array(Arena *arena, size_t n, size_t element_bytes) must_check
        __attribute__((returns_nonnull));
/* An array of `n` elements with room for one more: the same one, or a copy at twice the size. */
void *arena_grow(Arena *arena, void *array, size_t n, size_t element_bytes) must_check
        __attribute__((returns_nonnull));
/* Copies; a NUL follows the copied bytes. */
Slice arena_slice(Arena *arena, Slice slice);
char *arena_text(Arena *arena, Slice slice) __attribute__((returns_nonnull));
char *arena_printf(Arena *arena, const char *format, ...) printf_like(2, 3)
        __attribute__((returns_nonnull));

#define cleanup_arena cleanup(arena_deinit)
