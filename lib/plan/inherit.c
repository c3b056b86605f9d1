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

                if (inherited && (slice_is(entry.key, "env") || slice_is(entry.key, "limits")))
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

/* `unchanged` runs where the checks do, unless it says so itself: its short forms become the map.
 */
static const YamlNode *inherit_unchanged(const YamlNode *unchanged, const YamlNode *defaults,
                                         Arena *arena) {
        const YamlEntry *on = defaults ? yaml_find(defaults, slice_text("on")) : NULL;
        YamlNode *map;

        if (!on || (unchanged->kind == YAML_KIND_MAP && yaml_find(unchanged, on->key)))
                return unchanged;
        map = arena_alloc(arena, sizeof *map);
        map->kind = YAML_KIND_MAP;
        map->place = unchanged->place;
        if (unchanged->kind != YAML_KIND_MAP)
                entry_add(map, (YamlEntry){slice_text("run"), unchanged->place, unchanged}, arena);
        for (size_t i = 0; unchanged->kind == YAML_KIND_MAP && i < unchanged->n_entries; i++)
                entry_add(map, unchanged->entries[i], arena);
        entry_add(map, *on, arena);
        return map;
}

const YamlNode *inherit_defaults(const YamlNode *gate, const YamlNode *defaults, Arena *arena) {
        YamlNode *copy = inherit(gate, defaults, IN_GATE, arena);

        for (size_t i = 0; i < copy->n_entries; i++) {
                YamlEntry *entry = &copy->entries[i];

                if (slice_is(entry->key, "checks") && entry->value->kind == YAML_KIND_LIST)
                        entry->value = inherit_checks(entry->value, defaults, arena);
                else if (slice_is(entry->key, "unchanged"))
                        entry->value = inherit_unchanged(entry->value, defaults, arena);
        }
        return copy;
}
