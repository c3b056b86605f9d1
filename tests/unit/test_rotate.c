/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The broker's key is replaced in the ledger: what folds, and what holds. */

#include "broker/replay.h"
#include "broker/verify.h"
#include "proto/entry.h"
#include "tests/lib/book.h"
#include "tests/lib/test.h"

static Message say(const Book *book, const Key *now, Checkpoint *consent) {
        Message message = {.type = MESSAGE_ROTATED};

        checkpoint_sign(now, &book->state.ledger, book->state.head_seq, &book->state.head_hash,
                        consent);
        message.rotated.broker_key = slice_make(&now->public, sizeof now->public);
        message.rotated.consent = slice_make(consent->signature, SIGNATURE_BYTES);
        return message;
}

static void make_next(const Book *book, Key *ret_key) {
        key_make(ret_key);
        key_keep_curve(ret_key, &book->keys[BROKER]);
}

/* The entry of `who`, into the file; what the fold says of it. */
static int append(Book *book, BookWho who, Message *message) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Entry entry;

        book_make_entry(book, who, message, &arena, &entry);
        CHECK_EQ_INT(ledger_append(book->ledger, &entry), 0);
        return replay_apply(&book->state, &entry, message, &fault);
}

static int rotate(Book *book, const Key *now) {
        Checkpoint consent;
        Message message = say(book, now, &consent);

        return append(book, BROKER, &message);
}

static int verify(Book *book, const PublicKey *key, const Witness *witness, Fault *fault) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        VerifyReport report;

        CHECK_EQ_INT(ledger_commit(book->ledger), 0);
        book_close(book);
        CHECK_EQ_INT(ledger_open(book->path, LEDGER_INSPECT, &ledger, fault), 0);
        return verify_ledger(ledger, key, witness, witness ? 1 : 0, &report, fault);
}

/* An entry that only the broker says, behind the rotation. */
static void say_alert(Book *book, const Key *key) {
        Message message = {.type = MESSAGE_ALERT};

        message.alert.what = slice_text("a word of the broker");
        message.alert.wait_for = WAIT_FOR_UPKEEP;
        message.alert.cause = 1;
        message_set_present(&message);
        book->keys[BROKER] = *key;
        CHECK_EQ_INT(append(book, BROKER, &message), 0);
}

TEST(from_the_rotation_on_the_new_key_signs_and_any_of_the_chain_names_the_ledger) {
        cleanup_book Book book;
        Fault fault = FAULT_INIT;
        PublicKey first;
        Key now;

        book_begin(&book);
        first = book.keys[BROKER].public;
        make_next(&book, &now);
        CHECK_EQ_INT(rotate(&book, &now), 0);
        say_alert(&book, &now);
        if (verify(&book, &first, NULL, &fault) != 0)
                FAIL_TEST("%s: %s", fault.rule, fault.found);
}

TEST(what_the_former_key_says_behind_the_rotation_does_not_hold) {
        cleanup_book Book book;
        Fault fault = FAULT_INIT;
        Key now;

        book_begin(&book);
        make_next(&book, &now);
        CHECK_EQ_INT(rotate(&book, &now), 0);
        say_alert(&book, &book.keys[BROKER]);
        CHECK_EQ_INT(verify(&book, &now.public, NULL, &fault), VERIFY_E_BROKEN);
        CHECK_EQ_TEXT(fault.rule, "entry-signature");
}

TEST(a_rotation_that_the_former_key_has_not_signed_does_not_hold) {
        cleanup_book Book book;
        Fault fault = FAULT_INIT;
        PublicKey first;
        Key now;

        book_begin(&book);
        first = book.keys[BROKER].public;
        make_next(&book, &now);
        book.keys[BROKER] = now;
        CHECK_EQ_INT(rotate(&book, &now), 0);
        CHECK_EQ_INT(verify(&book, &first, NULL, &fault), VERIFY_E_BROKEN);
        CHECK_EQ_TEXT(fault.rule, "entry-signature");
}

/* The holder of the former key forges another past and puts the true rotation behind it. */
TEST(a_rotation_that_was_moved_behind_another_past_does_not_hold) {
        cleanup_book Book book;
        Fault fault = FAULT_INIT;
        Checkpoint consent;
        Message message;
        Key now;

        book_begin(&book);
        make_next(&book, &now);
        message = say(&book, &now, &consent);
        say_alert(&book, &book.keys[BROKER]);
        CHECK_EQ_INT(append(&book, BROKER, &message), 0);
        CHECK_EQ_INT(verify(&book, &now.public, NULL, &fault), VERIFY_E_BROKEN);
        CHECK_EQ_TEXT(fault.rule, "entry-grounds");
}

TEST(a_ledger_whose_chain_does_not_have_the_projects_key_is_another_brokers) {
        cleanup_book Book book;
        Fault fault = FAULT_INIT;
        Key now, other;

        book_begin(&book);
        make_next(&book, &now);
        make_next(&book, &other);
        CHECK_EQ_INT(rotate(&book, &now), 0);
        CHECK_EQ_INT(verify(&book, &other.public, NULL, &fault), VERIFY_E_BROKEN);
        CHECK_EQ_TEXT(fault.rule, "entry-author");
}

TEST(the_former_key_is_believed_of_heads_before_its_end_only) {
        cleanup_book Book book;
        Fault fault = FAULT_INIT;
        char forged[] = "forged";
        Witness witness = {.source = NULL, .has_signer = true};
        Key now;

        book_begin(&book);
        witness.signer = book.keys[BROKER].public;
        make_next(&book, &now);
        CHECK_EQ_INT(rotate(&book, &now), 0);
        witness.seq = book.state.head_seq - 1;
        CHECK(verify_believes(&book.state, &now.public, &witness));
        witness.seq = book.state.head_seq;
        CHECK(!verify_believes(&book.state, &now.public, &witness));
        witness.source = forged;
        witness.ledger = book.state.ledger;
        witness.seq += 100;
        CHECK_EQ_INT(verify(&book, &now.public, &witness, &fault), VERIFY_E_BROKEN);
        CHECK_EQ_TEXT(fault.rule, "checkpoint-signature");
}

/* The fold alone: such an entry must never reach a file. */
static int fold(Book *book, const Key *now) {
        Checkpoint consent;
        Message message = say(book, now, &consent);
        Fault fault = FAULT_INIT;
        Entry entry = {.seq = book->state.head_seq + 1,
                       .kind = slice_text("rotated"),
                       .actor = slice_text("broker"),
                       .prev = book->state.head_hash};

        return replay_apply(&book->state, &entry, &message, &fault);
}

TEST(a_key_that_was_there_before_and_another_key_for_transport_are_refused) {
        cleanup_book Book book;
        Key first, agent, other, now;

        book_begin(&book);
        first = book.keys[BROKER];
        agent = book.keys[BUILDER];
        key_keep_curve(&agent, &first);
        make_next(&book, &now);
        key_make(&other);
        CHECK_EQ_INT(fold(&book, &first), REPLAY_E_CORRUPT);
        CHECK_EQ_INT(fold(&book, &agent), REPLAY_E_CORRUPT);
        CHECK_EQ_INT(fold(&book, &other), REPLAY_E_CORRUPT);
        CHECK_EQ_INT(fold(&book, &now), 0);
        CHECK_EQ_INT(fold(&book, &first), REPLAY_E_CORRUPT);
        book_close(&book);
}
