/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A table that is right, and every way to make it wrong. */

#include "base/machine.h"

#include "tests/lib/test.h"

enum { OPEN, ASKED, ENDED, N_STATES };
enum { ASK, ANSWER, EXPIRE, N_EVENTS };

typedef struct Table {
        MachineState states[N_STATES];
        MachineEvent events[N_EVENTS];
        MachineEdge edges[3];
        Machine machine;
} Table;

static void table_init(Table *table) {
        *table = (Table){
                .states = {[OPEN] = {"open", false, false, "nothing was asked"},
                           [ASKED] = {"asked", false, true, "an answer is waited for"},
                           [ENDED] = {"ended", true, false, "it is over"}},
                .events = {[ASK] = {"ask", false, "question"},
                           [ANSWER] = {"answer", false, "answer"},
                           [EXPIRE] = {"expire", true, "the timer"}},
                .edges = {{OPEN, ASK, ASKED, "somebody asks"},
                          {ASKED, ANSWER, ENDED, "it is answered"},
                          {ASKED, EXPIRE, ENDED, "nobody answers"}},
                .machine = {.name = "question",
                            .n_states = N_STATES,
                            .n_events = N_EVENTS,
                            .n_edges = 3},
        };
        table->machine.states = table->states;
        table->machine.events = table->events;
        table->machine.edges = table->edges;
}

static void expect_defect(const Table *table, const char *defect) {
        cleanup_buf Buf defects = BUF_TEXT;

        CHECK(!machine_verify(&table->machine, &defects));
        CHECK_CONTAINS(buf_get_text(&defects), defect);
}

TEST(a_right_table_has_no_defects) {
        cleanup_buf Buf defects = BUF_TEXT;
        Table table;

        table_init(&table);
        CHECK(machine_verify(&table.machine, &defects));
        CHECK_EQ_TEXT(buf_get_text(&defects), "");
}

TEST(the_table_decides_the_target) {
        Table table;

        table_init(&table);
        CHECK_EQ_INT(machine_next(&table.machine, OPEN, ASK), ASKED);
        CHECK_EQ_INT(machine_next(&table.machine, ASKED, EXPIRE), ENDED);
        CHECK_EQ_INT(machine_next(&table.machine, OPEN, ANSWER), -1);
        CHECK_EQ_INT(machine_next(&table.machine, ENDED, ASK), -1);
}

TEST(two_edges_on_one_event_are_a_defect) {
        Table table;

        table_init(&table);
        table.edges[2].on = ANSWER;
        expect_defect(&table, "two edges in asked on answer");
}

TEST(a_wait_without_a_timer_is_a_defect) {
        Table table;

        table_init(&table);
        table.events[EXPIRE].is_timer = false;
        expect_defect(&table, "asked waits without a timer");
}

TEST(a_state_that_cannot_be_reached_is_a_defect) {
        Table table;

        table_init(&table);
        table.edges[0].becomes = ENDED;
        expect_defect(&table, "asked cannot be reached");
}

TEST(a_final_state_with_a_way_out_is_a_defect) {
        Table table;

        table_init(&table);
        table.states[ASKED].is_final = true;
        expect_defect(&table, "asked is final and has a way out");
}

TEST(a_dead_end_is_a_defect) {
        Table table;

        table_init(&table);
        table.states[ENDED].is_final = false;
        expect_defect(&table, "ended is not final and has no way out");
}

TEST(a_circle_without_an_end_is_a_defect) {
        Table table;

        table_init(&table);
        table.edges[1].becomes = OPEN;
        table.edges[2].becomes = OPEN;
        table.edges[0].becomes = ASKED;
        expect_defect(&table, "open never ends");
}

TEST(missing_words_are_a_defect) {
        Table table;

        table_init(&table);
        table.edges[1].because = NULL;
        expect_defect(&table, "edge 1 lacks its reason");
        table_init(&table);
        table.states[OPEN].sentence = NULL;
        expect_defect(&table, "state 0 lacks its words");
        table_init(&table);
        table.events[ASK].cause = NULL;
        expect_defect(&table, "event 0 lacks its words");
}

TEST(the_docs_have_every_row) {
        cleanup_buf Buf text = BUF_TEXT;
        Table table;

        table_init(&table);
        machine_print_docs(&table.machine, &text);
        CHECK_CONTAINS(buf_get_text(&text), "| `ended` (final) | it is over |");
        CHECK_CONTAINS(buf_get_text(&text),
                       "| `asked` | expire (the timer) | `ended` | nobody answers |");
}
