/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What of findings and vetoes is refused. */

#include "tests/lib/cases.h"
#include "tests/lib/desk_findings.h"
#include "tests/lib/test.h"

static uint64_t file(Desk *desk, const char *gate, Blocks blocks) {
        uint64_t finding;

        desk_approve(desk);
        finding = desk_submit(desk, ADVERSARY, desk_make_finding("m", gate, blocks));
        CHECK(finding > 0);
        return finding;
}

static Who finding_gate_missing(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_finding("m", NULL, BLOCKS_GATE);
        return ADVERSARY;
}

/* `gate` is the first word: its bit is set by hand. */
static Who correct_gate_missing(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_correct(file(desk, NULL, BLOCKS_PHASE));
        ret_message->correct.present = UINT64_C(1) << 4;
        return ADVERSARY;
}

static Who finding_verdict_unknown(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_finding("m", "M1", BLOCKS_GATE);
        ret_message->finding.verdict = 10000;
        return ADVERSARY;
}

static Who finding_too_many(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_finding("m", "M1", BLOCKS_NOTHING);
        for (int i = 0; i < FINDINGS_OPEN_MAX; i++) {
                Id id;

                desk_make_id(desk, &id);
                desk_put_entry(desk, ADVERSARY, *ret_message, &id);
        }
        desk_commit(desk);
        return ADVERSARY;
}

static Who reopen_too_many(Desk *desk, Message *ret_message) {
        uint64_t finding = file(desk, NULL, BLOCKS_PHASE);
        Message other = desk_make_defer(0, NULL);

        *ret_message = desk_make_reopen(finding);
        CHECK(desk_submit(desk, ADVERSARY, desk_make_close(finding, 0)));
        for (int i = 0; i < FINDINGS_OPEN_MAX; i++) {
                Id id;

                desk_make_id(desk, &id);
                desk_put_entry(desk, ADVERSARY, other, &id);
        }
        desk_commit(desk);
        return ADVERSARY;
}

static Who finding_unknown(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_close(2, 0);
        return ADVERSARY;
}

static Who finding_phase_differs(Desk *desk, Message *ret_message) {
        uint64_t finding = file(desk, NULL, BLOCKS_PHASE);

        CHECK(desk_submit(desk, OPERATOR,
                          desk_make_plan(desk, "n", (const char *[]){"M1"}, 1, "1")));
        *ret_message = desk_make_waive(desk, finding, NULL, DESK_HOUR_MS);
        ret_message->waive.phase = slice_text("n");
        return OPERATOR;
}

static Who finding_closed(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_close(file(desk, NULL, BLOCKS_PHASE), 0);
        CHECK(desk_submit(desk, ADVERSARY, *ret_message));
        return ADVERSARY;
}

static Who fixed_closed(Desk *desk, Message *ret_message) {
        (void)finding_closed(desk, ret_message);
        *ret_message = desk_make_fixed(ret_message->close.finding, COMMIT_A);
        return BUILDER;
}

static Who finding_open(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_reopen(file(desk, NULL, BLOCKS_PHASE));
        return ADVERSARY;
}

static Who finding_waived(Desk *desk, Message *ret_message) {
        uint64_t finding = file(desk, NULL, BLOCKS_PHASE);

        CHECK(desk_submit(desk, OPERATOR, desk_make_waive(desk, finding, NULL, DESK_HOUR_MS)));
        *ret_message = desk_make_reopen(finding);
        return ADVERSARY;
}

static Who defer_waived(Desk *desk, Message *ret_message) {
        (void)finding_waived(desk, ret_message);
        *ret_message = desk_make_defer(ret_message->reopen.finding, NULL);
        return ADVERSARY;
}

/* Mended or not: the operator's word stands. */
static Who defer_fixed_and_waived(Desk *desk, Message *ret_message) {
        (void)defer_waived(desk, ret_message);
        CHECK(desk_submit(desk, BUILDER, desk_make_fixed(ret_message->defer.finding, COMMIT_A)));
        return ADVERSARY;
}

static Who waive_both(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_waive(desk, file(desk, "M1", BLOCKS_GATE), "M1", DESK_HOUR_MS);
        return OPERATOR;
}

static Who waive_neither(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_waive(desk, 0, NULL, DESK_HOUR_MS);
        return OPERATOR;
}

static Who defer_both(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_defer(file(desk, "M1", BLOCKS_GATE), "M1");
        return ADVERSARY;
}

static Who close_needs_pass(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_close(file(desk, "M1", BLOCKS_GATE), 0);
        return ADVERSARY;
}

/* The PASS is older than that it was opened again. */
static Who close_with_old_pass(Desk *desk, Message *ret_message) {
        uint64_t finding = file(desk, "M1", BLOCKS_GATE);

        *ret_message = desk_make_close(finding, desk_verify_m1(desk, COMMIT_A, DECISION_PASS));
        CHECK(desk_submit(desk, ADVERSARY, *ret_message));
        CHECK(desk_submit(desk, ADVERSARY, desk_make_reopen(finding)));
        return ADVERSARY;
}

static Who correct_nothing(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_correct(file(desk, NULL, BLOCKS_PHASE));
        return ADVERSARY;
}

static Who waive_in_the_past(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_waive(desk, 0, "M1", 0);
        return OPERATOR;
}

static Who waive_for_ever(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_waive(desk, 0, "M1", 367 * 24 * DESK_HOUR_MS);
        return OPERATOR;
}

static Who builder_may_not_close(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_close(file(desk, NULL, BLOCKS_PHASE), 0);
        return BUILDER;
}

static Who adversary_may_not_mend(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_fixed(file(desk, NULL, BLOCKS_PHASE), COMMIT_A);
        return ADVERSARY;
}

static Who builder_may_not_waive(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_waive(desk, file(desk, NULL, BLOCKS_PHASE), NULL, DESK_HOUR_MS);
        return BUILDER;
}

static Who fixed_commit(Desk *desk, Message *ret_message) {
        *ret_message = desk_make_fixed(file(desk, NULL, BLOCKS_PHASE),
                                       "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        return BUILDER;
}

static Who probe_gate_unknown(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_probe("M3");
        return ADVERSARY;
}

static Who veto_gate_unknown(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_veto(desk, "M3");
        return ADVERSARY;
}

static Who veto_gate_twice(Desk *desk, Message *ret_message) {
        Slice *gates = arena_alloc_array(&desk->arena, 2, sizeof *gates);

        desk_approve(desk);
        gates[0] = gates[1] = slice_text("M1");
        *ret_message = desk_make_veto(desk, "M1");
        ret_message->veto.gates = gates;
        ret_message->veto.n_gates = 2;
        return ADVERSARY;
}

static Who veto_too_many(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_veto(desk, NULL);
        for (int i = 0; i < VETOES_MAX; i++) {
                Id id;

                desk_make_id(desk, &id);
                desk_put_entry(desk, ADVERSARY, *ret_message, &id);
        }
        desk_commit(desk);
        return ADVERSARY;
}

static Who veto_unknown(Desk *desk, Message *ret_message) {
        uint64_t veto;

        desk_approve(desk);
        veto = desk_submit(desk, ADVERSARY, desk_make_veto(desk, NULL));
        *ret_message = desk_make_lift(veto);
        CHECK(desk_submit(desk, ADVERSARY, *ret_message));
        return ADVERSARY;
}

static Who lift_not_yours(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_lift(desk_submit(desk, ADVERSARY, desk_make_veto(desk, NULL)));
        return ADVERSARY_2;
}

static Who note_journal(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_note("m", NOTE_TO_JOURNAL, "words");
        return ADVERSARY;
}

static Who inbox_of_nobody(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_note("m", NOTE_TO_INBOX, "words");
        return ADVERSARY;
}

static Who inbox_of_the_broker(Desk *desk, Message *ret_message) {
        (void)inbox_of_nobody(desk, ret_message);
        ret_message->note.present = UINT64_C(1) << 4;
        return ADVERSARY;
}

static Who record_of_a_role(Desk *desk, Message *ret_message) {
        desk_approve(desk);
        *ret_message = desk_make_note("m", NOTE_TO_RECORD, "words");
        ret_message->note.role = ROLE_BUILDER;
        return ADVERSARY;
}

static Who veto_when_done(Desk *desk, Message *ret_message) {
        desk_make_done_phase(desk);
        *ret_message = desk_make_veto(desk, NULL);
        return ADVERSARY;
}

const Case finding_cases[] = {
        {"finding-gate-missing", finding_gate_missing},
        {"finding-gate-missing", correct_gate_missing},
        {"finding-verdict-unknown", finding_verdict_unknown},
        {"finding-too-many", finding_too_many},
        {"finding-too-many", reopen_too_many},
        {"finding-unknown", finding_unknown},
        {"finding-phase-differs", finding_phase_differs},
        {"finding-closed", finding_closed},
        {"finding-closed", fixed_closed},
        {"finding-open", finding_open},
        {"finding-waived", finding_waived},
        {"finding-waived", defer_waived},
        {"finding-waived", defer_fixed_and_waived},
        {"finding-or-gate", waive_both},
        {"finding-or-gate", waive_neither},
        {"finding-or-gate", defer_both},
        {"close-needs-pass", close_needs_pass},
        {"close-needs-pass", close_with_old_pass},
        {"correct-nothing", correct_nothing},
        {"waive-expiry", waive_in_the_past},
        {"waive-expiry", waive_for_ever},
        {"role-forbids", builder_may_not_close},
        {"role-forbids", adversary_may_not_mend},
        {"role-forbids", builder_may_not_waive},
        {"commit-malformed", fixed_commit},
        {"phase-done", veto_when_done},
        {"gate-unknown", probe_gate_unknown},
        {"gate-unknown", veto_gate_unknown},
        {"veto-gate-twice", veto_gate_twice},
        {"veto-too-many", veto_too_many},
        {"veto-unknown", veto_unknown},
        {"lift-not-yours", lift_not_yours},
        {"note-journal", note_journal},
        {"note-inbox", inbox_of_nobody},
        {"note-inbox", inbox_of_the_broker},
        {"note-inbox", record_of_a_role},
};
const size_t n_finding_cases = ARRAY_SIZE(finding_cases);
