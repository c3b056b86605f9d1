/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Variables: ${name} in a text, put in after parsing, so that a value never changes the structure.
 * $${ stands for ${ itself. What is known only when the check runs becomes a late reference
 * (plan.h). */

#include "plan/build.h"

enum { LATE_BYTE = 0xff };

/* False after a fault: an unknown variable. The text may have late references. */
bool substitute(Build *build, const YamlNode *text, Slice *ret_text);
/* The same where a late reference is a fault, too: the value must be known now. */
bool substitute_now(Build *build, const YamlNode *text, Slice *ret_text);
/* Items of an argv are not touched; one that names a variable is refused. */
bool substitute_is_absent(Build *build, const YamlNode *text);
/* A text for bash has a matrix in its environment: ${matrix.x} is no name there, and is refused. */
bool substitute_is_shell(Build *build, const YamlNode *text);
/* Whether ${name} stands in the text. */
bool substitute_mentions(Slice text, Slice name);
/* A text of the plan for people, as visible_append: late references as the plan has them. */
void substitute_show(Buf *text, Slice scalar, size_t n_max);
