/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Words for people. */

#include "view/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/test.h"
#include "view/entry.h"
#include "view/progress.h"
#include "view/status_parts.h"
#include "view/terminal.h"

static const char commit[] = "e634a2b41c0f00000000000000000000000000ff";

TEST(colour_is_for_terminals_that_want_it) {
        CHECK_EQ_INT(setenv("TERM", "xterm", 1), 0);
        CHECK_EQ_INT(unsetenv("NO_COLOR"), 0);
        CHECK(!colour_is_wanted(-1, false));
}

/* ---- status ---- */

static struct gate_status gates[] = {
        {.gate = {(const uint8_t *)"M1", 2},
         .state = GATE_STATE_FAILED,
         .commit = {(const uint8_t *)commit, 40},
         .decided_ms = 1000000,
         .open_findings = 1},
        {.gate = {(const uint8_t *)"M10", 3},
         .state = GATE_STATE_PASSED,
         .fresh = 0,
         .stale_because = {(const uint8_t *)"the plan changed", 16}},
        {.gate = {(const uint8_t *)"M2", 2}, .state = GATE_STATE_OPEN},
};

static struct wait waits[] = {
        {.who = {(const uint8_t *)"adversary", 9},
         .what = {(const uint8_t *)"a verdict on M1", 15},
         .since_ms = 940000},
};

static void fill(struct status *status, struct phase_status *phase, Slice *reasons) {
        reasons[0] = slice_text("M1: FAIL");
        reasons[1] = slice_text("M2: \033never claimed");
        *phase = (struct phase_status){.phase = slice_text("quickstart"),
                                       .state = PHASE_STATE_ACTIVE,
                                       .gates = gates,
                                       .n_gates = 3,
                                       .waits = waits,
                                       .n_waits = 1,
                                       .why_not_done = reasons,
                                       .n_why_not_done = 2};
        *status = (struct status){.project = slice_text("demo"),
                                  .head_seq = 12,
                                  .now_ms = 1000000 + 185000,
                                  .phases = phase,
                                  .n_phases = 1};
}

TEST(a_status_says_all_in_words) {
        cleanup_buf Buf text = BUF_TEXT;
        struct phase_status phase;
        struct status status;
        Slice reasons[2];

        fill(&status, &phase, reasons);
        status_describe(&status, false, &text);
        CHECK_EQ_TEXT(buf_get_text(&text),
                      "demo, entry 12, 1970-01-01T00:19:45Z\n\n"
                      "phase quickstart: active\n"
                      "  gate  state          commit        age         findings\n"
                      "  M1    failed         e634a2b41c0f  3 min 05 s  1 open\n"
                      "  M10   passed, stale  -             -           -\n"
                      "      does not count: the plan changed\n"
                      "  M2    open           -             -           -\n"
                      "  waiting for adversary: a verdict on M1, since 1970-01-01T00:15Z "
                      "(4 min 05 s)\n"
                      "  not DONE because\n"
                      "    - [ ] M1: FAIL\n"
                      "    - [ ] M2: \\x1bnever claimed\n");
}

TEST(colour_stands_beside_the_words) {
        cleanup_buf Buf text = BUF_TEXT;
        struct phase_status phase;
        struct status status;
        Slice reasons[2];

        fill(&status, &phase, reasons);
        status_describe(&status, true, &text);
        CHECK_CONTAINS(buf_get_text(&text), "\033[31mfailed");
}

TEST(a_done_phase_says_where_and_since_when) {
        cleanup_buf Buf text = BUF_TEXT;
        struct phase_status phase;
        struct status status;
        Slice reasons[2];

        fill(&status, &phase, reasons);
        phase.state = PHASE_STATE_DONE;
        phase.done_commit = slice_text(commit);
        phase.done_ms = 60000;
        status_describe(&status, false, &text);
        CHECK_CONTAINS(buf_get_text(&text), "  DONE at e634a2b41c0f00000000000000000000000000ff, "
                                            "granted 1970-01-01T00:01Z\n");
        CHECK_CONTAINS_NOT(buf_get_text(&text), "not DONE");
}

TEST(an_empty_status_says_what_to_do) {
        struct status status = {.project = slice_text("demo"), .now_ms = 1};
        cleanup_buf Buf text = BUF_TEXT;

        status_describe(&status, false, &text);
        CHECK_CONTAINS(buf_get_text(&text), "broker plan approve");
}

/* ---- what stands beside the gates ---- */

enum { NOW_MS = 1000000 };

static void describe_lists(bool is_why, Buf *text) {
        Slice vetoed[] = {slice_text("M1"), slice_text("M2\033[2J")};
        struct gate_status gate = {.gate = slice_text("M1"),
                                   .state = GATE_STATE_PASSED,
                                   .waived_until_ms = 2000000,
                                   .waived_because = slice_text("a freeze"),
                                   .carried_from = 7,
                                   .verifiers = 2,
                                   .passes = 1};
        struct wait wait = {.who = slice_text("builder"),
                            .what = slice_text("mend F-9: the token"),
                            .since_ms = 1,
                            .cause = 9,
                            .wait_for = WAIT_FOR_FIX,
                            .gate = slice_text("M1"),
                            .pings = 2,
                            .paused_until_ms = 2000000};
        Slice reasons[] = {slice_text("M1: finding F-9 is fixed and blocks the phase: the token"),
                           slice_text("M1, M2: the veto X-11 of eve stands: no test; it is lifted "
                                      "when: one does"),
                           slice_text("M2: its title is: the token")};
        struct finding_status findings[] = {
                {.finding = slice_text("F-9"),
                 .state = FINDING_STATE_FIXED,
                 .fixed_at = slice_text("0123456789abcdef0123456789abcdef01234567"),
                 .blocks = BLOCKS_PHASE,
                 .severity = SEVERITY_MINOR,
                 .title = slice_text("the token")},
                {.finding = slice_text("F-10"),
                 .state = FINDING_STATE_CLOSED,
                 .title = slice_text("the page")},
        };
        struct veto_status veto = {.veto = 11,
                                   .adversary = slice_text("eve"),
                                   .gates = vetoed,
                                   .n_gates = 2,
                                   .why = slice_text("no test"),
                                   .lift_when = slice_text("one does"),
                                   .since_ms = 1};
        struct pause_status pause = {.pause = 12,
                                     .who = slice_text("builder"),
                                     .until_ms = 2000000,
                                     .why = slice_text("the proxy")};
        struct hold_status hold = {.hold = 13,
                                   .resource = slice_text("proxy"),
                                   .who = slice_text("builder"),
                                   .state = HOLD_STATE_HELD,
                                   .since_ms = 1,
                                   .deadline_ms = 2000000};
        struct alert_status alert = {
                .alert = 14, .what = slice_text("nobody answers"), .since_ms = 1};
        struct phase_status phase = {.phase = slice_text("m"),
                                     .gates = &gate,
                                     .n_gates = 1,
                                     .waits = &wait,
                                     .n_waits = 1,
                                     .why_not_done = reasons,
                                     .n_why_not_done = 3,
                                     .findings = findings,
                                     .n_findings = 2,
                                     .vetoes = &veto,
                                     .n_vetoes = 1,
                                     .pauses = &pause,
                                     .n_pauses = 1};
        struct status status = {.project = slice_text("demo"),
                                .now_ms = NOW_MS,
                                .phases = &phase,
                                .n_phases = 1,
                                .holds = &hold,
                                .n_holds = 1,
                                .alerts = &alert,
                                .n_alerts = 1};

        if (is_why)
                status_describe_why(&status, text);
        else
                status_describe(&status, false, text);
}

TEST(what_stands_against_done_and_who_holds_what_is_always_said) {
        cleanup_buf Buf text = BUF_TEXT;
        const char *said;

        describe_lists(false, &text);
        said = buf_get_text(&text);
        CHECK_CONTAINS(said, "waived until 1970-01-01T00:33Z: a freeze");
        CHECK_CONTAINS(said, "carried over from V-7");
        CHECK_CONTAINS(said, "1 of 2 verifiers gave a PASS");
        CHECK_CONTAINS(said, "finding F-9, fixed at 0123456789ab (minor, blocks phase): the token");
        CHECK_CONTAINS(said, "VETO X-11 by eve on M1, M2");
        CHECK_CONTAINS(said, "lifted when: one does");
        CHECK_CONTAINS(said, "pause Z-12: builder waits until 1970-01-01T00:33Z: the proxy");
        CHECK_CONTAINS(said, "H-13 proxy: held by builder, exclusive");
        CHECK_CONTAINS(said, "A-14 since 1970-01-01T00:00Z: nobody answers");
        CHECK_CONTAINS_NOT(said, "F-10");
        CHECK_CONTAINS_NOT(said, "\033");
}

TEST(what_has_a_line_of_its_own_is_named_elsewhere_without_its_words) {
        cleanup_buf Buf text = BUF_TEXT;
        const char *said;

        describe_lists(false, &text);
        said = buf_get_text(&text);
        CHECK_CONTAINS(said, "waiting for builder: mend F-9, since");
        CHECK_CONTAINS(said, "- [ ] M1: finding F-9 is fixed and blocks the phase\n"
                             "    - [ ] M1, M2: the veto X-11 of eve stands\n"
                             "    - [ ] M2: its title is: the token\n");
}

TEST(a_finding_is_not_named_by_the_number_of_another) {
        static const char *const rows[][2] = {
                {"mend F-1: the token", "mend F-1"},
                {"mend F-12: the token", "mend F-12: the token"},
                {"F-12 and F-1: the token", "F-12 and F-1"},
                {"F-11", "F-11"},
        };
        struct finding_status finding = {
                .finding = slice_text("F-1"),
                .state = FINDING_STATE_OPEN,
                .title = slice_text("the token"),
        };
        struct phase_status phase = {.findings = &finding, .n_findings = 1};

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                CHECK_EQ_SLICE(status_cut_repeated(&phase, slice_text(rows[i][0])),
                               slice_text(rows[i][1]));
}

TEST(columns_are_named_once_for_all_phases) {
        cleanup_buf Buf text = BUF_TEXT;
        struct phase_status phases[2];
        struct status status;
        Slice reasons[2];
        const char *head;

        fill(&status, &phases[0], reasons);
        phases[1] = (struct phase_status){
                .phase = slice_text("next"), .gates = &gates[2], .n_gates = 1};
        status.phases = phases;
        status.n_phases = 2;
        status_describe(&status, false, &text);
        head = strstr(buf_get_text(&text), "  gate  state");
        CHECK(head != NULL);
        CHECK(strstr(head + 1, "  gate  state") == NULL);
        CHECK_CONTAINS(buf_get_text(&text), "  M2    open           -             -           -\n");
}

TEST(why_says_of_each_wait_since_when_because_of_what_and_how_often_it_was_said) {
        cleanup_buf Buf text = BUF_TEXT;

        describe_lists(true, &text);
        CHECK_CONTAINS(buf_get_text(&text),
                       "  waiting for builder: mend F-9: the token\n"
                       "    since 1970-01-01T00:00Z (16 min 39 s), because of entry 9; fix of M1; "
                       "2 pings; paused until 1970-01-01T00:33Z\n");
        CHECK_CONTAINS(buf_get_text(&text), "VETO X-11");
        CHECK_CONTAINS_NOT(buf_get_text(&text), "\033");
}

/* ---- entries ---- */

TEST(a_verdict_shows_what_did_not_hold_and_how_to_repeat_it) {
        struct check_result checks[] = {
                {.check = slice_text("build"), .outcome = OUTCOME_PASS},
                {.check = slice_text("unit"),
                 .outcome = OUTCOME_FAIL,
                 .reason = slice_text("assert.stdout"),
                 .summary = slice_text("expected 6, found 5")},
        };
        struct verdict verdict = {.gate = slice_text("M1"),
                                  .decision = DECISION_FAIL,
                                  .duration_ms = 3200,
                                  .summary = slice_text("1 of 2 checks failed"),
                                  .reproduce = slice_text("adversary-agent verify …"),
                                  .checks = checks,
                                  .n_checks = 2};
        cleanup_buf Buf text = BUF_TEXT;

        verdict_describe(&verdict, 17, false, &text);
        CHECK_EQ_TEXT(buf_get_text(&text), "M1: FAIL  V-17, cold, 3.2 s, 1 of 2 checks failed\n"
                                           "  fail unit (assert.stdout): expected 6, found 5\n"
                                           "  reproduce: adversary-agent verify …\n");
}

/* ---- progress ---- */

/* What the progress writes into a pipe, which is no terminal. */
static const char *written(int read_fd) {
        static char text[1024];
        ssize_t n = read(read_fd, text, sizeof text - 1);

        text[n > 0 ? n : 0] = 0;
        return text;
}

TEST(elsewhere_progress_is_a_line_each_thirty_seconds) {
        Progress progress;
        int fds[2];

        CHECK_EQ_INT(pipe(fds), 0);
        progress_start(&progress, fds[1], 1000);
        progress_show(&progress, 2500, slice_text("early"));
        CHECK_EQ_U64(progress_wait_ms(&progress, 2500), 28500);
        progress_show(&progress, 31000, slice_text("M1:\033 1 of 4"));
        CHECK_EQ_TEXT(written(fds[0]), "M1:\\x1b 1 of 4 (30.0 s)\n");
        progress_show(&progress, 32000, slice_text("too soon"));
        progress_show(&progress, 61000, slice_text("again"));
        CHECK_EQ_TEXT(written(fds[0]), "again (1 min 00 s)\n");
        progress_clear(&progress);
}

TEST(on_a_terminal_progress_is_one_line_after_a_second) {
        Progress progress;
        int fds[2];

        CHECK_EQ_INT(pipe(fds), 0);
        progress_start(&progress, fds[1], 1000);
        progress.is_terminal = true;
        progress_show(&progress, 1900, slice_text("early"));
        progress_show(&progress, 2100, slice_text("one"));
        CHECK_EQ_TEXT(written(fds[0]), "\r\033[Kone (1.0 s)");
        progress_show(&progress, 2200, slice_text("too soon"));
        progress_show(&progress, 2400, slice_text("two"));
        progress_clear(&progress);
        progress_clear(&progress);
        CHECK_EQ_TEXT(written(fds[0]), "\r\033[Ktwo (1.0 s)\r\033[K");
}
