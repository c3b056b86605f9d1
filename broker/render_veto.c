/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Vetoes, and what an agent says that is never a verdict: probes, notes. */

#include "broker/render_parts.h"

#include "base/error.h"

int review_veto(const Section *section) {
        const struct veto *veto = &section->message->veto;
        cleanup_buf Buf title = BUF_TEXT;

        buf_printf(&title, "VETO X-%llu: ", (unsigned long long)section->entry->seq);
        if (veto->n_gates)
                inline_list(veto->gates, veto->n_gates, &title);
        else
                buf_text(&title, "the whole phase");
        section_begin(section, "##", &title);
        facts_begin(section->text);
        fact_by(section);
        fact_ledger(section);
        said("Reason", veto->why, section->text);
        said("Lifted when", veto->lift_when, section->text);
        return 0;
}

int review_lift(const Section *section) {
        const struct lift *lift = &section->message->lift;
        cleanup_arena Arena arena = ARENA_INIT;
        Read read;

        TRY(section_read(section, lift->veto, MESSAGE_VETO, &arena, &read));
        section_begin_label(section, 'X', lift->veto, "VETO LIFTED");
        facts_begin(section->text);
        fact_label("Veto", 'X', lift->veto, section->text);
        fact_by(section);
        fact_ledger(section);
        if (read.is_there)
                said("Its condition was", read.message.veto.lift_when, section->text);
        said("What shows that it holds", lift->why, section->text);
        return 0;
}

int review_probe(const Section *section) {
        const struct probe *probe = &section->message->probe;
        cleanup_buf Buf title = BUF_TEXT;

        buf_text(&title, "Probe (NOT a verdict): ");
        render_inline(probe->title, &title);
        section_begin(section, "###", &title);
        facts_begin(section->text);
        fact_by(section);
        fact_text("Gate", probe->gate, section->text);
        fact_code("Commit", probe->commit, section->text);
        fact_ledger(section);
        said("What was seen", probe->body, section->text);
        return 0;
}

int review_note(const Section *section) {
        const struct note *note = &section->message->note;
        cleanup_buf Buf title = BUF_TEXT;

        if (note->to == NOTE_TO_JOURNAL)
                return 0;
        buf_text(&title, "Note (NOT a verdict) by ");
        render_inline(section->entry->actor, &title);
        if (note->to == NOTE_TO_INBOX)
                buf_printf(&title, ", for the %s's inbox", word_of(&words_ROLE, (int)note->role));
        section_begin(section, "###", &title);
        facts_begin(section->text);
        fact_text("Gate", note->gate, section->text);
        fact_ledger(section);
        buf_text(section->text, "\n");
        render_fence(note->text, "", section->text);
        return 0;
}
