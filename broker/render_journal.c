/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * JOURNAL-<phase>.md: the builders' notes and the WHY of their claims, appended when they are
 * unsealed and not before.
 *
 * A WHY is unsealed when its claim is decided. A note is reasoning about what is claimed next: it
 * is unsealed by the decision of a claim that its author made after it, of the note's gate where it
 * names one. Whatever is left is unsealed when the phase is DONE.
 */

#include "broker/render_parts.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"

enum { SEALED_FIRST = 16 };

void journal_deinit(Journal *journal) {
        for (size_t i = 0; i < journal->n_sealed; i++)
                free(journal->sealed[i].gate);
        free(journal->sealed);
}

void render_journal_head(Slice phase, Buf *text) {
        buf_text(text, "# JOURNAL — phase ");
        render_inline(phase, text);
        buf_text(text, "\n\nRendered from the ledger, append-only. What builders noted and why "
                       "they claimed what they claimed stands here\nonce the verdict does; until "
                       "then it is sealed.\n");
}

static void add_sealed(Journal *journal, const Section *section, Slice gate, bool is_claim) {
        const AgentRecord *author = state_find_agent(section->state, section->entry->actor);

        if (!author)
                return;
        if (journal->n_sealed == journal->n_allocated) {
                journal->n_allocated =
                        journal->n_allocated ? 2 * journal->n_allocated : SEALED_FIRST;
                journal->sealed =
                        mem_resize(journal->sealed, journal->n_allocated, sizeof *journal->sealed);
        }
        journal->sealed[journal->n_sealed++] = (SealedWords){
                .seq = section->entry->seq,
                .is_claim = is_claim,
                .author = author->name,
                .gate = gate.n ? mem_strndup((const char *)gate.data, gate.n) : NULL,
        };
}

static void remember(Journal *journal, const Section *section) {
        const Message *message = section->message;

        if (message->type == MESSAGE_NOTE && message->note.to == NOTE_TO_JOURNAL)
                add_sealed(journal, section, message->note.gate, false);
        else if (message->type == MESSAGE_CLAIM && message->claim.why.n)
                add_sealed(journal, section, SLICE_NULL, true);
}

static bool is_unsealed(const SealedWords *sealed, const PhaseRecord *phase,
                        const ClaimRecord *decided) {
        if (phase->state == PHASE_STATE_DONE)
                return true;
        if (!decided)
                return false;
        if (sealed->is_claim)
                return sealed->seq == decided->seq;
        return sealed->author == decided->builder && sealed->seq < decided->seq &&
               (!sealed->gate || claim_find_gate(decided, slice_text(sealed->gate)) >= 0);
}

static void words_section(const SealedWords *sealed, const Entry *entry, const Message *message,
                          Buf *text) {
        char when[TIME_TEXT_BYTES];

        time_format_minute(entry->received_ms, when);
        buf_printf(text, "\n## @%s — %s%llu by ", when, sealed->is_claim ? "WHY of C-" : "N-",
                   (unsigned long long)entry->seq);
        render_inline(entry->actor, text);
        if (sealed->gate) {
                buf_text(text, ", ");
                render_inline(slice_text(sealed->gate), text);
        }
        buf_text(text, "\n\n");
        render_fence(sealed->is_claim ? message->claim.why : message->note.text, "", text);
}

static int append_words(const SealedWords *sealed, const Section *section) {
        cleanup_arena Arena arena = ARENA_INIT;
        Read read;

        TRY(section_read(section, sealed->seq, sealed->is_claim ? MESSAGE_CLAIM : MESSAGE_NOTE,
                         &arena, &read));
        if (read.is_there)
                words_section(sealed, &read.entry, &read.message, section->text);
        return 0;
}

static void drop_unsealed(Journal *journal, const PhaseRecord *phase, const ClaimRecord *decided) {
        size_t n_kept = 0;

        for (size_t i = 0; i < journal->n_sealed; i++) {
                if (is_unsealed(&journal->sealed[i], phase, decided))
                        free(journal->sealed[i].gate);
                else
                        journal->sealed[n_kept++] = journal->sealed[i];
        }
        journal->n_sealed = n_kept;
}

int render_journal_entry(Journal *journal, const PhaseRecord *phase, const Section *section) {
        const ClaimRecord *decided = section_get_decided(section);

        remember(journal, section);
        if (!decided && phase->state != PHASE_STATE_DONE)
                return 0;
        for (size_t i = 0; i < journal->n_sealed; i++)
                if (is_unsealed(&journal->sealed[i], phase, decided))
                        TRY(append_words(&journal->sealed[i], section));
        drop_unsealed(journal, phase, decided);
        return 0;
}
