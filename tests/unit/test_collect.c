/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Which evidence may be removed, and that a ledger without it holds only if it says so. */

#include "broker/collect.h"

#include <unistd.h>

#include "base/mem.h"
#include "broker/verify.h"
#include "tests/lib/book.h"
#include "tests/lib/test.h"

enum { ENTRIES = 10 };

static const Hash nothing = {{0xee}};

static Ledger *open_book(const Book *book, LedgerMode mode) {
        Fault fault = FAULT_INIT;
        Ledger *ledger = NULL;

        if (ledger_open(book->path, mode, &ledger, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
        return ledger;
}

static size_t count(const Book *book, uint64_t before_ms) {
        cleanup(ledger_freep) Ledger *ledger = open_book(book, LEDGER_READ);
        cleanup(collection_deinit) Collection collection = {.n = 0};

        CHECK_EQ_INT(collect(ledger, &book->state, before_ms, &collection), 0);
        return collection.n;
}

/* The book's one verdict, in its one phase, and the finding of its FAIL. */
static void make_done(Book *book) {
        book_make(book);
        CHECK_EQ_U64(book->state.n_findings, 1);
        book->state.findings[0]->state = FINDING_STATE_CLOSED;
        book->state.phases[0]->state = PHASE_STATE_DONE;
}

TEST(evidence_of_a_phase_that_is_not_done_is_kept_however_old) {
        cleanup_book Book book;

        book_make(&book);
        CHECK_EQ_U64(count(&book, UINT64_MAX), 0);
}

TEST(evidence_of_a_phase_that_is_done_goes_when_it_is_old) {
        cleanup_book Book book;

        make_done(&book);
        CHECK_EQ_U64(count(&book, UINT64_MAX), 1);
        CHECK_EQ_U64(count(&book, 1), 0);
}

TEST(the_ground_of_a_finding_that_is_not_closed_is_kept) {
        cleanup_book Book book;

        make_done(&book);
        book.state.findings[0]->state = FINDING_STATE_OPEN;
        CHECK_EQ_U64(count(&book, UINT64_MAX), 0);
        book.state.findings[0]->state = FINDING_STATE_CLOSED;
        CHECK_EQ_U64(count(&book, UINT64_MAX), 1);
}

TEST(what_no_entry_names_goes_unless_a_claim_is_open) {
        cleanup_book Book book;

        book_make(&book);
        book.ledger = open_book(&book, LEDGER_WRITE);
        CHECK_EQ_INT(ledger_evidence_put(book.ledger, &nothing, slice_text("frame")), 0);
        book_close(&book);
        CHECK_EQ_U64(count(&book, 0), 1);
        book.state.claims[0]->state = CLAIM_STATE_QUEUED;
        CHECK_EQ_U64(count(&book, 0), 0);
}

/* Removes all evidence of the book, and says so where it is wished. */
static void remove_evidence(Book *book, bool says_so) {
        cleanup(collection_deinit) Collection collection = {.n = 0};
        cleanup_arena Arena arena = ARENA_INIT;
        Message message = {.type = MESSAGE_COLLECTED};
        Entry entry;

        make_done(book);
        book->ledger = open_book(book, LEDGER_WRITE);
        CHECK_EQ_INT(collect(book->ledger, &book->state, UINT64_MAX, &collection), 0);
        CHECK_EQ_U64(collection.n, 1);
        message.collected.digests = slice_make(collection.digests, sizeof(Hash));
        message.collected.bytes = collection.n_bytes;
        book_make_entry(book, BROKER, &message, &arena, &entry);
        if (says_so)
                CHECK_EQ_INT(ledger_append(book->ledger, &entry), 0);
        CHECK_EQ_INT(ledger_collect(book->ledger, &collection.digests[0], entry.seq), 0);
        book_close(book);
}

static int verify(const Book *book, VerifyReport *ret_report, Fault *fault) {
        cleanup(ledger_freep) Ledger *ledger = open_book(book, LEDGER_INSPECT);

        return verify_ledger(ledger, &book->keys[BROKER].public, NULL, 0, ret_report, fault);
}

TEST(a_ledger_holds_without_evidence_that_an_entry_says_was_removed) {
        cleanup_book Book book;
        VerifyReport report;
        Fault fault = FAULT_INIT;

        remove_evidence(&book, true);
        if (verify(&book, &report, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
        CHECK_EQ_U64(report.n_entries, ENTRIES + 1);
        CHECK_EQ_U64(report.n_evidence, 0);
}

/* ---- the file ---- */

enum { PIECES = 40, PIECE_BYTES = 32768 };

static void put_pieces(const Book *book, bool removes) {
        cleanup(ledger_freep) Ledger *ledger = open_book(book, LEDGER_WRITE);
        static uint8_t bytes[PIECE_BYTES];

        for (int i = 0; i < PIECES; i++) {
                Slice frame = slice_make(bytes, sizeof bytes);
                Hash digest;

                bytes[0] = (uint8_t)i;
                hash_of(frame, &digest);
                if (removes)
                        CHECK_EQ_INT(ledger_collect(ledger, &digest, ENTRIES), 0);
                else
                        CHECK_EQ_INT(ledger_evidence_put(ledger, &digest, frame), 0);
        }
        CHECK_EQ_INT(ledger_commit(ledger), 0);
}

static int approve(void *userdata, const char *path, uint64_t head, Fault *fault) {
        const Book *book = userdata;
        Book fresh = *book;
        VerifyReport report;

        fresh.path = (char *)path;
        CHECK_EQ_U64(head, ENTRIES);
        return verify(&fresh, &report, fault);
}

static int disapprove(void *userdata, const char *path, uint64_t head, Fault *fault) {
        (void)userdata;
        (void)head;
        fault_set(fault, "ledger-corrupt", "%s does not hold", path);
        return LEDGER_E_REFUSED;
}

static void make_hollow(Book *book) {
        book_make(book);
        put_pieces(book, false);
        put_pieces(book, true);
}

TEST(a_file_that_is_mostly_free_becomes_smaller_and_holds) {
        cleanup_book Book book;
        VerifyReport report;
        LedgerSize size, again;
        Fault fault = FAULT_INIT;

        make_hollow(&book);
        CHECK_EQ_INT(ledger_compact(book.path, approve, &book, &size, &fault), 0);
        CHECK(size.after_bytes + PIECES * PIECE_BYTES <= size.before_bytes);
        if (verify(&book, &report, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
        CHECK_EQ_U64(report.n_entries, ENTRIES);
        CHECK_EQ_U64(report.n_evidence, 1);
        CHECK_EQ_INT(ledger_compact(book.path, disapprove, NULL, &again, &fault), 0);
        CHECK_EQ_U64(again.after_bytes, size.after_bytes);
        book.ledger = open_book(&book, LEDGER_WRITE); /* it is written as before */
        CHECK_EQ_INT(ledger_evidence_put(book.ledger, &nothing, slice_text("frame")), 0);
        book_close(&book);
}

TEST(a_smaller_file_that_does_not_hold_takes_nobody_s_place) {
        cleanup_book Book book;
        cleanup_free char *fresh = NULL;
        LedgerSize size;
        Fault fault = FAULT_INIT;

        make_hollow(&book);
        fresh = mem_printf("%s.new", book.path);
        CHECK_EQ_INT(ledger_compact(book.path, disapprove, NULL, &size, &fault), LEDGER_E_REFUSED);
        CHECK_EQ_U64(size.after_bytes, size.before_bytes);
        CHECK(access(fresh, F_OK) != 0);
        CHECK_EQ_INT(ledger_compact(book.path, approve, &book, &size, &fault), 0);
}

TEST(evidence_that_went_without_a_word_is_missed_and_the_verdict_named) {
        cleanup_book Book book;
        VerifyReport report;
        Fault fault = FAULT_INIT;

        remove_evidence(&book, false);
        CHECK_EQ_INT(verify(&book, &report, &fault), VERIFY_E_BROKEN);
        CHECK(fault_is(&fault, "evidence-missing"));
        CHECK_EQ_U64(report.bad_seq, book.verdict);
}

TEST(the_file_refuses_to_delete_evidence_that_was_not_said_to_go) {
        cleanup_book Book book;

        book_make(&book);
        book.ledger = open_book(&book, LEDGER_WRITE);
        CHECK_EQ_INT(ledger_try_sql(book.ledger, "DELETE FROM evidence"), LEDGER_E_REFUSED);
        CHECK_EQ_U64(count(&book, 0), 0);
        book.ledger = ledger_free(book.ledger);
}
