/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Entries that are proved before they are visited, by one thread and by two. */

#include "broker/chain.h"

#include <stdlib.h>

#include <sqlite3.h>

#include "base/mem.h"
#include "broker/replay.h"
#include "tests/lib/book.h"
#include "tests/lib/test.h"

typedef struct Visited {
        uint64_t n, stop_at;
        Hash head;
} Visited;

static int visit(void *userdata, const Entry *entry) {
        Visited *visited = userdata;

        CHECK_EQ_INT(entry->seq, ++visited->n);
        visited->head = entry->hash;
        return visited->n == visited->stop_at ? 77 : 0;
}

typedef struct Walked {
        int result;
        Visited visited;
        Fault fault;
} Walked;

/* By one thread and by two: always the same. */
static Walked walk(const Book *book, uint64_t stop_at) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        Walked alone = {.visited = {.stop_at = stop_at}, .fault = FAULT_INIT}, ahead = alone;

        CHECK_EQ_INT(ledger_open(book->path, LEDGER_READ, &ledger, &alone.fault), 0);
        alone.result = chain_walk(ledger, visit, &alone.visited, &alone.fault);
        ahead.result = chain_walk_ahead(book->path, visit, &ahead.visited, &ahead.fault);
        CHECK_EQ_INT(ahead.result, alone.result);
        CHECK_EQ_INT(ahead.visited.n, alone.visited.n);
        CHECK(hash_equal(&ahead.visited.head, &alone.visited.head));
        CHECK_EQ_TEXT(ahead.fault.place, alone.fault.place);
        return ahead;
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

static void add_note(Book *book, size_t i) {
        cleanup_free char *text = mem_printf("%0*zu", (int)(1 + i * 37 % 4000), i);
        Message note = book_make_note(text);
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Entry entry;

        book_make_entry(book, ADVERSARY, &note, &arena, &entry);
        entry.id = (Id){{2, (uint8_t)(i >> 8), (uint8_t)i}};
        entry_hash(&entry, &entry.hash);
        CHECK_EQ_INT(ledger_append(book->ledger, &entry), 0);
        CHECK_EQ_INT(replay_apply(&book->state, &entry, &note, &fault), 0);
}

/* By notes of all lengths, to more than the ring holds at a time. */
static void lengthen(Book *book) {
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(ledger_open(book->path, LEDGER_WRITE, &book->ledger, &fault), 0);
        for (size_t i = 0; i < 1500; i++)
                add_note(book, i);
        CHECK_EQ_INT(ledger_commit(book->ledger), 0);
        book->ledger = ledger_free(book->ledger);
}

TEST(each_entry_of_an_honest_ledger_is_visited_in_order) {
        cleanup_book Book book;
        Walked walked;

        book_make(&book);
        lengthen(&book);
        walked = walk(&book, 0);
        CHECK_EQ_INT(walked.result, 0);
        CHECK_EQ_INT(walked.visited.n, book.state.head_seq);
        CHECK(hash_equal(&walked.visited.head, &book.state.head_hash));
}

TEST(the_first_entry_that_is_not_what_its_hash_says_is_named_behind_those_before_it) {
        cleanup_book Book book;
        Walked walked;

        book_make(&book);
        move_entry_in_time(&book, 5);
        move_entry_in_time(&book, 3);
        walked = walk(&book, 0);
        CHECK_EQ_INT(walked.result, CHAIN_E_BROKEN);
        CHECK_EQ_INT(walked.visited.n, 2);
        CHECK_EQ_TEXT(walked.fault.place, "entry 3");
}

TEST(a_visitor_that_stops_is_not_read_to_any_more) {
        cleanup_book Book book;
        Walked walked;

        book_make(&book);
        lengthen(&book);
        walked = walk(&book, 4);
        CHECK_EQ_INT(walked.result, 77);
        CHECK_EQ_INT(walked.visited.n, 4);
}

TEST(a_ledger_that_is_not_there_is_refused) {
        cleanup_free char *path = mem_printf("%s/none.db", test_dir());
        Visited visited = {.n = 0};
        Fault fault = FAULT_INIT;

        CHECK_EQ_INT(chain_walk_ahead(path, visit, &visited, &fault), CHAIN_E_BROKEN);
        CHECK_EQ_TEXT(fault.rule, "ledger-missing");
        CHECK_EQ_INT(visited.n, 0);
}
