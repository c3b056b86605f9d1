/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The outbox's rows in and out of an open ledger. */

#include "broker/ledger_outbox.h"

#include <sqlite3.h>

#include "base/error.h"
#include "broker/ledger_db.h"

static void bind_text(sqlite3_stmt *statement, int i, const char *text) {
        (void)sqlite3_bind_text(statement, i, text, -1, SQLITE_STATIC);
}

static void bind_key(sqlite3_stmt *statement, const char *delivery, uint64_t seq, uint64_t item) {
        bind_text(statement, 1, delivery);
        (void)sqlite3_bind_int64(statement, 2, (int64_t)seq);
        (void)sqlite3_bind_int64(statement, 3, (int64_t)item);
}

int ledger_outbox_put(Ledger *ledger, const char *delivery, uint64_t seq, uint64_t item) {
        cleanup_reset sqlite3_stmt *put = ledger->statements[STATEMENT_OUTBOX_PUT];

        TRY(ledger_begin(ledger));
        bind_key(put, delivery, seq, item);
        return ledger_sql_run(ledger, put, "outbox");
}

int ledger_outbox_retry(Ledger *ledger, const char *delivery, const OutboxRow *row,
                        const char *error) {
        cleanup_reset sqlite3_stmt *retry = ledger->statements[STATEMENT_OUTBOX_RETRY];

        TRY(ledger_begin(ledger));
        bind_key(retry, delivery, row->seq, row->item);
        (void)sqlite3_bind_int64(retry, 4, (int64_t)row->attempts);
        (void)sqlite3_bind_int64(retry, 5, (int64_t)row->next_ms);
        bind_text(retry, 6, error);
        return ledger_sql_run(ledger, retry, "outbox");
}

int ledger_outbox_drop(Ledger *ledger, const char *delivery, const OutboxRow *row) {
        cleanup_reset sqlite3_stmt *drop = ledger->statements[STATEMENT_OUTBOX_DROP];

        TRY(ledger_begin(ledger));
        bind_key(drop, delivery, row->seq, row->item);
        return ledger_sql_run(ledger, drop, "outbox");
}

int ledger_outbox_first(Ledger *ledger, const char *delivery, OutboxRow *ret_row) {
        cleanup_reset sqlite3_stmt *first = ledger->statements[STATEMENT_OUTBOX_FIRST];
        int sql_code;

        bind_text(first, 1, delivery);
        sql_code = sqlite3_step(first);
        if (sql_code == SQLITE_DONE)
                return LEDGER_E_NONE;
        if (sql_code != SQLITE_ROW)
                return ledger_sql_fail(ledger, "outbox");
        *ret_row = (OutboxRow){
                .seq = (uint64_t)sqlite3_column_int64(first, 0),
                .item = (uint64_t)sqlite3_column_int64(first, 1),
                .attempts = (uint64_t)sqlite3_column_int64(first, 2),
                .next_ms = (uint64_t)sqlite3_column_int64(first, 3),
        };
        return 0;
}

int ledger_outbox_count(Ledger *ledger, OutboxCount count, void *userdata) {
        cleanup_reset sqlite3_stmt *query = ledger->statements[STATEMENT_OUTBOX_COUNTS];
        int sql_code;

        while ((sql_code = sqlite3_step(query)) == SQLITE_ROW)
                count(userdata,
                      slice_make(sqlite3_column_text(query, 0),
                                 (size_t)sqlite3_column_bytes(query, 0)),
                      (uint64_t)sqlite3_column_int64(query, 1));
        return sql_code == SQLITE_DONE ? 0 : ledger_sql_fail(ledger, "outbox");
}
