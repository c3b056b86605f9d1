/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The control of run-tsan: two threads count without a lock. */

#include <pthread.h>
#include <stdlib.h>

enum { TIMES = 1000 };

static int number;

static void *count(void *userdata) {
        for (int i = 0; i < TIMES; i++)
                number++;
        return userdata;
}

int main(void) {
        pthread_t other;

        if (pthread_create(&other, NULL, count, NULL) != 0)
                return EXIT_FAILURE;
        (void)count(NULL);
        (void)pthread_join(other, NULL);
        return number > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
