/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What views.c and views_check.c share: the connection, and rows as they must be. */

#include "broker/views.h"

struct sqlite3;
struct sqlite3_stmt;

typedef enum ViewsStatement {
#define VIEWS_STATEMENT(NAME, sql) VIEWS_STATEMENT_##NAME,
#include "broker/views.def"
        _VIEWS_STATEMENT_MAX
} ViewsStatement;

struct Views {
        struct sqlite3 *db;
        struct sqlite3_stmt *statements[_VIEWS_STATEMENT_MAX];
        char *path;
        uint64_t head;
        bool is_in_batch;
};

/* A row of `entry`; the texts are borrowed. */
typedef struct ViewsRow {
        uint64_t seq, received_ms;
        Slice kind, phase, actor, hash, body;
} ViewsRow;

/* For reading only, schema and columns not trusted. VIEWS_E_BROKEN. */
int views_open_readonly(const char *path, Views **ret_views) must_check;
/* The row of an entry, in the arena; `ret_is_there`. VIEWS_E_BROKEN. */
int views_read(Views *views, uint64_t seq, Arena *arena, ViewsRow *ret_row,
               bool *ret_is_there) must_check;
/* Of which entry; 0: there is none. VIEWS_E_BROKEN. */
int views_read_status(Views *views, Arena *arena, uint64_t *ret_seq, Slice *ret_body) must_check;
/* Whether tables and views are those of views.def. VIEWS_E_BROKEN. */
int views_has_schema(Views *views, bool *ret_has) must_check;

/* What the row of an entry must say, what the status must; in the buffers. */
void views_describe(const Entry *entry, const Message *message, Buf *hash, Buf *body);
void views_describe_status(const State *state, uint64_t as_of_ms, Buf *body);
