/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Opening a ledger, or making one. Three fences, each for another kind of mistake: triggers for
 * whoever opens the file, the authorizer and defensive mode for this program's own errors, the lock
 * for a second broker. None of them is the proof that nothing was changed: that is `broker verify`.
 */

#include "broker/ledger_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/service.h"
#include "base/text.h"

enum {
        FORMAT_COLLECTED = 3, /* since which there is the table `collected` */
        VALUE_BYTES_MAX = 4 << 20,
        SQL_BYTES_MAX = 1 << 16,
        BUSY_MS = 5000,
        PRAGMA_BYTES = 32,
};

static const struct {
        SqlAccess access;
        const char *sql;
} statement_rows[_STATEMENT_MAX] = {
#define STATEMENT(NAME, access, sql) [STATEMENT_##NAME] = {access, sql},
#include "broker/statements.def"
};

static const struct {
        SqlAccess access;
        const char *pragma, *value, *wanted;
} setting_rows[] = {
#define SETTING(access, pragma, value, wanted) {access, pragma, value, wanted},
#include "broker/statements.def"
};

/* All that our statements and their triggers need; whatever else is prepared is an error of ours.
 */
static const struct {
        SqlAccess access;
        int action;
        const char *what; /* NULL: any */
} permission_rows[] = {
        {SQL_READS, SQLITE_SELECT, NULL},           {SQL_READS, SQLITE_READ, "entry"},
        {SQL_READS, SQLITE_READ, "evidence"},       {SQL_READS, SQLITE_READ, "sqlite_master"},
        {SQL_READS, SQLITE_FUNCTION, "coalesce"},   {SQL_READS, SQLITE_FUNCTION, "max"},
        {SQL_READS, SQLITE_PRAGMA, "data_version"}, {SQL_WRITES, SQLITE_FUNCTION, "zeroblob"},
        {SQL_WRITES, SQLITE_INSERT, "entry"},       {SQL_WRITES, SQLITE_INSERT, "evidence"},
        {SQL_WRITES, SQLITE_TRANSACTION, "BEGIN"},  {SQL_WRITES, SQLITE_TRANSACTION, "COMMIT"},
        {SQL_WRITES, SQLITE_READ, "outbox"},        {SQL_WRITES, SQLITE_INSERT, "outbox"},
        {SQL_WRITES, SQLITE_UPDATE, "outbox"},      {SQL_WRITES, SQLITE_DELETE, "outbox"},
        {SQL_READS, SQLITE_FUNCTION, "count"},      {SQL_READS, SQLITE_FUNCTION, "sum"},
        {SQL_READS, SQLITE_READ, "collected"},      {SQL_WRITES, SQLITE_INSERT, "collected"},
        {SQL_WRITES, SQLITE_UPDATE, "collected"},   {SQL_WRITES, SQLITE_DELETE, "evidence"},
        {SQL_WRITES, SQLITE_PRAGMA, "page_count"},  {SQL_WRITES, SQLITE_PRAGMA, "freelist_count"},
};

char *ledger_beside(const char *path, const char *ending) {
        size_t n = strlen(path);

        if (n > 3 && strcmp(path + n - 3, ".db") == 0)
                n -= 3;
        return mem_printf("%.*s%s", (int)n, path, ending);
}

/* The same lock once more, of the kind that can be asked for without taking it. */
static int show_lock(int fd) {
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        return fcntl(fd, F_OFD_SETLK, &whole) < 0 ? error_origin(-errno) : 0;
}

bool ledger_is_locked(const char *path) {
        cleanup_free char *lock_path = ledger_beside(path, ".lock");
        cleanup_fd int fd = open(lock_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        return fd >= 0 && fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

/* Its lock and what is made to take its place would be beside the link, its log beside the file:
 * two brokers by two links, and a link that a file replaces. Whoever only reads is not concerned.
 */
static int check_is_no_link(const char *path, Fault *fault) {
        cleanup_free char *whole = mem_printf("%s.whole", path);
        cleanup_buf Buf from = BUF_TEXT, to = BUF_TEXT;
        struct stat facts;

        if (lstat(path, &facts) < 0 || !S_ISLNK(facts.st_mode))
                return 0;
        fault_set(fault, "ledger-linked", "it is a symbolic link: a ledger is a file in its place");
        fault_place(fault, "%s", path);
        text_quote(whole, &from);
        text_quote(path, &to);
        if (access(path, F_OK) == 0)
                fault_next(fault,
                           "broker backup %s && mv %s %s; to have it elsewhere, make the directory "
                           "that it is in the link",
                           buf_get_text(&from), buf_get_text(&from), buf_get_text(&to));
        else
                fault_next(fault, "rm %s", buf_get_text(&to));
        return LEDGER_E_REFUSED;
}

int ledger_lock(const char *path, int *ret_fd, Fault *reterr_fault) {
        cleanup_free char *lock_path = ledger_beside(path, ".lock");
        cleanup_fd int fd = -1;
        char pid[PRAGMA_BYTES] = "";
        int n;

        if (check_is_no_link(path, reterr_fault) != 0)
                return LEDGER_E_REFUSED;
        fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) {
                fault_set(reterr_fault, "ledger-unreadable", "its lock cannot be opened: %s",
                          strerror(errno));
                fault_place(reterr_fault, "%s", lock_path);
                return LEDGER_E_REFUSED;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                (void)!read(fd, pid, sizeof pid - 1);
                pid[strspn(pid, "0123456789")] = 0; /* it is proposed to be typed */
                fault_set(reterr_fault, "ledger-locked", "a broker has it open: process %s", pid);
                fault_place(reterr_fault, "%s", path);
                fault_next(reterr_fault, "use the running broker, or stop it: kill %s", pid);
                return LEDGER_E_REFUSED;
        }
        TRY(show_lock(fd));
        n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
        if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n)
                return error_origin(-errno);
        *ret_fd = fd_take(&fd);
        return 0;
}

/* A swap of ledgers that did not come to its end is brought to it by who began it. */
static int check_restored(const Ledger *ledger, Fault *reterr_fault) {
        cleanup_free char *path = mem_printf("%s.restoring", ledger->path);

        if (access(path, F_OK) != 0)
                return 0;
        fault_set(reterr_fault, "ledger-restoring", "`broker restore` did not come to its end");
        fault_place(reterr_fault, "%s", path);
        fault_next(reterr_fault, "broker restore, with the same backup, once more");
        return LEDGER_E_REFUSED;
}

static int check_presence(const char *path, LedgerMode mode, Fault *reterr_fault) {
        bool is_there = access(path, F_OK) == 0;

        if (is_there == (mode != LEDGER_CREATE))
                return 0;
        if (is_there) {
                fault_set(reterr_fault, "ledger-exists", "a ledger is never overwritten");
                fault_next(reterr_fault, "broker status");
        } else {
                fault_set(reterr_fault, "ledger-missing", "there is no ledger: %s",
                          strerror(errno));
                fault_next(reterr_fault, "broker init");
        }
        fault_place(reterr_fault, "%s", path);
        return LEDGER_E_REFUSED;
}

/* What SQLite says of a file that it cannot use is a refusal, not an error of ours. */
static int refuse_file(const Ledger *ledger, Fault *reterr_fault) {
        int sql_code = sqlite3_errcode(ledger->db) & 0xff;
        const char *rule = "ledger-unreadable";

        if (sql_code == SQLITE_FULL)
                rule = "disk-full";
        else if (sql_code == SQLITE_NOTADB)
                rule = "ledger-not-ours";
        else if (sql_code == SQLITE_CORRUPT)
                rule = "ledger-corrupt";
        fault_set(reterr_fault, rule, "%s", sqlite3_errmsg(ledger->db));
        fault_place(reterr_fault, "%s", ledger->path);
        fault_next(reterr_fault,
                   sql_code == SQLITE_FULL
                           ? "make room on that file system; the ledger is as it was"
                           : "leave the file as it is; broker verify names what it can");
        return LEDGER_E_REFUSED;
}

static int take_first_value(void *userdata, int n, char **values, char **names) {
        (void)names;
        if (n >= 1)
                (void)snprintf(userdata, PRAGMA_BYTES, "%s", values[0] ? values[0] : "");
        return 0;
}

static int read_pragma(Ledger *ledger, const char *pragma, char ret_value[PRAGMA_BYTES]) {
        char sql[96];

        ret_value[0] = 0;
        (void)snprintf(sql, sizeof sql, "PRAGMA %s", pragma);
        return sqlite3_exec(ledger->db, sql, take_first_value, ret_value, NULL);
}

static int apply_settings(Ledger *ledger, Fault *reterr_fault) {
        for (size_t i = 0; i < ARRAY_SIZE(setting_rows); i++) {
                const char *pragma = setting_rows[i].pragma;
                char sql[96], found[PRAGMA_BYTES];

                if (setting_rows[i].access > ledger->access)
                        continue;
                (void)snprintf(sql, sizeof sql, "PRAGMA %s = %s", pragma, setting_rows[i].value);
                if (sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) != SQLITE_OK ||
                    read_pragma(ledger, pragma, found) != SQLITE_OK)
                        return refuse_file(ledger, reterr_fault);
                if (strcmp(found, setting_rows[i].wanted) == 0)
                        continue;
                fault_set(reterr_fault, "ledger-unreadable", "%s is %s after it was set to %s",
                          pragma, found, setting_rows[i].value);
                fault_place(reterr_fault, "%s", ledger->path);
                fault_next(reterr_fault, "put the ledger on a local file system");
                return LEDGER_E_REFUSED;
        }
        return 0;
}

static int check_marks(Ledger *ledger, Fault *reterr_fault) {
        char application[PRAGMA_BYTES], format[PRAGMA_BYTES];

        if (read_pragma(ledger, "application_id", application) != SQLITE_OK ||
            read_pragma(ledger, "user_version", format) != SQLITE_OK)
                return refuse_file(ledger, reterr_fault);
        if (strtoll(application, NULL, 10) != LEDGER_APPLICATION)
                fault_set(reterr_fault, "ledger-not-ours",
                          "a database of another program: "
                          "application_id %s, not %d",
                          application, LEDGER_APPLICATION);
        else if (strtoll(format, NULL, 10) > LEDGER_FORMAT)
                fault_set(reterr_fault, "ledger-newer", "format %s; this program knows up to %d",
                          format, LEDGER_FORMAT);
        else if (strtoll(format, NULL, 10) < 1)
                fault_set(reterr_fault, "ledger-damaged", "format %s was never written", format);
        else
                ledger->format = (int)strtoll(format, NULL, 10);
        if (ledger->format)
                return 0;
        fault_place(reterr_fault, "%s", ledger->path);
        return LEDGER_E_REFUSED;
}

static int check_schema(Ledger *ledger, Fault *reterr_fault) {
        cleanup_buf Buf defects = BUF_TEXT;

        TRY(ledger_schema_defects(ledger, &defects));
        if (!defects.n)
                return 0;
        fault_set(reterr_fault, "ledger-damaged", "%.*s",
                  (int)strcspn(buf_get_text(&defects), "\n"), buf_get_text(&defects));
        fault_place(reterr_fault, "%s", ledger->path);
        fault_next(reterr_fault, "broker verify; then take the file from a backup that verifies");
        return LEDGER_E_REFUSED;
}

static int authorize(void *userdata, int action, const char *first, const char *second,
                     const char *database, const char *inside) {
        const Ledger *ledger = userdata;
        const char *what = action == SQLITE_FUNCTION ? second : first;

        (void)database;
        (void)inside;
        for (size_t i = 0; i < ARRAY_SIZE(permission_rows); i++)
                if (permission_rows[i].action == action &&
                    permission_rows[i].access <= ledger->access &&
                    (!permission_rows[i].what ||
                     (what && strcmp(what, permission_rows[i].what) == 0)))
                        return SQLITE_OK;
        return SQLITE_DENY;
}

static int prepare_statements(Ledger *ledger, Fault *reterr_fault) {
        (void)sqlite3_set_authorizer(ledger->db, authorize, ledger);
        for (size_t i = 0; i < _STATEMENT_MAX; i++)
                if (statement_rows[i].access <= ledger->access &&
                    (i != STATEMENT_COLLECTED || ledger->format >= FORMAT_COLLECTED) &&
                    sqlite3_prepare_v3(ledger->db, statement_rows[i].sql, -1,
                                       SQLITE_PREPARE_PERSISTENT, &ledger->statements[i],
                                       NULL) != SQLITE_OK)
                        return refuse_file(ledger, reterr_fault);
        return 0;
}

int ledger_connect(Ledger *ledger, Fault *reterr_fault) {
        int flags = ledger->access == SQL_WRITES ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;

        if (sqlite3_open_v2(ledger->path, &ledger->db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK)
                return refuse_file(ledger, reterr_fault);
        (void)sqlite3_extended_result_codes(ledger->db, 1);
        (void)sqlite3_busy_timeout(ledger->db, BUSY_MS);
        (void)sqlite3_limit(ledger->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
        (void)sqlite3_limit(ledger->db, SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX);
        (void)sqlite3_limit(ledger->db, SQLITE_LIMIT_ATTACHED, 0);
        (void)sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        (void)sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        (void)sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
        (void)sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
        /* The writer alone checkpoints: two that do it at once can corrupt the file in 3.40. And it
         * only when it has begun to write (ledger_begin): a file that is refused stays as it is. */
        (void)sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        if (ledger->access == SQL_WRITES)
                ledger_watch_log(ledger);
        return apply_settings(ledger, reterr_fault);
}

/* Only what is a ledger of its format is made one of this. */
static int bring_up(Ledger *ledger, Fault *reterr_fault) {
        cleanup(ledger_freep) Ledger *old = NULL;
        int r = ledger_open(ledger->path, LEDGER_READ, &old, reterr_fault);

        if (r != 0)
                return r;
        old = ledger_free(old);
        return ledger_bring_up(ledger, reterr_fault);
}

static int open_steps(Ledger *ledger, LedgerMode mode, Fault *reterr_fault) {
        int r = 0;

        if (ledger->access == SQL_WRITES)
                r = ledger_lock(ledger->path, &ledger->lock_fd, reterr_fault);
        if (r == 0 && ledger->access == SQL_WRITES)
                r = check_restored(ledger, reterr_fault);
        if (r == 0 && mode == LEDGER_CREATE)
                r = ledger_make(ledger, reterr_fault);
        if (r == 0)
                r = ledger_connect(ledger, reterr_fault);
        if (r == 0)
                r = check_marks(ledger, reterr_fault);
        if (r == 0 && ledger->access == SQL_WRITES)
                ledger_remove_unfinished(ledger);
        if (r == 0 && ledger->access == SQL_WRITES && ledger->format < LEDGER_FORMAT)
                r = bring_up(ledger, reterr_fault);
        if (r == 0)
                r = prepare_statements(ledger, reterr_fault);
        if (r == 0 && mode != LEDGER_INSPECT)
                r = check_schema(ledger, reterr_fault);
        return r;
}

int ledger_open(const char *path, LedgerMode mode, Ledger **ret_ledger, Fault *reterr_fault) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        int r = check_presence(path, mode, reterr_fault);

        if (r != 0)
                return r;
        ledger = mem_new(Ledger);
        ledger->path = mem_strdup(path);
        ledger->lock_fd = -1;
        ledger->access = mode == LEDGER_WRITE || mode == LEDGER_CREATE ? SQL_WRITES : SQL_READS;
        r = open_steps(ledger, mode, reterr_fault);
        if (r != 0)
                return r;
        *ret_ledger = TAKE(ledger);
        return 0;
}

void ledger_disconnect(Ledger *ledger) {
        for (size_t i = 0; i < _STATEMENT_MAX; i++) {
                /* says its last step's error again */
                (void)sqlite3_finalize(ledger->statements[i]);
                ledger->statements[i] = NULL;
        }
        (void)sqlite3_close(ledger->db); /* what was committed is durable; the rest never was */
        ledger->db = NULL;
}

Ledger *ledger_free(Ledger *ledger) {
        if (!ledger)
                return NULL;
        ledger_disconnect(ledger);
        fd_close(&ledger->lock_fd); /* after the database: the lock covers all of its use */
        free(ledger->path);
        free(ledger);
        return NULL;
}
