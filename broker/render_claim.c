/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Claims: made, taken back, without a verdict; and what they kept sealed until they were decided.
 */

#include "broker/render_parts.h"

#include "base/error.h"

static void begin_claim(const Section *section, const Slice *gates, size_t n_gates,
                        const char *what) {
        cleanup_buf Buf title = BUF_TEXT;

        buf_text(&title, "Claim of ");
        inline_list(gates, n_gates, &title);
        buf_text(&title, what);
        section_begin(section, "###", &title);
        facts_begin(section->text);
}

static void fact_superseded(const Section *section) {
        const RenderBefore *before = section->before;

        for (size_t i = 0; i < before->n_superseded; i++) {
                buf_text(section->text, i ? ", " : "| Supersedes | ");
                label_link('C', before->superseded[i], section->text);
        }
        if (before->n_superseded)
                buf_text(section->text, " |\n");
}

int review_claim(const Section *section) {
        const struct claim *claim = &section->message->claim;
        bool has_evidence = claim->claimed_evidence.n > 0, has_why = claim->why.n > 0;
        Buf *text = section->text;

        begin_claim(section, claim->gates, claim->n_gates, "");
        buf_printf(text, "| Claim | C-%llu by ", (unsigned long long)section->entry->seq);
        render_inline(section->entry->actor, text);
        buf_printf(text, ", %s |\n", word_of(&words_MODE, (int)claim->mode));
        fact_code("Commit", claim->commit, text);
        fact_text("Repository", claim->repository, text);
        fact_superseded(section);
        if (has_evidence || has_why)
                buf_printf(text, "| Sealed until the verdict | %s%s%s |\n",
                           has_evidence ? "claimed evidence" : "",
                           has_evidence && has_why ? ", " : "", has_why ? "WHY" : "");
        fact_ledger(section);
        said("WHAT", claim->what, text);
        said("HOW", claim->how, text);
        said("EXPECTED", claim->expected, text);
        said("WHERE", claim->where, text);
        return 0;
}

int review_reverify(const Section *section) {
        const struct reverify *again = &section->message->reverify;
        Buf *text = section->text;

        begin_claim(section, again->gates, again->n_gates, ": to be verified again");
        buf_printf(text, "| Claim | C-%llu in the name of ",
                   (unsigned long long)section->entry->seq);
        render_inline(again->builder, text);
        buf_text(text, ", cold |\n");
        buf_printf(text, "| Because of | entry %llu |\n", (unsigned long long)again->cause);
        fact_code("Commit", again->commit, text);
        fact_text("Repository", again->repository, text);
        fact_superseded(section);
        fact_ledger(section);
        return 0;
}

int review_withdraw(const Section *section) {
        const struct withdraw *withdraw = &section->message->withdraw;

        section_begin_label(section, 'C', withdraw->claim, "withdrawn");
        facts_begin(section->text);
        fact_label("Claim", 'C', withdraw->claim, section->text);
        fact_by(section);
        fact_ledger(section);
        said("Reason", withdraw->why.n ? withdraw->why : slice_text("None was given."),
             section->text);
        return 0;
}

int review_lapse(const Section *section) {
        const struct lapse *lapse = &section->message->lapse;

        section_begin_label(section, 'C', lapse->claim,
                            lapse->exhausted ? "no verdict could be had; the operator is asked"
                                             : "a lease ended without a verdict");
        facts_begin(section->text);
        fact_label("Claim", 'C', lapse->claim, section->text);
        fact_ledger(section);
        said("Reason", lapse->why, section->text);
        return 0;
}

static int said_in_claim(const Section *section, const ClaimRecord *claim) {
        cleanup_arena Arena arena = ARENA_INIT;
        const struct claim *words;
        Read read;

        /* Of a re-verification there is no such entry: it has no words of its own. */
        TRY(section_read(section, claim->seq, MESSAGE_CLAIM, &arena, &read));
        words = &read.message.claim;
        if (!read.is_there || !(words->claimed_evidence.n || words->why.n))
                return 0;
        buf_printf(section->text, "\n### C-%llu: unsealed, for its verdict stands\n",
                   (unsigned long long)claim->seq);
        said("Claimed evidence", words->claimed_evidence, section->text);
        said("WHY", words->why, section->text);
        return 0;
}

int review_unsealed(const Section *section, const ClaimRecord *claim) {
        TRY(said_in_claim(section, claim));
        for (size_t i = 0; i < claim->n_gates; i++)
                if (claim->verdicts[i] && claim->verdicts[i] != section->entry->seq)
                        TRY(review_differs_unsealed(section, claim->verdicts[i]));
        return 0;
}
