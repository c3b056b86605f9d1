/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Several verifiers of one gate. None of their words is shown before the last has given its own:
 * an adversary that could read another's verdict would not be a second one. */

#include "broker/render_parts.h"

#include "base/error.h"

/* The verifiers' verdicts, read again. */
typedef struct Votes {
        Read votes[VERIFIERS_MAX];
        size_t n;
        Arena arena;
} Votes;

static void votes_deinit(Votes *votes) {
        arena_deinit(&votes->arena);
}

int review_vote_kept(const Section *section, const GateRecord *gate) {
        cleanup_buf Buf title = BUF_TEXT;

        render_inline(section->message->verdict.gate, &title);
        buf_printf(&title, ": the verdict of one of %u verifiers", gate->verifiers);
        section_begin(section, "###", &title);
        facts_begin(section->text);
        fact_label("Claim", 'C', section->message->verdict.claim, section->text);
        fact_by(section);
        fact_ledger(section);
        buf_text(section->text, "\nWhat it says is sealed until the last of them is in.\n");
        return 0;
}

static int read_votes(const Section *section, const GateRecord *gate, Votes *ret_votes) {
        for (size_t i = 0; i < gate->verdict.n_parts; i++) {
                Read *vote = &ret_votes->votes[ret_votes->n];

                TRY(section_read(section, gate->verdict.parts[i].seq, MESSAGE_VERDICT,
                                 &ret_votes->arena, vote));
                ret_votes->n += vote->is_there;
        }
        return 0;
}

static const struct check_result *find_result(const Read *vote, Slice check) {
        const struct verdict *verdict = &vote->message.verdict;

        for (size_t i = 0; i < verdict->n_checks; i++)
                if (slice_equal(verdict->checks[i].check, check))
                        return &verdict->checks[i];
        return NULL;
}

/* -1: it has none. */
static int outcome_of(const Read *vote, Slice check) {
        const struct check_result *result = find_result(vote, check);

        return result ? (int)result->outcome : -1;
}

static bool differs(const Votes *votes, Slice check) {
        for (size_t i = 1; i < votes->n; i++)
                if (outcome_of(&votes->votes[i], check) != outcome_of(&votes->votes[0], check))
                        return true;
        return false;
}

static bool was_told(const Votes *votes, size_t n_before, Slice check) {
        for (size_t i = 0; i < n_before; i++)
                if (find_result(&votes->votes[i], check))
                        return true;
        return false;
}

static void difference_row(const Votes *votes, Slice check, Buf *text) {
        buf_text(text, "| ");
        render_inline(check, text);
        for (size_t i = 0; i < votes->n; i++) {
                int outcome = outcome_of(&votes->votes[i], check);

                buf_printf(text, " | %s",
                           outcome < 0 ? "not run" : word_of(&words_OUTCOME, outcome));
        }
        buf_text(text, " |\n");
}

static void differences_head(const Votes *votes, Buf *text) {
        buf_text(text, "\nThey differ in:\n\n| check |");
        for (size_t i = 0; i < votes->n; i++) {
                buf_text(text, " ");
                render_inline(votes->votes[i].entry.actor, text);
                buf_text(text, " |");
        }
        buf_text(text, "\n| --- |");
        for (size_t i = 0; i < votes->n; i++)
                buf_text(text, " --- |");
        buf_text(text, "\n");
}

static void differences(const Votes *votes, Buf *text) {
        bool has_head = false;

        for (size_t i = 0; i < votes->n; i++) {
                const struct verdict *verdict = &votes->votes[i].message.verdict;

                for (size_t j = 0; j < verdict->n_checks; j++) {
                        Slice check = verdict->checks[j].check;

                        if (was_told(votes, i, check) || !differs(votes, check))
                                continue;
                        if (!has_head)
                                differences_head(votes, text);
                        has_head = true;
                        difference_row(votes, check, text);
                }
        }
}

static void votes_table(const Votes *votes, Buf *text) {
        buf_text(text, "\n| verdict | by | says |\n| --- | --- | --- |\n");
        for (size_t i = 0; i < votes->n; i++) {
                buf_printf(text, "| V-%llu | ", (unsigned long long)votes->votes[i].entry.seq);
                render_inline(votes->votes[i].entry.actor, text);
                buf_printf(text, " | %s |\n",
                           word_of(&words_DECISION, (int)votes->votes[i].message.verdict.decision));
        }
}

static int vote_section(const Section *section, const Read *vote, const GateRecord *gate) {
        Section part = *section;

        part.entry = &vote->entry;
        part.message = &vote->message;
        buf_printf(section->text, "\n### V-%llu by ", (unsigned long long)vote->entry.seq);
        render_inline(vote->entry.actor, section->text);
        buf_printf(section->text, ": %s\n\n",
                   word_of(&words_DECISION, (int)vote->message.verdict.decision));
        return verdict_body(&part, &vote->message.verdict, gate);
}

int review_votes(const Section *section, const GateRecord *gate) {
        cleanup(votes_deinit) Votes votes = {.n = 0};
        cleanup_buf Buf title = BUF_TEXT;

        TRY(read_votes(section, gate, &votes));
        render_inline(section->message->verdict.gate, &title);
        buf_printf(&title, ": %s", word_of(&words_DECISION, (int)gate->verdict.decision));
        if (gate->verdict.mode == MODE_QUICK)
                buf_text(&title, " (quick, counts for nothing)");
        section_begin(section, "##", &title);
        buf_printf(section->text, "%u verifiers were wanted: they %s.\n", gate->verifiers,
                   gate->verdict.is_disagreement ? "**do not agree**" : "agree");
        votes_table(&votes, section->text);
        differences(&votes, section->text);
        for (size_t i = 0; i < votes.n; i++)
                TRY(vote_section(section, &votes.votes[i], gate));
        return 0;
}
