/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The file itself: what it refuses, from its own connection and from a stranger's. */

#include "broker/ledger.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "tests/lib/test.h"

enum { N_ENTRIES = 3, PAGE_BYTES = 4096 };

static void make_entry(uint64_t seq, const Hash *prev, Entry *ret_entry) {
        static const uint8_t signature[SIGNATURE_BYTES] = {1};

        *ret_entry = (Entry){
                .seq = seq,
                .received_ms = 1781328787000 + seq,
                .kind = slice_text("note"),
                .phase = slice_text("pvcheck"),
                .actor = slice_text("ada"),
                .id = {{7, (uint8_t)seq}},
                .frame = slice_text("frame"),
                .signature = slice_make(signature, sizeof signature),
                .prev = *prev,
        };
        entry_hash(ret_entry, &ret_entry->hash);
}

static char *ledger_path(void) {
        return mem_printf("%s/ledger.db", test_dir());
}

static Ledger *open_ledger(const char *path, LedgerMode mode) {
        Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;

        if (ledger_open(path, mode, &ledger, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
        return ledger;
}

static void append_entries(Ledger *ledger, uint64_t n) {
        Hash prev = {{0}};

        for (uint64_t seq = 1; seq <= n; seq++) {
                Entry entry;

                make_entry(seq, &prev, &entry);
                CHECK_EQ_INT(ledger_append(ledger, &entry), 0);
                prev = entry.hash;
        }
        CHECK_EQ_INT(ledger_commit(ledger), 0);
}

/* A ledger of three entries and one evidence, closed. */
static char *make_ledger(void) {
        char *path = ledger_path();
        cleanup(ledger_freep) Ledger *ledger = open_ledger(path, LEDGER_CREATE);
        Slice frame = slice_text("what was seen");
        Hash digest;

        hash_of(frame, &digest);
        CHECK_EQ_INT(ledger_evidence_put(ledger, &digest, frame), 0);
        append_entries(ledger, N_ENTRIES);
        return path;
}

/* As a stranger would: a connection with SQLite's defaults. */
static int run_raw(const char *path, const char *sql) {
        sqlite3 *db = NULL;
        int sql_code;

        CHECK_EQ_INT(sqlite3_open(path, &db), SQLITE_OK);
        sql_code = sqlite3_exec(db, sql, NULL, NULL, NULL);
        CHECK_EQ_INT(sqlite3_close(db), SQLITE_OK);
        return sql_code;
}

static void check_raw_refused(const char *sql) {
        cleanup_free char *path = make_ledger();

        CHECK_EQ_INT(run_raw(path, sql), SQLITE_CONSTRAINT);
}

static void check_open_refused(const char *path, LedgerMode mode, const char *rule) {
        Fault fault = FAULT_INIT;
        Ledger *ledger = NULL;

        CHECK_EQ_INT(ledger_open(path, mode, &ledger, &fault), LEDGER_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, rule);
        CHECK(fault.place[0] != 0);
}

TEST(what_was_committed_is_read_back) {
        cleanup_free char *path = make_ledger();
        cleanup(ledger_freep) Ledger *ledger = open_ledger(path, LEDGER_READ);
        cleanup_arena Arena arena = ARENA_INIT;
        Entry entry, wanted;
        uint64_t head = 0;
        Hash hash;

        CHECK_EQ_INT(ledger_head(ledger, &head), 0);
        CHECK_EQ_U64(head, N_ENTRIES);
        CHECK_EQ_INT(ledger_read(ledger, 1, &arena, &entry), 0);
        make_entry(1, &(Hash){{0}}, &wanted);
        CHECK_EQ_SLICE(entry.actor, wanted.actor);
        CHECK_EQ_SLICE(entry.phase, wanted.phase);
        CHECK_EQ_SLICE(entry.frame, wanted.frame);
        CHECK_EQ_SLICE(entry.signature, wanted.signature);
        entry_hash(&entry, &hash);
        CHECK(hash_equal(&hash, &wanted.hash));
}

TEST(an_entry_is_found_by_its_message_id) {
        cleanup_free char *path = make_ledger();
        cleanup(ledger_freep) Ledger *ledger = open_ledger(path, LEDGER_READ);
        cleanup_arena Arena arena = ARENA_INIT;
        Entry entry;

        CHECK_EQ_INT(ledger_find(ledger, &(Id){{7, 2}}, &arena, &entry), 0);
        CHECK_EQ_U64(entry.seq, 2);
        CHECK_EQ_INT(ledger_find(ledger, &(Id){{8, 2}}, &arena, &entry), LEDGER_E_NONE);
        CHECK_EQ_INT(ledger_read(ledger, N_ENTRIES + 1, &arena, &entry), LEDGER_E_NONE);
}

TEST(evidence_is_kept_once_by_its_digest) {
        cleanup_free char *path = make_ledger();
        cleanup(ledger_freep) Ledger *ledger = open_ledger(path, LEDGER_WRITE);
        cleanup_arena Arena arena = ARENA_INIT;
        Slice frame = slice_text("what was seen"), found;
        Hash digest;

        hash_of(frame, &digest);
        CHECK_EQ_INT(ledger_evidence_put(ledger, &digest, frame), 0);
        CHECK_EQ_INT(ledger_commit(ledger), 0);
        CHECK_EQ_INT(ledger_evidence_get(ledger, &digest, &arena, &found), 0);
        CHECK_EQ_SLICE(found, frame);
        digest.bytes[0] ^= 1;
        CHECK_EQ_INT(ledger_evidence_get(ledger, &digest, &arena, &found), LEDGER_E_NONE);
}

static int count_entry(void *userdata, const Entry *entry) {
        uint64_t *n = userdata;

        (void)entry;
        return ++*n == 2 ? 77 : 0;
}

TEST(a_walk_ends_where_its_visitor_says) {
        cleanup_free char *path = make_ledger();
        cleanup(ledger_freep) Ledger *ledger = open_ledger(path, LEDGER_READ);
        uint64_t n = 0;

        CHECK_EQ_INT(ledger_walk(ledger, 1, SLICE_NULL, count_entry, &n), 77);
        n = 2;
        CHECK_EQ_INT(ledger_walk(ledger, 3, slice_text("pvcheck"), count_entry, &n), 0);
        CHECK_EQ_U64(n, 3);
        CHECK_EQ_INT(ledger_walk(ledger, 1, slice_text("pv"), count_entry, &n), 0);
        CHECK_EQ_U64(n, 3);
}

TEST(what_was_not_committed_is_not_there) {
        cleanup_free char *path = make_ledger();
        cleanup(ledger_freep) Ledger *ledger = open_ledger(path, LEDGER_WRITE);
        cleanup_arena Arena arena = ARENA_INIT;
        Entry entry, next;
        uint64_t head = 0;

        CHECK_EQ_INT(ledger_read(ledger, N_ENTRIES, &arena, &entry), 0);
        make_entry(N_ENTRIES + 1, &entry.hash, &next);
        CHECK_EQ_INT(ledger_append(ledger, &next), 0);
        (void)ledger_free(TAKE(ledger));
        ledger = open_ledger(path, LEDGER_READ);
        CHECK_EQ_INT(ledger_head(ledger, &head), 0);
        CHECK_EQ_U64(head, N_ENTRIES);
}

TEST(an_insert_or_replace_is_refused_by_seq) {
        check_raw_refused(
                "INSERT OR REPLACE INTO entry SELECT seq, received_ms, kind, phase, "
                "'eve', message_id, frame, signature, prev, hash FROM entry WHERE seq = 2");
}

TEST(an_insert_or_replace_is_refused_by_message_id) {
        check_raw_refused("INSERT OR REPLACE INTO entry SELECT 4, received_ms, kind, phase, actor, "
                          "message_id, frame, signature, (SELECT hash FROM entry WHERE seq = 3), "
                          "hash FROM entry WHERE seq = 2");
}

TEST(a_replace_of_evidence_is_refused) {
        check_raw_refused("REPLACE INTO evidence SELECT 2, digest, 1, 'raw', x'00' FROM evidence");
}

TEST(an_entry_that_does_not_follow_the_head_is_refused) {
        check_raw_refused("INSERT INTO entry SELECT 4, received_ms, kind, phase, actor, "
                          "zeroblob(16), frame, signature, prev, hash FROM entry WHERE seq = 3");
        check_raw_refused("INSERT INTO entry SELECT 5, received_ms, kind, phase, actor, "
                          "zeroblob(16), frame, signature, hash, hash FROM entry WHERE seq = 3");
}

TEST(evidence_whose_number_is_not_the_next_is_refused) {
        check_raw_refused("INSERT INTO evidence VALUES (7, zeroblob(32), 0, 'raw', x'')");
        check_raw_refused("REPLACE INTO evidence VALUES (1, zeroblob(32), 0, 'raw', x'')");
        check_raw_refused("INSERT INTO evidence(digest, size, encoding, bytes) "
                          "VALUES (zeroblob(32), 0, 'raw', x'')");
}

TEST(an_update_is_refused) {
        check_raw_refused("UPDATE entry SET actor = 'eve' WHERE seq = 2");
        check_raw_refused("UPDATE evidence SET bytes = x'00'");
        check_raw_refused("INSERT INTO entry SELECT * FROM entry WHERE seq = 2 "
                          "ON CONFLICT DO UPDATE SET actor = 'eve'");
}

TEST(a_delete_is_refused) {
        check_raw_refused("DELETE FROM entry WHERE seq = 3");
        check_raw_refused("DELETE FROM entry");
        check_raw_refused("DELETE FROM evidence");
}

TEST(the_own_connection_can_do_nothing_but_append) {
        static const char *const forbidden[] = {
                "DROP TABLE entry",
                "DROP TRIGGER entry_update",
                "DELETE FROM entry",
                "UPDATE entry SET actor = 'eve'",
                "ALTER TABLE entry RENAME TO other",
                "CREATE TABLE other(x)",
                "CREATE TEMP TRIGGER t AFTER INSERT ON entry BEGIN SELECT 1; END",
                "PRAGMA writable_schema = ON",
                "PRAGMA synchronous = OFF",
                "PRAGMA journal_mode = DELETE",
                "ATTACH ':memory:' AS other",
                "VACUUM",
                "SAVEPOINT here",
                "ROLLBACK",
                "SELECT load_extension('x')",
        };
        cleanup_free char *path = make_ledger();
        cleanup(ledger_freep) Ledger *ledger = open_ledger(path, LEDGER_WRITE);

        for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
                if (ledger_try_sql(ledger, forbidden[i]) != LEDGER_E_REFUSED)
                        FAIL_TEST("was done: %s", forbidden[i]);
        CHECK_EQ_INT(ledger_try_sql(ledger, "SELECT seq FROM entry"), 0);
}

TEST(a_reader_cannot_write) {
        cleanup_free char *path = make_ledger();
        cleanup(ledger_freep) Ledger *ledger = open_ledger(path, LEDGER_READ);

        CHECK_EQ_INT(ledger_try_sql(ledger, "BEGIN IMMEDIATE"), LEDGER_E_REFUSED);
        CHECK_EQ_INT(ledger_try_sql(ledger,
                                    "INSERT INTO evidence VALUES (2, zeroblob(32), 0, 'raw', x'')"),
                     LEDGER_E_REFUSED);
}

TEST(a_second_writer_is_refused_and_told_whose_ledger_it_is) {
        cleanup_free char *path = make_ledger();
        cleanup(ledger_freep) unused_ Ledger *ledger = open_ledger(path, LEDGER_WRITE);
        Fault fault = FAULT_INIT;
        Ledger *second = NULL;
        char pid[32];

        CHECK_EQ_INT(ledger_open(path, LEDGER_WRITE, &second, &fault), LEDGER_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "ledger-locked");
        (void)snprintf(pid, sizeof pid, "process %d", (int)getpid());
        CHECK_CONTAINS(fault.found, pid);
}

TEST(whether_somebody_writes_is_asked_without_a_lock) {
        cleanup_free char *path = make_ledger();
        Ledger *ledger = open_ledger(path, LEDGER_READ);

        CHECK(!ledger_is_locked(path));
        ledger = ledger_free(ledger);
        ledger = open_ledger(path, LEDGER_WRITE);
        CHECK(ledger_is_locked(path));
        CHECK(ledger_is_locked(path));
        ledger = ledger_free(ledger);
        CHECK(!ledger_is_locked(path));
}

TEST(a_reader_sees_what_the_writer_commits) {
        cleanup_free char *path = ledger_path();
        cleanup(ledger_freep) Ledger *writer = open_ledger(path, LEDGER_CREATE);
        cleanup(ledger_freep) Ledger *reader = open_ledger(path, LEDGER_READ);
        uint64_t head = 7;

        CHECK_EQ_INT(ledger_head(reader, &head), 0);
        CHECK_EQ_U64(head, 0);
        append_entries(writer, N_ENTRIES);
        CHECK_EQ_INT(ledger_head(reader, &head), 0);
        CHECK_EQ_U64(head, N_ENTRIES);
}

TEST(a_ledger_that_is_a_link_is_read_and_not_written) {
        cleanup_free char *path = make_ledger();
        cleanup_free char *link = ledger_path();
        cleanup_free char *backup = mem_printf("broker backup %s.whole", link);
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;
        struct stat facts;

        CHECK_EQ_INT(symlink(path, link), 0);
        CHECK_EQ_INT(ledger_open(link, LEDGER_WRITE, &ledger, &fault), LEDGER_E_REFUSED);
        CHECK_EQ_TEXT(fault.rule, "ledger-linked");
        CHECK_CONTAINS(fault.next, backup);
        CHECK(lstat(link, &facts) == 0 && S_ISLNK(facts.st_mode));
        ledger = open_ledger(link, LEDGER_READ);
}

TEST(a_ledger_in_a_directory_with_a_space_is_proposed_to_a_shell_as_one_word) {
        cleanup_free char *path = make_ledger();
        cleanup_free char *dir = mem_printf("%s/a b;c", test_dir());
        cleanup_free char *link = mem_printf("%s/ledger.db", dir);
        cleanup_free char *command =
                mem_printf("broker backup '%s.whole' && mv '%s.whole' '%s';", link, link, link);
        Ledger *ledger = NULL;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(mkdir(dir, 0700), 0);
        CHECK_EQ_INT(symlink(path, link), 0);
        CHECK_EQ_INT(ledger_open(link, LEDGER_WRITE, &ledger, &fault), LEDGER_E_REFUSED);
        CHECK_CONTAINS(fault.next, command);
}

TEST(a_link_that_leads_nowhere_is_no_place_for_a_ledger) {
        cleanup_free char *link = ledger_path();

        CHECK_EQ_INT(symlink("nowhere", link), 0);
        check_open_refused(link, LEDGER_CREATE, "ledger-linked");
        check_open_refused(link, LEDGER_WRITE, "ledger-missing");
}

TEST(a_missing_ledger_is_not_made_by_opening_it) {
        cleanup_free char *path = ledger_path();

        check_open_refused(path, LEDGER_READ, "ledger-missing");
        check_open_refused(path, LEDGER_WRITE, "ledger-missing");
        CHECK(access(path, F_OK) != 0);
}

TEST(a_ledger_is_never_made_over_another) {
        cleanup_free char *path = make_ledger();

        check_open_refused(path, LEDGER_CREATE, "ledger-exists");
}

TEST(a_ledger_whose_schema_is_not_ours_is_refused) {
        static const char *const changes[] = {
                "DROP TRIGGER entry_update",
                "DROP VIEW v_log",
                "CREATE TABLE other(x)",
                "CREATE TRIGGER other AFTER INSERT ON entry BEGIN SELECT 1; END",
                "CREATE INDEX other ON entry(phase)",
                ("DROP TRIGGER entry_delete; CREATE TRIGGER entry_delete BEFORE DELETE ON entry "
                 "BEGIN SELECT 1; END"),
        };

        for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
                cleanup_free char *path = make_ledger();

                CHECK_EQ_INT(run_raw(path, changes[i]), SQLITE_OK);
                check_open_refused(path, LEDGER_READ, "ledger-damaged");
                check_open_refused(path, LEDGER_WRITE, "ledger-damaged");
        }
}

TEST(a_database_of_another_program_is_refused) {
        cleanup_free char *path = ledger_path();

        CHECK_EQ_INT(run_raw(path, "CREATE TABLE entry(seq)"), SQLITE_OK);
        check_open_refused(path, LEDGER_WRITE, "ledger-not-ours");
}

TEST(a_newer_format_is_refused) {
        cleanup_free char *path = make_ledger();

        CHECK_EQ_INT(run_raw(path, "PRAGMA user_version = 5"), SQLITE_OK);
        check_open_refused(path, LEDGER_WRITE, "ledger-newer");
}

TEST(a_file_that_is_no_database_is_refused) {
        cleanup_free char *path = ledger_path();
        FILE *file = fopen(path, "w");

        CHECK(file &&
              fputs("not a database, whatever its name says; long enough to have a header of "
                    "one hundred bytes, all wrong",
                    file) >= 0 &&
              fclose(file) == 0);
        check_open_refused(path, LEDGER_READ, "ledger-not-ours");
        check_open_refused(path, LEDGER_WRITE, "ledger-not-ours");
}

TEST(a_killed_writer_loses_nothing_committed) {
        cleanup_free char *path = ledger_path();
        cleanup(ledger_freep) Ledger *ledger = NULL;
        uint64_t head = 0;
        int status = 0;
        pid_t pid = fork();

        if (pid == 0) {
                append_entries(open_ledger(path, LEDGER_CREATE), N_ENTRIES);
                (void)kill(getpid(), SIGKILL);
        }
        CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
        ledger = open_ledger(path, LEDGER_WRITE);
        CHECK_EQ_INT(ledger_head(ledger, &head), 0);
        CHECK_EQ_U64(head, N_ENTRIES);
}

TEST(a_commit_that_does_not_fit_fails_and_loses_nothing_committed) {
        static const uint8_t large[256 << 10];
        cleanup_free char *path = make_ledger();
        cleanup(ledger_freep) Ledger *ledger = open_ledger(path, LEDGER_WRITE);
        struct rlimit before, limit;
        Slice frame = slice_make(large, sizeof large);
        uint64_t head = 0;
        Hash digest;

        hash_of(frame, &digest);
        (void)signal(SIGXFSZ, SIG_IGN);
        CHECK_EQ_INT(getrlimit(RLIMIT_FSIZE, &before), 0);
        limit = (struct rlimit){.rlim_cur = 64 << 10, .rlim_max = before.rlim_max};
        CHECK_EQ_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
        CHECK_EQ_INT(ledger_evidence_put(ledger, &digest, frame), 0);
        CHECK(ledger_commit(ledger) < 0);
        CHECK_EQ_INT(setrlimit(RLIMIT_FSIZE, &before), 0);
        (void)ledger_free(TAKE(ledger));
        ledger = open_ledger(path, LEDGER_WRITE);
        CHECK_EQ_INT(ledger_head(ledger, &head), 0);
        CHECK_EQ_U64(head, N_ENTRIES);
}

/* ---- growth ---- */

typedef struct Growth {
        size_t n_bytes, n; /* of a piece, and how many */
        size_t most;       /* bytes of the file for each */
} Growth;

static void make_piece(const Growth *growth, size_t i, uint8_t *bytes, Hash *ret_digest) {
        memset(bytes, 'x', growth->n_bytes);
        memcpy(bytes, &i, sizeof i);
        hash_of(slice_make(bytes, growth->n_bytes), ret_digest);
}

static size_t count_pages(const char *path) {
        sqlite3 *db = NULL;
        sqlite3_stmt *query = NULL;
        size_t n;

        CHECK_EQ_INT(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_prepare_v2(db, "PRAGMA page_count", -1, &query, NULL), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_step(query), SQLITE_ROW);
        n = (size_t)sqlite3_column_int64(query, 0);
        CHECK_EQ_INT(sqlite3_finalize(query), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_close(db), SQLITE_OK);
        return n;
}

static size_t grow(const Growth *growth) {
        cleanup_free char *path = mem_printf("%s/ledger.db", test_dir());
        cleanup(ledger_freep) Ledger *ledger = open_ledger(path, LEDGER_CREATE);
        cleanup_free uint8_t *bytes = mem_alloc(growth->n_bytes);
        size_t n_before = count_pages(path);

        for (size_t i = 0; i < growth->n; i++) {
                Hash digest;

                make_piece(growth, i, bytes, &digest);
                CHECK_EQ_INT(
                        ledger_evidence_put(ledger, &digest, slice_make(bytes, growth->n_bytes)),
                        0);
        }
        CHECK_EQ_INT(ledger_commit(ledger), 0);
        return (count_pages(path) - n_before) * PAGE_BYTES / growth->n;
}

TEST(a_piece_of_evidence_takes_little_more_of_the_file_than_its_bytes) {
        static const Growth rows[] = {
                {990, 600, 1480}, {4096, 200, 4800}, {64 << 10, 20, 67000}, {1 << 20, 2, 1060000}};

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                size_t n = grow(&rows[i]);

                printf("# %zu bytes take %zu\n", rows[i].n_bytes, n);
                CHECK(n <= rows[i].most);
        }
}

/* By the table of format 3. */
TEST(a_table_without_rowid_takes_more_than_that_bound) {
        cleanup_free char *path = mem_printf("%s/before.db", test_dir());
        const Growth growth = {990, 600, 1480};
        cleanup_free uint8_t *bytes = mem_alloc(growth.n_bytes);
        sqlite3_stmt *put = NULL;
        sqlite3 *db = NULL;

        CHECK_EQ_INT(run_raw(path, "CREATE TABLE evidence(digest BLOB PRIMARY KEY, size INTEGER, "
                                   "encoding TEXT, bytes BLOB) STRICT, WITHOUT ROWID"),
                     SQLITE_OK);
        CHECK_EQ_INT(sqlite3_open(path, &db), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_prepare_v2(db, "INSERT INTO evidence VALUES (?1, 990, 'raw', ?2)", -1,
                                        &put, NULL),
                     SQLITE_OK);
        for (size_t i = 0; i < growth.n; i++) {
                Hash digest;

                make_piece(&growth, i, bytes, &digest);
                (void)sqlite3_bind_blob(put, 1, digest.bytes, HASH_BYTES, SQLITE_STATIC);
                (void)sqlite3_bind_blob(put, 2, bytes, (int)growth.n_bytes, SQLITE_STATIC);
                CHECK_EQ_INT(sqlite3_step(put), SQLITE_DONE);
                CHECK_EQ_INT(sqlite3_reset(put), SQLITE_OK);
        }
        CHECK_EQ_INT(sqlite3_finalize(put), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_close(db), SQLITE_OK);
        CHECK(count_pages(path) * PAGE_BYTES / growth.n > 2 * growth.most);
}
