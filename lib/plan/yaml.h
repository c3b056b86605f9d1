/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A strict subset of YAML as a tree: maps, lists and texts, each with its place in the Markdown
 * file. No anchors, aliases, tags, merge keys or second documents; a key stands once; every scalar
 * is text until a row of the grammar types it. Home of libyaml.
 */

#include "plan/fence.h"

enum {
        YAML_DEPTH_MAX = 16,
        YAML_NODES_MAX = 65536, /* in one block */
        YAML_KEYS_MAX = 512,    /* in one map */
};

typedef enum YamlKind { YAML_KIND_TEXT, YAML_KIND_LIST, YAML_KIND_MAP } YamlKind;

typedef struct YamlNode YamlNode;

typedef struct YamlEntry {
        Slice key; /* in a map */
        PlanPlace place;
        const YamlNode *value;
} YamlEntry;

struct YamlNode {
        YamlKind kind;
        PlanPlace place;
        Slice text;
        bool is_plain; /* the text was written without quotes */
        YamlEntry *entries;
        size_t n_entries;
};

/* NULL if there was a fault that leaves nothing to look at. */
const YamlNode *yaml_read(const Fence *fence, Arena *arena, FaultList *faults);
/* NULL if the map has no such key. */
const YamlEntry *yaml_find(const YamlNode *map, Slice key);
/* "a text", "a list", "a map". */
const char *yaml_kind_name(YamlKind kind);
