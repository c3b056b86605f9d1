/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#include "words.h"

#include <string.h>

size_t words_count(const Word *words, size_t n)
{
	static const char *seen[WORDS_MAX];
	size_t n_distinct = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = 0;

		while (at < n_distinct && strcmp(seen[at], words[i]) != 0)
			at++;
		if (at == n_distinct)
			seen[n_distinct++] = words[i];
	}
	return n_distinct;
}
