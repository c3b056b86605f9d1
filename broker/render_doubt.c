/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What is said of a verdict once it stands: that it was wrong, that the claimed differs from the
 * measured; and answers to manual checks. */

#include "broker/render_parts.h"

#include "base/error.h"
#include "broker/fresh.h"

/* The gate that this retraction left without a verdict; NULL if it changed none. */
static const GateRecord *find_undone(const Section *section) {
        const PhaseRecord *phase = state_find_phase(section->state, section->entry->phase);

        for (size_t i = 0; phase && i < phase->n_gates; i++)
                if (phase->gates[i].retracted_seq &&
                    phase->gates[i].retract_seq == section->entry->seq)
                        return &phase->gates[i];
        return NULL;
}

/* Findings that it closed or opened again. */
static void changed_findings(const Section *section) {
        for (size_t i = 0; i < section->state->n_findings; i++) {
                const FindingRecord *finding = section->state->findings[i];

                if (finding->changed_seq == section->entry->seq &&
                    finding->seq != section->entry->seq)
                        buf_printf(section->text, "| Finding | F-%llu: %s |\n",
                                   (unsigned long long)finding->seq,
                                   word_of(&words_FINDING_STATE, (int)finding->state));
        }
}

static int fact_retracted(const Section *section, uint64_t seq) {
        cleanup_arena Arena arena = ARENA_INIT;
        const struct verdict *verdict;
        Read read;

        fact_label("Verdict", 'V', seq, section->text);
        TRY(section_read(section, seq, MESSAGE_VERDICT, &arena, &read));
        if (!read.is_there)
                return 0;
        verdict = &read.message.verdict;
        fact_text("It said", slice_text(word_of(&words_DECISION, (int)verdict->decision)),
                  section->text);
        fact_text("Of", verdict->gate, section->text);
        fact_code("At", verdict->commit, section->text);
        return 0;
}

/* Why one of several verifiers' words was taken back tells what it said. */
static bool reason_is_sealed(const Section *section) {
        const PhaseRecord *phase = state_find_phase(section->state, section->entry->phase);

        for (size_t i = 0; section->before->is_of_several && phase && i < phase->n_gates; i++)
                if (phase->gates[i].verifiers > 1 && gate_is_pending(&phase->gates[i]))
                        return true;
        return false;
}

int review_retract(const Section *section) {
        const struct retract *retract = &section->message->retract;
        const GateRecord *gate = find_undone(section);
        bool is_sealed = reason_is_sealed(section);
        cleanup_buf Buf title = BUF_TEXT;

        if (gate)
                render_inline(slice_text(gate->id), &title);
        else
                buf_printf(&title, "V-%llu", (unsigned long long)retract->verdict);
        buf_text(&title, ": RETRACTED");
        section_begin(section, gate ? "##" : "###", &title);
        facts_begin(section->text);
        if (is_sealed)
                fact_label("Verdict", 'V', retract->verdict, section->text);
        else
                TRY(fact_retracted(section, retract->verdict));
        fact_by(section);
        changed_findings(section);
        fact_ledger(section);
        if (is_sealed)
                buf_text(section->text, "\nWhat it said, and why it was wrong, is sealed: another "
                                        "verifier has yet to speak.\n");
        else
                said("Reason", retract->why, section->text);
        return 0;
}

static void differs_lines(const struct differs *differs, Buf *text) {
        for (size_t i = 0; i < differs->n_lines; i++) {
                buf_text(text, i ? "- " : "\n- ");
                render_inline(differs->lines[i], text);
                buf_text(text, "\n");
        }
}

/* What the broker says of a verdict comes right behind it. */
int review_differs_unsealed(const Section *section, uint64_t verdict) {
        cleanup_arena Arena arena = ARENA_INIT;
        Read read;

        TRY(section_read(section, verdict + 1, MESSAGE_DIFFERS, &arena, &read));
        if (!read.is_there || read.message.differs.verdict != verdict)
                return 0;
        buf_printf(section->text, "\nClaimed evidence that differs from what V-%llu measured:\n",
                   (unsigned long long)verdict);
        differs_lines(&read.message.differs, section->text);
        return 0;
}

int review_differs(const Section *section) {
        const struct differs *differs = &section->message->differs;
        const ClaimRecord *claim = state_find_claim(section->state, differs->claim);
        cleanup_buf Buf title = BUF_TEXT;
        Buf *text = section->text;

        render_inline(differs->gate, &title);
        buf_text(&title,
                 differs->fails ? ": FAIL" : ": claimed evidence differs from what was measured");
        section_begin(section, differs->fails ? "##" : "###", &title);
        if (differs->fails)
                buf_text(text, "The claimed evidence differs from what was measured, and the plan "
                               "lets that fail the gate.\n\n");
        facts_begin(text);
        fact_label("Claim", 'C', differs->claim, text);
        fact_label("Verdict", 'V', differs->verdict, text);
        verdict_findings(section, differs->verdict);
        fact_ledger(section);
        if (claim && claim_is_open(claim))
                buf_text(text, "\nIn what is sealed until the claim's other gates have their "
                               "verdicts.\n");
        else
                differs_lines(differs, text);
        return 0;
}

int review_answer(const Section *section) {
        const struct answer *answer = &section->message->answer;
        cleanup_buf Buf title = BUF_TEXT;

        render_inline(answer->gate, &title);
        buf_text(&title, "/");
        render_inline(answer->check, &title);
        buf_printf(&title, " was looked at (NOT a verdict): it %s",
                   answer->holds ? "holds" : "does not hold");
        section_begin(section, "###", &title);
        facts_begin(section->text);
        fact_by(section);
        fact_code("Commit", answer->commit, section->text);
        fact_ledger(section);
        said("What was seen", answer->text, section->text);
        return 0;
}
