/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* views.db, as its readers use it: by the sqlite3 program. */

#include "tests/lib/test.h"

#include <sqlite3.h>
#include <unistd.h>

#include "base/fd.h"
#include "broker/replay.h"
#include "broker/views.h"
#include "proto/codec.h"
#include "tests/lib/bench.h"
#include "tests/lib/chronicle.h"

enum { TEXT_BYTES_MAX = 1 << 22, LIMIT_MS = 20000 };

typedef struct Library {
        Chronicle chronicle;
        Ledger *ledger;
        const char *path; /* of the views */
        Arena arena;
} Library;

static void make_library(Library *library, const char *story) {
        const char *dir = test_dir();
        Fault fault = FAULT_INIT;
        uint64_t n = 0;

        chronicle_play(&library->chronicle, story);
        library->path = arena_printf(&library->arena, "%s/views.db", dir);
        library->ledger = chronicle_write(&library->chronicle,
                                          arena_printf(&library->arena, "%s/ledger.db", dir));
        CHECK_EQ_INT(views_fill(library->path, library->ledger, false, &n, &fault), 0);
        CHECK_EQ_U64(n, library->chronicle.desk.port.n_entries);
}

static void library_deinit(Library *library) {
        (void)ledger_free(library->ledger);
        chronicle_close(&library->chronicle);
        arena_deinit(&library->arena);
}

static const char *query(Library *library, const char *sql) {
        cleanup_buf Buf out = BUF_INIT(TEXT_BYTES_MAX);

        bench_run_expect(
                &(ProcessSpec){.argv = {"sqlite3", "-batch", "-readonly", library->path, sql}},
                LIMIT_MS, 0, &out);
        return arena_text(&library->arena, buf_get(&out));
}

/* ---- what they say ---- */

TEST(claims_name_each_gate_and_the_verdict_on_it) {
        cleanup(library_deinit) Library library = {.ledger = NULL};

        make_library(&library, "pvfix");
        CHECK_EQ_TEXT(query(&library, "SELECT claim, time, gate, builder, mode, verdict, decision "
                                      "FROM claims ORDER BY claim"),
                      "12|2026-06-13T05:32:00Z|M1|bob|cold|15|PASS\n"
                      "18|2026-06-13T05:47:00Z|M2|bob|cold|20|PASS\n");
}

TEST(a_claim_of_several_gates_is_several_rows) {
        cleanup(library_deinit) Library library = {.ledger = NULL};

        make_library(&library, "2w");
        CHECK_EQ_TEXT(query(&library, "SELECT gate FROM claims WHERE claim = 15"),
                      "WC1\nWC1.1\nWC1.2\n");
}

TEST(verdicts_tell_scope_and_who_retracted_them) {
        cleanup(library_deinit) Library library = {.ledger = NULL};
        cleanup(library_deinit) Library other = {.ledger = NULL};

        make_library(&library, "2w");
        CHECK_CONTAINS(query(&library, "SELECT scope FROM verdicts WHERE gate = 'WC1.1'"),
                       "keycloak (stateful) only");
        make_library(&other, "kinds");
        CHECK_EQ_TEXT(query(&other, "SELECT verdict, retracted_by FROM verdicts WHERE retracted_by "
                                    "IS NOT NULL"),
                      "20|26\n52|54\n");
}

TEST(checks_are_rows_with_their_outcomes) {
        cleanup(library_deinit) Library library = {.ledger = NULL};

        make_library(&library, "kinds");
        CHECK_EQ_TEXT(
                query(&library, "SELECT gate, check_id, outcome FROM checks WHERE outcome <> "
                                "'pass' ORDER BY verdict, check_id"),
                "two|cache|fail\nwarns|looks|unverifiable\nwarns|style|warn\ntwo|unit|fail\n");
}

TEST(a_finding_that_a_fail_filed_is_told_as_the_fold_has_it) {
        cleanup(library_deinit) Library library = {.ledger = NULL};

        make_library(&library, "kinds");
        CHECK_CONTAINS(query(&library, "SELECT finding, gate, state, waived_until FROM findings"),
                       "|carries|waived|2026-02-01T00:00:00Z\n");
        CHECK_CONTAINS(query(&library, "SELECT title, state FROM findings"),
                       "The manual lacks a page|closed\n");
}

TEST(vetoes_holds_and_the_timeline_are_told) {
        cleanup(library_deinit) Library library = {.ledger = NULL};

        make_library(&library, "kinds");
        CHECK_EQ_TEXT(query(&library, "SELECT adversary, lifted_because FROM vetoes"),
                      "ada|It is: a missing close.\n");
        CHECK_EQ_TEXT(query(&library, "SELECT resource, who, granted_at FROM holds ORDER BY hold"),
                      "lab|ada|2026-01-05T08:02:00Z\nlab|bob|\n");
        CHECK_CONTAINS(query(&library, "SELECT kind, actor, gate, what FROM timeline"),
                       "verdict|alan|two|FAIL\n");
}

/* Every block of SQL in the docs; a block may have several lines that each end in `;`. */
TEST(every_example_of_the_docs_runs) {
        cleanup(library_deinit) Library library = {.ledger = NULL};
        cleanup_buf Buf docs = BUF_INIT(TEXT_BYTES_MAX);
        size_t n = 0;
        Slice rest;

        make_library(&library, "kinds");
        CHECK_EQ_INT(file_read(test_source("docs/ledger.md"), &docs), 0);
        rest = buf_get(&docs);
        for (;;) {
                size_t begin = slice_find(rest, slice_text("```sql\n")), end;

                if (begin == rest.n)
                        break;
                rest = slice_from(rest, begin + strlen("```sql\n"));
                end = slice_find(rest, slice_text("```"));
                (void)query(&library, arena_text(&library.arena, slice_head(rest, end)));
                rest = slice_from(rest, end);
                n++;
        }
        CHECK(n >= 5);
}

TEST(every_view_is_in_the_docs) {
        cleanup_buf Buf docs = BUF_INIT(TEXT_BYTES_MAX), table = BUF_TEXT;

        views_print_docs(&table);
        CHECK_EQ_INT(file_read(test_source("docs/ledger.md"), &docs), 0);
        CHECK_CONTAINS(buf_get_text(&docs), buf_get_text(&table));
}

/* ---- where they come from ---- */

TEST(what_is_filled_in_steps_is_what_is_filled_at_once) {
        cleanup(library_deinit) Library library = {.ledger = NULL};
        cleanup(views_freep) Views *views = NULL;
        cleanup(state_deinit) State state;
        const FakePort *port;
        const char *path;
        Fault fault = FAULT_INIT;

        make_library(&library, "kinds");
        port = &library.chronicle.desk.port;
        path = arena_printf(&library.arena, "%s/steps.db", test_dir());
        state_init(&state);
        CHECK_EQ_INT(views_open(path, library.ledger, &views), 0);
        for (size_t i = 0; i < port->n_entries; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                CodecFault codec_fault;
                Message message;

                CHECK_EQ_INT(codec_decode(port->entries[i].frame, &arena, &message, &codec_fault),
                             0);
                CHECK_EQ_INT(replay_apply(&state, &port->entries[i], &message, &fault), 0);
                CHECK_EQ_INT(views_add(views, &port->entries[i], &message), 0);
                CHECK_EQ_INT(views_finish(views, &state, port->entries[i].received_ms), 0);
        }
        views = views_free(views);
        {
                const char *once = query(&library, "SELECT * FROM entry; SELECT * FROM status");

                library.path = path;
                CHECK_EQ_TEXT(query(&library, "SELECT * FROM entry; SELECT * FROM status"), once);
        }
}

static int check(const Library *library, ViewsReport *ret_report, Fault *ret_fault) {
        *ret_fault = FAULT_INIT;
        return views_check(library->path, library->ledger, ret_report, ret_fault);
}

TEST(what_was_filled_holds) {
        cleanup(library_deinit) Library library = {.ledger = NULL};
        ViewsReport report;
        Fault fault;

        make_library(&library, "kinds");
        CHECK_EQ_INT(check(&library, &report, &fault), 0);
        CHECK_EQ_U64(report.n_entries, library.chronicle.desk.port.n_entries);
}

static void tamper(const Library *library, const char *sql) {
        sqlite3 *db = NULL;

        CHECK_EQ_INT(sqlite3_open(library->path, &db), SQLITE_OK);
        CHECK_EQ_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        (void)sqlite3_close(db);
}

TEST(whatever_is_changed_in_them_is_found) {
        static const char *const changes[] = {
                "UPDATE entry SET body = replace(body, 'FAIL', 'PASS') WHERE kind = 'verdict'",
                "UPDATE entry SET actor = 'alan' WHERE seq = 20",
                "DELETE FROM entry WHERE seq = 20",
                "INSERT INTO entry SELECT max(seq) + 1, 0, '', '', '', '', '' FROM entry",
                "UPDATE status SET body = replace(body, 'failed', 'passed')",
                "DROP VIEW verdicts; CREATE VIEW verdicts AS SELECT 1",
        };

        for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
                cleanup(library_deinit) Library library = {.ledger = NULL};
                ViewsReport report;
                Fault fault;

                make_library(&library, "kinds");
                tamper(&library, changes[i]);
                if (check(&library, &report, &fault) != VIEWS_CHECK_E_DIFFERS)
                        FAIL_TEST("not found: %s", changes[i]);
                CHECK_EQ_TEXT(fault.rule, "views-differ");
        }
}

TEST(that_the_newest_entries_are_missing_is_no_difference) {
        cleanup(library_deinit) Library library = {.ledger = NULL};
        ViewsReport report;
        Fault fault;

        make_library(&library, "kinds");
        tamper(&library, "DELETE FROM entry WHERE seq > 40; DELETE FROM status");
        CHECK_EQ_INT(check(&library, &report, &fault), 0);
        CHECK_EQ_U64(report.n_entries, 40);
}

TEST(what_does_not_fit_the_ledger_is_made_anew) {
        static const char *const changes[] = {
                "UPDATE entry SET hash = 'x' WHERE seq = (SELECT max(seq) FROM entry)",
                "DROP TABLE status",
        };

        for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
                cleanup(library_deinit) Library library = {.ledger = NULL};
                ViewsReport report;
                uint64_t n = 0;
                Fault fault;

                make_library(&library, "pvfix");
                tamper(&library, changes[i]);
                CHECK_EQ_INT(views_fill(library.path, library.ledger, false, &n, &fault), 0);
                CHECK_EQ_INT(check(&library, &report, &fault), 0);
        }
}

TEST(a_file_that_is_no_database_is_made_anew) {
        cleanup(library_deinit) Library library = {.ledger = NULL};
        ViewsReport report;
        uint64_t n = 0;
        Fault fault;

        make_library(&library, "pvfix");
        CHECK_EQ_INT(
                file_write_atomic(library.path, slice_text("rubbish, and not little of it"), 0600),
                0);
        CHECK_EQ_INT(views_fill(library.path, library.ledger, false, &n, &fault), 0);
        CHECK_EQ_INT(check(&library, &report, &fault), 0);
        CHECK_EQ_U64(report.n_entries, n);
}

/* ---- by the broker ---- */

TEST(a_broker_at_rest_brings_them_up_and_verify_compares_them) {
        cleanup_buf Buf out = BUF_INIT(TEXT_BYTES_MAX);
        const char *broker = bench_program("COLDGATE_BROKER"), *dir = test_dir();
        cleanup(process_freep) Process *process = NULL;

        bench_run_expect(&(ProcessSpec){.argv = {broker, "init"}, .cwd = dir}, LIMIT_MS, 0, NULL);
        process = process_start(&(ProcessSpec){.argv = {broker, "run"}, .cwd = dir});
        process_wait_text(process, "ready", LIMIT_MS);
        bench_run_expect(&(ProcessSpec){.argv = {broker, "plan", "approve",
                                                 test_source("tests/data/stories/pvfix.plan.md")},
                                        .cwd = dir},
                         LIMIT_MS, 0, NULL);
        bench_run_expect(&(ProcessSpec){.argv = {broker, "views"}, .cwd = dir}, LIMIT_MS, 0, &out);
        CHECK_CONTAINS(buf_get_text(&out), "views of 5 entries in ");
        bench_run_expect(&(ProcessSpec){.argv = {broker, "verify"}, .cwd = dir}, LIMIT_MS, 0, &out);
        CHECK_CONTAINS(buf_get_text(&out), "  and its views, which have 5\n");
        bench_run_expect(&(ProcessSpec){.argv = {"sqlite3", ".coldgate/views.db",
                                                 "UPDATE entry SET actor = 'eve' WHERE seq = 5"},
                                        .cwd = dir},
                         LIMIT_MS, 0, NULL);
        bench_run_expect(&(ProcessSpec){.argv = {broker, "verify"}, .cwd = dir}, LIMIT_MS, 1, &out);
        CHECK_CONTAINS(buf_get_text(&out), "views-differ");
}
