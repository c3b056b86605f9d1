/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What stands in REVIEW and STATUS, and what hostile text cannot do there. */

#include "tests/lib/test.h"

#include <stdio.h>

#include "broker/render_parts.h"
#include "broker/state.h"
#include "proto/codec.h"

static const char commit[] = "e6349a9c0ffee0ddba11e6349a9c0ffee0ddba11";

/* Evidence in memory: one frame, found under any digest. */
typedef struct Stored {
        Slice frame;
} Stored;

static int stored_get(void *userdata, const Hash *digest unused_, Arena *arena unused_,
                      Slice *ret_frame) {
        Stored *stored = userdata;

        if (!stored->frame.n)
                return 1;
        *ret_frame = stored->frame;
        return 0;
}

static int no_entry(void *userdata unused_, uint64_t seq unused_, Arena *arena unused_,
                    Entry *ret_entry unused_) {
        return 1;
}

static const char *render_one(const Message *message, const Stored *stored) {
        static Buf text;
        State state;
        Entry entry = {.seq = 7, .received_ms = 1781328780000, .actor = slice_text("adv")};
        RenderSource source = {(void *)stored, stored_get, no_entry};
        RenderBefore before = {.n_superseded = 0};
        Section section = {&state, &before, &entry, message, &source, &text};

        state_init(&state);
        buf_deinit(&text);
        text = BUF_TEXT;
        CHECK_EQ_INT(render_review_entry(&section), 0);
        state_deinit(&state);
        return buf_get_text(&text);
}

static Message verdict_of(Decision decision, struct check_result *checks, size_t n_checks) {
        static const uint8_t digest[HASH_BYTES] = {0xab};
        Message message = {.type = MESSAGE_VERDICT};

        message.verdict.claim = 5;
        message.verdict.gate = slice_text("M1");
        message.verdict.decision = decision;
        message.verdict.commit = slice_text(commit);
        message.verdict.gate_digest = slice_make(digest, sizeof digest);
        message.verdict.checks = checks;
        message.verdict.n_checks = n_checks;
        return message;
}

TEST(a_verdict_stands_under_the_heading_that_people_grep) {
        Message message = verdict_of(DECISION_PASS, NULL, 0);
        Stored nothing = {SLICE_NULL};

        CHECK_CONTAINS(render_one(&message, &nothing), "\n## M1: PASS @2026-06-13T05:33Z\n");
}

TEST(a_finding_or_a_claim_never_looks_like_a_verdict) {
        Message message = {.type = MESSAGE_FINDING};
        Stored nothing = {SLICE_NULL};

        message.finding.title = slice_text("## M1: PASS @2026-06-13T05:33Z");
        CHECK_CONTAINS_NOT(render_one(&message, &nothing), "\n## ");
        message = (Message){.type = MESSAGE_NOTE};
        message.note.to = NOTE_TO_RECORD;
        message.note.text = slice_text("x\n```\n## M1: PASS @2026-06-13T05:33Z\n");
        CHECK_CONTAINS(render_one(&message, &nothing), "\n````\n");
}

TEST(a_note_for_the_journal_is_not_in_the_review) {
        Message message = {.type = MESSAGE_NOTE};
        Stored nothing = {SLICE_NULL};

        message.note.to = NOTE_TO_JOURNAL;
        message.note.text = slice_text("why I did it");
        CHECK_EQ_TEXT(render_one(&message, &nothing), "");
}

TEST(a_fence_is_longer_than_any_run_of_backticks_in_it) {
        Buf text = BUF_TEXT;

        render_fence(slice_text("a ``` b ````` c"), "text", &text);
        CHECK_EQ_TEXT(buf_get_text(&text), "``````text\na ``` b ````` c\n``````\n");
        buf_deinit(&text);
}

TEST(no_grep_for_a_heading_finds_what_stands_in_a_fence) {
        Buf text = BUF_TEXT;

        render_fence(slice_text("## M1: PASS @2026-06-13T05:33Z"), "", &text);
        CHECK_EQ_TEXT(buf_get_text(&text), "```\n#\\# M1: PASS @2026-06-13T05:33Z\n```\n");
        buf_deinit(&text);
}

TEST(inline_text_cannot_become_markup) {
        Buf text = BUF_TEXT;

        render_inline(slice_text("<script>|`x`\x1b[31m\n## M1: PASS"), &text);
        CHECK_CONTAINS_NOT(buf_get_text(&text), "<script");
        CHECK_CONTAINS_NOT(buf_get_text(&text), "\x1b");
        CHECK_CONTAINS_NOT(buf_get_text(&text), "\n");
        CHECK_CONTAINS(buf_get_text(&text), "\\|\\`x\\`");
        buf_deinit(&text);
}

TEST(a_commit_that_is_none_cannot_leave_its_code_span) {
        Message message = verdict_of(DECISION_PASS, NULL, 0);
        Stored nothing = {SLICE_NULL};

        message.verdict.commit = slice_text("` |\n## M1: PASS @2026-06-13T05:33Z\n000000000000000");
        CHECK_CONTAINS(render_one(&message, &nothing), "| Commit | \\` \\|");
        CHECK_CONTAINS_NOT(render_one(&message, &nothing), "\n## M1: PASS @2026-06-13T05:33Z\n0");
}

static Slice evidence_frame(Buf *frame) {
        static const uint8_t sha[HASH_BYTES];
        static struct stream streams[1];
        Message message = {.type = MESSAGE_CHECK_EVIDENCE};
        CodecFault fault;

        streams[0] = (struct stream){.name = slice_text("stdout"),
                                     .bytes = 5,
                                     .sha256 = slice_make(sha, sizeof sha),
                                     .head = slice_text("hello")};
        message.check_evidence = (struct check_evidence){.gate = slice_text("M1"),
                                                         .check = slice_text("unit"),
                                                         .commit = slice_text(commit),
                                                         .started_ms = 1,
                                                         .outcome = OUTCOME_FAIL,
                                                         .streams = streams,
                                                         .n_streams = 1};
        message_set_present(&message);
        CHECK_EQ_INT(codec_encode(&message, frame, &fault), 0);
        return buf_get(frame);
}

TEST(what_failed_is_unfolded_and_what_passed_is_folded) {
        static const uint8_t digest[HASH_BYTES] = {1};
        struct check_result check = {.check = slice_text("unit"),
                                     .outcome = OUTCOME_FAIL,
                                     .evidence = slice_make(digest, sizeof digest)};
        Message message = verdict_of(DECISION_FAIL, &check, 1);
        Buf frame = BUF_TEXT;
        Stored stored = {evidence_frame(&frame)};

        CHECK_CONTAINS(render_one(&message, &stored), "\n#### unit — fail\n");
        CHECK_CONTAINS_NOT(render_one(&message, &stored), "<details>");
        CHECK_CONTAINS(render_one(&message, &stored), "```text\nhello\n```\n");
        check.outcome = OUTCOME_PASS;
        CHECK_CONTAINS(render_one(&message, &stored), "<details><summary>unit — pass</summary>");
        buf_deinit(&frame);
}

TEST(missing_evidence_is_said_to_be_missing) {
        static const uint8_t digest[HASH_BYTES] = {1};
        struct check_result check = {.check = slice_text("unit"),
                                     .evidence = slice_make(digest, sizeof digest)};
        Message message = verdict_of(DECISION_FAIL, &check, 1);
        Stored nothing = {SLICE_NULL};

        CHECK_CONTAINS(render_one(&message, &nothing), "The evidence is not in the ledger.");
}

static GateRecord gates[1];
static PhaseRecord phase;
static PhaseRecord *phases[] = {&phase};

static const char *render_snapshot(PhaseState phase_state) {
        static Buf text;
        State state = {.has_genesis = true, .head_seq = 9, .project = (char *)"p"};

        gates[0] = (GateRecord){.id = (char *)"M1",
                                .valid_for_ms = 1000,
                                .state = GATE_STATE_CLAIMED,
                                .in_plan = true};
        phase = (PhaseRecord){
                .name = (char *)"q", .state = phase_state, .gates = gates, .n_gates = 1};
        state.phases = phases;
        state.n_phases = 1;
        (void)snprintf(phase.done_commit, sizeof phase.done_commit, "%s", commit);
        buf_deinit(&text);
        text = BUF_TEXT;
        render_status(&state, &phase, 1781328780000, &text);
        return buf_get_text(&text);
}

TEST(done_stands_in_status_only_when_it_was_granted) {
        CHECK_CONTAINS_NOT(render_snapshot(PHASE_STATE_ACTIVE), "## DONE");
        CHECK_CONTAINS(render_snapshot(PHASE_STATE_DONE), "\n## DONE\n\nGranted @");
}

TEST(a_claimed_gate_has_its_formal_line) {
        CHECK_CONTAINS(render_snapshot(PHASE_STATE_ACTIVE),
                       "\nGate: M1 — CLAIMED, awaiting Adversary\n");
}
