/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Globs on paths of a repository: `*` and `?` stop at a slash, `**` as a whole part of the path
 * does not, `[a-z]` and `[!a-z]` are one character, a backslash makes the next one literal.
 * Matching is plan_glob_matches in plan.h. */

#include "base/slice.h"

enum { GLOB_BYTES_MAX = 1024 };

/* NULL, or why the glob can never be what was meant, in words. */
const char *glob_find_fault(Slice glob);
