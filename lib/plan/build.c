/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A map is read entry by entry: its row says where the value goes, its kind who reads it. */

#include "plan/build.h"

#include "plan/build_check.h"
#include "plan/digest.h"
#include "plan/inherit.h"
#include "plan/order.h"
#include "plan/parts.h"

enum { VALID_FOR_MS = 86400000 };

/* What is read once all words of its map are known. */
static void read_later(Build *build, const Word *word, const YamlNode *node, void *target) {
        (void)build;
        (void)word;
        (void)node;
        (void)target;
}

static void read_command(Build *build, const Word *word, const YamlNode *node, void *target) {
        Check *check = target;

        (void)build_command(build, word, node, &check->is_shell, &check->command,
                            &check->n_command);
}

static void read_map(Build *build, const Word *word, const YamlNode *node, void *target) {
        if (node->kind == YAML_KIND_MAP)
                build_words(build, node, word->inside, target);
        else
                value_refuse(build, word, node, "%s", yaml_kind_name(node->kind));
}

static void read_checks(Build *build, const Word *word, const YamlNode *node, void *target) {
        Gate *gate = target;

        if (node->kind != YAML_KIND_LIST) {
                value_refuse(build, word, node, "%s", yaml_kind_name(node->kind));
                return;
        }
        for (size_t i = 0; i < node->n_entries; i++) {
                const YamlNode *item = node->entries[i].value;

                if (item->kind == YAML_KIND_MAP)
                        build_check(build, item, gate);
                else
                        value_refuse(build, word, item, "%s in it", yaml_kind_name(item->kind));
        }
}

static ValueReader *const readers[_VALUE_MAX] = {
        [VALUE_VERSION] = value_read_version,
        [VALUE_ID] = value_read_id,
        [VALUE_TEXT] = value_read_text,
        [VALUE_SCALAR] = value_read_scalar,
        [VALUE_SCRIPT] = value_read_script,
        [VALUE_PATCH] = value_read_patch,
        [VALUE_DURATION] = value_read_duration,
        [VALUE_SIZE] = value_read_size,
        [VALUE_COUNT] = value_read_count,
        [VALUE_BOOL] = value_read_bool,
        [VALUE_NETWORK] = value_read_choice,
        [VALUE_ON] = value_read_choice,
        [VALUE_FORMAT] = value_read_choice,
        [VALUE_FLAKY] = value_read_choice,
        [VALUE_LEFTOVERS] = value_read_choice,
        [VALUE_EVIDENCE] = value_read_choice,
        [VALUE_IDS] = value_read_ids,
        [VALUE_TEXTS] = value_read_texts,
        [VALUE_SCRIPTS] = value_read_scripts,
        [VALUE_REGEX] = value_read_regex,
        [VALUE_REGEXES] = value_read_regexes,
        [VALUE_PATHS] = value_read_paths,
        [VALUE_DIRECTORY] = value_read_directory,
        [VALUE_ANY_PATH] = value_read_any_path,
        [VALUE_HOST_PATH] = value_read_host_path,
        [VALUE_HOST_PATHS] = value_read_host_paths,
        [VALUE_TOOLS] = value_read_tools,
        [VALUE_VARS] = value_read_vars,
        [VALUE_PAIRS] = value_read_pairs,
        [VALUE_HEADERS] = value_read_headers,
        [VALUE_RESOLVE] = value_read_resolve,
        [VALUE_ADDRESS] = value_read_address,
        [VALUE_URL] = value_read_url,
        [VALUE_METHOD] = value_read_method,
        [VALUE_JSON_PATH] = value_read_json_path,
        [VALUE_COMMIT] = value_read_commit,
        [VALUE_COMMAND] = read_command,
        [VALUE_BREAK] = parts_read_break,
        [VALUE_MAP] = read_map,
        [VALUE_DEFAULTS] = read_later,
        [VALUE_CHECKS] = read_checks,
        [VALUE_EXPECT] = read_later,
        [VALUE_MATRIX] = read_later,
        [VALUE_QUESTION] = parts_read_question,
        [VALUE_LOCK] = parts_read_lock,
        [VALUE_UNCHANGED] = parts_read_unchanged,
        [VALUE_EXAMINED] = parts_read_examined,
        [VALUE_TEETH] = parts_read_teeth,
        [VALUE_FAILURE] = parts_read_failure,
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

void build_words(Build *build, const YamlNode *map, unsigned place, void *target) {
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

const YamlNode *build_find(const YamlNode *map, const char *key) {
        const YamlEntry *entry = yaml_find(map, slice_text(key));

        return entry ? entry->value : NULL;
}

void build_phase(Build *build, const YamlNode *block) {
        /* A row of defaults does not say whose member it fills; what is read here is thrown away,
         * each gate and check reads what it inherits again. */
        union {
                Gate gate;
                Check check;
        } scratch = {.check = {.kind = CHECK_RUN}};
        const YamlNode *defaults = build_find(block, "defaults");
        size_t n_before;

        build_words(build, block, IN_PHASE, build->plan);
        if (!defaults)
                return;
        n_before = build->faults->n_found;
        if (defaults->kind == YAML_KIND_MAP)
                build_words(build, defaults, IN_DEFAULTS, &scratch);
        else
                faults_add(build->faults, defaults->place, "plan-value",
                           "`defaults` is a map, here it is %s", yaml_kind_name(defaults->kind));
        if (build->faults->n_found == n_before)
                build->defaults = defaults;
}

/* Instances of one matrix stand in one place of the plan. */
static size_t family_size(const Gate *gate, size_t first) {
        const PlanPlace *place = &gate->checks[first].place;
        size_t i = first;

        while (i < gate->n_checks && gate->checks[i].place.line == place->line &&
               gate->checks[i].place.column == place->column)
                i++;
        return i - first;
}

static void checks_order(Build *build, Gate *gate) {
        Arena *arena = &build->plan->arena;
        OrderItem *items = arena_alloc_array(arena, gate->n_checks, sizeof *items);
        size_t *firsts = arena_alloc_array(arena, gate->n_checks, sizeof *firsts);
        Check *checks = arena_alloc_array(arena, gate->n_checks, sizeof *checks);
        size_t n_families = 0, n = 0, *order;

        for (size_t i = 0; i < gate->n_checks; i += family_size(gate, i)) {
                firsts[n_families] = i;
                items[n_families++] = (OrderItem){gate->checks[i].family, gate->checks[i].place,
                                                  gate->checks[i].needs, gate->checks[i].n_needs};
        }
        if (!order_by_needs(items, n_families, "check", arena, build->faults, &order))
                return;
        for (size_t i = 0; i < n_families; i++) {
                size_t first = firsts[order[i]], n_instances = family_size(gate, first);

                memcpy(&checks[n], &gate->checks[first], n_instances * sizeof *checks);
                n += n_instances;
        }
        gate->checks = checks;
}

/* On the host the plan's own probes tell: what an engine starts there belongs to its containers. */
static void settle_leftovers(Gate *gate) {
        for (size_t i = 0; i < gate->n_checks; i++) {
                Check *check = &gate->checks[i];

                check->forbids_leftovers = check->leftovers == LEFTOVERS_FAIL ||
                                           (check->leftovers == LEFTOVERS_UNSAID &&
                                            gate->n_unchanged && check->on != CHECK_ON_HOST);
        }
}

void build_gate(Build *build, const YamlNode *block, Gate *gate) {
        const YamlNode *whole = inherit_defaults(block, build->defaults, &build->plan->arena);
        size_t n_before = build->faults->n_found;
        bool has_command;

        *gate = (Gate){.place = block->place,
                       .valid_for_ms = VALID_FOR_MS,
                       .verifiers = 1,
                       .vars = build->plan->vars,
                       .n_vars = build->plan->n_vars};
        build_words(build, whole, IN_GATE, gate);
        if (build->faults->n_found != n_before)
                return;
        checks_order(build, gate);
        settle_leftovers(gate);
        has_command = gate->n_unchanged > 0;
        for (size_t i = 0; i < gate->n_checks; i++)
                has_command |= gate->checks[i].n_command > 0 || gate->checks[i].n_teeth > 0;
        digest_gate(build->plan, whole, has_command, &gate->digest);
}
