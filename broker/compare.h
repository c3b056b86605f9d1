/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * What a builder says that it saw, compared with what was measured. Only lines that begin, after
 * the marks of a Markdown list or table, with a check's id are compared:
 *
 *      headroom stdout.number.le = 4    with what that assertion found
 *      headroom: 16 leaked, limit 4     each number with those that were measured for the check
 *
 * Everything else is prose. Pure.
 */

#include "base/arena.h"
#include "proto/message.h"

enum {
        COMPARE_LINES_MAX = 256,       /* differences that are told */
        COMPARE_LINE_BYTES_MAX = 1024, /* of each */
};

/* A line for each difference; none if there is none. Everything in the arena. */
void compare_evidence(Slice claimed, const struct check_evidence *measured, size_t n_measured,
                      Arena *arena, Slice **ret_lines, size_t *ret_n);

/* Whether a line of the text begins with the check's id: its evidence is needed. */
bool compare_names_check(Slice claimed, Slice check);
