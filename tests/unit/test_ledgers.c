/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Ledgers of each format that was ever written, in tests/data/ledgers: they are opened, verified
 * and brought up for ever. A new format: `COLDGATE_LEDGERS=write` writes its file, once.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/fd.h"
#include "base/mem.h"
#include "broker/ledger.h"
#include "broker/verify.h"
#include "tests/lib/book.h"
#include "tests/lib/test.h"

enum { FORMAT_NOW = 3, FILE_BYTES_MAX = 1 << 20, ENTRIES = 10 };

static char *data_path(const char *name) {
        const char *source = getenv("COLDGATE_SOURCE");

        return mem_printf("%s/tests/data/ledgers/%s", source ? source : ".", name);
}

static char *format_path(int format) {
        cleanup_free char *name = mem_printf("format-%d.db", format);

        return data_path(name);
}

static void copy_file(const char *from, const char *to) {
        cleanup_buf Buf bytes = BUF_INIT(FILE_BYTES_MAX);

        CHECK_EQ_INT(file_read(from, &bytes), 0);
        CHECK_EQ_INT(file_write_atomic(to, buf_get(&bytes), 0600), 0);
}

/* A copy that a test may change, in a directory of its own. */
static char *take_copy(int format) {
        static int n;
        cleanup_free char *from = format_path(format);
        cleanup_free char *dir = mem_printf("%s/%d", test_dir(), n++);
        char *path = mem_printf("%s/ledger.db", dir);

        CHECK_EQ_INT(dir_make(dir, 0700), 0);
        copy_file(from, path);
        return path;
}

static void check_holds(const char *path, const Hash *head) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        cleanup_book Book book;
        VerifyReport report;
        Fault fault = FAULT_INIT;

        book_begin(&book); /* for its keys, which are always the same */
        CHECK_EQ_INT(ledger_open(path, LEDGER_INSPECT, &ledger, &fault), 0);
        if (verify_ledger(ledger, &book.keys[BROKER].public, NULL, 0, &report, &fault) != 0)
                FAIL_TEST("%s: %s: %s", path, fault.rule, fault.found);
        CHECK_EQ_U64(report.n_entries, ENTRIES);
        CHECK_EQ_U64(report.n_evidence, 1);
        if (head)
                CHECK(hash_equal(&report.head, head));
}

static void read_head(const char *path, Hash *ret_head) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Entry entry;

        CHECK_EQ_INT(ledger_open(path, LEDGER_READ, &ledger, &fault), 0);
        CHECK_EQ_INT(ledger_read(ledger, ENTRIES, &arena, &entry), 0);
        *ret_head = entry.hash;
}

static int read_format(const char *path) {
        sqlite3 *db = NULL;
        sqlite3_stmt *query = NULL;
        int format;

        CHECK_EQ_INT(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &query, NULL), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_step(query), SQLITE_ROW);
        format = sqlite3_column_int(query, 0);
        CHECK_EQ_INT(sqlite3_finalize(query), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_close(db), SQLITE_OK);
        return format;
}

/* Opened as a broker does; what it lacks comes with that. */
static void bring_up(const char *path) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;

        if (ledger_open(path, LEDGER_WRITE, &ledger, &fault) != 0)
                FAIL_TEST("%s: %s: %s", path, fault.rule, fault.found);
}

static void write_golden(const char *path) {
        cleanup_book Book book;
        Fault fault = FAULT_INIT;

        book_make(&book);
        (void)unlink(path); /* usually there is none */
        CHECK_EQ_INT(ledger_copy(book.path, path, &fault), 0);
}

TEST(a_ledger_of_this_format_is_among_them) {
        const char *wish = getenv("COLDGATE_LEDGERS");
        cleanup_free char *path = format_path(FORMAT_NOW);

        if (wish && strcmp(wish, "write") == 0)
                write_golden(path);
        CHECK_EQ_INT(read_format(path), FORMAT_NOW);
}

TEST(ledgers_of_each_format_are_verified_as_they_are_and_say_the_same_when_brought_up) {
        for (int format = 1; format <= FORMAT_NOW; format++) {
                cleanup_free char *path = take_copy(format);
                Hash head;

                CHECK_EQ_INT(read_format(path), format);
                read_head(path, &head);
                check_holds(path, &head);
                CHECK_EQ_INT(read_format(path), format);
                bring_up(path);
                CHECK_EQ_INT(read_format(path), FORMAT_NOW);
                check_holds(path, &head);
        }
}

TEST(a_ledger_of_a_newer_format_is_refused_by_name_whoever_opens_it) {
        static const LedgerMode modes[] = {LEDGER_READ, LEDGER_WRITE, LEDGER_INSPECT};
        cleanup_free char *path = take_copy(99);

        for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
                Ledger *ledger = NULL;
                Fault fault = FAULT_INIT;

                CHECK_EQ_INT(ledger_open(path, modes[i], &ledger, &fault), LEDGER_E_REFUSED);
                CHECK(fault_is(&fault, "ledger-newer"));
        }
        CHECK_EQ_INT(read_format(path), 99);
}

/* Each statement of each connection of this process is counted; the wished one ends it. */
static int n_statements, crash_at;

static int count_statement(unsigned event unused_, void *userdata unused_, void *statement unused_,
                           void *text unused_) {
        if (++n_statements == crash_at)
                (void)kill(getpid(), SIGKILL);
        return 0;
}

static int watch_connection(sqlite3 *db, const char **error unused_,
                            const struct sqlite3_api_routines *api unused_) {
        return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, count_statement, NULL);
}

/* In a child: true if it was killed at its n-th statement. */
static bool bring_up_and_crash(const char *path, int at) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                crash_at = at;
                (void)sqlite3_auto_extension((void (*)(void))watch_connection);
                bring_up(path);
                _exit(0);
        }
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) || WTERMSIG(status) == SIGKILL);
        return WIFSIGNALED(status);
}

TEST(killed_at_any_statement_of_being_brought_up_a_ledger_opens_and_says_the_same) {
        int n = 0;

        for (int at = 1;; at++) {
                cleanup_free char *path = take_copy(1 + at % 2);
                Hash head;
                bool was_killed;

                read_head(path, &head);
                was_killed = bring_up_and_crash(path, at);
                check_holds(path, &head);
                bring_up(path);
                CHECK_EQ_INT(read_format(path), FORMAT_NOW);
                check_holds(path, &head);
                n += was_killed;
                if (!was_killed && !bring_up_and_crash(path, at + 2))
                        break;
        }
        CHECK(n > 10);
}

TEST(what_a_ledger_was_before_it_was_brought_up_is_kept_beside_it) {
        cleanup_free char *path = take_copy(2);
        cleanup_free char *kept = mem_printf("%.*s-format-2.db", (int)strlen(path) - 3, path);
        Hash head;

        read_head(path, &head);
        bring_up(path);
        CHECK_EQ_INT(read_format(kept), 2);
        check_holds(kept, &head);
}
