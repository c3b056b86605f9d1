/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A ledger on disk with an entry of most kinds, written without a broker: keys, times and ids are
 * fixed, every entry is signed by who says it and folds. For tests that change the file. */

#include "broker/ledger.h"
#include "broker/state.h"

/* What the book's verdict rests on. */
#define BOOK_EVIDENCE "what was measured"

typedef enum BookWho { BROKER, OPERATOR, BUILDER, ADVERSARY, _BOOK_WHO_MAX } BookWho;

typedef struct Book {
        char *path;
        Ledger *ledger; /* while it is written */
        Key keys[_BOOK_WHO_MAX];
        State state;
        uint8_t n_ids;
        uint64_t verdict;    /* the entry that has evidence */
        struct sqlite3 *raw; /* a stranger's connection, if a test opens one */
} Book;

/* Genesis, an operator, a builder, an adversary. */
void book_begin(Book *book);
void book_say_plan(Book *book);
/* A claim of the plan's gate, and its lease. */
void book_say_claim(Book *book);
/* A request of the builder; what it lacks is not looked at. */
void book_say_done(Book *book, const char *commit);
void book_close(Book *book);
/* All of that, a verdict with evidence, a note, a revocation of the builder; closed. */
void book_make(Book *book);
void book_deinit(Book *book);
#define cleanup_book cleanup(book_deinit)

/* The entry that `who` would make next; its slices are in the arena. */
void book_make_entry(Book *book, BookWho who, Message *message, Arena *arena, Entry *ret_entry);
/* Said by `who`: a verdict right behind the lease, an admission, a note. */
Message book_make_verdict(const Book *book, Decision decision, struct check_result *check);
Message book_make_admit(const Book *book, BookWho who);
Message book_make_note(const char *text);
