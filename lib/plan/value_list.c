/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Lists of texts and maps of texts. */

#include "plan/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>

#include "plan/glob.h"
#include "plan/regex.h"
#include "plan/substitute.h"
#include "plan/visible.h"

static const char name_letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
static const char token_letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";
static const char tool_letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-";

/* Allocates the array of a list; 0 after a fault. */
static size_t list_start(Build *build, const Word *word, const YamlNode *node, size_t element_bytes,
                         void *target) {
        size_t n = value_count(node);

        if (n < word->least || n > word->most) {
                value_refuse(build, word, node, "%zu of them, not %llu to %llu", n,
                             (unsigned long long)word->least, (unsigned long long)word->most);
                return 0;
        }
        *(void **)value_member(word, target) =
                arena_alloc_array(&build->plan->arena, n, element_bytes);
        *value_member_count(word, target) = n;
        return n;
}

/* NULL, or what is wrong with an item; "" if it shall be shown. */
typedef const char *ItemCheck(Slice item, char reason[REGEX_TEXT_BYTES]);

static void read_item(Build *build, const Word *word, const YamlNode *item, ItemCheck *find_fault,
                      Slice *ret_text) {
        char reason[REGEX_TEXT_BYTES];
        const char *fault;

        if (item->kind != YAML_KIND_TEXT) {
                value_refuse(build, word, item, "%s in it", yaml_kind_name(item->kind));
                return;
        }
        if (!value_get_text(build, word, item, ret_text))
                return;
        fault = find_fault(*ret_text, reason);
        if (fault && *fault)
                value_refuse(build, word, item, "%s", fault);
        else if (fault)
                value_refuse_text(build, word, item, *ret_text);
}

typedef struct Item {
        Slice text;
        size_t i;
} Item;

static int compare_items(const void *a, const void *b) {
        const Item *left = a, *right = b;
        int order = slice_compare(left->text, right->text);

        return order ? order : (left->i > right->i) - (left->i < right->i);
}

static void refuse_twins(Build *build, const Word *word, const YamlNode *node, const Slice *slices,
                         size_t n) {
        cleanup_arena Arena arena = ARENA_INIT;
        Item *items = arena_alloc_array(&arena, n, sizeof *items);

        for (size_t i = 0; i < n; i++)
                items[i] = (Item){slices[i], i};
        qsort(items, n, sizeof *items, compare_items);
        for (size_t i = 1; i < n; i++)
                if (items[i].text.n && slice_equal(items[i].text, items[i - 1].text))
                        faults_add(build->faults, value_at(node, items[i].i)->place,
                                   "plan-duplicate", "`%.*s` stands twice in `%s`",
                                   SLICE_ARGS(items[i].text), word->word);
}

static void read_slices(Build *build, const Word *word, const YamlNode *node, void *target,
                        ItemCheck *find_fault) {
        size_t n = node->kind == YAML_KIND_MAP
                           ? 0
                           : list_start(build, word, node, sizeof(Slice), target);
        Slice *slices = *(Slice **)value_member(word, target);

        if (node->kind == YAML_KIND_MAP)
                value_refuse(build, word, node, "a map");
        for (size_t i = 0; i < n; i++)
                read_item(build, word, value_at(node, i), find_fault, &slices[i]);
        if (n)
                refuse_twins(build, word, node, slices, n);
}

static const char *find_fault_of_id(Slice id, char reason[REGEX_TEXT_BYTES]) {
        (void)reason;
        return id_is_good(id) ? NULL : "";
}

void value_read_ids(Build *build, const Word *word, const YamlNode *node, void *target) {
        read_slices(build, word, node, target, find_fault_of_id);
}

static const char *find_fault_of_text(Slice text, char reason[REGEX_TEXT_BYTES]) {
        (void)reason;
        return text.n > 0 && text.n <= TEXT_BYTES_MAX && !visible_has_hidden(text) ? NULL : "";
}

void value_read_texts(Build *build, const Word *word, const YamlNode *node, void *target) {
        read_slices(build, word, node, target, find_fault_of_text);
}

static const char *find_fault_of_script(Slice text, char reason[REGEX_TEXT_BYTES]) {
        (void)reason;
        return text.n == 0 ? "an empty text" : text.n > VALUE_BYTES_MAX ? "a text too long" : NULL;
}

void value_read_scripts(Build *build, const Word *word, const YamlNode *node, void *target) {
        read_slices(build, word, node, target, find_fault_of_script);
}

static const char *find_fault_of_regex(Slice pattern, char reason[REGEX_TEXT_BYTES]) {
        return regex_check(pattern, reason) == 0 ? NULL : reason;
}

void value_read_regexes(Build *build, const Word *word, const YamlNode *node, void *target) {
        read_slices(build, word, node, target, find_fault_of_regex);
}

static const char *find_fault_of_glob(Slice glob, char reason[REGEX_TEXT_BYTES]) {
        (void)reason;
        return glob.n && glob.data[0] == '/' ? "" : glob_find_fault(glob);
}

void value_read_paths(Build *build, const Word *word, const YamlNode *node, void *target) {
        read_slices(build, word, node, target, find_fault_of_glob);
}

static const char *find_fault_of_host_path(Slice path, char reason[REGEX_TEXT_BYTES]) {
        (void)reason;
        if (path.n < 2 || path.n > TEXT_BYTES_MAX || path.data[0] != '/')
                return "";
        return path_is_good(slice_from(path, 1)) ? NULL : "";
}

void value_read_host_paths(Build *build, const Word *word, const YamlNode *node, void *target) {
        read_slices(build, word, node, target, find_fault_of_host_path);
}

/* HOST:PORT:ADDRESS, the address of IPv6 perhaps in brackets, as curl has it. */
static const char *find_fault_of_resolve(Slice text, char reason[REGEX_TEXT_BYTES]) {
        char address[INET6_ADDRSTRLEN];
        uint8_t bytes[sizeof(struct in6_addr)];
        size_t host = slice_find(text, slice_text(":"));
        Slice rest = slice_from(text, host + 1);
        size_t port = slice_find(rest, slice_text(":"));
        Slice last = slice_from(rest, port + 1);

        (void)reason;
        if (last.n > 2 && last.data[0] == '[' && last.data[last.n - 1] == ']')
                last = slice_make(last.data + 1, last.n - 2);
        if (host == 0 || host > 255 || port > 5 || last.n == 0 || last.n >= sizeof address ||
            !value_is_made_of(slice_head(text, host), tool_letters) ||
            !value_is_made_of(slice_head(rest, port), "0123456789"))
                return "";
        memcpy(address, last.data, last.n);
        address[last.n] = 0;
        return inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1
                       ? NULL
                       : "";
}

void value_read_resolve(Build *build, const Word *word, const YamlNode *node, void *target) {
        read_slices(build, word, node, target, find_fault_of_resolve);
}

static Slice trim(Slice text) {
        while (text.n && text.data[0] == ' ')
                text = slice_from(text, 1);
        while (text.n && text.data[text.n - 1] == ' ')
                text.n--;
        return text;
}

static bool version_is_good(Slice version) {
        return version.data && version.n <= ID_BYTES_MAX &&
               value_is_made_of(version, "0123456789.") && isdigit(version.data[0]) &&
               isdigit(version.data[version.n - 1]);
}

/* A name is looked for in PATH; some software keeps its programs elsewhere. */
static bool tool_name_is_good(Slice name) {
        char reason[REGEX_TEXT_BYTES];

        if (name.n && name.data[0] == '/')
                return !find_fault_of_host_path(name, reason);
        return name.data && name.n <= ID_BYTES_MAX && value_is_made_of(name, tool_letters) &&
               name.data[0] != '-';
}

static bool tool_parse(Slice text, Tool *ret_tool) {
        size_t sign = slice_find(text, slice_text(">="));
        Slice name = trim(slice_head(text, sign));

        ret_tool->name = name;
        ret_tool->version = trim(slice_from(text, sign + 2));
        return tool_name_is_good(name) && (sign == text.n || version_is_good(ret_tool->version));
}

void value_read_tools(Build *build, const Word *word, const YamlNode *node, void *target) {
        size_t n = node->kind == YAML_KIND_MAP
                           ? 0
                           : list_start(build, word, node, sizeof(Tool), target);
        Tool *tools = *(Tool **)value_member(word, target);

        if (node->kind == YAML_KIND_MAP)
                value_refuse(build, word, node, "a map");
        for (size_t i = 0; i < n; i++) {
                const YamlNode *item = value_at(node, i);
                Slice text;

                if (value_get_text(build, word, item, &text) && !tool_parse(text, &tools[i]))
                        value_refuse_text(build, word, item, text);
        }
}

/* For vars and environments: no name that we set ourselves. */
static bool env_name_is_good(Slice name) {
        return name.n <= ID_BYTES_MAX && value_is_made_of(name, name_letters) &&
               !isdigit(name.data[0]) && !slice_is(name, "N") &&
               !slice_equal(slice_head(name, 5), slice_text("GATE_")) &&
               !slice_equal(slice_head(name, 7), slice_text("MATRIX_"));
}

static bool header_name_is_good(Slice name) {
        return name.n <= ID_BYTES_MAX && value_is_made_of(name, token_letters);
}

static bool is_one_line(Slice text) {
        return slice_find(text, slice_text("\n")) == text.n &&
               slice_find(text, slice_text("\r")) == text.n;
}

static void read_pairs(Build *build, const Word *word, const YamlNode *node, void *target,
                       bool (*is_good)(Slice name)) {
        size_t n = node->kind == YAML_KIND_MAP
                           ? list_start(build, word, node, sizeof(PlanPair), target)
                           : 0;
        PlanPair *pairs = *(PlanPair **)value_member(word, target);

        if (node->kind != YAML_KIND_MAP)
                value_refuse(build, word, node, "%s", yaml_kind_name(node->kind));
        for (size_t i = 0; i < n; i++) {
                const YamlNode *value = node->entries[i].value;

                pairs[i].name = node->entries[i].key;
                if (!is_good(pairs[i].name)) {
                        Slice shown = visible_excerpt(&build->plan->arena, pairs[i].name, 0);

                        value_refuse(build, word, value, "the name \"%.*s\"", SLICE_ARGS(shown));
                } else if (value->kind != YAML_KIND_TEXT || value->text.n > VALUE_BYTES_MAX) {
                        value_refuse(build, word, value, "%s in it", yaml_kind_name(value->kind));
                } else {
                        (void)value_get_text(build, word, value, &pairs[i].value);
                }
        }
}

void value_read_vars(Build *build, const Word *word, const YamlNode *node, void *target) {
        read_pairs(build, word, node, target, env_name_is_good);
}

void value_read_pairs(Build *build, const Word *word, const YamlNode *node, void *target) {
        read_pairs(build, word, node, target, env_name_is_good);
}

void value_read_headers(Build *build, const Word *word, const YamlNode *node, void *target) {
        size_t n_before = build->faults->n_found;
        PlanPair *pairs;

        read_pairs(build, word, node, target, header_name_is_good);
        if (build->faults->n_found != n_before)
                return;
        pairs = *(PlanPair **)value_member(word, target);
        for (size_t i = 0; i < *value_member_count(word, target); i++)
                if (!is_one_line(pairs[i].value))
                        value_refuse_text(build, word, node->entries[i].value, pairs[i].value);
}
