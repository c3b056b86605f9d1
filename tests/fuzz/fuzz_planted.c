/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The control of the long rows: a bug behind a word that chance alone does not find. Which one is
 * said by COLDGATE_PLANTED; without it there is none. */

#include "tests/fuzz/fuzz.h"

#include <string.h>

static const char *volatile kept;
static volatile int32_t number = INT32_MAX;

static void read_behind_the_end(const uint8_t *data, size_t n) {
        uint8_t *copy = malloc(n);

        must(copy != NULL);
        memcpy(copy, data, n);
        number = copy[n];
        free(copy);
}

static void overflow(const uint8_t *data, size_t n) {
        number += data[n - 1] | 1;
}

static void leak(void) {
        kept = malloc(100);
        kept = NULL;
}

static void eat(void) {
        char *volatile much = malloc((size_t)1 << 30);

        free(much);
}

static void hang(void) {
        for (volatile bool goes_on = true; goes_on;)
                ;
}

static void do_wrong(const char *which, const uint8_t *data, size_t n) {
        if (strcmp(which, "address") == 0)
                read_behind_the_end(data, n);
        else if (strcmp(which, "undefined") == 0)
                overflow(data, n);
        else if (strcmp(which, "leak") == 0)
                leak();
        else if (strcmp(which, "memory") == 0)
                eat();
        else if (strcmp(which, "hang") == 0)
                hang();
        else
                must(strcmp(which, "assertion") != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        const char *which = getenv("COLDGATE_PLANTED");

        if (which && n > 4 && data[0] == 'c' && data[1] == 'o' && data[2] == 'l' && data[3] == 'd')
                do_wrong(which, data, n);
        return 0;
}
