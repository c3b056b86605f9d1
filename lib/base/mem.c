/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The only place beside main() that may end the process: no memory is no life. */

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void *or_abort(void *memory) {
        if (!memory)
                abort();
        return memory;
}

void *mem_alloc(size_t n_bytes) {
        return or_abort(calloc(1, n_bytes ? n_bytes : 1));
}

void *mem_alloc_array(size_t n, size_t element_bytes) {
        return or_abort(calloc(n ? n : 1, element_bytes ? element_bytes : 1));
}

void *mem_resize(void *memory, size_t n, size_t element_bytes) {
        return or_abort(reallocarray(memory, n ? n : 1, element_bytes ? element_bytes : 1));
}

char *mem_strdup(const char *text) {
        return or_abort(strdup(text));
}

char *mem_strndup(const char *text, size_t n) {
        char *copy = mem_alloc(n + 1);

        if (n)
                memcpy(copy, text, n);
        return copy;
}

char *mem_printf(const char *format, ...) {
        char *text = NULL;
        va_list args;
        int n;

        va_start(args, format);
        n = vasprintf(&text, format, args);
        va_end(args);
        if (n < 0)
                abort();
        return or_abort(text);
}
