/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A verdict: heading, facts, a row for each check, evidence. */

#include "broker/render_evidence.h"

#include "base/clock.h"
#include "base/error.h"
#include "broker/status_findings.h"
#include "broker/veto.h"

/* A finding that a FAIL files has the verdict's number, and no entry of its own to be linked to. */
void verdict_findings(const Section *section, uint64_t seq) {
        Buf *text = section->text;

        for (size_t i = 0; i < section->state->n_findings; i++) {
                const FindingRecord *finding = section->state->findings[i];
                unsigned long long number = finding->seq;

                if (finding->closed_seq == seq) {
                        buf_printf(text, "| Finding | F-%llu: CLOSED, re-tested |\n", number);
                        continue;
                }
                if (finding->verdict_seq != seq)
                        continue;
                buf_text(text, "| Finding | ");
                if (finding->seq == seq)
                        buf_printf(text, "<a id=\"f-%llu\"></a>F-%llu: filed", number, number);
                else
                        buf_printf(text, "F-%llu: shown again", number);
                buf_printf(text, ", %s, blocks %s |\n",
                           word_of(&words_SEVERITY, (int)finding->severity),
                           word_of(&words_BLOCKS, (int)finding->blocks));
        }
}

/* ---- facts ---- */

static void fact_claim(const Section *section, uint64_t seq) {
        const ClaimRecord *claim = state_find_claim(section->state, seq);

        buf_text(section->text, "| Claim | ");
        label_link('C', seq, section->text);
        if (claim) {
                buf_text(section->text, " by ");
                render_inline(slice_text(claim->builder), section->text);
        }
        buf_text(section->text, " |\n");
}

/* A PASS that was given, and does not count all the same. */
static void fact_blocked(const Section *section, const GateRecord *gate) {
        const ClaimRecord *claim = state_find_claim(section->state, gate->claim_seq);
        const FindingRecord *finding =
                status_find_blocking(section->state, gate, section->entry->received_ms);
        const VetoRecord *veto =
                claim ? veto_find_blocking(section->state, claim->phase, gate) : NULL;

        if (finding) {
                buf_text(section->text, "| Does not count while it is open | ");
                label_link('F', finding->seq, section->text);
                buf_text(section->text, ": ");
                render_inline(slice_text(finding->title), section->text);
                buf_text(section->text, " |\n");
        }
        if (veto && veto->n_gates)
                fact_label("Does not count while it stands", 'X', veto->seq, section->text);
}

static void fact_verifier(const Section *section, const struct verdict *verdict) {
        Buf *text = section->text;

        buf_text(text, "| Verified by | ");
        render_inline(section->entry->actor, text);
        buf_printf(text, ", %s, in ", word_of(&words_MODE, (int)verdict->mode));
        duration_describe(verdict->duration_ms, text);
        buf_text(text, " |\n");
}

static void fact_seal(const Section *section, const struct verdict *verdict) {
        const State *state = section->state;
        Buf *text = section->text;

        buf_text(text, "| Sealed checks | ");
        for (size_t i = 0; i < state->n_seals; i++)
                if (slice_equal(hash_slice(&state->seals[i]->digest), verdict->seal))
                        label_link('S', state->seals[i]->seq, text);
        buf_printf(text, ", %zu run |\n", verdict->n_sealed);
}

static void verdict_facts(const Section *section, const struct verdict *verdict,
                          const GateRecord *gate) {
        Buf *text = section->text;

        facts_begin(text);
        fact_claim(section, verdict->claim);
        fact_code("Commit", verdict->commit, text);
        fact_code("Tree", verdict->tree, text);
        fact_hex("Gate digest", verdict->gate_digest, text);
        if (verdict->carried_from) {
                fact_label("Carried over from", 'V', verdict->carried_from, text);
                fact_hex("Same inputs", verdict->inputs, text);
        }
        fact_verifier(section, verdict);
        if (verdict->seal.n)
                fact_seal(section, verdict);
        fact_text("Scope", verdict->scope, text);
        fact_text("Reason", verdict->reason, text);
        fact_text("Isolation", verdict->isolation, text);
        fact_text("Workspace", verdict->workspace, text);
        verdict_findings(section, section->entry->seq);
        if (gate && verdict->decision == DECISION_PASS)
                fact_blocked(section, gate);
        fact_ledger(section);
}

/* ---- checks ---- */

/* Verdicts have their checks in the plan's order: `hint` is where to look first. */
static const CheckRecord *find_check(const GateRecord *gate, Slice id, size_t *hint) {
        for (size_t i = 0; gate && i < gate->n_checks; i++) {
                size_t at = (*hint + i) % gate->n_checks;

                if (!slice_is(id, gate->checks[at].id))
                        continue;
                *hint = at + 1;
                return &gate->checks[at];
        }
        return NULL;
}

static void check_row(const struct check_result *check, const CheckRecord *record, Buf *text) {
        buf_text(text, "| ");
        render_inline(check->check, text);
        buf_printf(text, " | %s", word_of(&words_OUTCOME, (int)check->outcome));
        if (check->reason.n) {
                buf_text(text, " (");
                render_inline(check->reason, text);
                buf_text(text, ")");
        }
        buf_text(text, " | ");
        duration_describe(check->duration_ms, text);
        buf_printf(text, " | %llu | %s | ", (unsigned long long)check->attempts,
                   !record           ? ""
                   : record->was_red ? "yes"
                                     : "**never**");
        render_inline(check->summary, text);
        buf_text(text, " | ");
        if (check->evidence.n) {
                buf_text(text, "`");
                hex_append(text, slice_head(check->evidence, 6));
                buf_text(text, "`");
        }
        buf_text(text, " |\n");
}

static void checks_table(const struct verdict *verdict, const GateRecord *gate, Buf *text) {
        size_t hint = 0;

        if (verdict->n_checks || verdict->n_sealed)
                buf_text(text,
                         "\n| check | result | took | attempts | seen red | found | evidence |\n"
                         "| --- | --- | --- | --- | --- | --- | --- |\n");
        for (size_t i = 0; i < verdict->n_checks; i++)
                check_row(&verdict->checks[i], find_check(gate, verdict->checks[i].check, &hint),
                          text);
        for (size_t i = 0; i < verdict->n_sealed; i++)
                check_row(&verdict->sealed[i], NULL, text);
}

static void warnings_list(const struct verdict *verdict, Buf *text) {
        bool is_first = true;

        for (size_t i = 0; i < verdict->n_checks; i++) {
                const struct check_result *check = &verdict->checks[i];

                if (check->outcome != OUTCOME_WARN)
                        continue;
                buf_text(text, is_first ? "\nWarnings, which fail nothing because the plan says "
                                          "so:\n\n- "
                                        : "- ");
                render_inline(check->check, text);
                buf_text(text, ": ");
                render_inline(check->summary.n ? check->summary : check->reason, text);
                buf_text(text, "\n");
                is_first = false;
        }
}

int verdict_body(const Section *section, const struct verdict *verdict, const GateRecord *gate) {
        Buf *text = section->text;

        if (verdict->summary.n) {
                render_inline(verdict->summary, text);
                buf_text(text, "\n\n");
        }
        verdict_facts(section, verdict, gate);
        checks_table(verdict, gate, text);
        warnings_list(verdict, text);
        for (size_t i = 0; i < verdict->n_notes; i++) {
                buf_text(text, i ? "- " : "\nNotes:\n\n- ");
                render_inline(verdict->notes[i], text);
                buf_text(text, "\n");
        }
        said_cold(verdict->reproduce, text);
        for (size_t i = 0; i < verdict->n_checks; i++)
                TRY(render_check_evidence(&verdict->checks[i], section->source, text));
        return 0;
}

int review_verdict(const Section *section) {
        const struct verdict *verdict = &section->message->verdict;
        const ClaimRecord *claim = state_find_claim(section->state, verdict->claim);
        const GateRecord *gate = claim ? phase_find_gate(claim->phase, verdict->gate) : NULL;
        cleanup_buf Buf title = BUF_TEXT;

        if (gate && gate->verifiers > 1)
                return gate->verdict.seq == section->entry->seq ? review_votes(section, gate)
                                                                : review_vote_kept(section, gate);
        render_inline(verdict->gate, &title);
        buf_printf(&title, ": %s", word_of(&words_DECISION, (int)verdict->decision));
        if (verdict->mode == MODE_QUICK)
                buf_text(&title, " (quick, counts for nothing)");
        section_begin(section, "##", &title);
        return verdict_body(section, verdict, gate);
}
