/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Readers of values that have no parts of their own: from a node to a member of a struct. One
 * text each is in value.c, lists and maps of texts in value_list.c. */

#include "plan/build.h"

/* A value that is not what its word demands; the row's example is what to do next. */
void value_refuse(Build *build, const Word *word, const YamlNode *node, const char *format, ...)
        printf_like(4, 5);
/* The same about a text, shown as far as it can be. */
void value_refuse_text(Build *build, const Word *word, const YamlNode *node, Slice text);
/* The text with what its kind of value has put in. False after a fault, if the node is not a text
 * or names an unknown variable. */
bool value_get_text(Build *build, const Word *word, const YamlNode *node, Slice *ret_text);
/* A text counts as a list of one. */
size_t value_count(const YamlNode *node);
const YamlNode *value_at(const YamlNode *node, size_t i);

static inline void *value_member(const Word *word, void *target) {
        return (char *)target + word->offset;
}

static inline size_t *value_member_count(const Word *word, void *target) {
        return (size_t *)(void *)((char *)target + word->offset_n);
}

bool value_is_made_of(Slice text, const char *letters);
bool id_is_good(Slice id);
/* Inside the repository, whatever the working directory. */
bool path_is_good(Slice path);

typedef void ValueReader(Build *build, const Word *word, const YamlNode *node, void *target);

ValueReader value_read_version, value_read_id, value_read_text, value_read_scalar,
        value_read_script, value_read_patch, value_read_duration, value_read_size, value_read_count,
        value_read_bool, value_read_choice, value_read_regex, value_read_directory,
        value_read_any_path, value_read_host_path, value_read_address, value_read_url,
        value_read_method, value_read_json_path, value_read_commit;
ValueReader value_read_ids, value_read_texts, value_read_scripts, value_read_regexes,
        value_read_paths, value_read_host_paths, value_read_tools, value_read_vars,
        value_read_pairs, value_read_headers, value_read_resolve;
