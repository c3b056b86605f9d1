/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Heap memory of known, small size: these abort when there is none (docs/decisions/003). Sizes
 * that come from outside are limited before they are allocated. */

#include <stdlib.h>

#include "base/defs.h"

/* Zeroed. */
void *mem_alloc(size_t n_bytes) must_check __attribute__((returns_nonnull, malloc));
/* As realloc, for `n` elements; aborts on overflow. New bytes are not initialised. */
void *mem_resize(void *memory, size_t n, size_t element_bytes) must_check
        __attribute__((returns_nonnull));
char *mem_strdup(const char *text) must_check __attribute__((returns_nonnull));
/* A copy of `n` bytes and a NUL behind them. */
char *mem_strndup(const char *text, size_t n) must_check __attribute__((returns_nonnull));
char *mem_printf(const char *format, ...) must_check printf_like(1, 2)
        __attribute__((returns_nonnull));

#define mem_new(Type)          ((Type *)mem_alloc(sizeof(Type)))
#define mem_new_array(Type, n) ((Type *)mem_alloc_array((n), sizeof(Type)))
void *mem_alloc_array(size_t n, size_t element_bytes) must_check __attribute__((returns_nonnull));

static inline void mem_freep(void *pointer) {
        free(*(void **)pointer);
        *(void **)pointer = NULL;
}

/* `cleanup_free char *text = NULL;` */
#define cleanup_free cleanup(mem_freep)
