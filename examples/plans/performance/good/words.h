/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

enum { WORD_BYTES = 16, WORDS_MAX = 4096 };

typedef char Word[WORD_BYTES];

/* How many of the words are different; at most WORDS_MAX words. */
size_t words_count(const Word *words, size_t n);
/* The last release, as it was: what this one is measured against. */
size_t baseline_count(const Word *words, size_t n);

#endif
