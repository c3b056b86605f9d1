/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The documents that are printed from rows: docs/<name>.md. `write` makes them, `check` fails when
 * one differs from its rows. Add a document: one row.
 */

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/options.h"
#include "plan/plan.h"
#include "proto/describe.h"

enum { DOCUMENT_BYTES_MAX = 4 << 20, DOCUMENT_MODE = 0644 };

static const struct {
        const char *name;
        void (*print)(Buf *text);
} documents[] = {
        {"plan", plan_print_docs},
        {"protocol", describe_docs},
};

static int verb_print(const Args *args) {
        for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
                cleanup_buf Buf text = BUF_TEXT;

                if (strcmp(args->rest[0], documents[i].name) != 0)
                        continue;
                documents[i].print(&text);
                (void)fputs(buf_get_text(&text), stdout);
                return EXIT_HOLDS;
        }
        (void)fprintf(stderr, "describe: there is no document %s\n", args->rest[0]);
        return EXIT_USAGE;
}

static int verb_write(const Args *args) {
        for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
                cleanup_free char *path = mem_printf("%s/%s.md", args->rest[0], documents[i].name);
                cleanup_buf Buf text = BUF_TEXT;

                documents[i].print(&text);
                if (file_write_atomic(path, buf_get(&text), DOCUMENT_MODE))
                        return EXIT_NOT_CARRIED_OUT;
        }
        return EXIT_HOLDS;
}

static int verb_check(const Args *args) {
        int status = EXIT_HOLDS;

        for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
                cleanup_free char *path = mem_printf("%s/%s.md", args->rest[0], documents[i].name);
                cleanup_buf Buf text = BUF_TEXT, there = BUF_INIT(DOCUMENT_BYTES_MAX);

                documents[i].print(&text);
                if (file_read(path, &there) == 0 && slice_equal(buf_get(&text), buf_get(&there)))
                        continue;
                (void)fprintf(stderr, "%s is not what its rows say: meson compile -C build docs\n",
                              path);
                status = EXIT_HOLDS_NOT;
        }
        return status;
}

static const Verb verbs[] = {
        {.name = "print",
         .arguments = "NAME",
         .n_least = 1,
         .n_most = 1,
         .help = "Print one document.",
         .run = verb_print},
        {.name = "write",
         .arguments = "DIRECTORY",
         .n_least = 1,
         .n_most = 1,
         .help = "Write all documents.",
         .run = verb_write},
        {.name = "check",
         .arguments = "DIRECTORY",
         .n_least = 1,
         .n_most = 1,
         .help = "Compare all documents with their rows.",
         .run = verb_check},
};

int main(int argc, char **argv) {
        static const Program program = {
                .name = "describe",
                .help = "Documents from rows.",
                .verbs = verbs,
                .n_verbs = ARRAY_SIZE(verbs),
        };

        return options_run(&program, argc, argv);
}
