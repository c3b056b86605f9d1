/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* Names that an entry of a tree may have on a disk of ours. */

#include "base/slice.h"

enum { TREE_NAME_MAX = 255 };

/* NULL if the name is one that git itself would check out on any system; otherwise why not, as the
 * rest of a sentence that begins with the name. */
const char *tree_name_check(Slice name) must_check;
