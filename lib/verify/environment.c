/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Names and values from rows. */

#include "verify/environment.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const struct {
        const char *name, *value;
} rows[] = {
        {"PATH", ATTEMPT_PATH}, {"HOME", SANDBOX_HOME}, {"TMPDIR", SANDBOX_TMP},
        {"LANG", "C.UTF-8"},    {"LC_ALL", "C.UTF-8"},  {"TZ", "UTC"},
        {"SHELL", "/bin/bash"},
};

/* Both: programs ask for either. */
static const char *const user_names[] = {"USER", "LOGNAME"};

static const char *const secret_words[] = {"token",  "secret",  "passw",  "credential",
                                           "apikey", "api_key", "private"};

typedef struct Environment {
        const char **items;
        size_t n;
        Arena *arena;
} Environment;

static void set(Environment *environment, Slice name, Slice value) {
        char *item =
                arena_printf(environment->arena, "%.*s=%.*s", SLICE_ARGS(name), SLICE_ARGS(value));

        for (size_t i = 0; i < environment->n; i++) {
                if (strncmp(environment->items[i], item, name.n + 1) != 0)
                        continue;
                environment->items[i] = item;
                return;
        }
        environment->items[environment->n++] = item;
}

/* What runs shall name its commit by itself: unless the plan's own text hands it over, nothing that
 * a revision check starts can read it here and repeat it. */
static bool is_told_commit(const Check *check) {
        static const char name[] = "GATE_COMMIT";

        for (size_t i = 0; i < check->n_command; i++)
                if (slice_find(check->command[i], slice_text(name)) < check->command[i].n)
                        return true;
        return check->kind != CHECK_REVISION;
}

/* Whoever runs on the host is asked for by name: whose ranges of ids, whose files. */
static const char *find_user(bool on_host, Arena *arena) {
        FILE *table = on_host ? fopen("/etc/passwd", "re") : NULL;
        const struct passwd *user;
        const char *name = on_host ? NULL : "work";

        /* The table, since asking the name service could take for ever. */
        while (table && !name && (user = fgetpwent(table)))
                if (user->pw_uid == geteuid())
                        name = arena_text(arena, slice_text(user->pw_name));
        if (table)
                (void)fclose(table);
        return name;
}

static void set_user(Environment *environment, bool on_host) {
        const char *name = find_user(on_host, environment->arena);

        for (size_t i = 0; name && i < ARRAY_SIZE(user_names); i++)
                set(environment, slice_text(user_names[i]), slice_text(name));
}

const char *const *environment_make(const AttemptSetting *setting, const Check *check,
                                    const SandboxSpec *spec, Arena *arena) {
        const struct {
                const char *name, *value;
        } facts[] = {
                {"GATE_STARTED_AT", setting->started_at},
                {"GATE_SINCE", setting->since},
                {"GATE_COMMIT", setting->request->commit},
        };
        size_t n_facts = ARRAY_SIZE(facts) - !is_told_commit(check);
        Environment environment = {.arena = arena};

        environment.items = arena_alloc_array(arena,
                                              ARRAY_SIZE(rows) + ARRAY_SIZE(user_names) +
                                                      ARRAY_SIZE(facts) + check->n_env + 2,
                                              sizeof(char *));
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                set(&environment, slice_text(rows[i].name), slice_text(rows[i].value));
        set_user(&environment, spec->on_host);
        if (spec->on_host) {
                set(&environment, slice_text("HOME"), slice_text(sandbox_get_home(spec, arena)));
                set(&environment, slice_text("TMPDIR"), slice_text(sandbox_get_tmp(spec, arena)));
        }
        for (size_t i = 0; i < n_facts; i++)
                set(&environment, slice_text(facts[i].name), slice_text(facts[i].value));
        if (setting->repetition)
                set(&environment, slice_text("N"),
                    slice_text(
                            arena_printf(arena, "%llu", (unsigned long long)setting->repetition)));
        for (size_t i = 0; i < check->n_env; i++)
                set(&environment, check->env[i].name, check->env[i].value);
        return environment.items;
}

const char *environment_get(const char *const *env, const char *name) {
        size_t n = strlen(name);

        for (; env && *env; env++)
                if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
                        return *env + n + 1;
        return NULL;
}

bool environment_is_secret(Slice name) {
        for (size_t i = 0; i < ARRAY_SIZE(secret_words); i++)
                for (size_t k = 0; k + strlen(secret_words[i]) <= name.n; k++)
                        if (strncasecmp((const char *)name.data + k, secret_words[i],
                                        strlen(secret_words[i])) == 0)
                                return true;
        return false;
}
