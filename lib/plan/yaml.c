/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* libyaml's events, one by one, into our tree; depth and number are limited as they come. */

#include "plan/yaml.h"

#include <yaml.h>

#include "plan/visible.h"

typedef struct Reader {
        const Fence *fence;
        Arena *arena;
        FaultList *faults;
        YamlNode *root;
        YamlNode *open[YAML_DEPTH_MAX]; /* the lists and maps that we are in */
        size_t depth;
        size_t n_nodes, n_documents;
        bool has_key;      /* the innermost map awaits the value of its last entry */
        bool is_duplicate; /* that entry goes when its value has come: the first one stays */
} Reader;

static const char *const kind_names[] = {
        [YAML_KIND_TEXT] = "a text",
        [YAML_KIND_LIST] = "a list",
        [YAML_KIND_MAP] = "a map",
};

static PlanPlace place_of(const Reader *reader, yaml_mark_t mark) {
        return (PlanPlace){reader->fence->line + mark.line, reader->fence->shift + mark.column + 1};
}

static bool refuse(Reader *reader, yaml_mark_t mark, const char *found) {
        faults_add(reader->faults, place_of(reader, mark), "plan-yaml", "%s", found);
        return false;
}

/* A key of the innermost map; its value is the next node. */
static bool key_add(Reader *reader, YamlNode *map, const YamlNode *key, yaml_mark_t mark) {
        YamlEntry *entry;

        if (key->kind != YAML_KIND_TEXT)
                return refuse(reader, mark, "a key of a map is not a text");
        if (key->is_plain && slice_is(key->text, "<<"))
                return refuse(reader, mark, "merge keys are not part of this subset of YAML");
        if (visible_has_hidden(key->text))
                return refuse(reader, mark, "a key holds control or invisible characters");
        if (map->n_entries == YAML_KEYS_MAX)
                return refuse(reader, mark, "a map has too many keys");
        reader->is_duplicate = yaml_find(map, key->text) != NULL;
        if (reader->is_duplicate)
                faults_add(reader->faults, key->place, "plan-duplicate",
                           "the word `%.*s` stands twice in this map", SLICE_ARGS(key->text));
        map->entries = arena_grow(reader->arena, map->entries, map->n_entries, sizeof *entry);
        map->entries[map->n_entries++] = (YamlEntry){.key = key->text, .place = key->place};
        reader->has_key = true;
        return true;
}

static bool node_attach(Reader *reader, YamlNode *node, yaml_mark_t mark) {
        YamlNode *parent = reader->depth ? reader->open[reader->depth - 1] : NULL;

        if (++reader->n_nodes > YAML_NODES_MAX)
                return refuse(reader, mark, "the block has too many values");
        if (!parent) {
                reader->root = node;
        } else if (parent->kind == YAML_KIND_LIST) {
                parent->entries = arena_grow(reader->arena, parent->entries, parent->n_entries,
                                             sizeof *parent->entries);
                parent->entries[parent->n_entries++] =
                        (YamlEntry){.place = node->place, .value = node};
        } else if (!reader->has_key) {
                return key_add(reader, parent, node, mark);
        } else {
                parent->entries[parent->n_entries - 1].value = node;
                parent->n_entries -= reader->is_duplicate;
                reader->has_key = reader->is_duplicate = false;
        }
        return true;
}

static YamlNode *node_new(Reader *reader, YamlKind kind, yaml_mark_t mark) {
        YamlNode *node = arena_alloc(reader->arena, sizeof *node);

        node->kind = kind;
        node->place = place_of(reader, mark);
        return node;
}

static bool read_scalar(Reader *reader, const yaml_event_t *event) {
        Slice text = slice_make(event->data.scalar.value, event->data.scalar.length);
        YamlNode *node = node_new(reader, YAML_KIND_TEXT, event->start_mark);

        if (event->data.scalar.anchor || event->data.scalar.tag)
                return refuse(reader, event->start_mark,
                              "anchors and tags are not part of this subset of YAML");
        if (text.n && memchr(text.data, 0, text.n))
                return refuse(reader, event->start_mark, "a text holds a NUL");
        node->text = arena_slice(reader->arena, text);
        node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        return node_attach(reader, node, event->start_mark);
}

static bool read_start(Reader *reader, YamlKind kind, bool is_marked, yaml_mark_t mark) {
        YamlNode *node = node_new(reader, kind, mark);

        if (is_marked)
                return refuse(reader, mark, "anchors and tags are not part of this subset of YAML");
        if (reader->depth == YAML_DEPTH_MAX)
                return refuse(reader, mark, "lists and maps are nested too deeply");
        if (!node_attach(reader, node, mark))
                return false;
        reader->open[reader->depth++] = node;
        return true;
}

static bool read_document(Reader *reader, const yaml_event_t *event) {
        if (!event->data.document_start.implicit || ++reader->n_documents > 1)
                return refuse(reader, event->start_mark,
                              "a block is one document without markers or directives");
        return true;
}

/* False: nothing more is read. */
static bool event_take(Reader *reader, const yaml_event_t *event) {
        switch (event->type) {
        case YAML_DOCUMENT_START_EVENT: return read_document(reader, event);
        case YAML_ALIAS_EVENT:
                return refuse(reader, event->start_mark,
                              "aliases are not part of this subset of YAML");
        case YAML_SCALAR_EVENT: return read_scalar(reader, event);
        case YAML_SEQUENCE_START_EVENT:
                return read_start(reader, YAML_KIND_LIST,
                                  event->data.sequence_start.anchor ||
                                          event->data.sequence_start.tag,
                                  event->start_mark);
        case YAML_MAPPING_START_EVENT:
                return read_start(reader, YAML_KIND_MAP,
                                  event->data.mapping_start.anchor || event->data.mapping_start.tag,
                                  event->start_mark);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT: reader->depth--; return true;
        case YAML_NO_EVENT:
        case YAML_STREAM_START_EVENT:
        case YAML_STREAM_END_EVENT:
        case YAML_DOCUMENT_END_EVENT: return true;
        }
        return true;
}

static bool syntax_refuse(Reader *reader, const yaml_parser_t *parser) {
        if (parser->context)
                faults_add(reader->faults, place_of(reader, parser->problem_mark), "plan-yaml",
                           "%s, %s", parser->problem ? parser->problem : "not YAML",
                           parser->context);
        else
                (void)refuse(reader, parser->problem_mark,
                             parser->problem ? parser->problem : "not YAML");
        return false;
}

static bool read_events(Reader *reader, yaml_parser_t *parser) {
        bool is_last = false, is_good = true;

        while (is_good && !is_last) {
                yaml_event_t event;

                if (!yaml_parser_parse(parser, &event))
                        return syntax_refuse(reader, parser);
                is_last = event.type == YAML_STREAM_END_EVENT;
                is_good = event_take(reader, &event);
                yaml_event_delete(&event);
        }
        return is_good;
}

const YamlNode *yaml_read(const Fence *fence, Arena *arena, FaultList *faults) {
        Reader reader = {.fence = fence, .arena = arena, .faults = faults};
        yaml_parser_t parser;
        bool is_good;

        if (!yaml_parser_initialize(&parser)) {
                faults_add(faults, fence->place, "plan-yaml", "no memory to read the block");
                return NULL;
        }
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser, fence->text.data, fence->text.n);
        is_good = read_events(&reader, &parser);
        yaml_parser_delete(&parser);
        if (!is_good)
                return NULL;
        if (!reader.root || reader.root->kind != YAML_KIND_MAP) {
                faults_add(faults, fence->place, "plan-yaml", "the block is %s, not a map",
                           reader.root ? kind_names[reader.root->kind] : "empty");
                return NULL;
        }
        return reader.root;
}

const YamlEntry *yaml_find(const YamlNode *map, Slice key) {
        for (size_t i = 0; i < map->n_entries; i++)
                if (slice_equal(map->entries[i].key, key))
                        return &map->entries[i];
        return NULL;
}

const char *yaml_kind_name(YamlKind kind) {
        return kind_names[kind];
}
