/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What an entry looks like to others. */

#include "broker/event.h"

#include "tests/lib/test.h"

static Entry make_entry(const char *kind) {
        return (Entry){.seq = 31,
                       .received_ms = 1781328787000,
                       .kind = slice_text(kind),
                       .phase = slice_text("m"),
                       .actor = slice_text("ada")};
}

static const char *line_of(const char *kind, const Message *message, Buf *text) {
        Entry entry = make_entry(kind);

        event_print_line(&(Event){.entry = &entry, .message = message}, text);
        return buf_get_text(text);
}

static Message make_verdict(Decision decision, const char *summary) {
        return (Message){
                .type = MESSAGE_VERDICT,
                .verdict = {.gate = slice_text("M1"),
                            .decision = decision,
                            .summary = slice_text(summary),
                            .commit = slice_text("0123456789abcdef0123456789abcdef01234567")},
        };
}

TEST(an_event_is_one_line_whatever_agents_say) {
        Message fail = make_verdict(DECISION_FAIL, "a\x1b[2J\xe2\x80\xae c\nb");
        cleanup_buf Buf text = BUF_TEXT;
        const char *line = line_of("verdict", &fail, &text);

        CHECK(strchr(line, '\n') == NULL);
        CHECK(strchr(line, '\x1b') == NULL);
        CHECK(strstr(line, "\xe2\x80\xae") == NULL);
        CHECK_CONTAINS(line, "m: verdict by ada: FAIL M1 at 0123456789ab (C-0): a");
        CHECK_CONTAINS(line, "(V-31)");
}

TEST(a_verdict_is_a_status_of_its_gate) {
        static const char *const states[] = {"success", "failure", "error"};
        Entry entry = make_entry("verdict");

        for (int i = 0; i < _DECISION_MAX; i++) {
                Message verdict = make_verdict((Decision)i, "why");
                Event event = {.entry = &entry, .message = &verdict};
                EventStatus status;

                CHECK_EQ_U64(event_count_statuses(&verdict), 1);
                event_make_status(&event, 0, "", &status);
                CHECK_EQ_TEXT(status.state, states[i]);
                CHECK_CONTAINS(buf_get_text(&status.body), "\"context\":\"coldgate/m-M1\"");
                CHECK_CONTAINS(buf_get_text(&status.body), " by ada (V-31)");
                buf_deinit(&status.body);
        }
}

TEST(one_of_several_verdicts_is_said_to_nobody_before_all_are_in) {
        Entry entry = make_entry("verdict");
        Message verdict = make_verdict(DECISION_FAIL, "the port is shut");
        GateRecord gate = {.verifiers = 2,
                           .n_votes = 1,
                           .claim_seq = 12,
                           .state = GATE_STATE_CLAIMED,
                           .verdict = {.seq = 31, .decision = DECISION_INCONCLUSIVE}};
        Event event = {.entry = &entry, .message = &verdict, .gate = &gate};
        cleanup_buf Buf json = BUF_TEXT;
        EventStatus status;

        verdict.verdict.claim = 12;
        event_print_json(&event, &json);
        CHECK_CONTAINS_NOT(buf_get_text(&json), "FAIL");
        CHECK_CONTAINS_NOT(buf_get_text(&json), "the port");
        CHECK_CONTAINS(buf_get_text(&json), "M1 has 1 of 2 verdicts");
        event_make_status(&event, 0, "", &status);
        CHECK_EQ_TEXT(status.state, "pending");
        buf_deinit(&status.body);
        gate.state = GATE_STATE_INCONCLUSIVE;
        event_make_status(&event, 0, "", &status);
        CHECK_EQ_TEXT(status.state, "error");
        buf_deinit(&status.body);
}

TEST(the_last_of_several_verdicts_does_not_speak_for_all) {
        Entry entry = make_entry("verdict");
        Message verdict = make_verdict(DECISION_PASS, NULL);
        GateRecord gate = {.verifiers = 2,
                           .n_votes = 2,
                           .claim_seq = 12,
                           .state = GATE_STATE_INCONCLUSIVE,
                           .verdict = {.seq = 31, .decision = DECISION_INCONCLUSIVE}};
        Event event = {.entry = &entry, .message = &verdict, .gate = &gate};
        cleanup_buf Buf json = BUF_TEXT;

        verdict.verdict.claim = 12;
        event_print_json(&event, &json);
        CHECK_CONTAINS_NOT(buf_get_text(&json), "PASS");
        CHECK_CONTAINS(buf_get_text(&json), "\"decision\":\"INCONCLUSIVE\"");
        CHECK_CONTAINS(buf_get_text(&json), "its verdicts differ");
}

/* The gates of a vote, V-31 on C-12, when it is sent; `seq` is of the gate's verdict, `part` one of
 * which that was made. */
static const struct {
        const char *line;
        GateRecord gate;
        uint64_t part;
        bool is_decided;
} vote_rows[] = {
        {.line = "m: M1 has 1 of 2 verdicts at 0123456789ab (V-31)",
         .gate = {.state = GATE_STATE_VERIFYING, .claim_seq = 12, .n_votes = 1}},
        {.line = "m: verdict by ada (V-31)", /* superseded */
         .gate = {.state = GATE_STATE_CLAIMED, .claim_seq = 40}},
        {.line = "m: verdict by ada (V-31)", /* and the claim that superseded it is decided */
         .gate = {.state = GATE_STATE_PASSED,
                  .claim_seq = 40,
                  .verdict = {.seq = 50, .decision = DECISION_PASS}},
         .part = 49},
        {.line = "m: verdict by ada (V-31)", /* withdrawn; nothing stands again */
         .gate = {.state = GATE_STATE_OPEN, .claim_seq = 12}},
        {.line = "m: verdict by ada (V-31)", /* withdrawn; what an older claim had stands again */
         .gate = {.state = GATE_STATE_PASSED,
                  .claim_seq = 12,
                  .verdict = {.seq = 9, .decision = DECISION_PASS}},
         .part = 8},
        {.line = "m: verdict by ada: FAIL M1 at 0123456789ab (C-12): the port is shut (V-31)",
         .gate = {.state = GATE_STATE_FAILED,
                  .claim_seq = 12,
                  .verdict = {.seq = 33, .decision = DECISION_FAIL}},
         .part = 31,
         .is_decided = true},
        {.line = "m: M1 INCONCLUSIVE at 0123456789ab: its verdicts differ (V-31)",
         .gate = {.state = GATE_STATE_INCONCLUSIVE,
                  .claim_seq = 12,
                  .verdict = {.seq = 31, .decision = DECISION_INCONCLUSIVE}},
         .is_decided = true},
};

TEST(one_of_several_verdicts_is_told_where_its_gate_is_decided_by_it_and_nowhere_else) {
        Entry entry = make_entry("verdict");
        Message verdict = make_verdict(DECISION_FAIL, "the port is shut");

        verdict.verdict.claim = 12;
        verdict.verdict.reason = slice_text("assert.stdout");
        for (size_t i = 0; i < ARRAY_SIZE(vote_rows); i++) {
                GateRecord gate = vote_rows[i].gate;
                Event event = {.entry = &entry, .message = &verdict, .gate = &gate};
                cleanup_buf Buf json = BUF_TEXT, line = BUF_TEXT;
                EventStatus status;

                gate.verifiers = 2;
                gate.verdict.parts[0].seq = vote_rows[i].part;
                gate.verdict.n_parts = vote_rows[i].part != 0;
                event_print_line(&event, &line);
                CHECK_EQ_TEXT(buf_get_text(&line), vote_rows[i].line);
                event_print_json(&event, &json);
                CHECK((strstr(buf_get_text(&json), "\"decision\"") != NULL) ==
                      vote_rows[i].is_decided);
                CHECK((strstr(buf_get_text(&json), "assert") != NULL) ==
                      (vote_rows[i].is_decided && gate.verdict.decision == DECISION_FAIL));
                event_make_status(&event, 0, "", &status);
                CHECK((strcmp(status.state, "pending") != 0) == vote_rows[i].is_decided);
                buf_deinit(&status.body);
        }
}

TEST(verdicts_do_not_differ_where_what_was_claimed_does) {
        Entry entry = make_entry("verdict");
        Message verdict = make_verdict(DECISION_PASS, NULL);
        GateRecord gate = {
                .verifiers = 2,
                .claim_seq = 12,
                .state = GATE_STATE_FAILED,
                .verdict = {.seq = 31, .decision = DECISION_FAIL, .is_mismatch = true},
        };
        Event event = {.entry = &entry, .message = &verdict, .gate = &gate};
        cleanup_buf Buf json = BUF_TEXT, line = BUF_TEXT;

        verdict.verdict.claim = 12;
        event_print_line(&event, &line);
        CHECK_EQ_TEXT(buf_get_text(&line),
                      "m: verdict by ada: PASS M1 at 0123456789ab (C-12) (V-31)");
        event_print_json(&event, &json);
        CHECK_CONTAINS(buf_get_text(&json), "\"decision\":\"PASS\"");
}

TEST(a_difference_that_fails_the_gate_is_a_failure_of_its_verdict) {
        Entry entry = make_entry("differs");
        Message verdict = make_verdict(DECISION_PASS, NULL);
        Message differs = {.type = MESSAGE_DIFFERS, .differs = {.fails = 1}};
        Event event = {.entry = &entry, .message = &differs, .about = &verdict.verdict};
        EventStatus status;

        CHECK_EQ_U64(event_count_statuses(&differs), 1);
        event_make_status(&event, 0, "", &status);
        CHECK_EQ_TEXT(status.state, "failure");
        CHECK_CONTAINS(buf_get_text(&status.body), "\"context\":\"coldgate/m-M1\"");
        buf_deinit(&status.body);
        differs.differs.fails = 0;
        CHECK_EQ_U64(event_count_statuses(&differs), 0);
}

TEST(a_long_status_is_cut_between_characters) {
        Entry entry = make_entry("verdict");
        Message verdict = make_verdict(DECISION_PASS, NULL);
        Event event = {.entry = &entry, .message = &verdict};
        cleanup_buf Buf name = BUF_TEXT;
        EventStatus status;

        buf_text(&name, "a");
        for (int i = 0; i < 100; i++)
                buf_text(&name, "\xc3\xa9");
        entry.actor = buf_get(&name);
        event_make_status(&event, 0, "", &status);
        CHECK(status.body.n < 300);
        CHECK_CONTAINS(buf_get_text(&status.body), "\xc3\xa9\",\"context\"");
        buf_deinit(&status.body);
}

TEST(words_for_readers_of_the_ledger_alone_are_in_no_line) {
        Slice lines[] = {slice_text("claimed 12, measured 11")};
        Message note = {.type = MESSAGE_NOTE, .note.text = slice_text("because")};
        Message differs = {.type = MESSAGE_DIFFERS, .differs = {.lines = lines, .n_lines = 1}};
        Message ping = {.type = MESSAGE_PING,
                        .ping = {.who = slice_text("ada"), .what = slice_text("x"), .attempt = 2}};
        cleanup_buf Buf of_note = BUF_TEXT, of_differs = BUF_TEXT, of_ping = BUF_TEXT;

        CHECK_EQ_TEXT(line_of("note", &note, &of_note), "m: note by ada (N-31)");
        CHECK_EQ_TEXT(line_of("differs", &differs, &of_differs), "m: differs by ada (E-31)");
        CHECK_EQ_TEXT(line_of("ping", &ping, &of_ping), "m: ping by ada: ada: x; ping 2 (E-31)");
}

TEST(the_journal_never_leaves) {
        Message note = {.type = MESSAGE_NOTE,
                        .note = {.to = NOTE_TO_JOURNAL, .text = slice_text("because")}};

        CHECK(!event_may_leave(&note));
        note.note.to = NOTE_TO_RECORD;
        CHECK(event_may_leave(&note));
}

TEST(words_of_a_note_are_in_no_event) {
        Message note = {.type = MESSAGE_NOTE,
                        .note = {.to = NOTE_TO_INBOX, .text = slice_text("rm -rf")}};
        Entry entry = make_entry("note");
        cleanup_buf Buf text = BUF_TEXT;

        event_print_json(&(Event){.entry = &entry, .message = &note}, &text);
        CHECK_CONTAINS_NOT(buf_get_text(&text), "rm -rf");
        CHECK_CONTAINS(buf_get_text(&text), "\"text\":\"m: note by ada (N-31)\"");
}

TEST(slack_takes_nothing_of_it_for_a_link) {
        Message ping = {.type = MESSAGE_PING,
                        .ping = {.who = slice_text("builder"),
                                 .what = slice_text("mend <http://evil|F-1> & <!channel>"),
                                 .attempt = 1}};
        Entry entry = make_entry("ping");
        cleanup_buf Buf text = BUF_TEXT;

        event_print_slack(&(Event){.entry = &entry, .message = &ping}, &text);
        CHECK_CONTAINS(buf_get_text(&text), "&lt;http://evil|F-1&gt; &amp; &lt;!channel&gt;");
        CHECK(strchr(buf_get_text(&text), '<') == NULL);
}
