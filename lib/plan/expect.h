/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* The `expect` of a check: one Expectation for each assertion in it. */

#include "plan/build.h"

/* `expect` may be NULL. A run check that says nothing about its exit status gets `equals: 0`. */
void expect_read(Build *build, Check *check, const YamlNode *expect);
/* The matchers of `examined`, a number or a map, in which `from` is passed over: a single one, or
 * a MATCH_ALL. NULL after a fault. */
Matcher *expect_read_examined(Build *build, Check *check, const YamlNode *node);
