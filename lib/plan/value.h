/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Readers of values that have no parts of their own: from a node to a member of a struct. */

#include "plan/build.h"

/* A value that is not what its word demands; the row's example is what to do next. */
void value_refuse(Build *build, const Word *word, const YamlNode *node, const char *format, ...)
        printf_like(4, 5);
/* False after a fault, if the node is not a text or is outside the row's limits. */
bool value_get_text(Build *build, const Word *word, const YamlNode *node, Slice *ret_text);
/* A text counts as a list of one. */
size_t value_count(const YamlNode *node);
const YamlNode *value_at(const YamlNode *node, size_t i);

bool id_is_good(Slice id);

typedef void ValueReader(Build *build, const Word *word, const YamlNode *node, void *target);

ValueReader value_read_version, value_read_id, value_read_text, value_read_script,
        value_read_duration, value_read_count, value_read_bool, value_read_ids, value_read_paths,
        value_read_directory, value_read_tools, value_read_pairs, value_read_headers,
        value_read_network, value_read_url, value_read_method, value_read_scalar;
