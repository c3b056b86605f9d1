/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One key, its public line, and what the operator types next. */

#include "client/keygen.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/sign.h"
#include "client/project.h"
#include "proto/describe.h"

enum { _KEYGEN_E_SUCCESS, KEYGEN_E_REFUSED };

const OptionRow keygen_options[] = {
        {"out", "FILE", "Where to write it (default: .coldgate/keys/NAME)."},
        {"rotate", NULL,
         "A key to replace the one that NAME has (default: .coldgate/keys/NAME.next)."},
        {NULL, NULL, NULL},
};

/* With --out there need not be a project: an agent may have its key before it has one. */
static int find_path(const Args *args, char **ret_path, Fault *reterr_fault) {
        const char *given = args_get(args, "out");
        cleanup_free char *root = NULL;
        cleanup_free char *keys = NULL;

        if (!project_name_is_plain(slice_text(args->rest[0]))) {
                fault_set(reterr_fault, "argument-value", "`%s` cannot be an agent's name",
                          args->rest[0]);
                fault_next(reterr_fault, "letters, digits, `.`, `_`, `-`, `@`; up to 64; begin "
                                         "with a letter or digit");
                return KEYGEN_E_REFUSED;
        }
        if (given) {
                *ret_path = mem_strdup(given);
                return 0;
        }
        root = project_find_root(args_get(args, "dir"), reterr_fault);
        if (!root)
                return KEYGEN_E_REFUSED;
        keys = mem_printf("%s/.coldgate/keys", root);
        TRY(dir_make_lasting(keys, 0700));
        *ret_path =
                mem_printf("%s/%s%s", keys, args->rest[0], args_has(args, "rotate") ? ".next" : "");
        return 0;
}

static void say(const Args *args, const char *path, const char *role, const PublicKey *key) {
        cleanup_buf Buf text = BUF_TEXT, line = BUF_TEXT;
        char id[KEY_ID_HEX + 1];

        public_key_id(key, id);
        public_key_format(key, args->rest[0], &line);
        if (args_has(args, "json")) {
                buf_text(&text, "{\"version\":1,\"key\":{\"name\":");
                describe_json_string(slice_text(args->rest[0]), &text);
                buf_text(&text, ",\"path\":");
                describe_json_string(slice_text(path), &text);
                buf_text(&text, ",\"public\":");
                describe_json_string(buf_get(&line), &text);
                buf_printf(&text, ",\"id\":\"%s\"}}\n", id);
        } else {
                buf_printf(&text,
                           "%s\n%s\n  id: %s\n"
                           "  next, as the operator: broker admit %s %s %s.pub%s\n",
                           path, buf_get_text(&line), id, args->rest[0], role, path,
                           args_has(args, "rotate") ? " --replace" : "");
                if (args_has(args, "rotate"))
                        buf_printf(&text,
                                   "  then here: put it, and its .pub, in the place of %s's\n",
                                   args->rest[0]);
        }
        (void)fputs(buf_get_text(&text), stdout);
}

static int keygen(const Args *args, const char *role, Fault *reterr_fault) {
        cleanup_free char *path = NULL;
        cleanup_key Key key;
        int r;

        TRY(sign_start());
        r = find_path(args, &path, reterr_fault);
        if (r != 0)
                return r;
        key_make(&key);
        r = key_write(path, &key, args->rest[0], reterr_fault);
        if (r == KEY_E_REFUSED)
                return KEYGEN_E_REFUSED;
        TRY(r);
        say(args, path, role, &key.public);
        return 0;
}

int keygen_run(const Args *args, const char *role) {
        Fault fault = FAULT_INIT;
        int r = keygen(args, role, &fault);

        if (r == 0)
                return EXIT_HOLDS;
        if (r > 0)
                return args_refuse(args, &fault, EXIT_USAGE);
        fault_set(&fault, "not-carried-out", "the key cannot be written: %s", strerror(-r));
        return args_refuse(args, &fault, EXIT_NOT_CARRIED_OUT);
}
