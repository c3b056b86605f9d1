/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Prepared statements: what is bound to them, and what SQLite says. */

#include "broker/ledger_db.h"

#include <errno.h>

#include <sqlite3.h>

#include "base/error.h"
#include "base/log.h"

static int sql_errno(int sql_code) {
        switch (sql_code & 0xff) {
        case SQLITE_FULL: return -ENOSPC;
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return -EBUSY;
        case SQLITE_NOMEM: return -ENOMEM;
        case SQLITE_READONLY: return -EROFS;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return -EUCLEAN;
        default: return -EIO;
        }
}

/* A database error is final; the line is for whoever runs the program. */
int ledger_sql_fail(Ledger *ledger, const char *doing) {
        int sql_code = sqlite3_extended_errcode(ledger->db);

        log_write(LOG_ERROR, "%s: %s: %s%s", ledger->path, doing, sqlite3_errmsg(ledger->db),
                  (sql_code & 0xff) == SQLITE_FULL ? "; make room, then start the broker again"
                                                   : "");
        return error_origin(sql_errno(sql_code));
}

Slice ledger_sql_slice(sqlite3_stmt *row, int column) {
        const void *data = sqlite3_column_blob(row, column);
        int n = sqlite3_column_bytes(row, column);

        return data && n > 0 ? slice_make(data, (size_t)n) : SLICE_NULL;
}

void ledger_sql_resetp(sqlite3_stmt **statement) {
        (void)sqlite3_reset(*statement); /* repeats what its last step said */
        (void)sqlite3_clear_bindings(*statement);
}

void ledger_sql_bind(sqlite3_stmt *statement, int i, Slice bytes) {
        (void)sqlite3_bind_blob64(statement, i, bytes.n ? (const void *)bytes.data : "", bytes.n,
                                  SQLITE_STATIC);
}

int ledger_sql_run(Ledger *ledger, sqlite3_stmt *statement, const char *doing) {
        if (sqlite3_step(statement) != SQLITE_DONE)
                return ledger_sql_fail(ledger, doing);
        return 0;
}

int ledger_sql_end_walk(Ledger *ledger, int sql_code) {
        if (sql_code == SQLITE_DONE)
                return 0;
        (void)ledger_sql_fail(ledger, "read");
        return (sql_code & 0xff) == SQLITE_CORRUPT ? LEDGER_E_CORRUPT : sql_errno(sql_code);
}
