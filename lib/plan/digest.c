/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * SHA-256 of a normal form: maps by ascending key, each text and number of items with its length,
 * quotes only where they tell a text from a literal. It is made of words, not of our structs, so
 * that a new version of this program does not make old verdicts stale.
 */

#include "plan/digest.h"

#include <stdlib.h>

#include "plan/decimal.h"
#include "plan/substitute.h"

static const char domain[] = "coldgate gate 1\n";

static int compare_entries(const void *a, const void *b) {
        return slice_compare(((const YamlEntry *)a)->key, ((const YamlEntry *)b)->key);
}

static bool is_literal(const YamlNode *node) {
        Decimal number;

        return node->is_plain &&
               (slice_is(node->text, "null") || slice_is(node->text, "true") ||
                slice_is(node->text, "false") || decimal_parse(node->text, &number));
}

static void add_tag(Hasher *hasher, char tag, size_t n) {
        hash_add(hasher, &tag, 1);
        hash_add_u64(hasher, n);
}

static void add_node(Hasher *hasher, const YamlNode *node, Arena *arena) {
        YamlEntry *entries;

        if (node->kind == YAML_KIND_TEXT) {
                add_tag(hasher, is_literal(node) ? 'l' : 't', node->text.n);
                hash_add(hasher, node->text.data, node->text.n);
                return;
        }
        entries = arena_alloc_array(arena, node->n_entries, sizeof *entries);
        if (node->n_entries)
                memcpy(entries, node->entries, node->n_entries * sizeof *entries);
        if (node->kind == YAML_KIND_MAP && node->n_entries)
                qsort(entries, node->n_entries, sizeof *entries, compare_entries);
        add_tag(hasher, node->kind == YAML_KIND_MAP ? 'm' : 's', node->n_entries);
        for (size_t i = 0; i < node->n_entries; i++) {
                if (node->kind == YAML_KIND_MAP)
                        hash_add_field(hasher, entries[i].key);
                add_node(hasher, entries[i].value, arena);
        }
}

static bool mentions(const YamlNode *node, Slice name) {
        if (node->kind == YAML_KIND_TEXT)
                return substitute_mentions(node->text, name);
        for (size_t i = 0; i < node->n_entries; i++)
                if (mentions(node->entries[i].value, name))
                        return true;
        return false;
}

static int compare_pairs(const void *a, const void *b) {
        return slice_compare(((const PlanPair *)a)->name, ((const PlanPair *)b)->name);
}

void digest_gate(const Plan *plan, const YamlNode *gate, bool has_command, Hash *ret_digest) {
        cleanup_arena Arena arena = ARENA_INIT;
        PlanPair *vars = arena_alloc_array(&arena, plan->n_vars, sizeof *vars);
        Hasher hasher;

        if (plan->n_vars) {
                memcpy(vars, plan->vars, plan->n_vars * sizeof *vars);
                qsort(vars, plan->n_vars, sizeof *vars, compare_pairs);
        }
        hash_start(&hasher);
        hash_add(&hasher, domain, sizeof domain - 1);
        add_node(&hasher, gate, &arena);
        for (size_t i = 0; i < plan->n_vars; i++) {
                if (!has_command && !mentions(gate, vars[i].name))
                        continue;
                hash_add_field(&hasher, vars[i].name);
                hash_add_field(&hasher, vars[i].value);
        }
        hash_finish(&hasher, ret_digest);
}
