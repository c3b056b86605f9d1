/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rules about findings, waivers and notes. */

#include "broker/rule.h"

#include <inttypes.h>

#include "base/clock.h"
#include "broker/finding.h"

static const uint64_t waive_max_ms = UINT64_C(366) * 24 * 3600 * 1000;

/* ---- which finding ---- */

/* A waiver may name a gate instead, a deferral nothing. */
bool rule_finding_unknown(const RuleCase *c) {
        uint64_t finding = rule_get_number(c, "finding");

        if (rule_get_finding(c) || finding == 0)
                return true;
        rule_broken(c, rule_place(c, "finding"), "entry %" PRIu64 " is no finding", finding);
        return rule_next(c, "broker status");
}

bool rule_finding_phase_differs(const RuleCase *c) {
        const FindingRecord *finding = rule_get_finding(c);

        if (!finding || slice_is(message_phase(c->input->message), finding->phase->name))
                return true;
        rule_broken(c, rule_place(c, "phase"), "F-%" PRIu64 " is of phase %s", finding->seq,
                    finding->phase->name);
        return rule_next(c, "name phase %s", finding->phase->name);
}

bool rule_finding_closed(const RuleCase *c) {
        const FindingRecord *finding = rule_get_finding(c);

        if (!finding || finding_is_open(finding))
                return true;
        rule_broken(c, rule_place(c, "finding"), "entry %" PRIu64 " closed F-%" PRIu64,
                    finding->closed_seq, finding->seq);
        return rule_next(c, "as an adversary, if it is there again: reopen F-%" PRIu64,
                         finding->seq);
}

bool rule_finding_open(const RuleCase *c) {
        const FindingRecord *finding = rule_get_finding(c);

        if (finding->state != FINDING_STATE_OPEN && finding->state != FINDING_STATE_REOPENED)
                return true;
        rule_broken(c, rule_place(c, "finding"), "F-%" PRIu64 " is %s already", finding->seq,
                    word_of(&words_FINDING_STATE, (int)finding->state));
        return rule_next(c,
                         "say what is new of it with a correction, or with a finding of its own");
}

bool rule_finding_waived(const RuleCase *c) {
        const FindingRecord *finding = rule_get_finding(c);
        bool is_reopen = c->input->message->type == MESSAGE_REOPEN;
        char until[TIME_TEXT_BYTES];

        if (!finding || !finding_is_waived(finding, c->input->now_ms) ||
            (is_reopen && finding->state == FINDING_STATE_FIXED)) /* it is waived as before then */
                return true;
        time_format_minute(finding->waived_until_ms, until);
        rule_broken(c, rule_place(c, "finding"), "an operator waives F-%" PRIu64 " until %s",
                    finding->seq, until);
        return rule_next(c, "wait until then, or tell the operator; close it if it is gone");
}

/* ---- what is said of it ---- */

bool rule_finding_gate_missing(const RuleCase *c) {
        const Message *message = c->input->message;
        bool is_correct = message->type == MESSAGE_CORRECT;
        bool blocks_gate = is_correct ? correct_says_blocks(&message->correct) &&
                                                message->correct.blocks == BLOCKS_GATE
                                      : message->finding.blocks == BLOCKS_GATE;
        bool has_gate = is_correct ? rule_get_finding(c)->gate != NULL : message->finding.gate.n;

        if (!blocks_gate || has_gate)
                return true;
        rule_broken(c, rule_place(c, is_correct ? "blocks" : "gate"),
                    "it blocks a gate and names none");
        return rule_next(c, is_correct ? "let it block the phase, or file it anew with its gate"
                                       : "name the gate, or let it block the phase");
}

bool rule_finding_verdict_unknown(const RuleCase *c) {
        uint64_t verdict = rule_get_number(c, "verdict");

        if (verdict <= c->input->state->head_seq)
                return true;
        rule_broken(c, rule_place(c, "verdict"), "the ledger has no entry %" PRIu64, verdict);
        return rule_next(c, "broker log");
}

/* Whether the message makes one more that is open. */
static bool opens_one(const RuleCase *c) {
        const FindingRecord *finding = rule_get_finding(c);

        return !finding || (c->input->message->type == MESSAGE_REOPEN && !finding_is_open(finding));
}

bool rule_finding_too_many(const RuleCase *c) {
        const FindingRecord *finding = rule_get_finding(c);
        const PhaseRecord *phase = finding ? finding->phase : rule_get_phase(c);

        if (!opens_one(c) || phase->n_open_findings < FINDINGS_OPEN_MAX)
                return true;
        rule_broken(c, message_name(c->input->message->type), "phase %s has %zu open findings",
                    phase->name, phase->n_open_findings);
        return rule_next(c, "close what was mended first");
}

bool rule_finding_or_gate(const RuleCase *c) {
        bool is_waive = c->input->message->type == MESSAGE_WAIVE;
        bool has_finding = rule_get_number(c, "finding") != 0;
        bool has_gate = rule_get_text(c, "gate").n != 0;

        if (has_finding ? !has_gate : has_gate || !is_waive)
                return true;
        rule_broken(c, rule_place(c, "gate"), "it names %s", has_gate ? "both" : "neither");
        return rule_next(c, is_waive ? "name the finding or the gate"
                                     : "name the finding alone, or the gate of a new item");
}

/* When the PASS was measured: one that is carried over re-tests nothing that is younger. */
static uint64_t measured_seq(const VerdictRecord *verdict) {
        return verdict->carried_from ? verdict->carried_from : verdict->seq;
}

/* For advice, and for a deferred item, whose condition is words. */
static bool words_suffice(const FindingRecord *finding) {
        return finding->blocks == BLOCKS_NOTHING ||
               (finding->is_deferred && finding->blocks == BLOCKS_PHASE);
}

/* Closed only by a re-run: the newest verdict of its gate, a cold PASS that is younger than it.
 * Where there is no gate to run (any more), words suffice. */
bool rule_close_needs_pass(const RuleCase *c) {
        const FindingRecord *finding = rule_get_finding(c);
        const struct close *close = &c->input->message->close;
        const GateRecord *gate =
                finding->gate ? phase_find_gate(finding->phase, slice_text(finding->gate)) : NULL;
        const VerdictRecord *verdict;

        if (!gate || (words_suffice(finding) && close->verdict == 0))
                return true;
        verdict = &gate->verdict;
        if (close->verdict == verdict->seq && measured_seq(verdict) > finding->opened_seq &&
            verdict->decision == DECISION_PASS && verdict->mode == MODE_COLD)
                return true;
        rule_broken(c, "close.verdict",
                    "entry %" PRIu64 " is not a cold PASS of %s, its newest verdict and measured "
                    "since the finding was filed or opened again",
                    close->verdict, gate->id);
        return rule_next(c, "verify %s again", gate->id);
}

bool rule_correct_nothing(const RuleCase *c) {
        const struct correct *correct = &c->input->message->correct;

        if (correct_says_severity(correct) || correct_says_blocks(correct) || correct->title.n ||
            correct->body.n || correct->reproduce.n || correct->required_fix.n)
                return true;
        rule_broken(c, "correct", "it names nothing that changes");
        return rule_next(c, "give what is right: severity, blocks, title, body, reproduce or "
                            "required_fix");
}

bool rule_waive_expiry(const RuleCase *c) {
        uint64_t until_ms = c->input->message->waive.until_ms, now_ms = c->input->now_ms;

        if (until_ms > now_ms && until_ms - now_ms <= waive_max_ms)
                return true;
        rule_broken(c, "waive.until_ms",
                    until_ms > now_ms ? "it is more than 366 days away" : "it is in the past");
        return rule_next(c, "choose a time within 366 days, and waive again when it is over");
}

/* ---- notes ---- */

bool rule_note_journal(const RuleCase *c) {
        if (c->input->message->note.to != NOTE_TO_JOURNAL || c->input->actor->role == ROLE_BUILDER)
                return true;
        rule_broken(c, "note.to", "%s is no builder", c->input->actor->name);
        return rule_next(c, "note to the record");
}

bool rule_note_inbox(const RuleCase *c) {
        enum { ROLE_TAG = 4 };
        const struct note *note = &c->input->message->note;
        bool has_role = field_is_present(note->present, ROLE_TAG);

        if (note->to == NOTE_TO_INBOX ? has_role && note->role != ROLE_BROKER : !has_role)
                return true;
        if (note->to != NOTE_TO_INBOX) {
                rule_broken(c, "note.role", "it goes to no inbox, and names a role");
                return rule_next(c, "leave the role out, or send it to the inbox");
        }
        rule_broken(c, "note.role", has_role ? "the broker reads no notes" : "it says not whose");
        return rule_next(c, "name the role: operator, builder, adversary or observer");
}
