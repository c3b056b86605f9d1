/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What ledger.c and ledger_open.c share: the connection behind a Ledger. */

#include "broker/ledger.h"

struct sqlite3;
struct sqlite3_stmt;

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
        uint64_t log_tried_ms; /* when it was last tried to empty it for who asked for room */
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
/* Logs what SQLite says of its last call and returns it as a fatal error. */
int ledger_sql_fail(Ledger *ledger, const char *doing);
