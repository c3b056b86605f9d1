/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Variables: ${name} in the texts of http, expect and env, put in after parsing, so that a value
 * never changes the structure. $${ stands for ${ itself. */

#include "plan/build.h"

/* False after a fault: an unknown variable, or one that is known only when the check runs. */
bool substitute(Build *build, const YamlNode *text, Slice *ret_text);
/* Items of an argv are not touched; one that names a variable is refused. */
bool substitute_is_absent(Build *build, const YamlNode *text);
/* Whether ${name} stands in the text. */
bool substitute_mentions(Slice text, Slice name);
