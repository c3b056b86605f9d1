/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Entries in and out of an open ledger. */

#include "broker/ledger_db.h"

#include <errno.h>
#include <stdio.h>

#include <sqlite3.h>

#include "base/error.h"
#include "base/log.h"

enum { DEFECT_BYTES = 96, ENTRY_COLUMNS = 10 };

static const struct {
        const char *name;
        int type;
        int n_bytes; /* 0: any number */
} entry_columns[ENTRY_COLUMNS] = {
        {"seq", SQLITE_INTEGER, 0},        {"received_ms", SQLITE_INTEGER, 0},
        {"kind", SQLITE_TEXT, 0},          {"phase", SQLITE_TEXT, 0},
        {"actor", SQLITE_TEXT, 0},         {"message_id", SQLITE_BLOB, ID_BYTES},
        {"frame", SQLITE_BLOB, 0},         {"signature", SQLITE_BLOB, SIGNATURE_BYTES},
        {"prev", SQLITE_BLOB, HASH_BYTES}, {"hash", SQLITE_BLOB, HASH_BYTES},
};

/* ---- rows ---- */

/* All of a row's values at once: to ask the statement for each property of each costs more than to
 * read the row. Their types are to be asked before their bytes. */
typedef struct Row {
        sqlite3_value *values[ENTRY_COLUMNS];
} Row;

static Row row_of(sqlite3_stmt *query) {
        Row row;

        for (int i = 0; i < ENTRY_COLUMNS; i++)
                row.values[i] = sqlite3_column_value(query, i);
        return row;
}

static Slice value_slice(const Row *row, int column) {
        const void *data = sqlite3_value_blob(row->values[column]);
        int n = sqlite3_value_bytes(row->values[column]);

        return data && n > 0 ? slice_make(data, (size_t)n) : SLICE_NULL;
}

static bool find_defect(const Row *row, char ret_defect[DEFECT_BYTES]) {
        for (int i = 0; i < ENTRY_COLUMNS; i++) {
                if (sqlite3_value_type(row->values[i]) != entry_columns[i].type) {
                        (void)snprintf(ret_defect, DEFECT_BYTES, "%s is of another type",
                                       entry_columns[i].name);
                        return true;
                }
                if (entry_columns[i].n_bytes &&
                    sqlite3_value_bytes(row->values[i]) != entry_columns[i].n_bytes) {
                        (void)snprintf(ret_defect, DEFECT_BYTES, "%s has %d bytes, not %d",
                                       entry_columns[i].name, sqlite3_value_bytes(row->values[i]),
                                       entry_columns[i].n_bytes);
                        return true;
                }
        }
        return false;
}

/* Borrows from the row. Values of another size than theirs stay zero. */
static void entry_from_row(const Row *row, Entry *ret_entry) {
        *ret_entry = (Entry){
                .seq = (uint64_t)sqlite3_value_int64(row->values[0]),
                .received_ms = (uint64_t)sqlite3_value_int64(row->values[1]),
                .kind = value_slice(row, 2),
                .phase = value_slice(row, 3),
                .actor = value_slice(row, 4),
                .frame = value_slice(row, 6),
                .signature = value_slice(row, 7),
        };
        (void)id_from_slice(value_slice(row, 5), &ret_entry->id);
        (void)hash_from_slice(value_slice(row, 8), &ret_entry->prev);
        (void)hash_from_slice(value_slice(row, 9), &ret_entry->hash);
}

static int check_row(Ledger *ledger, const Row *row) {
        char defect[DEFECT_BYTES];

        if (!find_defect(row, defect))
                return 0;
        log_write(LOG_ERROR, "%s: entry %lld: %s; see `broker verify`", ledger->path,
                  (long long)sqlite3_value_int64(row->values[0]), defect);
        return error_origin(-EUCLEAN);
}

static void entry_to_arena(Entry *entry, Arena *arena) {
        entry->kind = arena_slice(arena, entry->kind);
        entry->phase = arena_slice(arena, entry->phase);
        entry->actor = arena_slice(arena, entry->actor);
        entry->frame = arena_slice(arena, entry->frame);
        entry->signature = arena_slice(arena, entry->signature);
}

/* ---- write ---- */

static void bind_text(sqlite3_stmt *statement, int i, Slice text) {
        (void)sqlite3_bind_text64(statement, i, text.n ? (const char *)text.data : "", text.n,
                                  SQLITE_STATIC, SQLITE_UTF8);
}

int ledger_begin(Ledger *ledger) {
        cleanup_reset sqlite3_stmt *statement = ledger->statements[STATEMENT_BEGIN];

        if (ledger->is_in_batch)
                return 0;
        TRY(ledger_sql_run(ledger, statement, "begin"));
        (void)sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
        ledger->is_in_batch = true;
        ledger->free_bytes = 0;
        return 0;
}

int ledger_append(Ledger *ledger, const Entry *entry) {
        cleanup_reset sqlite3_stmt *append = ledger->statements[STATEMENT_APPEND];

        TRY(ledger_begin(ledger));
        (void)sqlite3_bind_int64(append, 1, (int64_t)entry->seq);
        (void)sqlite3_bind_int64(append, 2, (int64_t)entry->received_ms);
        bind_text(append, 3, entry->kind);
        bind_text(append, 4, entry->phase);
        bind_text(append, 5, entry->actor);
        ledger_sql_bind(append, 6, id_slice(&entry->id));
        ledger_sql_bind(append, 7, entry->frame);
        ledger_sql_bind(append, 8, entry->signature);
        ledger_sql_bind(append, 9, hash_slice(&entry->prev));
        ledger_sql_bind(append, 10, hash_slice(&entry->hash));
        ledger->batch_bytes += entry->frame.n + LEDGER_ROW_BYTES;
        return ledger_sql_run(ledger, append, "append");
}

int ledger_commit(Ledger *ledger) {
        cleanup_reset sqlite3_stmt *commit = ledger->statements[STATEMENT_COMMIT];

        if (!ledger->is_in_batch)
                return 0;
        TRY(ledger_sql_run(ledger, commit, "commit"));
        ledger->is_in_batch = false;
        ledger->batch_bytes = 0;
        return 0;
}

/* ---- read ---- */

/* A row can rot while the broker runs. */
static int check_hash(const Ledger *ledger, const Entry *entry) {
        Hash hash;

        entry_hash(entry, &hash);
        if (hash_equal(&hash, &entry->hash))
                return 0;
        log_write(LOG_ERROR, "%s: entry %llu is not what its hash says; see `broker verify`",
                  ledger->path, (unsigned long long)entry->seq);
        return error_origin(-EUCLEAN);
}

static int fetch_entry(Ledger *ledger, sqlite3_stmt *query, Arena *arena, Entry *ret_entry) {
        int sql_code = sqlite3_step(query);
        Row row;

        if (sql_code == SQLITE_DONE)
                return LEDGER_E_NONE;
        if (sql_code != SQLITE_ROW)
                return ledger_sql_fail(ledger, "read");
        row = row_of(query);
        TRY(check_row(ledger, &row));
        entry_from_row(&row, ret_entry);
        TRY(check_hash(ledger, ret_entry));
        entry_to_arena(ret_entry, arena);
        return 0;
}

int ledger_read(Ledger *ledger, uint64_t seq, Arena *arena, Entry *ret_entry) {
        cleanup_reset sqlite3_stmt *query = ledger->statements[STATEMENT_READ];

        (void)sqlite3_bind_int64(query, 1, (int64_t)seq);
        return fetch_entry(ledger, query, arena, ret_entry);
}

int ledger_find(Ledger *ledger, const Id *id, Arena *arena, Entry *ret_entry) {
        cleanup_reset sqlite3_stmt *query = ledger->statements[STATEMENT_FIND];

        ledger_sql_bind(query, 1, id_slice(id));
        return fetch_entry(ledger, query, arena, ret_entry);
}

int ledger_head(Ledger *ledger, uint64_t *ret_seq) {
        cleanup_reset sqlite3_stmt *query = ledger->statements[STATEMENT_HEAD];

        if (sqlite3_step(query) != SQLITE_ROW)
                return ledger_sql_fail(ledger, "head");
        *ret_seq = (uint64_t)sqlite3_column_int64(query, 0);
        return 0;
}

int ledger_version(Ledger *ledger, uint64_t *ret_version) {
        cleanup_reset sqlite3_stmt *query = ledger->statements[STATEMENT_VERSION];

        if (sqlite3_step(query) != SQLITE_ROW)
                return ledger_sql_fail(ledger, "version");
        *ret_version = (uint64_t)sqlite3_column_int64(query, 0);
        return 0;
}

int ledger_check_place(Ledger *ledger, Fault *reterr_fault) {
        int has_moved = 0;

        if (sqlite3_file_control(ledger->db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved) !=
            SQLITE_OK)
                return ledger_sql_fail(ledger, "place");
        if (!has_moved)
                return 0;
        fault_set(
                reterr_fault, "ledger-replaced",
                "it was brought up to a newer format, or made smaller by `broker gc`, or a backup was "
                "restored");
        fault_place(reterr_fault, "%s", ledger->path);
        fault_next(reterr_fault, "the same once more");
        return LEDGER_E_REFUSED;
}

/* ---- walks ---- */

int ledger_inspect(Ledger *ledger, LedgerInspect inspect, void *userdata) {
        cleanup_reset sqlite3_stmt *query = ledger->statements[STATEMENT_WALK];
        int sql_code;

        (void)sqlite3_bind_int64(query, 1, INT64_MIN);
        while ((sql_code = sqlite3_step(query)) == SQLITE_ROW) {
                Row row = row_of(query);
                char defect[DEFECT_BYTES];
                bool is_bad = find_defect(&row, defect);
                Entry entry;
                int r;

                entry_from_row(&row, &entry);
                r = inspect(userdata, &entry, is_bad ? defect : NULL);
                if (r != 0)
                        return r;
        }
        return ledger_sql_end_walk(ledger, sql_code);
}

int ledger_walk(Ledger *ledger, uint64_t first, Slice phase, LedgerVisit visit, void *userdata) {
        cleanup_reset sqlite3_stmt *query =
                ledger->statements[phase.n ? STATEMENT_WALK_PHASE : STATEMENT_WALK];
        int sql_code;

        (void)sqlite3_bind_int64(query, 1, (int64_t)first);
        if (phase.n)
                bind_text(query, 2, phase);
        while ((sql_code = sqlite3_step(query)) == SQLITE_ROW) {
                Row row = row_of(query);
                Entry entry;
                int r;

                TRY(check_row(ledger, &row));
                entry_from_row(&row, &entry);
                r = visit(userdata, &entry);
                if (r != 0)
                        return r;
        }
        return sql_code == SQLITE_DONE ? 0 : ledger_sql_fail(ledger, "read");
}

/* ---- tests ---- */

int ledger_try_sql(Ledger *ledger, const char *sql) {
        return sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : LEDGER_E_REFUSED;
}
