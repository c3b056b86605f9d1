/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * `init`: a project that works on one machine at once. Each step leaves alone what an interrupted
 * `init` has done already; the genesis comes last, and from then on there is a project.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"
#include "broker/io.h"
#include "broker/verbs.h"
#include "proto/describe.h"

static const struct {
        const char *name;
        Role role;
} agent_rows[] = {
        {"operator", ROLE_OPERATOR},
        {"builder", ROLE_BUILDER},
        {"adversary", ROLE_ADVERSARY},
};

static bool has_file(const char *root, const char *name) {
        cleanup_free char *path = mem_printf("%s/.coldgate/%s", root, name);

        return access(path, F_OK) == 0;
}

static int ensure_key(const char *root, const char *name, PublicKey *ret_public, Fault *fault) {
        cleanup_free char *path = mem_printf("%s/.coldgate/keys/%s", root, name);
        cleanup_key Key key;
        int r;

        if (access(path, F_OK) == 0) {
                r = key_read(path, &key, fault);
        } else {
                key_make(&key);
                r = key_write(path, &key, name, fault);
        }
        if (r != 0)
                return r > 0 ? ERRAND_E_REFUSED : r;
        *ret_public = key.public;
        return 0;
}

static int ensure_config(const Args *args, const char *root, const PublicKey *broker,
                         Fault *fault) {
        const char *name = args_get(args, "name");
        const char *slash = strrchr(root, '/');
        int r;

        if (has_file(root, "config"))
                return 0;
        if (!name)
                name = slash && slash[1] ? slash + 1 : "project";
        r = project_make(root, name, args_get(args, "endpoint"), broker, fault);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

/* Options of the project come from the arguments: they must name the root that was made. */
static int open_project(const Args *args, const char *root, Project *ret_project, Fault *fault) {
        Args there = {.program = args->program, .verb = args->verb};
        int r;

        there.options[there.n_options].row = &options_common[0]; /* --dir */
        there.options[there.n_options++].value = root;
        r = project_open(&there, ret_project, fault);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

static int find_root(const Args *args, char **ret_root, Fault *fault) {
        const char *dir = args->n_rest ? args->rest[0] : args_get(args, "dir");
        int r = dir_make(dir ? dir : ".", 0755);

        *ret_root = r < 0 ? NULL : realpath(dir ? dir : ".", NULL);
        if (*ret_root)
                return 0;
        fault_set(fault, "directory-unusable", "%s", strerror(r < 0 ? -r : errno));
        fault_place(fault, "%s", dir ? dir : ".");
        return ERRAND_E_REFUSED;
}

static int make_ledger(const Args *args, const char *root, Fault *fault) {
        cleanup_project Project project = {0};
        IoAgent agents[ARRAY_SIZE(agent_rows)];
        int r = open_project(args, root, &project, fault);

        for (size_t i = 0; r == 0 && i < ARRAY_SIZE(agents); i++) {
                agents[i] = (IoAgent){.name = agent_rows[i].name, .role = agent_rows[i].role};
                r = ensure_key(root, agents[i].name, &agents[i].key, fault);
        }
        if (r == 0)
                r = io_create(&project, agents, ARRAY_SIZE(agents), fault);
        return r > 0 ? ERRAND_E_REFUSED : r;
}

static void say(const Args *args, const char *root) {
        cleanup_buf Buf text = BUF_TEXT;

        if (args_has(args, "json")) {
                buf_text(&text, "{\"version\":1,\"init\":{\"root\":");
                describe_json_string(slice_text(root), &text);
                buf_text(&text, "}}\n");
        } else {
                buf_printf(&text,
                           "made %s/.coldgate: ledger, settings, keys of the broker and of an "
                           "operator, a builder, an adversary\nnext:\n"
                           "  broker plan new PHASE >PLAN.md a plan to begin with; then edit it\n"
                           "  broker plan approve PLAN.md    put a plan in force\n"
                           "  broker run &                   serve\n"
                           "  adversary-agent run &          verify claims\n"
                           "  builder-agent claim GATE --wait\n",
                           root);
        }
        errand_print(&text);
}

static int init(const Args *args, Fault *fault) {
        cleanup_free char *root = NULL, *dir = NULL, *keys = NULL;
        PublicKey broker;
        int r;

        TRY(sign_start());
        r = find_root(args, &root, fault);
        if (r != 0)
                return r;
        dir = mem_printf("%s/.coldgate", root);
        keys = mem_printf("%s/keys", dir);
        TRY(dir_make_lasting(dir, 0755));
        TRY(dir_make_lasting(keys, 0700));
        r = ensure_key(root, "broker", &broker, fault);
        if (r == 0)
                r = ensure_config(args, root, &broker, fault);
        if (r == 0)
                r = make_ledger(args, root, fault);
        if (r != 0)
                return r;
        say(args, root);
        return 0;
}

int verb_init(const Args *args) {
        Fault fault = FAULT_INIT;
        int r = init(args, &fault);

        return errand_end(args, r, &fault, EXIT_HOLDS);
}
