/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* "Did you mean": the known word that is nearest to a mistyped one. */

#include "base/slice.h"

/* The nearest of `words` by edit distance (at most a third of the length, at least 1 and at most
 * 3 edits), or NULL. */
const char *nearest_word(Slice mistyped, const char *const *words, size_t n_words);
