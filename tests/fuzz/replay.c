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

int main(int argc, char **argv) {
        const struct dirent *item;
        size_t n = 0;
        DIR *directory;

        if (argc != 2 || !(directory = opendir(argv[1]))) {
                (void)fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
                return EXIT_FAILURE;
        }
        while ((item = readdir(directory)) != NULL) {
                if (item->d_name[0] == '.')
                        continue;
                if (!run_file(argv[1], item->d_name))
                        return EXIT_FAILURE;
                n++;
        }
        (void)closedir(directory);
        (void)printf("%zu inputs\n", n);
        return n ? EXIT_SUCCESS : EXIT_FAILURE;
}
