/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the ledger's own files share: the connection behind a Ledger, and how it comes about. */

#include "broker/ledger.h"

struct sqlite3;
struct sqlite3_stmt;

enum {
        LEDGER_APPLICATION = 0x636f6c64, /* "cold" */
        LEDGER_FORMAT = 4,
        LEDGER_ROW_BYTES = 8192, /* what a row costs beside its frame, at most */
};

typedef enum SqlAccess { SQL_READS, SQL_WRITES } SqlAccess;

typedef enum StatementName {
#define STATEMENT(NAME, access, sql) STATEMENT_##NAME,
#include "broker/statements.def"
        _STATEMENT_MAX
} StatementName;

struct Ledger {
        struct sqlite3 *db;
        struct sqlite3_stmt *statements[_STATEMENT_MAX];
        SqlAccess access;
        int format;
        bool is_in_batch;
        uint64_t batch_bytes;  /* about what the open batch adds */
        uint64_t log_bytes;    /* of the write-ahead log, as of the newest commit */
        uint64_t free_bytes;   /* of the disk, as the open batch knows it; 0: not asked yet */
        int empty_pages;       /* of the log, from which on a commit empties it */
        bool leaves_log;       /* a commit leaves that to ledger_tidy, until twice as many */
        bool is_untidy;        /* something was committed since */
        uint64_t log_said_ms;  /* when its length was last complained of; 0: never */
        uint64_t log_tried_ms; /* when it was last tried to empty one that is full */
        int lock_fd;
        char *path;
};

/* All of the log into the database, which is whole by itself then; its log goes when it is closed.
 */
int ledger_empty_log(Ledger *ledger) must_check;
/* From now on commits empty the write-ahead log when it is long. */
void ledger_watch_log(Ledger *ledger);
/* Opens the batch's transaction, unless it is open. */
int ledger_begin(Ledger *ledger) must_check;
/* As ledger_empty_log, of a ledger that others may read; the log stays until it is removed. That
 * somebody reads what is older is LEDGER_E_REFUSED, and who. */
int ledger_fold_log(Ledger *ledger, Fault *reterr_fault) must_check;

/* Opens `path` by `access`, with all settings. */
int ledger_connect(Ledger *ledger, Fault *reterr_fault) must_check;
/* The lock stays. */
void ledger_disconnect(Ledger *ledger);
/* The file of that ledger with another ending than .db. */
char *ledger_beside(const char *path, const char *ending);

/* All that today's format has into an empty database, in one transaction, with the rows of the
 * ledger of format `from` that is attached as `old`; 0: none. Returns what SQLite says. */
int ledger_fill(Ledger *fresh, int from) must_check;
/* A new ledger at the ledger's place. LEDGER_E_REFUSED. */
int ledger_make(const Ledger *ledger, Fault *reterr_fault) must_check;
/* Makes the connected ledger of an older format one of today's, and connects again; as it was it is
 * kept. LEDGER_E_REFUSED: it is as it was. */
int ledger_bring_up(Ledger *ledger, Fault *reterr_fault) must_check;
/* What was to take its place when whoever made it was killed; under its lock. */
void ledger_remove_unfinished(const Ledger *ledger);
/* After a name was made or went. */
int ledger_sync_parent(const char *path) must_check;

/* Logs what SQLite says of its last call and returns it as a fatal error. */
int ledger_sql_fail(Ledger *ledger, const char *doing);
/* Before a statement is used again. */
void ledger_sql_resetp(struct sqlite3_stmt **statement);
#define cleanup_reset cleanup(ledger_sql_resetp)
/* Borrowed until the statement is reset. */
void ledger_sql_bind(struct sqlite3_stmt *statement, int i, Slice bytes);
/* One that gives no rows. */
int ledger_sql_run(Ledger *ledger, struct sqlite3_stmt *statement, const char *doing) must_check;
/* A column's bytes, borrowed until the next row. */
Slice ledger_sql_slice(struct sqlite3_stmt *row, int column);
/* What a walk over rows ended with: 0, LEDGER_E_CORRUPT, or fatal. */
int ledger_sql_end_walk(Ledger *ledger, int sql_code) must_check;
