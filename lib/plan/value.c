/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One reader for each kind of value. */

#include "plan/value.h"

#include <ctype.h>
#include <stdarg.h>

#include "base/clock.h"
#include "plan/substitute.h"
#include "plan/visible.h"

static const char id_letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
static const char name_letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
static const char token_letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";
static const char tool_letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-";

static void *member_of(const Word *word, void *target) {
        return (char *)target + word->offset;
}

static size_t *count_of(const Word *word, void *target) {
        return (size_t *)(void *)((char *)target + word->offset_n);
}

static bool is_made_of(Slice text, const char *letters) {
        for (size_t i = 0; i < text.n; i++)
                if (!text.data[i] || !strchr(letters, text.data[i]))
                        return false;
        return text.n > 0;
}

void value_refuse(Build *build, const Word *word, const YamlNode *node, const char *format, ...) {
        cleanup_buf Buf text = BUF_TEXT;
        va_list args;
        Fault *fault;

        va_start(args, format);
        buf_vprintf(&text, format, args);
        va_end(args);
        fault = faults_add(build->faults, node->place, "plan-value", "`%s` is %s; here is %s",
                           word->word, value_sentences[word->kind], buf_get_text(&text));
        fault_next(fault, "for example `%s: %s`", word->word, word->example);
}

static void refuse_shown(Build *build, const Word *word, const YamlNode *node, Slice text) {
        Slice shown = visible_excerpt(&build->plan->arena, text, 0);

        value_refuse(build, word, node, "\"%.*s\"", SLICE_ARGS(shown));
}

bool value_get_text(Build *build, const Word *word, const YamlNode *node, Slice *ret_text) {
        if (node->kind != YAML_KIND_TEXT) {
                value_refuse(build, word, node, "%s", yaml_kind_name(node->kind));
                return false;
        }
        if (node->text.n < word->least || node->text.n > word->most) {
                value_refuse(build, word, node, "a text of %zu bytes, not %llu to %llu",
                             node->text.n, (unsigned long long)word->least,
                             (unsigned long long)word->most);
                return false;
        }
        *ret_text = node->text;
        return true;
}

size_t value_count(const YamlNode *node) {
        return node->kind == YAML_KIND_TEXT ? 1 : node->n_entries;
}

const YamlNode *value_at(const YamlNode *node, size_t i) {
        return node->kind == YAML_KIND_TEXT ? node : node->entries[i].value;
}

bool id_is_good(Slice id) {
        return id.n <= ID_BYTES_MAX && is_made_of(id, id_letters);
}

void value_read_version(Build *build, const Word *word, const YamlNode *node, void *target) {
        (void)target;
        if (node->kind != YAML_KIND_TEXT || !slice_is(node->text, "1"))
                value_refuse(build, word, node, "another version");
}

void value_read_id(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *id = member_of(word, target);

        if (!value_get_text(build, word, node, id))
                return;
        if (!id_is_good(*id))
                refuse_shown(build, word, node, *id);
}

void value_read_text(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *text = member_of(word, target);

        if (value_get_text(build, word, node, text) && visible_has_hidden(*text))
                refuse_shown(build, word, node, *text);
}

void value_read_script(Build *build, const Word *word, const YamlNode *node, void *target) {
        (void)value_get_text(build, word, node, member_of(word, target));
}

void value_read_scalar(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *text = member_of(word, target);

        if (value_get_text(build, word, node, text))
                (void)substitute(build, node, text);
}

static bool get_whole_text(Build *build, const Word *word, const YamlNode *node, Slice *ret_text) {
        if (node->kind == YAML_KIND_TEXT) {
                *ret_text = node->text;
                return true;
        }
        value_refuse(build, word, node, "%s", yaml_kind_name(node->kind));
        return false;
}

void value_read_duration(Build *build, const Word *word, const YamlNode *node, void *target) {
        uint64_t ms = 0;
        Slice text;
        Fault *fault;
        int r;

        if (!get_whole_text(build, word, node, &text))
                return;
        r = duration_parse(text, &ms);
        if (r == DURATION_E_NO_UNIT) {
                fault = faults_add(build->faults, node->place, "plan-unit",
                                   "`%s: %.*s` has no unit", word->word,
                                   (int)size_min(text.n, ID_BYTES_MAX), (const char *)text.data);
                fault_next(fault, "did you mean `%s: %.*ss`?", word->word,
                           (int)size_min(text.n, ID_BYTES_MAX), (const char *)text.data);
                return;
        }
        if (r != 0) {
                refuse_shown(build, word, node, text);
                return;
        }
        if (ms < word->least || ms > word->most) {
                value_refuse(build, word, node, "one that is not in %llums to %llums",
                             (unsigned long long)word->least, (unsigned long long)word->most);
                return;
        }
        *(uint64_t *)member_of(word, target) = ms;
}

void value_read_count(Build *build, const Word *word, const YamlNode *node, void *target) {
        uint64_t number = 0;
        Slice text;

        if (!get_whole_text(build, word, node, &text))
                return;
        for (size_t i = 0; i < text.n && isdigit(text.data[i]) && number <= word->most; i++)
                number = number * 10 + (uint64_t)(text.data[i] - '0');
        if (!is_made_of(text, "0123456789")) {
                refuse_shown(build, word, node, text);
                return;
        }
        if (number < word->least || number > word->most) {
                value_refuse(build, word, node, "one that is not in %llu to %llu",
                             (unsigned long long)word->least, (unsigned long long)word->most);
                return;
        }
        *(uint64_t *)member_of(word, target) = number;
}

void value_read_bool(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice text;

        if (!get_whole_text(build, word, node, &text))
                return;
        if (!slice_is(text, "true") && !slice_is(text, "false"))
                refuse_shown(build, word, node, text);
        *(bool *)member_of(word, target) = slice_is(text, "true");
}

/* Allocates the array of a list; 0 after a fault. */
static size_t list_start(Build *build, const Word *word, const YamlNode *node, size_t element_bytes,
                         void *target) {
        size_t n = value_count(node);

        if (n < word->least || n > word->most) {
                value_refuse(build, word, node, "%zu of them, not %llu to %llu", n,
                             (unsigned long long)word->least, (unsigned long long)word->most);
                return 0;
        }
        *(void **)member_of(word, target) =
                arena_alloc_array(&build->plan->arena, n, element_bytes);
        *count_of(word, target) = n;
        return n;
}

typedef bool ItemCheck(Slice item);

static void read_slices(Build *build, const Word *word, const YamlNode *node, void *target,
                        ItemCheck *is_good) {
        size_t n = node->kind == YAML_KIND_MAP
                           ? 0
                           : list_start(build, word, node, sizeof(Slice), target);
        Slice *slices = *(Slice **)member_of(word, target);

        if (node->kind == YAML_KIND_MAP)
                value_refuse(build, word, node, "a map");
        for (size_t i = 0; i < n; i++) {
                const YamlNode *item = value_at(node, i);

                slices[i] = item->text;
                if (item->kind != YAML_KIND_TEXT)
                        value_refuse(build, word, item, "%s in it", yaml_kind_name(item->kind));
                else if (!is_good(item->text))
                        refuse_shown(build, word, item, item->text);
                for (size_t k = 0; k < i; k++)
                        if (slice_equal(slices[k], slices[i]))
                                faults_add(build->faults, item->place, "plan-duplicate",
                                           "`%.*s` stands twice in `%s`", SLICE_ARGS(slices[i]),
                                           word->word);
        }
}

void value_read_ids(Build *build, const Word *word, const YamlNode *node, void *target) {
        read_slices(build, word, node, target, id_is_good);
}

/* Inside the repository, whatever the working directory. */
static bool path_is_good(Slice path) {
        if (path.n == 0 || path.n > 1024 || path.data[0] == '/')
                return false;
        while (path.n) {
                size_t n = slice_find(path, slice_text("/"));
                Slice part = slice_head(path, n);

                if (slice_is(part, "..") || slice_is(part, ".") || part.n == 0)
                        return false;
                path = slice_from(path, n + 1);
        }
        return true;
}

void value_read_paths(Build *build, const Word *word, const YamlNode *node, void *target) {
        read_slices(build, word, node, target, path_is_good);
}

void value_read_directory(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *path = member_of(word, target);

        if (value_get_text(build, word, node, path) && !path_is_good(*path))
                refuse_shown(build, word, node, *path);
}

static Slice trim(Slice text) {
        while (text.n && text.data[0] == ' ')
                text = slice_from(text, 1);
        while (text.n && text.data[text.n - 1] == ' ')
                text.n--;
        return text;
}

static bool version_is_good(Slice version) {
        return version.data && version.n <= ID_BYTES_MAX && is_made_of(version, "0123456789.") &&
               isdigit(version.data[0]) && isdigit(version.data[version.n - 1]);
}

static bool tool_parse(Slice text, Tool *ret_tool) {
        size_t sign = slice_find(text, slice_text(">="));
        Slice name = trim(slice_head(text, sign));

        ret_tool->name = name;
        ret_tool->version = trim(slice_from(text, sign + 2));
        return name.data && name.n <= ID_BYTES_MAX && is_made_of(name, tool_letters) &&
               name.data[0] != '-' && (sign == text.n || version_is_good(ret_tool->version));
}

void value_read_tools(Build *build, const Word *word, const YamlNode *node, void *target) {
        size_t n = node->kind == YAML_KIND_MAP
                           ? 0
                           : list_start(build, word, node, sizeof(Tool), target);
        Tool *tools = *(Tool **)member_of(word, target);

        if (node->kind == YAML_KIND_MAP)
                value_refuse(build, word, node, "a map");
        for (size_t i = 0; i < n; i++) {
                const YamlNode *item = value_at(node, i);

                if (item->kind != YAML_KIND_TEXT || !tool_parse(item->text, &tools[i]))
                        refuse_shown(build, word, item, item->text);
        }
}

static bool env_name_is_good(Slice name) {
        return name.n <= ID_BYTES_MAX && is_made_of(name, name_letters) && !isdigit(name.data[0]) &&
               !slice_equal(slice_head(name, 5), slice_text("GATE_"));
}

static bool header_name_is_good(Slice name) {
        return name.n <= ID_BYTES_MAX && is_made_of(name, token_letters);
}

static bool is_one_line(Slice text) {
        return slice_find(text, slice_text("\n")) == text.n &&
               slice_find(text, slice_text("\r")) == text.n;
}

static void read_pairs(Build *build, const Word *word, const YamlNode *node, void *target,
                       ItemCheck *is_good) {
        size_t n = node->kind == YAML_KIND_MAP
                           ? list_start(build, word, node, sizeof(PlanPair), target)
                           : 0;
        PlanPair *pairs = *(PlanPair **)member_of(word, target);

        if (node->kind != YAML_KIND_MAP)
                value_refuse(build, word, node, "%s", yaml_kind_name(node->kind));
        for (size_t i = 0; i < n; i++) {
                const YamlNode *value = node->entries[i].value;

                pairs[i] = (PlanPair){node->entries[i].key, value->text};
                if (!is_good(pairs[i].name)) {
                        Slice shown = visible_excerpt(&build->plan->arena, pairs[i].name, 0);

                        value_refuse(build, word, value, "the name \"%.*s\"", SLICE_ARGS(shown));
                } else if (value->kind != YAML_KIND_TEXT || value->text.n > VALUE_BYTES_MAX) {
                        value_refuse(build, word, value, "%s in it", yaml_kind_name(value->kind));
                } else if (!(word->places & IN_PHASE)) {
                        (void)substitute(build, value, &pairs[i].value);
                }
        }
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
        pairs = *(PlanPair **)member_of(word, target);
        for (size_t i = 0; i < *count_of(word, target); i++)
                if (!is_one_line(pairs[i].value))
                        refuse_shown(build, word, node->entries[i].value, pairs[i].value);
}

void value_read_network(Build *build, const Word *word, const YamlNode *node, void *target) {
        CheckNetwork *network = member_of(word, target);
        Slice text;

        if (!get_whole_text(build, word, node, &text))
                return;
        if (!slice_is(text, "none") && !slice_is(text, "host"))
                refuse_shown(build, word, node, text);
        *network = slice_is(text, "host") ? CHECK_NETWORK_HOST : CHECK_NETWORK_NONE;
}

static bool url_is_good(Slice url) {
        Slice rest = url;

        if (slice_equal(slice_head(url, 7), slice_text("http://")))
                rest = slice_from(url, 7);
        else if (slice_equal(slice_head(url, 8), slice_text("https://")))
                rest = slice_from(url, 8);
        for (size_t i = 0; i < url.n; i++)
                if (url.data[i] <= ' ' || url.data[i] >= 0x7f)
                        return false;
        return rest.n < url.n && rest.n > 0 && rest.data[0] != '/';
}

void value_read_url(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *url = member_of(word, target);

        if (!value_get_text(build, word, node, url) || !substitute(build, node, url))
                return;
        if (url->n > word->most || !url_is_good(*url))
                refuse_shown(build, word, node, *url);
}

void value_read_method(Build *build, const Word *word, const YamlNode *node, void *target) {
        Slice *method = member_of(word, target);

        if (value_get_text(build, word, node, method) &&
            !is_made_of(*method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
                refuse_shown(build, word, node, *method);
}
