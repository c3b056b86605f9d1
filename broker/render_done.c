/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* DONE: asked for, granted, denied. `## DONE` is the broker's alone. */

#include "broker/render_parts.h"

#include "base/clock.h"
#include "broker/gate.h"

int review_done(const Section *section) {
        cleanup_buf Buf title = BUF_TEXT;

        buf_text(&title, "DONE asked for by ");
        render_inline(section->entry->actor, &title);
        section_begin(section, "###", &title);
        facts_begin(section->text);
        fact_code("Commit", section->message->done.commit, section->text);
        fact_ledger(section);
        return 0;
}

/* On what it rests: each gate's verdict, or the waiver that stands in its place. */
static void grounds_table(const Section *section, const PhaseRecord *phase) {
        Buf *text = section->text;

        buf_text(text, "\n| gate | verdict | carried over from | waived until |\n"
                       "| --- | --- | --- | --- |\n");
        for (size_t i = 0; i < phase->n_gates; i++) {
                const GateRecord *gate = &phase->gates[i];
                char until[TIME_TEXT_BYTES] = "";

                if (!gate->in_plan)
                        continue;
                if (gate_is_waived(gate, section->entry->received_ms))
                        time_format_minute(gate->waived_until_ms, until);
                buf_text(text, "| ");
                render_inline(slice_text(gate->id), text);
                buf_text(text, " | ");
                if (gate->verdict.seq)
                        label_link('V', gate->verdict.seq, text);
                buf_text(text, " | ");
                if (gate->verdict.carried_from)
                        label_link('V', gate->verdict.carried_from, text);
                buf_printf(text, " | %s |\n", until);
        }
}

/* Checks that some verdicts rest on and nobody but their adversary has seen yet. */
static void unrevealed_facts(const Section *section, const PhaseRecord *phase) {
        const State *state = section->state;

        for (size_t i = 0; i < state->n_seals; i++)
                if (state->seals[i]->phase == phase && !state->seals[i]->revealed_seq)
                        fact_label("Sealed checks, not revealed yet", 'S', state->seals[i]->seq,
                                   section->text);
}

int review_granted(const Section *section) {
        const struct granted *granted = &section->message->granted;
        const PhaseRecord *phase = state_find_phase(section->state, granted->phase);
        cleanup_buf Buf title = BUF_TEXT;

        buf_text(&title, "DONE");
        section_begin(section, "##", &title);
        facts_begin(section->text);
        fact_code("Commit", granted->commit, section->text);
        buf_printf(section->text, "| Asked for in | entry %llu |\n",
                   (unsigned long long)granted->done);
        unrevealed_facts(section, phase);
        fact_ledger(section);
        if (phase)
                grounds_table(section, phase);
        return 0;
}

int review_denied(const Section *section) {
        const struct denied *denied = &section->message->denied;
        cleanup_buf Buf title = BUF_TEXT;

        buf_text(&title, "DONE denied");
        section_begin(section, "###", &title);
        for (size_t i = 0; i < denied->n_reasons; i++) {
                buf_text(section->text, "- ");
                render_inline(denied->reasons[i], section->text);
                buf_text(section->text, "\n");
        }
        buf_printf(section->text, "\nIt was asked for in entry %llu.\n",
                   (unsigned long long)denied->done);
        return 0;
}
