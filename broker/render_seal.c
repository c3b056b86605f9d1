/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Sealed checks: that there are some, that they are asked for, and what they were. */

#include "broker/render_parts.h"

#include "base/clock.h"

int review_seal(const Section *section) {
        section_begin_label(section, 'S', section->entry->seq, "CHECKS SEALED");
        facts_begin(section->text);
        fact_by(section);
        fact_hex("Digest", section->message->seal.digest, section->text);
        fact_ledger(section);
        return 0;
}

int review_reveal(const Section *section) {
        const struct reveal *reveal = &section->message->reveal;
        const SealRecord *seal = state_find_seal(section->state, reveal->seal);

        section_begin_label(section, 'S', reveal->seal,
                            reveal->file.n ? "SEALED CHECKS REVEALED" : "REVEAL ASKED FOR");
        facts_begin(section->text);
        fact_label("Seal", 'S', reveal->seal, section->text);
        fact_by(section);
        if (reveal->file.n) {
                fact_hex("Salt", reveal->salt, section->text);
                if (seal)
                        fact_hex("File and salt hash to what was sealed", hash_slice(&seal->digest),
                                 section->text);
        }
        fact_ledger(section);
        said("The sealed file; `sealed.N` is the N-th check of a gate in it", reveal->file,
             section->text);
        return 0;
}

/* ---- STATUS ---- */

void seals_section(const Snapshot *snapshot) {
        const struct phase_status *phase = snapshot->phase;
        Buf *text = snapshot->text;

        if (phase->n_seals)
                buf_text(text, "\n## Sealed checks\n\n");
        for (size_t i = 0; i < phase->n_seals; i++) {
                const struct seal_status *seal = &phase->seals[i];
                char when[TIME_TEXT_BYTES];

                time_format_minute(seal->since_ms, when);
                buf_text(text, "-");
                snapshot_link(snapshot, 'S', seal->seal);
                buf_text(text, " of ");
                render_inline(seal->adversary, text);
                buf_printf(text, ", since %s: ", when);
                if (seal->revealed)
                        buf_printf(text, "revealed in entry %llu\n",
                                   (unsigned long long)seal->revealed);
                else if (seal->asked)
                        buf_printf(text, "NOT REVEALED, asked for in entry %llu\n",
                                   (unsigned long long)seal->asked);
                else
                        buf_text(text,
                                 phase->state == PHASE_STATE_DONE ? "NOT REVEALED\n" : "sealed\n");
        }
}
