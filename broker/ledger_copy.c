/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A ledger copied page by page, in one transaction that only reads: the running broker goes on
 * writing into its log and checkpoints alone. */

#include "broker/ledger_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/mem.h"

enum { BUSY_MS = 5000, COPY_TRIES = 100 };

static void close_dbp(sqlite3 **db) {
        (void)sqlite3_close(*db); /* what was committed is durable */
}
#define cleanup_db cleanup(close_dbp)

void ledger_remove(const char *path) {
        static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
                cleanup_free char *file = mem_printf("%s%s", path, suffixes[i]);

                (void)unlink(file); /* usually there is none */
        }
}

int ledger_sync_parent(const char *path) {
        cleanup_free char *parent = mem_strdup(path);
        char *slash = strrchr(parent, '/');

        if (slash)
                slash[slash == parent] = 0;
        return dir_sync(slash ? parent : ".");
}

int ledger_remove_logs(const char *path) {
        static const char *const suffixes[] = {"-wal", "-shm"};

        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
                cleanup_free char *file = mem_printf("%s%s", path, suffixes[i]);

                if (unlink(file) < 0 && errno != ENOENT)
                        return error_origin(-errno);
        }
        return ledger_sync_parent(path);
}

static int refuse(const char *path, const char *found, Fault *fault) {
        fault_set(fault, "ledger-unreadable", "it cannot be copied: %s", found);
        fault_place(fault, "%s", path);
        return LEDGER_E_REFUSED;
}

static int open_db(const char *path, int flags, sqlite3 **ret_db, Fault *fault) {
        int sql_code = sqlite3_open_v2(path, ret_db, flags | SQLITE_OPEN_NOMUTEX, NULL);

        if (sql_code != SQLITE_OK)
                return refuse(path, sqlite3_errstr(sql_code), fault);
        (void)sqlite3_busy_timeout(*ret_db, BUSY_MS);
        (void)sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        return 0;
}

/* All pages in one step: in several, each commit of the broker would begin it anew. */
static int copy_pages(sqlite3 *from, sqlite3 *to) {
        sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
        int sql_code = SQLITE_BUSY;

        if (!backup)
                return sqlite3_errcode(to);
        for (size_t i = 0; i < COPY_TRIES && (sql_code == SQLITE_BUSY || sql_code == SQLITE_LOCKED);
             i++)
                sql_code = sqlite3_backup_step(backup, -1);
        if (sql_code == SQLITE_DONE)
                sql_code = SQLITE_OK;
        else if (sql_code == SQLITE_OK)
                sql_code = SQLITE_ERROR;
        return sqlite3_backup_finish(backup) != SQLITE_OK && sql_code == SQLITE_OK ? SQLITE_ERROR
                                                                                   : sql_code;
}

static int sync_file(const char *path) {
        cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || fsync(fd) < 0)
                return error_origin(-errno);
        return ledger_sync_parent(path);
}

static int copy(const char *from_path, const char *to_path, Fault *fault) {
        cleanup_db sqlite3 *from = NULL, *to = NULL;
        int sql_code, r = open_db(from_path, SQLITE_OPEN_READONLY, &from, fault);

        if (r == 0)
                r = open_db(to_path, SQLITE_OPEN_READWRITE, &to, fault);
        if (r != 0)
                return r;
        sql_code = copy_pages(from, to);
        if (sql_code != SQLITE_OK)
                return refuse(from_path, sqlite3_errstr(sql_code), fault);
        /* One file that needs no log beside it, wherever it is carried. */
        sql_code = sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
        return sql_code == SQLITE_OK ? 0 : refuse(to_path, sqlite3_errstr(sql_code), fault);
}

int ledger_copy(const char *from, const char *to, Fault *reterr_fault) {
        cleanup_fd int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        int r;

        if (fd < 0)
                return refuse(to, strerror(errno), reterr_fault);
        fd_close(&fd); /* closed later, it would take SQLite's locks with it */
        r = copy(from, to, reterr_fault);
        if (r == 0)
                r = sync_file(to);
        if (r != 0)
                ledger_remove(to);
        return r;
}
