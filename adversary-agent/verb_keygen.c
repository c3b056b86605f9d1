/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `keygen`: a key is made where it lives. */

#include <stdio.h>
#include <string.h>

#include "adversary-agent/verbs.h"
#include "base/mem.h"
#include "base/sign.h"
#include "client/project.h"

/* Where the key goes; NULL with the fault if nothing says so. */
static char *choose_path(const Args *args, const char *name, Fault *reterr_fault) {
        const char *out = args_get(args, "out");
        cleanup_free char *root = NULL;

        if (out)
                return mem_strdup(out);
        root = project_find_root(args_get(args, "dir"), reterr_fault);
        return root ? mem_printf("%s/.coldgate/keys/%s", root, name) : NULL;
}

static void print(const Args *args, const char *path, const Key *key, const char *name) {
        cleanup_buf Buf line = BUF_TEXT;

        public_key_format(&key->public, name, &line);
        while (line.n && line.data[line.n - 1] == '\n')
                line.data[--line.n] = 0;
        if (args_has(args, "json")) {
                printf("{\"version\":1,\"name\":\"%s\",\"public_key\":\"%s\"}\n", name,
                       buf_get_text(&line));
                return;
        }
        printf("%s\n", buf_get_text(&line));
        (void)fprintf(stderr,
                      "written: %s (0600), %s.pub\nnext, an operator: broker admit %s "
                      "adversary %s.pub\n",
                      path, path, name, path);
}

int verb_keygen(const Args *args) {
        const char *name = args->rest[0];
        cleanup_key Key key;
        cleanup_free char *path = NULL;
        Fault fault = FAULT_INIT;
        int r;

        if (!project_name_is_plain(slice_text(name))) {
                fault_set(&fault, "name-malformed", "`%s` is not a name", name);
                fault_next(&fault, "letters, digits, `.`, `_` and `-`, at most 64");
                return args_refuse(args, &fault, EXIT_USAGE);
        }
        if (sign_start() != 0) {
                fault_set(&fault, "not-carried-out", "libsodium could not start");
                return args_refuse(args, &fault, EXIT_NOT_CARRIED_OUT);
        }
        path = choose_path(args, name, &fault);
        if (!path)
                return args_refuse(args, &fault, EXIT_USAGE);
        key_make(&key);
        r = key_write(path, &key, name, &fault);
        if (r < 0) {
                fault_set(&fault, "not-carried-out", "%s cannot be written: %s", path,
                          strerror(-r));
                return args_refuse(args, &fault, EXIT_NOT_CARRIED_OUT);
        }
        if (r > 0)
                return args_refuse(args, &fault, EXIT_USAGE);
        print(args, path, &key, name);
        return EXIT_HOLDS;
}
