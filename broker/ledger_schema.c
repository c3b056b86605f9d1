/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a ledger's database consists of, by format: made, and compared with what is there. */

#include "broker/ledger_db.h"

#include <sqlite3.h>

#include "base/error.h"
#include "base/mem.h"

typedef struct SchemaRow {
        int since, until; /* formats; until 0: it is there still */
        const char *type, *name, *sql;
} SchemaRow;

static const SchemaRow schema_rows[] = {
#define SCHEMA(since, until, type, name, sql) {since, until, type, name, sql},
#include "broker/statements.def"
};

static const struct {
        int since;
        const char *sql;
} copy_rows[] = {
#define COPY(since, sql) {since, sql},
#include "broker/statements.def"
};

static bool is_of_format(const SchemaRow *row, int format) {
        return row->since <= format && (!row->until || format < row->until);
}

/* ---- made ---- */

static int execute(Ledger *fresh, const char *sql) {
        return sqlite3_exec(fresh->db, sql, NULL, NULL, NULL);
}

static int create_objects(Ledger *fresh, bool are_tables) {
        int sql_code = SQLITE_OK;

        for (size_t i = 0; sql_code == SQLITE_OK && i < ARRAY_SIZE(schema_rows); i++)
                if (is_of_format(&schema_rows[i], LEDGER_FORMAT) &&
                    (strcmp(schema_rows[i].type, "table") == 0) == are_tables)
                        sql_code = execute(fresh, schema_rows[i].sql);
        return sql_code;
}

static int copy_tables(Ledger *fresh, int from) {
        int sql_code = SQLITE_OK;

        for (size_t i = 0; sql_code == SQLITE_OK && i < ARRAY_SIZE(copy_rows); i++)
                if (copy_rows[i].since <= from)
                        sql_code = execute(fresh, copy_rows[i].sql);
        return sql_code;
}

/* Triggers come behind the rows: they are for rows that are new, and without them SQLite copies a
 * table that did not change cell by cell. */
int ledger_fill(Ledger *fresh, int from) {
        cleanup_free char *marks =
                mem_printf("PRAGMA application_id = %d; PRAGMA user_version = %d;",
                           LEDGER_APPLICATION, LEDGER_FORMAT);
        int sql_code = execute(fresh, "BEGIN IMMEDIATE");

        if (sql_code == SQLITE_OK)
                sql_code = create_objects(fresh, true);
        if (sql_code == SQLITE_OK)
                sql_code = copy_tables(fresh, from);
        if (sql_code == SQLITE_OK)
                sql_code = create_objects(fresh, false);
        if (sql_code == SQLITE_OK)
                sql_code = execute(fresh, marks);
        return sql_code == SQLITE_OK ? execute(fresh, "COMMIT") : sql_code;
}

/* ---- compared ---- */

static const SchemaRow *find_schema_row(const Ledger *ledger, const char *name) {
        for (size_t i = 0; name && i < ARRAY_SIZE(schema_rows); i++)
                if (is_of_format(&schema_rows[i], ledger->format) &&
                    strcmp(schema_rows[i].name, name) == 0)
                        return &schema_rows[i];
        return NULL;
}

/* Objects without a text are the indexes that SQLite makes for our own PRIMARY KEY and UNIQUE. */
static void compare_object(const Ledger *ledger, sqlite3_stmt *object,
                           bool is_there[ARRAY_SIZE(schema_rows)], Buf *defects) {
        const char *type = (const char *)sqlite3_column_text(object, 0);
        const char *name = (const char *)sqlite3_column_text(object, 1);
        const char *sql = (const char *)sqlite3_column_text(object, 2);
        const SchemaRow *row = find_schema_row(ledger, name);

        if (!sql && type && strcmp(type, "index") == 0)
                return;
        if (!row || !type || strcmp(row->type, type) != 0)
                buf_printf(defects, "%s %s is not of a ledger\n", type ? type : "object",
                           name ? name : "without a name");
        else if (!sql || strcmp(row->sql, sql) != 0)
                buf_printf(defects, "%s %s was changed\n", type, name);
        if (row)
                is_there[row - schema_rows] = true;
}

int ledger_schema_defects(Ledger *ledger, Buf *defects) {
        sqlite3_stmt *objects = ledger->statements[STATEMENT_SCHEMA];
        bool is_there[ARRAY_SIZE(schema_rows)] = {false};

        while (sqlite3_step(objects) == SQLITE_ROW)
                compare_object(ledger, objects, is_there, defects);
        if (sqlite3_reset(objects) != SQLITE_OK)
                return ledger_sql_fail(ledger, "schema");
        for (size_t i = 0; i < ARRAY_SIZE(schema_rows); i++)
                if (!is_there[i] && is_of_format(&schema_rows[i], ledger->format))
                        buf_printf(defects, "%s %s is missing\n", schema_rows[i].type,
                                   schema_rows[i].name);
        return 0;
}
