/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * Facts that a kind of check asserts by itself, beside what the plan expects: one list, in the
 * order in which they decide.
 */

#include "verify/judge.h"

typedef struct Assertions {
        Arena *arena;
        MatchResult *items;
        size_t n;
} Assertions;

/* `sighting` gives the reason where it did not hold. Texts are made printable and are cut. */
void assertions_add(Assertions *assertions, Sighting sighting, const char *where, bool held,
                    const char *expected, const char *actual_format, ...) printf_like(6, 7);
/* What the plan expects of the observed, behind what is there already, and behind that whether
 * enough was examined where the plan says how much, or where nothing was. */
void assertions_add_expected(Assertions *assertions, const Check *check, const Observed *observed);

/* Whether the plan says anything about the subject. */
bool check_expects(const Check *check, Subject subject);
