/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Names and values from rows. */

#include "verify/environment.h"

#include <string.h>
#include <strings.h>

static const struct {
        const char *name, *value;
} rows[] = {
        {"PATH", ATTEMPT_PATH}, {"HOME", SANDBOX_HOME}, {"TMPDIR", SANDBOX_TMP},
        {"LANG", "C.UTF-8"},    {"LC_ALL", "C.UTF-8"},  {"TZ", "UTC"},
        {"USER", "work"},       {"LOGNAME", "work"},    {"SHELL", "/bin/bash"},
};

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

        environment.items = arena_alloc_array(
                arena, ARRAY_SIZE(rows) + ARRAY_SIZE(facts) + check->n_env + 2, sizeof(char *));
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                set(&environment, slice_text(rows[i].name), slice_text(rows[i].value));
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
