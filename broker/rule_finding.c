/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rules about findings and notes. */

#include "broker/rule.h"

#include <inttypes.h>

#include "broker/finding.h"

bool rule_finding_gate_missing(const RuleCase *c) {
        const struct finding *finding = &c->input->message->finding;

        if (finding->blocks != BLOCKS_GATE || finding->gate.n)
                return true;
        rule_broken(c, "finding.gate", "it blocks a gate and names none");
        return rule_next(c, "name the gate, or let it block the phase");
}

bool rule_finding_verdict_unknown(const RuleCase *c) {
        uint64_t verdict = c->input->message->finding.verdict;

        if (verdict <= c->input->state->head_seq)
                return true;
        return rule_broken(c, "finding.verdict", "the ledger has no entry %" PRIu64, verdict);
}

bool rule_finding_too_many(const RuleCase *c) {
        const PhaseRecord *phase = rule_get_phase(c);

        if (phase->n_open_findings < FINDINGS_OPEN_MAX)
                return true;
        rule_broken(c, "finding", "phase %s has %zu open findings", phase->name,
                    phase->n_open_findings);
        return rule_next(c, "close what was mended first");
}

bool rule_finding_unknown(const RuleCase *c) {
        if (rule_get_finding(c))
                return true;
        rule_broken(c, "close.finding", "entry %" PRIu64 " is no finding",
                    c->input->message->close.finding);
        return rule_next(c, "broker status");
}

bool rule_finding_closed(const RuleCase *c) {
        const FindingRecord *finding = rule_get_finding(c);

        if (finding_is_open(finding))
                return true;
        return rule_broken(c, "close.finding", "entry %" PRIu64 " closed it", finding->closed_seq);
}

/* Closed only by a re-run: the newest verdict of its gate, a cold PASS that is younger than it.
 * Words suffice where there is no gate to run (any more). */
bool rule_close_needs_pass(const RuleCase *c) {
        const FindingRecord *finding = rule_get_finding(c);
        const struct close *close = &c->input->message->close;
        const GateRecord *gate =
                finding->gate ? phase_find_gate(finding->phase, slice_text(finding->gate)) : NULL;

        if (!gate || (finding->blocks == BLOCKS_NOTHING && close->verdict == 0))
                return true;
        if (close->verdict == gate->verdict.seq && gate->verdict.seq > finding->seq &&
            gate->verdict.decision == DECISION_PASS && gate->verdict.mode == MODE_COLD)
                return true;
        rule_broken(c, "close.verdict",
                    "entry %" PRIu64 " is not a cold PASS of %s, its newest verdict and younger "
                    "than the finding",
                    close->verdict, gate->id);
        return rule_next(c, "verify %s again", gate->id);
}

bool rule_note_journal(const RuleCase *c) {
        if (c->input->message->note.to != NOTE_TO_JOURNAL || c->input->actor->role == ROLE_BUILDER)
                return true;
        rule_broken(c, "note.to", "%s is no builder", c->input->actor->name);
        return rule_next(c, "note to the record");
}
