/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Defaults by copying entries. */

#include "plan/inherit.h"

static void entry_add(YamlNode *map, YamlEntry entry, Arena *arena) {
        map->entries = arena_grow(arena, map->entries, map->n_entries, sizeof entry);
        map->entries[map->n_entries++] = entry;
}

/* `map`, and of `more` what it does not say itself. */
static const YamlNode *merge(const YamlNode *map, const YamlNode *more, Arena *arena) {
        YamlNode *merged;

        if (map->kind != YAML_KIND_MAP || more->kind != YAML_KIND_MAP)
                return map;
        merged = arena_alloc(arena, sizeof *merged);
        *merged = *map;
        merged->entries = NULL;
        merged->n_entries = 0;
        for (size_t i = 0; i < map->n_entries; i++)
                entry_add(merged, map->entries[i], arena);
        for (size_t i = 0; i < more->n_entries; i++)
                if (!yaml_find(map, more->entries[i].key))
                        entry_add(merged, more->entries[i], arena);
        return merged;
}

/* A copy of `map` with the entries of `defaults` that may stand in `place`. */
static YamlNode *inherit(const YamlNode *map, const YamlNode *defaults, unsigned place,
                         Arena *arena) {
        YamlNode *copy = arena_alloc(arena, sizeof *copy);

        *copy = *map;
        copy->entries = NULL;
        copy->n_entries = 0;
        for (size_t i = 0; i < map->n_entries; i++) {
                YamlEntry entry = map->entries[i];
                const YamlEntry *inherited = defaults ? yaml_find(defaults, entry.key) : NULL;

                if (inherited && slice_is(entry.key, "env"))
                        entry.value = merge(entry.value, inherited->value, arena);
                entry_add(copy, entry, arena);
        }
        for (size_t i = 0; defaults && i < defaults->n_entries; i++)
                if (grammar_find_word(place, defaults->entries[i].key) &&
                    !yaml_find(map, defaults->entries[i].key))
                        entry_add(copy, defaults->entries[i], arena);
        return copy;
}

static const YamlNode *inherit_checks(const YamlNode *checks, const YamlNode *defaults,
                                      Arena *arena) {
        YamlNode *copy = arena_alloc(arena, sizeof *copy);

        *copy = *checks;
        copy->entries = arena_alloc_array(arena, checks->n_entries, sizeof *copy->entries);
        for (size_t i = 0; i < checks->n_entries; i++) {
                copy->entries[i] = checks->entries[i];
                if (copy->entries[i].value->kind == YAML_KIND_MAP)
                        copy->entries[i].value =
                                inherit(copy->entries[i].value, defaults, IN_CHECK, arena);
        }
        return copy;
}

const YamlNode *inherit_defaults(const YamlNode *gate, const YamlNode *defaults, Arena *arena) {
        YamlNode *copy = inherit(gate, defaults, IN_GATE, arena);

        for (size_t i = 0; i < copy->n_entries; i++)
                if (slice_is(copy->entries[i].key, "checks") &&
                    copy->entries[i].value->kind == YAML_KIND_LIST)
                        copy->entries[i].value =
                                inherit_checks(copy->entries[i].value, defaults, arena);
        return copy;
}
