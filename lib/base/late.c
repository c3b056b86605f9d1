/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Nothing is ever unloaded: libraries have threads and what they do at the process' end. */

#include "base/late.h"

#include <assert.h>
#include <dlfcn.h>
#include <string.h>

static_assert(sizeof(void *) == sizeof(void (*)(void)), "POSIX: dlsym's answer is a function too");

const char *late_load(const char *library, const LateRow *rows, size_t n_rows) {
        void *handle, *last;

        memcpy(&last, rows[n_rows - 1].place, sizeof last);
        if (last)
                return NULL; /* and so are those before it */
        handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
        if (!handle)
                return dlerror();
        for (size_t i = 0; i < n_rows; i++) {
                void *function = dlsym(handle, rows[i].name);

                if (!function)
                        return dlerror();
                memcpy(rows[i].place, &function, sizeof function);
        }
        return NULL;
}
