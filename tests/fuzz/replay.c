/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Runs a fuzz target over its corpus, as a test: every input that was ever interesting. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/mem.h"
#include "tests/fuzz/fuzz.h"

enum { INPUT_BYTES_MAX = 4 << 20 };

/* An exact copy on the heap, so that a sanitizer sees a read behind its end. */
static void run_input(Slice input) {
        cleanup_free uint8_t *copy = mem_alloc(input.n);

        if (input.n)
                memcpy(copy, input.data, input.n);
        (void)LLVMFuzzerTestOneInput(copy, input.n);
}

static bool run_file(const char *directory, const char *name) {
        cleanup_free char *path = mem_printf("%s/%s", directory, name);
        cleanup_buf Buf input = BUF_INIT(INPUT_BYTES_MAX);

        if (file_read(path, &input)) {
                (void)fprintf(stderr, "cannot read %s\n", path);
                return false;
        }
        (void)fprintf(stderr, "%s\n", path);
        run_input(buf_get(&input));
        return true;
}

/* How many there are; 0: one of them, or all, cannot be read. */
static size_t run_directory(const char *path) {
        DIR *directory = opendir(path);
        const struct dirent *item;
        bool is_good = true;
        size_t n = 0;

        while (directory && is_good && (item = readdir(directory)) != NULL) {
                if (item->d_name[0] == '.')
                        continue;
                is_good = run_file(path, item->d_name);
                n++;
        }
        if (directory)
                (void)closedir(directory);
        return is_good ? n : 0;
}

int main(int argc, char **argv) {
        for (int i = 1; i < argc; i++) {
                size_t n = run_directory(argv[i]);

                (void)printf("%s: %zu inputs\n", argv[i], n);
                if (n == 0)
                        return EXIT_FAILURE;
        }
        return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
