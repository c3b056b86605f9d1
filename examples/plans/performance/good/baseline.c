/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#include "words.h"

#include <string.h>

static size_t hash(const char *word)
{
	size_t h = 5381;

	for (; *word; word++)
		h = h * 33 + (unsigned char)*word;
	return h;
}

size_t baseline_count(const Word *words, size_t n)
{
	static const char *slots[2 * WORDS_MAX];
	size_t n_distinct = 0;

	memset(slots, 0, sizeof slots);
	for (size_t i = 0; i < n; i++) {
		size_t at = hash(words[i]) % (2 * WORDS_MAX);

		while (slots[at] && strcmp(slots[at], words[i]) != 0)
			at = (at + 1) % (2 * WORDS_MAX);
		n_distinct += !slots[at];
		slots[at] = words[i];
	}
	return n_distinct;
}
