/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The control of run-valgrind: what is done depends on bytes that nobody wrote. */

#include <stdio.h>
#include <stdlib.h>

int main(void) {
        const char *volatile bytes = malloc(16);

        if (!bytes)
                return EXIT_FAILURE;
        (void)puts(bytes[3] ? "ok 1 - something" : "ok 1 - nothing");
        free((void *)bytes);
        return EXIT_SUCCESS;
}
