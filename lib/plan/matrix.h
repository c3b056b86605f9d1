/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A matrix: the rows of values for which a check is read again. */

#include "plan/build.h"

enum { MATRIX_ROWS_MAX = 1000, MATRIX_NAMES_MAX = 16, MATRIX_VALUE_BYTES_MAX = 1024 };

typedef struct MatrixRow {
        PlanPair *pairs;
        size_t n_pairs;
        PlanPlace place;
} MatrixRow;

/* False after faults: no rows, too many, two of the same, not texts. */
bool matrix_read(Build *build, const YamlNode *matrix, MatrixRow **ret_rows, size_t *ret_n_rows);
/* `routes[host=ci,status=200]`: at most 256 printable bytes, one id for one row. */
Slice matrix_instance_id(Slice family, const MatrixRow *row, Arena *arena);
/* What a value is called in a command's environment: `host-name` is MATRIX_HOST_NAME. */
const char *matrix_env_name(Slice name, Arena *arena);
