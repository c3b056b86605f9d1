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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/fd.h"
#include "base/mem.h"
#include "broker/ledger_outbox.h"
#include "broker/verify.h"
#include "tests/lib/book.h"
#include "tests/lib/mounts.h"
#include "tests/lib/shim.h"
#include "tests/lib/test.h"

enum {
        FORMAT_NOW = 4,
        FORMAT_FULL = 3, /* since which there are full ones */
        FILE_BYTES_MAX = 1 << 20,
        ENTRIES = 10,
        STRIDE = 4, /* of what power_loss_files.c tries at each call */
};

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

static void ignore_call(void *userdata, const ShimCall *call) {
        (void)userdata;
        (void)call;
}

/* A copy that a test may change, in a directory of its own, where nothing is really synced. */
static char *take_copy_of(const char *from) {
        const char *dir = test_dir();
        char *path = mem_printf("%s/ledger.db", dir);

        shim_record(dir, ignore_call, NULL);

        copy_file(from, path);
        return path;
}

static char *take_copy(int format) {
        cleanup_free char *from = format_path(format);

        return take_copy_of(from);
}

static void check_rows(const char *path, const Hash *head, uint64_t n_entries,
                       uint64_t n_evidence) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        VerifyReport report;
        Fault fault = FAULT_INIT;
        Key broker;

        key_from_seed((uint8_t[32]){BROKER + 1}, &broker); /* as a book's */
        CHECK_EQ_INT(ledger_open(path, LEDGER_INSPECT, &ledger, &fault), 0);
        if (verify_ledger(ledger, &broker.public, NULL, 0, &report, &fault) != 0)
                FAIL_TEST("%s: %s: %s", path, fault.rule, fault.found);
        CHECK_EQ_U64(report.n_entries, n_entries);
        CHECK_EQ_U64(report.n_evidence, n_evidence);
        if (head)
                CHECK(hash_equal(&report.head, head));
}

static void check_holds(const char *path, const Hash *head) {
        check_rows(path, head, ENTRIES, 1);
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

/* ---- one with a row in each table, and evidence of each size that is stored differently ---- */

static const size_t piece_bytes[] = {1, 990, 1024, 1100, 4096, 9000};
enum { N_PIECES = ARRAY_SIZE(piece_bytes), PIECE_BYTES_MAX = 9000, OUTBOX_ITEMS = 2 };

static Slice make_piece(size_t i, uint8_t bytes[PIECE_BYTES_MAX], Hash *ret_digest) {
        Slice piece = slice_make(bytes, piece_bytes[i]);

        for (size_t at = 0; at < piece.n; at++)
                bytes[at] = (uint8_t)(at * 7 + i);
        hash_of(piece, ret_digest);
        return piece;
}

static char *full_path(int format) {
        cleanup_free char *name = mem_printf("format-%d-full.db", format);

        return data_path(name);
}

/* The verdict's evidence is removed, and an entry says so. */
static void remove_evidence(Book *book) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message = {.type = MESSAGE_COLLECTED};
        Hash digest;
        Entry entry;

        hash_of(slice_text(BOOK_EVIDENCE), &digest);
        message.collected.digests = hash_slice(&digest);
        message.collected.bytes = strlen(BOOK_EVIDENCE);
        book_make_entry(book, BROKER, &message, &arena, &entry);
        CHECK_EQ_INT(ledger_append(book->ledger, &entry), 0);
        CHECK_EQ_INT(ledger_collect(book->ledger, &digest, entry.seq), 0);
}

static void write_full(const char *path) {
        uint8_t bytes[PIECE_BYTES_MAX];
        cleanup_book Book book;
        Fault fault = FAULT_INIT;
        Hash digest;

        book_make(&book);
        CHECK_EQ_INT(ledger_open(book.path, LEDGER_WRITE, &book.ledger, &fault), 0);
        for (size_t i = 0; i < N_PIECES; i++) {
                Slice piece = make_piece(i, bytes, &digest);

                CHECK_EQ_INT(ledger_evidence_put(book.ledger, &digest, piece), 0);
        }
        for (uint64_t i = 0; i < OUTBOX_ITEMS; i++)
                CHECK_EQ_INT(ledger_outbox_put(book.ledger, "hook", book.verdict, i), 0);
        remove_evidence(&book);
        book_close(&book);
        (void)unlink(path); /* usually there is none */
        CHECK_EQ_INT(ledger_copy(book.path, path, &fault), 0);
}

static bool is_to_be_written(void) {
        const char *wish = getenv("COLDGATE_LEDGERS");

        return wish && strcmp(wish, "write") == 0;
}

TEST(ledgers_of_this_format_are_among_them) {
        cleanup_free char *path = format_path(FORMAT_NOW);
        cleanup_free char *full = full_path(FORMAT_NOW);

        if (is_to_be_written()) {
                write_golden(path);
                write_full(full);
        }
        CHECK_EQ_INT(read_format(path), FORMAT_NOW);
        CHECK_EQ_INT(read_format(full), FORMAT_NOW);
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

static void count_row(void *userdata, Slice delivery, uint64_t n) {
        uint64_t *n_rows = userdata;

        CHECK_EQ_SLICE(delivery, slice_text("hook"));
        *n_rows += n;
}

static void check_full(const char *path) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        cleanup_arena Arena arena = ARENA_INIT;
        uint8_t bytes[PIECE_BYTES_MAX];
        Fault fault = FAULT_INIT;
        uint64_t seq = 0, n = 0;
        Hash digest;
        Slice frame;

        CHECK_EQ_INT(ledger_open(path, LEDGER_WRITE, &ledger, &fault), 0);
        for (size_t i = 0; i < N_PIECES; i++) {
                Slice piece = make_piece(i, bytes, &digest);

                CHECK_EQ_INT(ledger_evidence_get(ledger, &digest, &arena, &frame), 0);
                CHECK_EQ_SLICE(frame, piece);
        }
        hash_of(slice_text(BOOK_EVIDENCE), &digest);
        CHECK_EQ_INT(ledger_evidence_get(ledger, &digest, &arena, &frame), LEDGER_E_NONE);
        CHECK_EQ_INT(ledger_collected(ledger, &digest, &seq), 0);
        CHECK_EQ_U64(seq, ENTRIES + 1);
        CHECK_EQ_INT(ledger_outbox_count(ledger, count_row, &n), 0);
        CHECK_EQ_U64(n, OUTBOX_ITEMS);
}

TEST(each_row_of_each_table_is_there_after_a_ledger_was_brought_up) {
        for (int format = FORMAT_FULL; format <= FORMAT_NOW; format++) {
                cleanup_free char *golden = full_path(format);
                cleanup_free char *path = take_copy_of(golden);

                check_rows(path, NULL, ENTRIES + 1, N_PIECES);
                check_full(path);
                CHECK_EQ_INT(read_format(path), FORMAT_NOW);
                check_rows(path, NULL, ENTRIES + 1, N_PIECES);
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
static bool work_and_crash(void (*work)(const char *path), const char *path, int at) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                crash_at = at;
                (void)sqlite3_auto_extension((void (*)(void))watch_connection);
                work(path);
                _exit(0);
        }
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) || WTERMSIG(status) == SIGKILL);
        return WIFSIGNALED(status);
}

TEST(killed_at_any_statement_of_being_brought_up_a_ledger_opens_and_says_the_same) {
        int n = 0;

        for (int at = 1;; at += STRIDE) {
                cleanup_free char *path = take_copy(1 + at % (FORMAT_NOW - 1));
                Hash head;
                bool was_killed;

                read_head(path, &head);
                was_killed = work_and_crash(bring_up, path, at);
                check_holds(path, &head);
                bring_up(path);
                CHECK_EQ_INT(read_format(path), FORMAT_NOW);
                check_holds(path, &head);
                n += was_killed;
                if (!was_killed && !work_and_crash(bring_up, path, at + 2))
                        break;
        }
        CHECK(n > 10);
}

/* ---- made smaller ---- */

/* Evidence that was removed, so that most of the file is free. */
static void make_hollow(const char *path) {
        enum { PIECES = 12, PIECE_BYTES = 8192 };
        cleanup(ledger_freep) Ledger *ledger = NULL;
        static uint8_t bytes[PIECE_BYTES];
        Hash digests[PIECES];
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(ledger_open(path, LEDGER_WRITE, &ledger, &fault), 0);
        for (uint8_t i = 0; i < PIECES; i++) {
                bytes[0] = i;
                hash_of(slice_make(bytes, sizeof bytes), &digests[i]);
                CHECK_EQ_INT(
                        ledger_evidence_put(ledger, &digests[i], slice_make(bytes, sizeof bytes)),
                        0);
        }
        CHECK_EQ_INT(ledger_commit(ledger), 0);
        for (uint8_t i = 0; i < PIECES; i++)
                CHECK_EQ_INT(ledger_collect(ledger, &digests[i], ENTRIES), 0);
        CHECK_EQ_INT(ledger_commit(ledger), 0);
}

static int approve(void *userdata, const char *path, uint64_t head, Fault *fault) {
        (void)fault;
        CHECK_EQ_U64(head, ENTRIES);
        check_holds(path, userdata);
        return 0;
}

static void compact(const char *path) {
        LedgerSize size;
        Fault fault = FAULT_INIT;

        if (ledger_compact(path, approve, NULL, &size, &fault) != 0)
                FAIL_TEST("%s: %s: %s", path, fault.rule, fault.found);
}

static uint64_t bytes_of(const char *path) {
        struct stat facts;

        CHECK(stat(path, &facts) == 0);
        return (uint64_t)facts.st_size;
}

/* Whether there was something: what a start for writing finds, it removes. */
static bool check_tidied(const char *path) {
        cleanup_free char *fresh = mem_printf("%s.new", path);
        cleanup_free char *log = mem_printf("%s-journal", fresh);
        cleanup(ledger_freep) Ledger *ledger = NULL;
        bool was_there = access(fresh, F_OK) == 0;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(ledger_open(path, LEDGER_WRITE, &ledger, &fault), 0);
        CHECK(access(fresh, F_OK) != 0);
        CHECK(access(log, F_OK) != 0);
        return was_there;
}

TEST(killed_at_any_statement_of_being_made_smaller_a_ledger_opens_and_says_the_same) {
        int n = 0, n_left = 0;

        for (int at = 1;; at += STRIDE) {
                cleanup_free char *path = take_copy(FORMAT_NOW);
                uint64_t n_bytes;
                Hash head;
                bool was_killed;

                make_hollow(path);
                read_head(path, &head);
                n_bytes = bytes_of(path);
                was_killed = work_and_crash(compact, path, at);
                check_holds(path, &head);
                n_left += check_tidied(path);
                compact(path);
                CHECK(bytes_of(path) < n_bytes / 2);
                check_holds(path, &head);
                n += was_killed;
                if (!was_killed)
                        break;
        }
        CHECK(n > 10 && n_left > 0);
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

TEST(a_ledger_that_was_brought_up_belongs_to_whom_it_belonged_and_is_read_by_whom_it_was) {
        enum { SOMEBODY = 12345, MODE = 0640 };
        uid_t owner = geteuid() == 0 ? SOMEBODY : geteuid();
        cleanup_free char *path = take_copy(3);
        struct stat facts;

        if (geteuid() == 0)
                CHECK_EQ_INT(chown(path, owner, SOMEBODY), 0);
        CHECK_EQ_INT(chmod(path, MODE), 0);
        bring_up(path);
        CHECK_EQ_INT(stat(path, &facts), 0);
        CHECK_EQ_U64(facts.st_uid, owner);
        CHECK_EQ_INT((int)(facts.st_mode & 0777), MODE);
}

/* ---- a disk that does not take it ---- */

/* As brokers leave it; a golden ledger is one file. */
static void bring_into_wal(const char *path) {
        sqlite3 *db = NULL;

        CHECK_EQ_INT(sqlite3_open(path, &db), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_close(db), SQLITE_OK);
}

TEST(a_ledger_that_there_is_no_room_to_bring_up_is_refused_and_stays_as_it_is) {
        const char *dir = test_dir();
        cleanup_free char *golden = full_path(FORMAT_FULL);
        cleanup_free char *path = mem_printf("%s/ledger.db", dir);
        cleanup_free char *fresh = mem_printf("%s.new", path);
        cleanup_buf Buf before = BUF_INIT(FILE_BYTES_MAX), after = BUF_INIT(FILE_BYTES_MAX);
        Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;

        if (!mounts_tmpfs(dir, "size=1m"))
                SKIP("no mounts of one's own here");
        copy_file(golden, path);
        bring_into_wal(path);
        CHECK_EQ_INT(file_read(path, &before), 0);
        CHECK_EQ_INT(ledger_open(path, LEDGER_WRITE, &ledger, &fault), LEDGER_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "disk-full");
        CHECK_CONTAINS(fault.found, "are needed");
        CHECK_EQ_INT(file_read(path, &after), 0);
        CHECK_EQ_SLICE(buf_get(&after), buf_get(&before));
        CHECK(access(fresh, F_OK) != 0);
}

/* Brings it up while the disk fails so; false: no call failed any more. */
static bool bring_up_and_fail(const char *golden, ShimState *orders, uint64_t at, ShimFault how) {
        cleanup_free char *path = take_copy_of(golden);
        cleanup_free char *dir = mem_strndup(path, strlen(path) - strlen("/ledger.db"));
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;
        int r;

        *orders = (ShimState){.ops = SHIM_ALL, .fault = how, .at = at, .is_lasting = at % 2};
        (void)snprintf(orders->root, sizeof orders->root, "%s", dir);
        shim_obey(orders);
        r = ledger_open(path, LEDGER_WRITE, &ledger, &fault);
        ledger = ledger_free(ledger);
        shim_obey(NULL);
        if (r != 0 && how == SHIM_ENOSPC && orders->fault_op == SHIM_WRITE &&
            strstr(orders->fault_path, ".db.new"))
                CHECK(r == LEDGER_E_REFUSED && fault_is(&fault, "disk-full"));
        check_full(path); /* a start undoes what was begun; readers wait for that */
        check_rows(path, NULL, ENTRIES + 1, N_PIECES);
        return atomic_load(&orders->n_faults) > 0;
}

TEST(a_disk_that_fails_while_a_ledger_is_brought_up_loses_nothing_and_a_full_one_is_named) {
        static const struct {
                ShimFault fault;
                uint64_t stride;
        } rows[] = {{SHIM_ENOSPC, 1}, {SHIM_TEAR, STRIDE}};
        cleanup_free char *golden = full_path(FORMAT_FULL);
        cleanup_free char *path = mem_printf("%s/orders", test_dir());
        ShimState *orders = shim_state_new(path);
        uint64_t n = 0;

        CHECK(orders);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                for (uint64_t at = 1; bring_up_and_fail(golden, orders, at, rows[i].fault);
                     at += rows[i].stride)
                        n++;
        CHECK(n > 60);
}
