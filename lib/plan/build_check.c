/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A check is read once for each row of its matrix, as if each were written out. */

#include "plan/build_check.h"

#include "plan/check_rules.h"
#include "plan/expect.h"
#include "plan/matrix.h"
#include "plan/substitute.h"
#include "plan/value.h"

enum { TIMEOUT_MS = 60000, COMMIT_DIGITS = 40 };

bool build_command(Build *build, const Word *word, const YamlNode *node, bool *ret_is_shell,
                   Slice **ret_command, size_t *ret_n_command) {
        size_t n = value_count(node), n_before = build->faults->n_found;
        bool is_shell = node->kind == YAML_KIND_TEXT;
        Slice *items;

        if (node->kind == YAML_KIND_MAP || n == 0 || n > ARGUMENTS_OF_COMMAND_MAX) {
                value_refuse(build, word, node, "%s",
                             n ? yaml_kind_name(node->kind) : "an empty list");
                return false;
        }
        items = arena_alloc_array(&build->plan->arena, n, sizeof *items);
        for (size_t i = 0; i < n; i++) {
                const YamlNode *item = value_at(node, i);

                items[i] = item->text;
                if (item->kind != YAML_KIND_TEXT || item->text.n > VALUE_BYTES_MAX ||
                    (i == 0 && item->text.n == 0))
                        value_refuse(build, word, item, "an item that is not a text, or empty");
                else
                        (void)(is_shell ? substitute_is_shell(build, item)
                                        : substitute_is_absent(build, item));
        }
        *ret_is_shell = is_shell;
        *ret_command = items;
        *ret_n_command = n;
        return build->faults->n_found == n_before;
}

static bool has_pair(const PlanPair *pairs, size_t n, Slice name) {
        for (size_t i = 0; i < n; i++)
                if (slice_equal(pairs[i].name, name))
                        return true;
        return false;
}

/* The phase's vars and the row of the matrix come before the check's own names, which win. */
static void env_add(Build *build, Check *check) {
        const Plan *plan = build->plan;
        Arena *arena = &build->plan->arena;
        PlanPair *env =
                arena_alloc_array(arena, plan->n_vars + build->n_row + check->n_env, sizeof *env);
        size_t n = 0;

        for (size_t i = 0; i < plan->n_vars; i++)
                if (!has_pair(check->env, check->n_env, plan->vars[i].name))
                        env[n++] = plan->vars[i];
        for (size_t i = 0; i < build->n_row; i++)
                env[n++] = (PlanPair){slice_text(matrix_env_name(build->row[i].name, arena)),
                                      build->row[i].value};
        for (size_t i = 0; i < check->n_env; i++)
                env[n++] = check->env[i];
        check->env = env;
        check->n_env = n;
}

/* False after a fault: not exactly one word that makes a check. */
static bool find_kind(Build *build, const YamlNode *map, CheckKind *ret_kind) {
        const char *first = NULL, *second = NULL;
        Fault *fault;

        *ret_kind = CHECK_RUN;
        for (int kind = 0; kind < _CHECK_MAX; kind++) {
                if (!build_find(map, check_kind_words[kind]))
                        continue;
                if (!first)
                        *ret_kind = (CheckKind)kind;
                second = first && !second ? check_kind_words[kind] : second;
                first = first ? first : check_kind_words[kind];
        }
        if (first && !second)
                return true;
        fault = first ? faults_add(build->faults, map->place, "plan-check-kind",
                                   "the check has both `%s` and `%s`", first, second)
                      : faults_add(build->faults, map->place, "plan-check-kind",
                                   "nothing says what the check looks at");
        fault_next(fault, "give each check exactly one of run, http, report, git, revision, file, "
                          "port, process, log, manual");
        return false;
}

static void check_read(Build *build, const YamlNode *map, Check *check) {
        size_t n_before = build->faults->n_found;
        CheckKind kind;

        (void)find_kind(build, map, &kind);
        *check = (Check){.kind = kind,
                         .family = build->family,
                         .place = map->place,
                         .timeout_ms = TIMEOUT_MS,
                         .n_repeat = 1,
                         .concurrency = 1,
                         .revision = {.digits = COMMIT_DIGITS}};
        build_words(build, map, IN_CHECK, check);
        if (build->faults->n_found != n_before)
                return;
        if (check->http.method.n == 0)
                check->http.method = slice_text(check->http.body.n ? "POST" : "GET");
        if (check->n_command || check->n_teeth)
                env_add(build, check);
        expect_read(build, check, build_find(map, "expect"));
        check_rules_apply(check, build->faults);
}

/* False after a fault. */
static bool add(Build *build, const YamlNode *map, const MatrixRow *row, Gate *gate) {
        size_t n_before = build->faults->n_found;
        Arena *arena = &build->plan->arena;
        Check *check;

        if (++build->n_checks > PLAN_CHECKS_MAX) {
                faults_add(build->faults, map->place, "plan-limit",
                           "the plan has more than %d checks", PLAN_CHECKS_MAX);
                return false;
        }
        if (arena->n_bytes > PLAN_MEMORY_MAX) {
                faults_add(build->faults, map->place, "plan-limit",
                           "the plan takes more than %d MiB with its matrices expanded",
                           PLAN_MEMORY_MAX >> 20);
                return false;
        }
        gate->checks = arena_grow(arena, gate->checks, gate->n_checks, sizeof *gate->checks);
        check = &gate->checks[gate->n_checks++];
        build->row = row ? row->pairs : NULL;
        build->n_row = row ? row->n_pairs : 0;
        check_read(build, map, check);
        if (row)
                check->id = matrix_instance_id(build->family, row, arena);
        return build->faults->n_found == n_before;
}

void build_check(Build *build, const YamlNode *map, Gate *gate) {
        const YamlNode *matrix = build_find(map, "matrix"), *id = build_find(map, "id");
        MatrixRow *rows = NULL;
        size_t n_rows = 0;

        build->family = id && id->kind == YAML_KIND_TEXT ? id->text : SLICE_NULL;
        build->has_repeat = build_find(map, "repeat") != NULL;
        build->n_row = 0;
        if (!matrix)
                (void)add(build, map, NULL, gate);
        else if (matrix_read(build, matrix, &rows, &n_rows))
                for (size_t i = 0; i < n_rows && add(build, map, &rows[i], gate); i++)
                        ;
        build->n_row = 0;
        build->has_repeat = false;
}
