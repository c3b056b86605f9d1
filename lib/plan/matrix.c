/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rows as they stand, or the product of lists; the last name turns fastest. */

#include "plan/matrix.h"

#include <ctype.h>
#include <stdlib.h>

#include "plan/substitute.h"
#include "plan/value.h"

enum { INSTANCE_BYTES_MAX = 256, DIGEST_HEX_MAX = 16 };

static Fault *refuse(Build *build, PlanPlace place, const char *found) {
        Fault *fault = faults_add(build->faults, place, "plan-matrix", "%s", found);

        fault_next(fault, "for example `matrix: [{ host: ci }, { host: drone }]`");
        return fault;
}

static bool name_is_good(Slice name) {
        return name.n <= ID_BYTES_MAX && id_is_good(name) && isalpha(name.data[0]) &&
               slice_find(name, slice_text(".")) == name.n;
}

const char *matrix_env_name(Slice name, Arena *arena) {
        char *text = arena_printf(arena, "MATRIX_%.*s", SLICE_ARGS(name));

        for (char *at = text; *at; at++)
                *at = *at == '-' || *at == '.' ? '_' : (char)toupper((unsigned char)*at);
        return text;
}

/* Names are told apart as the environment tells them. */
static bool names_are_good(Build *build, const YamlNode *map) {
        const char *names[MATRIX_NAMES_MAX];

        if (map->n_entries == 0 || map->n_entries > MATRIX_NAMES_MAX) {
                refuse(build, map->place, "a row of a matrix has 1 to 16 names");
                return false;
        }
        for (size_t i = 0; i < map->n_entries; i++) {
                if (!name_is_good(map->entries[i].key)) {
                        refuse(build, map->entries[i].place,
                               "a name in a matrix begins with a letter and is made of letters, "
                               "digits, `_` and `-`");
                        return false;
                }
                names[i] = matrix_env_name(map->entries[i].key, &build->plan->arena);
                for (size_t k = 0; k < i; k++) {
                        if (strcmp(names[k], names[i]) != 0)
                                continue;
                        refuse(build, map->entries[i].place,
                               "two names of a matrix are the same in the environment");
                        return false;
                }
        }
        return true;
}

static bool read_value(Build *build, const YamlNode *node, Slice *ret_text) {
        if (node->kind != YAML_KIND_TEXT || node->text.n > MATRIX_VALUE_BYTES_MAX) {
                refuse(build, node->place, "a value in a matrix is a text of at most 1024 bytes");
                return false;
        }
        return substitute_now(build, node, ret_text);
}

static bool read_row(Build *build, const YamlNode *node, MatrixRow *row) {
        if (node->kind != YAML_KIND_MAP) {
                refuse(build, node->place, "a row of a matrix is a map of names to texts");
                return false;
        }
        if (!names_are_good(build, node))
                return false;
        *row = (MatrixRow){
                .pairs = arena_alloc_array(&build->plan->arena, node->n_entries, sizeof(PlanPair)),
                .n_pairs = node->n_entries,
                .place = node->place,
        };
        for (size_t i = 0; i < node->n_entries; i++) {
                row->pairs[i].name = node->entries[i].key;
                if (!read_value(build, node->entries[i].value, &row->pairs[i].value))
                        return false;
        }
        return true;
}

/* Puts the names of a row into the order of the first one. False if they are others. */
static bool row_align(const MatrixRow *first, MatrixRow *row) {
        if (first->n_pairs != row->n_pairs)
                return false;
        for (size_t i = 0; i < first->n_pairs; i++) {
                PlanPair pair;
                size_t k = i;

                while (k < row->n_pairs && !slice_equal(row->pairs[k].name, first->pairs[i].name))
                        k++;
                if (k == row->n_pairs)
                        return false;
                pair = row->pairs[k];
                row->pairs[k] = row->pairs[i];
                row->pairs[i] = pair;
        }
        return true;
}

static bool read_list(Build *build, const YamlNode *node, MatrixRow *rows) {
        for (size_t i = 0; i < node->n_entries; i++) {
                if (!read_row(build, node->entries[i].value, &rows[i]))
                        return false;
                if (row_align(&rows[0], &rows[i]))
                        continue;
                refuse(build, rows[i].place, "a row of a matrix has other names than the first");
                return false;
        }
        return true;
}

/* 0 after a fault. */
static size_t count_product(Build *build, const YamlNode *map) {
        size_t n = 1;

        if (!names_are_good(build, map))
                return 0;
        for (size_t i = 0; i < map->n_entries; i++) {
                const YamlNode *list = map->entries[i].value;

                if (list->kind != YAML_KIND_LIST) {
                        refuse(build, list->place,
                               "a matrix that is a map has a list of texts for each name");
                        return 0;
                }
                if (list->n_entries == 0)
                        return 0;
                n = size_min(n * list->n_entries, MATRIX_ROWS_MAX + 1);
        }
        return n;
}

static bool read_product(Build *build, const YamlNode *map, MatrixRow *rows, size_t n_rows) {
        Arena *arena = &build->plan->arena;

        for (size_t i = 0; i < n_rows; i++) {
                size_t rest = i;

                rows[i] = (MatrixRow){
                        .pairs = arena_alloc_array(arena, map->n_entries, sizeof(PlanPair)),
                        .n_pairs = map->n_entries,
                        .place = map->place};
                for (size_t k = map->n_entries; k-- > 0;) {
                        const YamlNode *list = map->entries[k].value;

                        rows[i].pairs[k].name = map->entries[k].key;
                        if (!read_value(build, list->entries[rest % list->n_entries].value,
                                        &rows[i].pairs[k].value))
                                return false;
                        rest /= list->n_entries;
                }
        }
        return true;
}

static int compare_slices(const void *a, const void *b) {
        return slice_compare(*(const Slice *)a, *(const Slice *)b);
}

/* Of ids, which are one for one row. */
static bool rows_differ(Build *build, const YamlNode *matrix, const MatrixRow *rows, size_t n) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice *ids = arena_alloc_array(&arena, n, sizeof *ids);

        for (size_t i = 0; i < n; i++)
                ids[i] = matrix_instance_id(SLICE_NULL, &rows[i], &arena);
        qsort(ids, n, sizeof *ids, compare_slices);
        for (size_t i = 1; i < n; i++)
                if (slice_equal(ids[i - 1], ids[i])) {
                        faults_add(build->faults, matrix->place, "plan-duplicate",
                                   "the row %.*s of a matrix stands twice", SLICE_ARGS(ids[i]));
                        return false;
                }
        return true;
}

bool matrix_read(Build *build, const YamlNode *matrix, MatrixRow **ret_rows, size_t *ret_n_rows) {
        size_t n_before = build->faults->n_found, n = matrix->n_entries;
        bool is_good;

        if (matrix->kind == YAML_KIND_TEXT) {
                refuse(build, matrix->place, "a matrix is a list of maps, or a map of lists");
                return false;
        }
        if (matrix->kind == YAML_KIND_MAP && n)
                n = count_product(build, matrix);
        if (build->faults->n_found != n_before)
                return false;
        if (n == 0) {
                Fault *fault = faults_add(build->faults, matrix->place, "vacuous-matrix",
                                          "the matrix expands to nothing");

                fault_next(fault, "give it rows, or leave it out");
                return false;
        }
        if (n > MATRIX_ROWS_MAX) {
                faults_add(build->faults, matrix->place, "plan-limit",
                           "the matrix has more than %d rows", MATRIX_ROWS_MAX);
                return false;
        }
        *ret_rows = arena_alloc_array(&build->plan->arena, n, sizeof **ret_rows);
        *ret_n_rows = n;
        is_good = matrix->kind == YAML_KIND_LIST ? read_list(build, matrix, *ret_rows)
                                                 : read_product(build, matrix, *ret_rows, n);
        return is_good && rows_differ(build, matrix, *ret_rows, n);
}

/* What ends a value, and what is not printable, is written as %XX. */
static void append_value(Buf *text, Slice value) {
        for (size_t i = 0; i < value.n; i++) {
                uint8_t byte = value.data[i];

                if (byte > ' ' && byte < 0x7f && !strchr(",=[]%`\"'\\", byte))
                        buf_byte(text, byte);
                else
                        buf_printf(text, "%%%02X", byte);
        }
}

static void append_hash(Buf *text, Slice whole) {
        char hex[HASH_HEX + 1];
        Hash hash;

        hash_of(whole, &hash);
        hex_encode(hash_slice(&hash), hex);
        buf_printf(text, "~%.*s]", DIGEST_HEX_MAX, hex);
}

Slice matrix_instance_id(Slice family, const MatrixRow *row, Arena *arena) {
        cleanup_buf Buf text = BUF_TEXT;
        Slice whole;

        buf_slice(&text, family);
        for (size_t i = 0; i < row->n_pairs; i++) {
                buf_byte(&text, i ? ',' : '[');
                buf_slice(&text, row->pairs[i].name);
                buf_byte(&text, '=');
                append_value(&text, row->pairs[i].value);
        }
        buf_byte(&text, ']');
        whole = arena_slice(arena, buf_get(&text));
        if (whole.n <= INSTANCE_BYTES_MAX)
                return whole;
        buf_clear(&text);
        buf_slice(&text, slice_head(whole, INSTANCE_BYTES_MAX - DIGEST_HEX_MAX - 2));
        append_hash(&text, whole);
        return arena_slice(arena, buf_get(&text));
}
