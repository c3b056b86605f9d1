/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* "Did you mean": the known word that is nearest to a mistyped one. */

#include "base/fault.h"
#include "base/slice.h"

/* The nearest of `words` by edit distance (at most a third of the length, at least 1 and at most
 * 3 edits), or NULL. */
const char *nearest_word(Slice mistyped, const char *const *words, size_t n_words);

/* As what to type next: the nearest of the names, or as many of them as there is room for. */
void nearest_suggest(Slice mistyped, const char *const *names, size_t n_names, Fault *fault);
