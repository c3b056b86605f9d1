/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Entries, one after the other. */

#include "tests/lib/book.h"

#include <stdlib.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "broker/replay.h"
#include "proto/codec.h"
#include "tests/lib/test.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static const char *const who_names[_BOOK_WHO_MAX] = {"broker", "operator", "builder", "adversary"};
static const Role who_roles[_BOOK_WHO_MAX] = {ROLE_BROKER, ROLE_OPERATOR, ROLE_BUILDER,
                                              ROLE_ADVERSARY};

void book_deinit(Book *book) {
        book->ledger = ledger_free(book->ledger);
        (void)sqlite3_close(book->raw);
        state_deinit(&book->state);
        free(book->path);
}

void book_make_entry(Book *book, BookWho who, Message *message, Arena *arena, Entry *ret_entry) {
        uint8_t *signature = arena_alloc(arena, SIGNATURE_BYTES);
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Hash ledger = {{7}};
        CodecFault fault;

        message_set_present(message);
        CHECK_EQ_INT(codec_encode(message, &frame, &fault), 0);
        *ret_entry = (Entry){
                .seq = book->state.head_seq + 1,
                .received_ms = 1781328787000 + book->state.head_seq,
                .kind = slice_text(message_name(message->type)),
                .phase = state_phase_of(&book->state, message),
                .actor = slice_text(who_names[who]),
                .id = {{1, (uint8_t)(4 * ++book->n_ids)}}, /* no bit from another */
                .frame = arena_slice(arena, buf_get(&frame)),
                .prev = book->state.head_hash,
        };
        entry_sign(&book->keys[who], &ledger, &ret_entry->id, ret_entry->frame, signature);
        ret_entry->signature = slice_make(signature, SIGNATURE_BYTES);
        entry_hash(ret_entry, &ret_entry->hash);
}

static void say(Book *book, BookWho who, Message message) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Entry entry;

        book_make_entry(book, who, &message, &arena, &entry);
        CHECK_EQ_INT(ledger_append(book->ledger, &entry), 0);
        if (replay_apply(&book->state, &entry, &message, &fault) != 0)
                FAIL_TEST("%s", fault.found);
}

Message book_make_admit(const Book *book, BookWho who) {
        return (Message){.type = MESSAGE_ADMIT,
                         .admit = {.name = slice_text(who_names[who]),
                                   .role = who_roles[who],
                                   .key = slice_make(&book->keys[who].public, sizeof(PublicKey))}};
}

static void say_beginning(Book *book) {
        static const Hash ledger = {{7}};

        say(book, BROKER,
            (Message){.type = MESSAGE_GENESIS,
                      .genesis = {.ledger = hash_slice(&ledger),
                                  .project = slice_text("tampering"),
                                  .broker_key =
                                          slice_make(&book->keys[BROKER].public, sizeof(PublicKey)),
                                  .format = 1}});
        say(book, BROKER, book_make_admit(book, OPERATOR));
        say(book, BROKER, book_make_admit(book, BUILDER));
        say(book, OPERATOR, book_make_admit(book, ADVERSARY));
}

void book_say_plan(Book *book) {
        static const Hash digest = {{9}};
        struct gate_digest gate = {
                .gate = slice_text("M1"), .digest = hash_slice(&digest), .valid_for_ms = 1000};
        Slice text = slice_text("the plan");
        Hash plan_digest;

        hash_of(text, &plan_digest);
        say(book, OPERATOR,
            (Message){.type = MESSAGE_PLAN,
                      .plan = {.phase = slice_text("m"),
                               .text = text,
                               .digest = hash_slice(&plan_digest),
                               .gates = &gate,
                               .n_gates = 1}});
}

void book_say_claim(Book *book) {
        Slice gate = slice_text("M1");

        say(book, BUILDER,
            (Message){.type = MESSAGE_CLAIM,
                      .claim = {.phase = slice_text("m"),
                                .gates = &gate,
                                .n_gates = 1,
                                .repository = slice_text("file:///r"),
                                .commit = slice_text(COMMIT),
                                .mode = MODE_COLD}});
        say(book, BROKER,
            (Message){.type = MESSAGE_LEASE,
                      .lease = {.claim = book->state.head_seq,
                                .adversary = slice_text("adversary"),
                                .lease_ms = 60000,
                                .attempt = 1}});
}

Message book_make_verdict(const Book *book, Decision decision, struct check_result *check) {
        static const Hash digest = {{9}};

        return (Message){.type = MESSAGE_VERDICT,
                         .verdict = {.claim = book->state.head_seq - 1,
                                     .gate = slice_text("M1"),
                                     .lease = book->state.head_seq,
                                     .decision = decision,
                                     .commit = slice_text(COMMIT),
                                     .gate_digest = hash_slice(&digest),
                                     .mode = MODE_COLD,
                                     .checks = check,
                                     .n_checks = 1,
                                     .started_ms = 1}};
}

void book_say_done(Book *book, const char *commit) {
        say(book, BUILDER,
            (Message){.type = MESSAGE_DONE,
                      .done = {.phase = slice_text("m"), .commit = slice_text(commit)}});
}

static void say_verdict(Book *book) {
        Slice frame = slice_text(BOOK_EVIDENCE);
        struct check_result check = {.check = slice_text("one"), .outcome = OUTCOME_FAIL};
        Hash digest;

        hash_of(frame, &digest);
        check.evidence = hash_slice(&digest);
        CHECK_EQ_INT(ledger_evidence_put(book->ledger, &digest, frame), 0);
        say(book, ADVERSARY, book_make_verdict(book, DECISION_FAIL, &check));
        book->verdict = book->state.head_seq;
}

Message book_make_note(const char *text) {
        return (Message){
                .type = MESSAGE_NOTE,
                .note = {.phase = slice_text("m"), .to = NOTE_TO_RECORD, .text = slice_text(text)}};
}

void book_begin(Book *book) {
        Fault fault = FAULT_INIT;

        *book = (Book){.path = mem_printf("%s/ledger.db", test_dir())};
        CHECK_EQ_INT(sign_start(), 0);
        state_init(&book->state);
        for (size_t i = 0; i < _BOOK_WHO_MAX; i++)
                key_from_seed((uint8_t[32]){(uint8_t)(i + 1)}, &book->keys[i]);
        CHECK_EQ_INT(ledger_open(book->path, LEDGER_CREATE, &book->ledger, &fault), 0);
        say_beginning(book);
}

void book_close(Book *book) {
        CHECK_EQ_INT(ledger_commit(book->ledger), 0);
        book->ledger = ledger_free(book->ledger);
}

void book_make(Book *book) {
        book_begin(book);
        book_say_plan(book);
        book_say_claim(book);
        say_verdict(book);
        say(book, BUILDER, book_make_note("a word"));
        say(book, OPERATOR,
            (Message){.type = MESSAGE_REVOKE,
                      .revoke = {.name = slice_text("builder"), .why = slice_text("lost")}});
        book_close(book);
}
