/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Blocks in a list; each allocation is cut from the newest, and zeroed then: most of a block is
 * never handed out. */

#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { BLOCK_BYTES = 4096 };

struct ArenaBlock {
        ArenaBlock *older;
        size_t n_used;
        size_t n_max;
        alignas(max_align_t) uint8_t data[];
};

void arena_deinit(Arena *arena) {
        while (arena->newest) {
                ArenaBlock *block = arena->newest;

                arena->newest = block->older;
                free(block);
        }
        arena->n_bytes = 0;
}

void arena_reset(Arena *arena) {
        ArenaBlock *first = arena->newest;

        while (first && first->older) {
                ArenaBlock *block = first;

                first = block->older;
                free(block);
        }
        if (first && first->n_max > BLOCK_BYTES) {
                free(first);
                first = NULL;
        }
        if (first)
                first->n_used = 0;
        *arena = (Arena){.newest = first};
}

static ArenaBlock *block_add(Arena *arena, size_t n_bytes) {
        size_t n_max = size_max(n_bytes, BLOCK_BYTES);
        ArenaBlock *block = mem_resize(NULL, sizeof *block + n_max, 1);

        block->n_used = 0;
        block->n_max = n_max;
        block->older = arena->newest;
        arena->newest = block;
        return block;
}

void *arena_alloc(Arena *arena, size_t n_bytes) {
        const size_t align = alignof(max_align_t);
        ArenaBlock *block = arena->newest;
        void *memory;

        if (n_bytes > SIZE_MAX / 2)
                abort();
        n_bytes = (n_bytes + align - 1) & ~(align - 1);
        if (!block || block->n_max - block->n_used < n_bytes)
                block = block_add(arena, n_bytes);
        memory = memset(block->data + block->n_used, 0, n_bytes);
        block->n_used += n_bytes;
        arena->n_bytes += n_bytes;
        return memory;
}

void *arena_alloc_array(Arena *arena, size_t n, size_t element_bytes) {
        if (element_bytes && n > SIZE_MAX / 2 / element_bytes)
                abort();
        return arena_alloc(arena, n * element_bytes);
}

void *arena_grow(Arena *arena, void *array, size_t n, size_t element_bytes) {
        void *grown;

        if (n & (n - 1))
                return array;
        grown = arena_alloc_array(arena, n ? n * 2 : 1, element_bytes);
        if (n)
                memcpy(grown, array, n * element_bytes);
        return grown;
}

char *arena_text(Arena *arena, Slice slice) {
        char *copy = arena_alloc(arena, slice.n + 1);

        if (slice.n)
                memcpy(copy, slice.data, slice.n);
        return copy;
}

Slice arena_slice(Arena *arena, Slice slice) {
        return slice_make(arena_text(arena, slice), slice.n);
}

char *arena_printf(Arena *arena, const char *format, ...) {
        va_list args, again;
        char *text;
        int n;

        va_start(args, format);
        va_copy(again, args);
        n = vsnprintf(NULL, 0, format, again);
        va_end(again);
        if (n < 0)
                abort();
        text = arena_alloc(arena, (size_t)n + 1);
        (void)vsnprintf(text, (size_t)n + 1, format, args);
        va_end(args);
        return text;
}
