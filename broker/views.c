/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rows into views.db and out of it. Nothing in it is needed by anybody but its readers: it is not
 * synced, and what SQLite cannot go on with is deleted. */

#include "broker/views_db.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/status.h"
#include "proto/describe.h"

enum { BUSY_MS = 2000, VALUE_BYTES_MAX = 256 << 20, ENTRY_COLUMNS = 7 };

static const char *const statement_rows[_VIEWS_STATEMENT_MAX] = {
#define VIEWS_STATEMENT(NAME, sql) [VIEWS_STATEMENT_##NAME] = (sql),
#include "broker/views.def"
};

typedef struct ViewsSchema {
        const char *name, *sql;
} ViewsSchema;

static const ViewsSchema schema_rows[] = {
#define VIEWS_TABLE(name, sql)          {name, sql},
#define VIEWS_VIEW(name, sentence, sql) {name, "CREATE VIEW " name " AS\n" sql},
#include "broker/views.def"
};

static const struct {
        const char *name, *sentence;
} view_rows[] = {
#define VIEWS_VIEW(name, sentence, sql) {name, sentence},
#include "broker/views.def"
};

void views_print_docs(Buf *text) {
        buf_text(text, "| view | rows |\n| --- | --- |\n");
        for (size_t i = 0; i < ARRAY_SIZE(view_rows); i++)
                buf_printf(text, "| `%s` | %s |\n", view_rows[i].name, view_rows[i].sentence);
}

/* ---- the connection ---- */

static int broken(const Views *views, const char *doing) {
        log_write(LOG_WARNING, "%s: %s: %s", views->path, doing, sqlite3_errmsg(views->db));
        return VIEWS_E_BROKEN;
}

Views *views_free(Views *views) {
        if (!views)
                return NULL;
        for (size_t i = 0; i < _VIEWS_STATEMENT_MAX; i++)
                (void)sqlite3_finalize(views->statements[i]); /* says its last step's error again */
        (void)sqlite3_close(views->db);
        free(views->path);
        free(views);
        return NULL;
}

static int execute(Views *views, const char *sql) {
        return sqlite3_exec(views->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                           : broken(views, "open");
}

static int connect(Views *views, int flags) {
        if (sqlite3_open_v2(views->path, &views->db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK)
                return broken(views, "open");
        (void)sqlite3_busy_timeout(views->db, BUSY_MS);
        (void)sqlite3_limit(views->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
        (void)sqlite3_limit(views->db, SQLITE_LIMIT_ATTACHED, 0);
        (void)sqlite3_db_config(views->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        (void)sqlite3_db_config(views->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        return execute(views, "PRAGMA cache_size = -256"); /* the broker idles in little memory */
}

static int prepare(Views *views) {
        for (size_t i = 0; i < _VIEWS_STATEMENT_MAX; i++)
                if (sqlite3_prepare_v3(views->db, statement_rows[i], -1, SQLITE_PREPARE_PERSISTENT,
                                       &views->statements[i], NULL) != SQLITE_OK)
                        return broken(views, "prepare");
        return 0;
}

static Views *make_views(const char *path) {
        Views *views = mem_new(Views);

        views->path = mem_strdup(path);
        return views;
}

int views_open_readonly(const char *path, Views **ret_views) {
        cleanup(views_freep) Views *views = make_views(path);
        int r = connect(views, SQLITE_OPEN_READONLY);

        if (r == 0)
                r = prepare(views);
        if (r == 0)
                r = execute(views, "BEGIN"); /* one snapshot for all that is read */
        if (r == 0)
                *ret_views = TAKE(views);
        return r;
}

/* ---- rows ---- */

static void reset_statementp(sqlite3_stmt **statement) {
        (void)sqlite3_reset(*statement); /* repeats what its last step said */
        (void)sqlite3_clear_bindings(*statement);
}
#define cleanup_reset cleanup(reset_statementp)

static void bind_text(sqlite3_stmt *statement, int i, Slice text) {
        (void)sqlite3_bind_text64(statement, i, text.n ? (const char *)text.data : "", text.n,
                                  SQLITE_STATIC, SQLITE_UTF8);
}

static Slice take_text(sqlite3_stmt *row, int column, Arena *arena) {
        const void *data = sqlite3_column_text(row, column);
        int n = sqlite3_column_bytes(row, column);

        return arena_slice(arena, data && n > 0 ? slice_make(data, (size_t)n) : SLICE_NULL);
}

static int run(Views *views, ViewsStatement name) {
        cleanup_reset sqlite3_stmt *statement = views->statements[name];

        return sqlite3_step(statement) == SQLITE_DONE ? 0 : broken(views, "write");
}

int views_read(Views *views, uint64_t seq, Arena *arena, ViewsRow *ret_row, bool *ret_is_there) {
        cleanup_reset sqlite3_stmt *row = views->statements[VIEWS_STATEMENT_READ];
        int sql_code;

        (void)sqlite3_bind_int64(row, 1, (int64_t)seq);
        sql_code = sqlite3_step(row);
        *ret_is_there = sql_code == SQLITE_ROW;
        if (sql_code == SQLITE_DONE)
                return 0;
        if (sql_code != SQLITE_ROW)
                return broken(views, "read");
        *ret_row = (ViewsRow){
                .seq = (uint64_t)sqlite3_column_int64(row, 0),
                .received_ms = (uint64_t)sqlite3_column_int64(row, 1),
                .kind = take_text(row, 2, arena),
                .phase = take_text(row, 3, arena),
                .actor = take_text(row, 4, arena),
                .hash = take_text(row, 5, arena),
                .body = take_text(row, ENTRY_COLUMNS - 1, arena),
        };
        return 0;
}

int views_read_status(Views *views, Arena *arena, uint64_t *ret_seq, Slice *ret_body) {
        cleanup_reset sqlite3_stmt *row = views->statements[VIEWS_STATEMENT_READ_STATUS];
        int sql_code = sqlite3_step(row);

        *ret_seq = 0;
        if (sql_code == SQLITE_DONE)
                return 0;
        if (sql_code != SQLITE_ROW)
                return broken(views, "read");
        *ret_seq = (uint64_t)sqlite3_column_int64(row, 0);
        *ret_body = take_text(row, 1, arena);
        return 0;
}

static bool is_of_schema(const char *name, const char *sql) {
        for (size_t i = 0; i < ARRAY_SIZE(schema_rows); i++)
                if (name && sql && strcmp(schema_rows[i].name, name) == 0)
                        return strcmp(schema_rows[i].sql, sql) == 0;
        return false;
}

int views_has_schema(Views *views, bool *ret_has) {
        cleanup_reset sqlite3_stmt *row = views->statements[VIEWS_STATEMENT_SCHEMA];
        size_t n = 0;
        int sql_code;

        *ret_has = true;
        while ((sql_code = sqlite3_step(row)) == SQLITE_ROW) {
                *ret_has &= is_of_schema((const char *)sqlite3_column_text(row, 0),
                                         (const char *)sqlite3_column_text(row, 1));
                n++;
        }
        *ret_has &= n == ARRAY_SIZE(schema_rows);
        return sql_code == SQLITE_DONE ? 0 : broken(views, "read");
}

/* ---- what rows must say ---- */

void views_describe(const Entry *entry, const Message *message, Buf *hash, Buf *body) {
        hex_append(hash, hash_slice(&entry->hash));
        describe_json(message, body);
}

void views_describe_status(const State *state, uint64_t as_of_ms, Buf *body) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message = {.type = MESSAGE_STATUS};

        status_build(state, SLICE_NULL, as_of_ms, &arena, &message.status);
        message_set_present(&message);
        describe_json(&message, body);
}

/* ---- open for writing ---- */

static int find_head(Views *views, Ledger *ledger, bool *ret_fits) {
        cleanup_reset sqlite3_stmt *row = views->statements[VIEWS_STATEMENT_HEAD];
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf hash = BUF_TEXT;
        int sql_code = sqlite3_step(row), r;
        Entry entry;

        *ret_fits = true;
        if (sql_code == SQLITE_DONE)
                return 0;
        if (sql_code != SQLITE_ROW)
                return broken(views, "read");
        views->head = (uint64_t)sqlite3_column_int64(row, 0);
        r = ledger_read(ledger, views->head, &arena, &entry);
        if (r < 0)
                return r;
        if (r == 0)
                hex_append(&hash, hash_slice(&entry.hash));
        *ret_fits = r == 0 && slice_equal(take_text(row, 1, &arena), buf_get(&hash));
        return 0;
}

/* One that is there, with our schema, of this ledger. */
static int take_up(const char *path, Ledger *ledger, Views **ret_views) {
        cleanup(views_freep) Views *views = make_views(path);
        bool has_schema = false, fits = false;
        int r = connect(views, SQLITE_OPEN_READWRITE);

        if (r == 0)
                r = execute(views, "PRAGMA synchronous = OFF");
        if (r == 0)
                r = prepare(views);
        if (r == 0)
                r = views_has_schema(views, &has_schema);
        if (r == 0 && has_schema)
                r = find_head(views, ledger, &fits);
        if (r == 0 && !fits)
                r = VIEWS_E_BROKEN;
        if (r == 0)
                *ret_views = TAKE(views);
        return r;
}

static void remove_files(const char *path) {
        static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
                cleanup_free char *file = mem_printf("%s%s", path, suffixes[i]);

                (void)unlink(file); /* usually most of them are not there */
        }
}

/* What is sealed stands in it, as in the ledger: nobody else reads it. */
static int make_anew(const char *path) {
        cleanup(views_freep) Views *views = make_views(path);
        cleanup_fd int fd = -1;
        int r;

        remove_files(path);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return error_origin(-errno);
        fd_close(&fd); /* closed later, it would take SQLite's locks with it */
        r = connect(views, SQLITE_OPEN_READWRITE);
        if (r == 0)
                r = execute(views, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; BEGIN");
        for (size_t i = 0; r == 0 && i < ARRAY_SIZE(schema_rows); i++)
                r = execute(views, schema_rows[i].sql);
        return r == 0 ? execute(views, "COMMIT") : r;
}

int views_open(const char *path, Ledger *ledger, Views **ret_views) {
        int r = access(path, F_OK) == 0 ? take_up(path, ledger, ret_views) : VIEWS_E_BROKEN;

        if (r != VIEWS_E_BROKEN)
                return r;
        r = make_anew(path);
        return r == 0 ? take_up(path, ledger, ret_views) : r;
}

uint64_t views_get_head(const Views *views) {
        return views->head;
}

/* ---- write ---- */

static int begin(Views *views) {
        if (views->is_in_batch)
                return 0;
        if (run(views, VIEWS_STATEMENT_BEGIN) != 0)
                return VIEWS_E_BROKEN;
        views->is_in_batch = true;
        return 0;
}

int views_add(Views *views, const Entry *entry, const Message *message) {
        cleanup_buf Buf hash = BUF_TEXT, body = BUF_TEXT;
        sqlite3_stmt *put = views->statements[VIEWS_STATEMENT_PUT];

        if (entry->seq <= views->head)
                return 0;
        if (begin(views) != 0)
                return VIEWS_E_BROKEN;
        views_describe(entry, message, &hash, &body);
        (void)sqlite3_bind_int64(put, 1, (int64_t)entry->seq);
        (void)sqlite3_bind_int64(put, 2, (int64_t)entry->received_ms);
        bind_text(put, 3, entry->kind);
        bind_text(put, 4, entry->phase);
        bind_text(put, 5, entry->actor);
        bind_text(put, 6, buf_get(&hash));
        bind_text(put, ENTRY_COLUMNS, buf_get(&body));
        if (run(views, VIEWS_STATEMENT_PUT) != 0)
                return VIEWS_E_BROKEN;
        views->head = entry->seq;
        return 0;
}

int views_commit(Views *views) {
        if (!views->is_in_batch)
                return 0;
        views->is_in_batch = false;
        return run(views, VIEWS_STATEMENT_COMMIT);
}

int views_finish(Views *views, const State *state, uint64_t as_of_ms) {
        cleanup_buf Buf body = BUF_INIT(VALUE_BYTES_MAX);
        sqlite3_stmt *put = views->statements[VIEWS_STATEMENT_STATUS];

        if (begin(views) != 0 || run(views, VIEWS_STATEMENT_FORGET) != 0)
                return VIEWS_E_BROKEN;
        views_describe_status(state, as_of_ms, &body);
        (void)sqlite3_bind_int64(put, 1, (int64_t)state->head_seq);
        bind_text(put, 2, buf_get(&body));
        if (run(views, VIEWS_STATEMENT_STATUS) != 0)
                return VIEWS_E_BROKEN;
        return views_commit(views);
}
