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

enum {
        LEDGER_APPLICATION = 0x636f6c64, /* "cold" */
        LEDGER_FORMAT = 3,
        FORMAT_COLLECTED = 3, /* since which there is the table `collected` */
        VALUE_BYTES_MAX = 4 << 20,
        SQL_BYTES_MAX = 1 << 16,
        BUSY_MS = 5000,
        PRAGMA_BYTES = 32,
        COPY_EXTRA_USEC = 30000000,
        COPY_BYTES_PER_USEC = 10, /* of the slowest disk that is thought of */
};

static const struct {
        SqlAccess access;
        const char *sql;
} statement_rows[_STATEMENT_MAX] = {
#define STATEMENT(NAME, access, sql) [STATEMENT_##NAME] = {access, sql},
#include "broker/statements.def"
};

typedef struct SchemaRow {
        int since, until; /* formats; until 0: it is there still */
        const char *type, *name, *sql;
} SchemaRow;

static const SchemaRow schema_rows[] = {
#define SCHEMA(since, until, type, name, sql) {since, until, type, name, sql},
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
};

static char *lock_path_of(const char *path) {
        size_t n = strlen(path);

        if (n > 3 && strcmp(path + n - 3, ".db") == 0)
                n -= 3;
        return mem_printf("%.*s.lock", (int)n, path);
}

/* The same lock once more, of the kind that can be asked for without taking it. */
static int show_lock(int fd) {
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        return fcntl(fd, F_OFD_SETLK, &whole) < 0 ? error_origin(-errno) : 0;
}

bool ledger_is_locked(const char *path) {
        cleanup_free char *lock_path = lock_path_of(path);
        cleanup_fd int fd = open(lock_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        return fd >= 0 && fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

int ledger_lock(const char *path, int *ret_fd, Fault *reterr_fault) {
        cleanup_free char *lock_path = lock_path_of(path);
        cleanup_fd int fd = -1;
        char pid[PRAGMA_BYTES] = "";
        int n;

        fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) {
                fault_set(reterr_fault, "ledger-unreadable", "its lock cannot be opened: %s",
                          strerror(errno));
                fault_place(reterr_fault, "%s", lock_path);
                return LEDGER_E_REFUSED;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                (void)!read(fd, pid, sizeof pid - 1);
                pid[strcspn(pid, "\n")] = 0;
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
        int sql_code = sqlite3_errcode(ledger->db);
        const char *rule = "ledger-unreadable";

        if (sql_code == SQLITE_NOTADB)
                rule = "ledger-not-ours";
        else if (sql_code == SQLITE_CORRUPT)
                rule = "ledger-corrupt";
        fault_set(reterr_fault, rule, "%s", sqlite3_errmsg(ledger->db));
        fault_place(reterr_fault, "%s", ledger->path);
        fault_next(reterr_fault, "leave the file as it is; broker verify names what it can");
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

static int execute(Ledger *ledger, const char *sql, const char *doing) {
        if (sqlite3_exec(ledger->db, sql, NULL, NULL, NULL) != SQLITE_OK)
                return ledger_sql_fail(ledger, doing);
        return 0;
}

static bool is_of_format(const SchemaRow *row, int format) {
        return row->since <= format && (!row->until || format < row->until);
}

static int drop_object(Ledger *ledger, const SchemaRow *row) {
        cleanup_free char *sql = mem_printf("DROP %s %s", row->type, row->name);

        return execute(ledger, sql, "create");
}

/* What this format has and `format` had not, in place of what that had alone; 0: all. In one
 * transaction: a file is of one format or of the other. */
static int create_schema(Ledger *ledger, int format) {
        cleanup_free char *marks =
                mem_printf("PRAGMA application_id = %d; PRAGMA user_version = %d;",
                           LEDGER_APPLICATION, LEDGER_FORMAT);

        TRY(execute(ledger, statement_rows[STATEMENT_BEGIN].sql, "create"));
        for (size_t i = 0; i < ARRAY_SIZE(schema_rows); i++) {
                const SchemaRow *row = &schema_rows[i];
                bool was = is_of_format(row, format), is = is_of_format(row, LEDGER_FORMAT);

                if (was && !is)
                        TRY(drop_object(ledger, row));
                else if (is && !was)
                        TRY(execute(ledger, row->sql, "create"));
        }
        TRY(execute(ledger, marks, "create"));
        return execute(ledger, statement_rows[STATEMENT_COMMIT].sql, "create");
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

/* A copy of many GiB takes longer than a service manager waits for a start. */
static void ask_for_time(const char *path) {
        struct stat facts;

        if (stat(path, &facts) == 0)
                service_say("STATUS=bringing the ledger up to format %d\nEXTEND_TIMEOUT_USEC=%llu",
                            LEDGER_FORMAT,
                            COPY_EXTRA_USEC +
                                    (unsigned long long)facts.st_size / COPY_BYTES_PER_USEC);
}

/* As it was, beside it: an older program reads no newer format. */
static int keep_old(const Ledger *ledger, Fault *reterr_fault) {
        cleanup_free char *lock = lock_path_of(ledger->path);
        cleanup_free char *path = mem_printf(
                "%.*s-format-%d.db", (int)(strlen(lock) - strlen(".lock")), lock, ledger->format);
        int r;

        ledger_remove(path); /* of a start that did not get so far as to change anything */
        ask_for_time(ledger->path);
        r = ledger_copy(ledger->path, path, reterr_fault);
        if (r == 0)
                log_write(LOG_INFO, "%s: format %d becomes %d; as it was it is %s", ledger->path,
                          ledger->format, LEDGER_FORMAT, path);
        return r;
}

/* An older file is given what has come since. */
static int bring_up(Ledger *ledger, Fault *reterr_fault) {
        int r;

        if (ledger->access != SQL_WRITES || ledger->format == LEDGER_FORMAT)
                return 0;
        r = keep_old(ledger, reterr_fault);
        if (r != 0)
                return r;
        TRY(create_schema(ledger, ledger->format));
        ledger->format = LEDGER_FORMAT;
        return 0;
}

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

static int connect(Ledger *ledger, Fault *reterr_fault) {
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

/* Beside its place and then renamed into it: what has the name is whole. The file is made here, so
 * that its mode is ours and not SQLite's. */
static int create_database(const Ledger *ledger, Fault *reterr_fault) {
        cleanup(ledger_freep) Ledger *fresh = mem_new(Ledger);
        cleanup_free char *path = mem_printf("%s.new", ledger->path);
        cleanup_free char *parent = mem_strdup(ledger->path);
        cleanup_fd int fd = -1;
        char *slash = strrchr(parent, '/');
        int r;

        fresh->path = mem_strdup(path);
        fresh->access = SQL_WRITES;
        fresh->lock_fd = -1;
        ledger_remove(path);
        ledger_remove(ledger->path); /* a log without its ledger would be taken for the new one's */
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                return error_origin(-errno);
        fd_close(&fd); /* closed later, it would take SQLite's locks with it */
        r = connect(fresh, reterr_fault);
        if (r == 0)
                r = create_schema(fresh, 0);
        if (r == 0)
                r = ledger_empty_log(fresh);
        if (r != 0)
                return r;
        (void)ledger_free(TAKE(fresh));
        if (rename(path, ledger->path) < 0)
                return error_origin(-errno);
        if (slash)
                slash[slash == parent] = 0;
        return dir_sync(slash ? parent : ".");
}

static int open_steps(Ledger *ledger, LedgerMode mode, Fault *reterr_fault) {
        int r = 0;

        if (ledger->access == SQL_WRITES)
                r = ledger_lock(ledger->path, &ledger->lock_fd, reterr_fault);
        if (r == 0 && ledger->access == SQL_WRITES)
                r = check_restored(ledger, reterr_fault);
        if (r == 0 && mode == LEDGER_CREATE)
                r = create_database(ledger, reterr_fault);
        if (r == 0)
                r = connect(ledger, reterr_fault);
        if (r == 0)
                r = check_marks(ledger, reterr_fault);
        if (r == 0)
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

Ledger *ledger_free(Ledger *ledger) {
        if (!ledger)
                return NULL;
        for (size_t i = 0; i < _STATEMENT_MAX; i++)
                (void)sqlite3_finalize(
                        ledger->statements[i]); /* says its last step's error again */
        (void)sqlite3_close(ledger->db); /* what was committed is durable; the rest never was */
        fd_close(&ledger->lock_fd);      /* after the database: the lock covers all of its use */
        free(ledger->path);
        free(ledger);
        return NULL;
}
