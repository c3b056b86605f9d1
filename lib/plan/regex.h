/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Regular expressions over hostile bytes: PCRE2 without JIT, with limits on depth and memory and
 * a budget of work that counts every step of every attempt. Bytes are characters unless all of
 * the text is UTF-8. Home of pcre2.h.
 */

#include "base/slice.h"

enum { REGEX_PATTERN_BYTES_MAX = 4096, REGEX_SUBJECT_BYTES_MAX = 16 << 20, REGEX_TEXT_BYTES = 128 };

enum { _REGEX_E_SUCCESS, REGEX_E_BAD };

/* REGEX_E_BAD: it does not compile; the reason is in words, NUL-terminated. */
int regex_check(Slice pattern, char reterr_reason[REGEX_TEXT_BYTES]) must_check;

typedef enum RegexAnswer {
        REGEX_NONE,
        REGEX_FOUND,
        REGEX_LIMIT, /* a limit was hit, or only what follows a cut could tell */
} RegexAnswer;

/* Which part of a longer text the subject is. */
typedef enum RegexPart { REGEX_WHOLE, REGEX_HEAD, REGEX_TAIL } RegexPart;

/* What several searches cost together; zero at first. */
typedef struct RegexEffort {
        uint64_t spent, cpu_ms;
} RegexEffort;

/* What is found in a head or a tail would be found in the whole text too. */
RegexAnswer regex_search(Slice pattern, Slice subject, RegexPart part, size_t *ret_start);
/* The same, REGEX_LIMIT once all searches of the effort were too much together. */
RegexAnswer regex_search_within(RegexEffort *effort, Slice pattern, Slice subject, RegexPart part,
                                size_t *ret_start);

/* Whether it is found in each line that is wholly there, each taken for itself, without its end.
 * REGEX_FOUND where there is no line; REGEX_NONE with the start of the first that lacks it. */
RegexAnswer regex_search_lines(RegexEffort *effort, Slice pattern, Slice subject, RegexPart part,
                               size_t *ret_start);

/* What the first group of the pattern finds, or the whole of it if there is no group; empty where
 * it is not found. */
Slice regex_extract(RegexEffort *effort, Slice pattern, Slice subject);
