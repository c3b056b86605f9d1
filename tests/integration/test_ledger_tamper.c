/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Whoever holds the file can change everything in it: here that is done, with SQLite itself and
 * without the triggers, and `verify` must name the first entry that was touched.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "broker/ledger.h"
#include "broker/verify.h"
#include "proto/codec.h"
#include "tests/lib/book.h"
#include "tests/lib/test.h"

enum { TEXT_BYTES_MAX = 4096 };

static void run_sql(Book *book, const char *sql) {
        char *words = NULL;

        if (sqlite3_exec(book->raw, sql, NULL, NULL, &words) != SQLITE_OK)
                FAIL_TEST("%s: %s", sql, words);
}

/* From here on the file is a stranger's. */
static void open_raw(Book *book) {
        CHECK_EQ_INT(sqlite3_open(book->path, &book->raw), SQLITE_OK);
        run_sql(book, "PRAGMA synchronous = OFF; DROP TRIGGER entry_insert;"
                      "DROP TRIGGER entry_update; DROP TRIGGER entry_delete;"
                      "DROP TRIGGER evidence_update; DROP TRIGGER evidence_collect;");
}

static int verify_with(const Book *book, const Witness *witnesses, size_t n, VerifyReport *report,
                       Fault *fault) {
        cleanup(ledger_freep) Ledger *ledger = NULL;

        CHECK_EQ_INT(ledger_open(book->path, LEDGER_INSPECT, &ledger, fault), 0);
        return verify_ledger(ledger, &book->keys[BROKER].public, witnesses, n, report, fault);
}

/* The entry must be named; `rule` NULL: whatever the reason. */
static void check_named(const Book *book, uint64_t seq, const char *rule, const char *what) {
        VerifyReport report;
        Fault fault = FAULT_INIT;

        if (verify_with(book, NULL, 0, &report, &fault) != VERIFY_E_BROKEN)
                FAIL_TEST("%s: held", what);
        if (report.bad_seq != seq || (rule && strcmp(fault.rule, rule) != 0))
                FAIL_TEST("%s: %s, entry %llu, not %llu", what, fault.rule,
                          (unsigned long long)report.bad_seq, (unsigned long long)seq);
}

/* All triggers gone is all that is wrong. */
static void check_entries_hold(const Book *book) {
        check_named(book, 0, "ledger-schema", "nothing but the triggers");
}

static size_t read_cell(Book *book, const char *column, uint64_t seq, uint8_t *ret_bytes,
                        int *ret_type) {
        cleanup_free char *sql = mem_printf("SELECT %s FROM entry WHERE seq = %llu", column,
                                            (unsigned long long)seq);
        sqlite3_stmt *query = NULL;
        size_t n;

        CHECK_EQ_INT(sqlite3_prepare_v2(book->raw, sql, -1, &query, NULL), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_step(query), SQLITE_ROW);
        *ret_type = sqlite3_column_type(query, 0);
        n = (size_t)sqlite3_column_bytes(query, 0);
        CHECK(n <= TEXT_BYTES_MAX);
        if (n)
                memcpy(ret_bytes, sqlite3_column_blob(query, 0), n);
        CHECK_EQ_INT(sqlite3_finalize(query), SQLITE_OK);
        return n;
}

static void write_cell(Book *book, const char *column, uint64_t seq, const uint8_t *bytes, size_t n,
                       int type) {
        cleanup_free char *sql = mem_printf("UPDATE entry SET %s = ?1 WHERE seq = %llu", column,
                                            (unsigned long long)seq);
        sqlite3_stmt *update = NULL;

        CHECK_EQ_INT(sqlite3_prepare_v2(book->raw, sql, -1, &update, NULL), SQLITE_OK);
        if (type == SQLITE_TEXT)
                CHECK_EQ_INT(
                        sqlite3_bind_text(update, 1, (const char *)bytes, (int)n, SQLITE_STATIC),
                        SQLITE_OK);
        else
                CHECK_EQ_INT(sqlite3_bind_blob(update, 1, bytes, (int)n, SQLITE_STATIC), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_step(update), SQLITE_DONE);
        CHECK_EQ_INT(sqlite3_finalize(update), SQLITE_OK);
}

/* One bit of each byte; a text stays a text. */
static size_t change_each_byte(Book *book, const char *column, uint64_t seq) {
        uint8_t bytes[TEXT_BYTES_MAX];
        int type;
        size_t n = read_cell(book, column, seq, bytes, &type);

        for (size_t i = 0; i < n; i++) {
                uint8_t bit = (uint8_t)(type == SQLITE_TEXT ? 1 : 1u << (i % 8));
                char what[64];

                bytes[i] ^= bit;
                write_cell(book, column, seq, bytes, n, type);
                (void)snprintf(what, sizeof what, "%s byte %zu of entry %llu", column, i,
                               (unsigned long long)seq);
                check_named(book, seq, NULL, what);
                bytes[i] ^= bit;
        }
        write_cell(book, column, seq, bytes, n, type);
        return n;
}

/* The table as it was, and the index of another one. */
TEST(evidence_that_its_index_does_not_lead_to_is_found) {
        cleanup_book Book book;

        book_make(&book);
        open_raw(&book);
        run_sql(&book, "CREATE TABLE other(number INTEGER PRIMARY KEY, digest BLOB UNIQUE);"
                       "PRAGMA writable_schema = ON;"
                       "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master "
                       "  WHERE name = 'sqlite_autoindex_other_1')"
                       "  WHERE name = 'sqlite_autoindex_evidence_1';");
        check_named(&book, book.verdict, "evidence-digest", "an index that leads nowhere");
}

TEST(an_honest_ledger_holds) {
        cleanup_book Book book;
        VerifyReport report;
        Fault fault = FAULT_INIT;

        book_make(&book);
        CHECK_EQ_INT(verify_with(&book, NULL, 0, &report, &fault), 0);
        CHECK_EQ_U64(report.n_entries, book.state.head_seq);
        CHECK_EQ_U64(report.n_evidence, 1);
        CHECK(hash_equal(&report.head, &book.state.head_hash));
}

static void change_each_byte_of(const char *column, size_t least) {
        cleanup_book Book book;
        size_t n = 0;

        book_make(&book);
        open_raw(&book);
        for (uint64_t seq = 1; seq <= book.state.head_seq; seq++)
                n += change_each_byte(&book, column, seq);
        CHECK(n >= least);
        check_entries_hold(&book);
}

TEST(each_changed_byte_of_a_frame_is_found_and_its_entry_named) {
        change_each_byte_of("frame", 600);
}

TEST(each_changed_byte_of_a_signature_is_found_and_its_entry_named) {
        change_each_byte_of("signature", 640);
}

TEST(each_changed_byte_of_a_hash_is_found_and_its_entry_named) {
        change_each_byte_of("hash", 320);
}

TEST(each_changed_byte_of_the_link_to_the_entry_before_is_found_and_its_entry_named) {
        change_each_byte_of("prev", 320);
}

TEST(each_changed_byte_of_a_message_id_is_found_and_its_entry_named) {
        change_each_byte_of("message_id", 160);
}

TEST(each_changed_byte_of_kind_phase_and_actor_is_found_and_its_entry_named) {
        change_each_byte_of("kind", 40);
        change_each_byte_of("phase", 5);
        change_each_byte_of("actor", 60);
}

TEST(a_changed_time_is_found_and_its_entry_named) {
        cleanup_book Book book;

        book_make(&book);
        open_raw(&book);
        run_sql(&book, "UPDATE entry SET received_ms = received_ms + 1 WHERE seq = 4");
        check_named(&book, 4, "entry-hash", "received_ms");
}

TEST(a_changed_number_is_found_and_its_entry_named) {
        cleanup_book Book book;

        book_make(&book);
        open_raw(&book);
        run_sql(&book, "UPDATE entry SET seq = 100 WHERE seq = 4");
        check_named(&book, 4, "entry-gap", "seq");
}

TEST(an_entry_taken_out_of_the_middle_is_named) {
        cleanup_book Book book;

        book_make(&book);
        open_raw(&book);
        run_sql(&book, "DELETE FROM entry WHERE seq = 5");
        check_named(&book, 5, "entry-gap", "deleted");
        run_sql(&book, "UPDATE entry SET seq = seq - 1 WHERE seq > 5");
        check_named(&book, 5, "entry-prev", "closed up");
}

TEST(a_value_of_another_size_or_type_is_named) {
        cleanup_book Book book;

        book_make(&book);
        open_raw(&book);
        run_sql(&book, "PRAGMA ignore_check_constraints = ON;"
                       "UPDATE entry SET hash = zeroblob(31) WHERE seq = 3");
        check_named(&book, 3, "entry-malformed", "hash of 31 bytes");
}

TEST(changed_evidence_names_the_verdict_that_rests_on_it) {
        cleanup_book Book book;

        book_make(&book);
        open_raw(&book);
        run_sql(&book, "UPDATE evidence SET bytes = CAST('What was measured' AS BLOB)");
        check_named(&book, book.verdict, "evidence-digest", "changed");
        run_sql(&book, "DELETE FROM evidence");
        check_named(&book, book.verdict, "evidence-missing", "deleted");
}

/* ---- with the chain made good again ---- */

/* What a forger does who has the file but not the keys: any entry, all hashes after it anew. */
static void forge_from(Book *book, uint64_t seq, Entry *entry) {
        uint8_t hash[HASH_BYTES];

        entry_hash(entry, &entry->hash);
        write_cell(book, "frame", seq, entry->frame.data, entry->frame.n, SQLITE_BLOB);
        write_cell(book, "hash", seq, entry->hash.bytes, HASH_BYTES, SQLITE_BLOB);
        memcpy(hash, entry->hash.bytes, HASH_BYTES);
        for (uint64_t next = seq + 1; next <= book->state.head_seq; next++) {
                cleanup(ledger_freep) Ledger *ledger = NULL;
                cleanup_arena Arena arena = ARENA_INIT;
                Fault fault = FAULT_INIT;
                Entry after;

                CHECK_EQ_INT(ledger_open(book->path, LEDGER_INSPECT, &ledger, &fault), 0);
                CHECK_EQ_INT(ledger_read(ledger, next, &arena, &after), 0);
                memcpy(after.prev.bytes, hash, HASH_BYTES);
                entry_hash(&after, &after.hash);
                memcpy(hash, after.hash.bytes, HASH_BYTES);
                write_cell(book, "prev", next, after.prev.bytes, HASH_BYTES, SQLITE_BLOB);
                write_cell(book, "hash", next, after.hash.bytes, HASH_BYTES, SQLITE_BLOB);
        }
}

TEST(a_fail_forged_into_a_pass_with_its_chain_made_good_is_named) {
        cleanup_book Book book;
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup(ledger_freep) Ledger *ledger = NULL;
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault codec_fault;
        Fault fault = FAULT_INIT;
        Message message;
        Entry entry;

        book_make(&book);
        open_raw(&book);
        CHECK_EQ_INT(ledger_open(book.path, LEDGER_INSPECT, &ledger, &fault), 0);
        CHECK_EQ_INT(ledger_read(ledger, book.verdict, &arena, &entry), 0);
        CHECK_EQ_INT(codec_decode(entry.frame, &arena, &message, &codec_fault), 0);
        message.verdict.decision = DECISION_PASS;
        CHECK_EQ_INT(codec_encode(&message, &frame, &codec_fault), 0);
        entry.frame = buf_get(&frame);
        forge_from(&book, book.verdict, &entry);
        check_named(&book, book.verdict, "entry-signature", "forged");
}

/* Appends what a broker would have to refuse, properly chained. */
static void append_raw(Book *book, const Entry *entry) {
        const Slice cells[] = {entry->kind,
                               entry->phase,
                               entry->actor,
                               id_slice(&entry->id),
                               entry->frame,
                               entry->signature,
                               hash_slice(&entry->prev),
                               hash_slice(&entry->hash)};
        sqlite3_stmt *insert = NULL;

        CHECK_EQ_INT(sqlite3_prepare_v2(book->raw,
                                        "INSERT INTO entry VALUES (?1, ?2, CAST(?3 AS TEXT), "
                                        "CAST(?4 AS TEXT), CAST(?5 AS TEXT), ?6, ?7, ?8, ?9, ?10)",
                                        -1, &insert, NULL),
                     SQLITE_OK);
        CHECK_EQ_INT(sqlite3_bind_int64(insert, 1, (int64_t)entry->seq), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_bind_int64(insert, 2, (int64_t)entry->received_ms), SQLITE_OK);
        for (int i = 0; i < (int)ARRAY_SIZE(cells); i++)
                CHECK_EQ_INT(sqlite3_bind_blob(insert, i + 3,
                                               cells[i].n ? cells[i].data : (const void *)"",
                                               (int)cells[i].n, SQLITE_STATIC),
                             SQLITE_OK);
        CHECK_EQ_INT(sqlite3_step(insert), SQLITE_DONE);
        CHECK_EQ_INT(sqlite3_finalize(insert), SQLITE_OK);
}

static void check_append_named(Book *book, BookWho who, Message message, const char *rule) {
        cleanup_arena Arena arena = ARENA_INIT;
        Entry entry;

        open_raw(book);
        book_make_entry(book, who, &message, &arena, &entry);
        append_raw(book, &entry);
        check_named(book, entry.seq, rule, rule);
}

TEST(an_entry_of_a_revoked_agent_is_named) {
        cleanup_book Book book;

        book_make(&book);
        check_append_named(&book, BUILDER, book_make_note("still here"), "entry-author");
}

TEST(a_verdict_that_a_builder_signed_is_named) {
        cleanup_book Book book;
        struct check_result check = {.check = slice_text("one"), .outcome = OUTCOME_PASS};

        book_begin(&book);
        book_say_plan(&book);
        book_say_claim(&book);
        book_close(&book);
        check_append_named(&book, BUILDER, book_make_verdict(&book, DECISION_PASS, &check),
                           "entry-role");
}

/* Its author's own signature, but on what the broker's rules would have refused. */
TEST(a_verdict_without_a_lease_or_on_another_commit_is_named) {
        static const char other[] = "cccccccccccccccccccccccccccccccccccccccc";
        struct check_result check = {.check = slice_text("one"), .outcome = OUTCOME_PASS};

        for (size_t i = 0; i < 3; i++) {
                cleanup_book Book book;
                Message message;

                book_begin(&book);
                book_say_plan(&book);
                book_say_claim(&book);
                book_close(&book);
                message = book_make_verdict(&book, DECISION_PASS, &check);
                if (i == 0)
                        message.verdict.lease--;
                if (i == 1)
                        message.verdict.commit = slice_text(other);
                if (i == 2)
                        message.verdict.gate_digest = hash_slice(&book.state.head_hash);
                check_append_named(&book, ADVERSARY, message, "entry-grounds");
        }
}

TEST(a_done_without_its_passes_is_named) {
        static const char commit[] = "cccccccccccccccccccccccccccccccccccccccc";
        cleanup_book Book book;
        Message message = {.type = MESSAGE_GRANTED,
                           .granted = {.phase = slice_text("m"), .commit = slice_text(commit)}};

        book_begin(&book);
        book_say_plan(&book);
        book_say_done(&book, commit);
        message.granted.done = book.state.head_seq;
        book_close(&book);
        check_append_named(&book, BROKER, message, "entry-grounds");
}

TEST(an_adversary_that_the_broker_admits_by_itself_later_is_named) {
        cleanup_book Book book;
        Message message;

        book_make(&book);
        message = book_make_admit(&book, ADVERSARY);
        message.admit.name = slice_text("mallory");
        check_append_named(&book, BROKER, message, "entry-role");
}

TEST(a_message_id_that_was_there_before_is_named) {
        cleanup_book Book book;
        cleanup_arena Arena arena = ARENA_INIT;
        Message message = book_make_note("again");
        Entry entry;

        book_make(&book);
        open_raw(&book);
        run_sql(&book, "DROP VIEW v_entry; DROP VIEW v_log;"
                       "CREATE TABLE other AS SELECT * FROM entry; DROP TABLE entry;"
                       "ALTER TABLE other RENAME TO entry");
        book.n_ids = 4;
        book_make_entry(&book, ADVERSARY, &message, &arena, &entry);
        append_raw(&book, &entry);
        check_named(&book, entry.seq, "entry-id-twice", "id of entry 5");
}

TEST(a_ledger_of_another_broker_is_named) {
        cleanup_book Book book;
        VerifyReport report;
        Fault fault = FAULT_INIT;
        Key other;

        book_make(&book);
        key_from_seed((uint8_t[32]){99}, &other);
        book.keys[BROKER] = other;
        CHECK_EQ_INT(verify_with(&book, NULL, 0, &report, &fault), VERIFY_E_BROKEN);
        CHECK_EQ_U64(report.bad_seq, 1);
        CHECK_EQ_TEXT(fault.rule, "entry-author");
}

/* ---- checkpoints ---- */

static Witness remember(const Book *book) {
        return (Witness){.source = (char *)"a checkpoint",
                         .ledger = book->state.ledger,
                         .seq = book->state.head_seq,
                         .hash = book->state.head_hash};
}

static void check_witness(const Book *book, const Witness *witness, uint64_t seq,
                          const char *rule) {
        VerifyReport report;
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(verify_with(book, witness, 1, &report, &fault), VERIFY_E_BROKEN);
        CHECK_EQ_TEXT(fault.rule, rule);
        CHECK_EQ_U64(report.bad_seq, seq);
}

TEST(a_cut_ledger_is_found_by_a_checkpoint_and_by_nothing_else) {
        cleanup_book Book book;
        Witness witness;

        book_make(&book);
        witness = remember(&book);
        open_raw(&book);
        run_sql(&book, "DELETE FROM entry WHERE seq >= 9");
        check_entries_hold(&book);
        check_witness(&book, &witness, 9, "ledger-shorter");
}

TEST(a_ledger_that_went_on_otherwise_is_found_by_a_checkpoint) {
        cleanup_book Book book;
        Witness witness;

        book_make(&book);
        witness = remember(&book);
        witness.seq = 5;
        check_witness(&book, &witness, 5, "ledger-forked");
        witness = remember(&book);
        witness.ledger.bytes[0] ^= 1;
        check_witness(&book, &witness, 1, "ledger-forked");
}

TEST(a_checkpoint_of_the_ledger_as_it_was_holds) {
        cleanup_book Book book;
        VerifyReport report;
        Fault fault = FAULT_INIT;
        Witness witness;

        book_begin(&book);
        witness = remember(&book);
        book_say_plan(&book);
        book_close(&book);
        CHECK_EQ_INT(verify_with(&book, &witness, 1, &report, &fault), 0);
}
