/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A map is read entry by entry: its row says where the value goes, its kind who reads it. */

#include "plan/build.h"

#include "plan/digest.h"
#include "plan/expect.h"
#include "plan/inherit.h"
#include "plan/order.h"
#include "plan/substitute.h"
#include "plan/value.h"

enum { TIMEOUT_MS = 60000, VALID_FOR_MS = 86400000 };

/* What of a check is read once all of its words are known. */
static void read_later(Build *build, const Word *word, const YamlNode *node, void *target) {
        (void)build;
        (void)word;
        (void)node;
        (void)target;
}

static void read_command(Build *build, const Word *word, const YamlNode *node, void *target) {
        Check *check = target;
        size_t n = value_count(node);

        check->is_shell = node->kind == YAML_KIND_TEXT;
        if (node->kind == YAML_KIND_MAP || n == 0 || n > ARGUMENTS_OF_COMMAND_MAX) {
                value_refuse(build, word, node, "%s",
                             n ? yaml_kind_name(node->kind) : "an empty list");
                return;
        }
        check->command = arena_alloc_array(&build->plan->arena, n, sizeof *check->command);
        check->n_command = n;
        for (size_t i = 0; i < n; i++) {
                const YamlNode *item = value_at(node, i);

                check->command[i] = item->text;
                if (item->kind != YAML_KIND_TEXT || item->text.n > VALUE_BYTES_MAX ||
                    (i == 0 && item->text.n == 0))
                        value_refuse(build, word, item, "an item that is not a text, or empty");
                else if (!check->is_shell)
                        (void)substitute_is_absent(build, item);
        }
}

static void read_checks(Build *build, const Word *word, const YamlNode *node, void *target);
static void read_http(Build *build, const Word *word, const YamlNode *node, void *target);

static ValueReader *const readers[_VALUE_MAX] = {
        [VALUE_VERSION] = value_read_version,
        [VALUE_ID] = value_read_id,
        [VALUE_TEXT] = value_read_text,
        [VALUE_SCALAR] = value_read_scalar,
        [VALUE_SCRIPT] = value_read_script,
        [VALUE_DURATION] = value_read_duration,
        [VALUE_COUNT] = value_read_count,
        [VALUE_BOOL] = value_read_bool,
        [VALUE_IDS] = value_read_ids,
        [VALUE_PATHS] = value_read_paths,
        [VALUE_DIRECTORY] = value_read_directory,
        [VALUE_TOOLS] = value_read_tools,
        [VALUE_PAIRS] = value_read_pairs,
        [VALUE_HEADERS] = value_read_headers,
        [VALUE_NETWORK] = value_read_network,
        [VALUE_COMMAND] = read_command,
        [VALUE_SERVER] = read_command,
        [VALUE_URL] = value_read_url,
        [VALUE_METHOD] = value_read_method,
        [VALUE_DEFAULTS] = read_later,
        [VALUE_CHECKS] = read_checks,
        [VALUE_HTTP] = read_http,
        [VALUE_EXPECT] = read_later,
};

static void require_words(Build *build, const YamlNode *map, unsigned place) {
        cleanup_buf Buf name = BUF_TEXT;

        grammar_describe_places(place, &name);
        for (size_t i = 0; i < n_word_rows; i++) {
                const Word *word = &word_rows[i];
                Fault *fault;

                if (!word->is_required || !(word->places & place) ||
                    yaml_find(map, slice_text(word->word)))
                        continue;
                fault = faults_add(build->faults, map->place, "plan-missing", "%s has no `%s`",
                                   buf_get_text(&name), word->word);
                fault_next(fault, "add, for example, `%s: %s`", word->word, word->example);
        }
}

static void read_words(Build *build, const YamlNode *map, unsigned place, void *target) {
        for (size_t i = 0; i < map->n_entries; i++) {
                const YamlEntry *entry = &map->entries[i];
                const Word *word = grammar_find_word(place, entry->key);

                if (word)
                        readers[word->kind](build, word, entry->value, target);
                else
                        grammar_refuse(place, entry->key, entry->place, build->faults);
        }
        require_words(build, map, place);
}

static const YamlNode *value_of(const YamlNode *map, const char *key) {
        const YamlEntry *entry = yaml_find(map, slice_text(key));

        return entry ? entry->value : NULL;
}

static void read_http(Build *build, const Word *word, const YamlNode *node, void *target) {
        Check *check = target;

        if (node->kind != YAML_KIND_MAP) {
                value_refuse(build, word, node, "%s", yaml_kind_name(node->kind));
                return;
        }
        read_words(build, node, IN_HTTP, check);
        if (check->http.method.n == 0)
                check->http.method = slice_text(check->http.body.n ? "POST" : "GET");
}

static bool has_pair(const PlanPair *pairs, size_t n, Slice name) {
        for (size_t i = 0; i < n; i++)
                if (slice_equal(pairs[i].name, name))
                        return true;
        return false;
}

/* The phase's vars come before the check's own names, which win. */
static void env_add_vars(Build *build, Check *check) {
        const Plan *plan = build->plan;
        PlanPair *env =
                arena_alloc_array(&build->plan->arena, plan->n_vars + check->n_env, sizeof *env);
        size_t n = 0;

        for (size_t i = 0; i < plan->n_vars; i++)
                if (!has_pair(check->env, check->n_env, plan->vars[i].name))
                        env[n++] = plan->vars[i];
        for (size_t i = 0; i < check->n_env; i++)
                env[n++] = check->env[i];
        check->env = env;
        check->n_env = n;
}

static void command_finish(Build *build, Check *check) {
        if (check->n_command) {
                env_add_vars(build, check);
                return;
        }
        if (check->cleanup.n || check->workdir.n)
                faults_add(build->faults, check->place, "plan-word-place",
                           "`cleanup` and `workdir` belong to a command, which this check has not");
}

static void check_read(Build *build, const YamlNode *node, Check *check) {
        const YamlNode *run = value_of(node, "run"), *http = value_of(node, "http");
        Fault *fault;

        *check = (Check){.place = node->place, .timeout_ms = TIMEOUT_MS};
        check->kind = http ? CHECK_HTTP : CHECK_RUN;
        read_words(build, node, IN_CHECK, check);
        if (!run == !http) {
                fault = faults_add(build->faults, node->place, "plan-check-kind",
                                   "the check has %s `run` %s `http`", run ? "both" : "neither",
                                   run ? "and" : "nor");
                fault_next(fault, "give each check exactly one of them");
                return;
        }
        command_finish(build, check);
        expect_read(build, check, value_of(node, "expect"));
}

static void read_checks(Build *build, const Word *word, const YamlNode *node, void *target) {
        Gate *gate = target;
        size_t n = node->kind == YAML_KIND_LIST ? node->n_entries : 0;

        if (node->kind != YAML_KIND_LIST) {
                value_refuse(build, word, node, "%s", yaml_kind_name(node->kind));
                return;
        }
        build->n_checks += n;
        if (build->n_checks > PLAN_CHECKS_MAX) {
                faults_add(build->faults, node->place, "plan-limit",
                           "the plan has more than %d checks", PLAN_CHECKS_MAX);
                return;
        }
        gate->checks = arena_alloc_array(&build->plan->arena, n, sizeof *gate->checks);
        for (size_t i = 0; i < n; i++) {
                const YamlNode *item = node->entries[i].value;

                if (item->kind == YAML_KIND_MAP)
                        check_read(build, item, &gate->checks[gate->n_checks++]);
                else
                        value_refuse(build, word, item, "%s in it", yaml_kind_name(item->kind));
        }
}

void build_phase(Build *build, const YamlNode *block) {
        /* A row of defaults does not say whose member it fills; what is read here is thrown away,
         * each gate and check reads what it inherits again. */
        union {
                Gate gate;
                Check check;
        } scratch = {.check = {.kind = CHECK_RUN}};
        const YamlNode *defaults = value_of(block, "defaults");
        size_t n_before;

        read_words(build, block, IN_PHASE, build->plan);
        if (!defaults)
                return;
        n_before = build->faults->n_found;
        if (defaults->kind == YAML_KIND_MAP)
                read_words(build, defaults, IN_DEFAULTS, &scratch);
        else
                faults_add(build->faults, defaults->place, "plan-value",
                           "`defaults` is a map, here it is %s", yaml_kind_name(defaults->kind));
        if (build->faults->n_found == n_before)
                build->defaults = defaults;
}

static void checks_order(Build *build, Gate *gate) {
        Arena *arena = &build->plan->arena;
        OrderItem *items = arena_alloc_array(arena, gate->n_checks, sizeof *items);
        Check *checks = arena_alloc_array(arena, gate->n_checks, sizeof *checks);
        size_t *order;

        for (size_t i = 0; i < gate->n_checks; i++)
                items[i] = (OrderItem){gate->checks[i].id, gate->checks[i].place,
                                       gate->checks[i].needs, gate->checks[i].n_needs};
        if (!order_by_needs(items, gate->n_checks, "check", arena, build->faults, &order))
                return;
        for (size_t i = 0; i < gate->n_checks; i++)
                checks[i] = gate->checks[order[i]];
        gate->checks = checks;
}

void build_gate(Build *build, const YamlNode *block, Gate *gate) {
        const YamlNode *whole = inherit_defaults(block, build->defaults, &build->plan->arena);
        size_t n_before = build->faults->n_found;
        bool has_command = false;

        *gate = (Gate){.place = block->place, .valid_for_ms = VALID_FOR_MS};
        read_words(build, whole, IN_GATE, gate);
        if (build->faults->n_found != n_before)
                return;
        checks_order(build, gate);
        for (size_t i = 0; i < gate->n_checks; i++)
                has_command |= gate->checks[i].n_command > 0;
        digest_gate(build->plan, whole, has_command, &gate->digest);
}
