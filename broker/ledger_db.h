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
        int lock_fd;
        char *path;
};

/* Opens the batch's transaction, unless it is open. */
int ledger_begin(Ledger *ledger) must_check;
/* Logs what SQLite says of its last call and returns it as a fatal error. */
int ledger_sql_fail(Ledger *ledger, const char *doing);
