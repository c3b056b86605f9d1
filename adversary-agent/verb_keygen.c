/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* `keygen`: a key is made where it lives. */

#include <stdio.h>
#include <string.h>

#include "adversary-agent/verbs.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "client/session.h"
#include "proto/describe.h"

enum { KEYGEN_E_REFUSED = 1 };

static int find_path(const Args *args, char **ret_path, Fault *fault) {
        const char *given = args_get(args, "out");
        cleanup_free char *root = NULL;
        cleanup_free char *keys = NULL;

        if (!project_name_is_plain(slice_text(args->rest[0]))) {
                fault_set(fault, "argument-value", "`%s` cannot be an agent's name", args->rest[0]);
                fault_next(
                        fault,
                        "letters, digits, `.`, `_`, `-`, `@`; up to 64; begin with a letter or digit");
                return KEYGEN_E_REFUSED;
        }
        if (given) {
                *ret_path = mem_strdup(given);
                return 0;
        }
        root = project_find_root(args_get(args, "dir"), fault);
        if (!root)
                return KEYGEN_E_REFUSED;
        keys = mem_printf("%s/.coldgate/keys", root);
        TRY(dir_make(keys, 0700));
        *ret_path = mem_printf("%s/%s", keys, args->rest[0]);
        return 0;
}

static void say(const Args *args, const char *path, const PublicKey *key) {
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
                           "  next, as the operator: broker admit %s adversary %s.pub\n",
                           path, buf_get_text(&line), id, args->rest[0], path);
        }
        (void)fputs(buf_get_text(&text), stdout);
}

static int keygen(const Args *args, Fault *fault) {
        cleanup_free char *path = NULL;
        cleanup_key Key key;
        int r;

        TRY(sign_start());
        r = find_path(args, &path, fault);
        if (r != 0)
                return r;
        key_make(&key);
        r = key_write(path, &key, args->rest[0], fault);
        if (r != 0)
                return r > 0 ? KEYGEN_E_REFUSED : r;
        say(args, path, &key.public);
        return 0;
}

int verb_keygen(const Args *args) {
        Fault fault = FAULT_INIT;
        int r = keygen(args, &fault);

        if (r == 0)
                return EXIT_HOLDS;
        if (r > 0)
                return args_refuse(args, &fault, EXIT_USAGE);
        fault_set(&fault, "not-carried-out", "%s", strerror(-r));
        return args_refuse(args, &fault, EXIT_NOT_CARRIED_OUT);
}
