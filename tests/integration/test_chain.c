/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The second reader that a start on a long ledger has: it finds what the first one would find. */

#include "broker/chain.h"

#include <stdlib.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "tests/lib/book.h"
#include "tests/lib/test.h"

static int read_again(const Book *book, Fault *fault) {
        cleanup(chain_freep) Chain *chain = NULL;

        CHECK_EQ_INT(chain_start(book->path, &chain), 0);
        return chain_finish(chain, book->state.head_seq, &book->state.head_hash, fault);
}

static int keep_text(void *userdata, int n, char **values, char **names) {
        (void)n;
        (void)names;
        *(char **)userdata = mem_strdup(values[0]);
        return 0;
}

/* By somebody who puts the trigger back afterwards. */
static void move_entry_in_time(const Book *book, unsigned seq) {
        cleanup_free char *trigger = NULL;
        cleanup_free char *sql = NULL;
        sqlite3 *raw = NULL;

        CHECK_EQ_INT(sqlite3_open(book->path, &raw), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_exec(raw, "SELECT sql FROM sqlite_master WHERE name = 'entry_update'",
                                  keep_text, &trigger, NULL),
                     SQLITE_OK);
        CHECK(trigger != NULL);
        sql = mem_printf("DROP TRIGGER entry_update;"
                         "UPDATE entry SET received_ms = received_ms + 1 WHERE seq = %u; %s",
                         seq, trigger);
        CHECK_EQ_INT(sqlite3_exec(raw, sql, NULL, NULL, NULL), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_close(raw), SQLITE_OK);
}

TEST(a_second_reader_comes_to_the_head_of_an_honest_ledger) {
        cleanup_book Book book;
        Fault fault = FAULT_INIT;

        book_make(&book);
        CHECK_EQ_INT(read_again(&book, &fault), 0);
}

TEST(a_second_reader_names_the_first_entry_that_is_not_what_its_hash_says) {
        cleanup_book Book book;
        Fault fault = FAULT_INIT;

        book_make(&book);
        move_entry_in_time(&book, 5);
        move_entry_in_time(&book, 3);
        CHECK_EQ_INT(read_again(&book, &fault), CHAIN_E_BROKEN);
        CHECK_EQ_TEXT(fault.place, "entry 3");
}

TEST(a_second_reader_that_came_to_another_head_vouches_for_nothing) {
        cleanup_book Book book;
        Fault fault = FAULT_INIT;

        book_make(&book);
        book.state.head_seq--;
        CHECK_EQ_INT(read_again(&book, &fault), CHAIN_E_BROKEN);
        CHECK_EQ_TEXT(fault.rule, "ledger-corrupt");
}

TEST(a_second_reader_of_a_ledger_that_is_not_there_is_refused) {
        Book book = {.path = mem_printf("%s/none.db", test_dir())};
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(read_again(&book, &fault), CHAIN_E_BROKEN);
        CHECK_EQ_TEXT(fault.rule, "ledger-missing");
        free(book.path);
}

TEST(a_second_reader_may_be_left_alone) {
        cleanup(chain_freep) Chain *chain = NULL;
        cleanup_book Book book;

        book_make(&book);
        CHECK_EQ_INT(chain_start(book.path, &chain), 0);
}
