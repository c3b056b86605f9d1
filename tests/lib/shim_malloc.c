/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Memory that runs out, for libshim.so only: a test's own process needs its memory. The orders are
 * those of shim.c, whose constructor may come later: before it nothing fails. */

#include "tests/lib/shim.h"

#include <errno.h>
#include <stdlib.h>

/* glibc's own, under the names that do not lead back here. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *memory, size_t n);

void *malloc(size_t n) {
        return shim_memory_fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size) {
        return shim_memory_fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *memory, size_t n) {
        return shim_memory_fails() ? NULL : __libc_realloc(memory, n);
}
