/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * REVIEW-<phase>.md: one section for each entry, appended in the ledger's order. The headings are
 * those that people and scripts grep already (`## M1: PASS @2026-06-13T05:33Z`); a section never
 * depends on what comes after its entry, so that a rendering is a byte-prefix of the next.
 */

#include "broker/render.h"
#include "broker/render_evidence.h"

#include "base/clock.h"
#include "base/error.h"

void render_review_head(Slice phase, Buf *text) {
        buf_text(text, "# REVIEW — phase ");
        render_inline(phase, text);
        buf_text(text,
                 "\n\nRendered from the ledger, append-only; `broker render --check` compares "
                 "it. A verdict stands under\n`## GATE: PASS`, `FAIL` or `INCONCLUSIVE`; "
                 "claims, findings and notes are not verdicts.\n");
}

static void heading(const char *format_head, Slice name, const char *what, const Entry *entry,
                    Buf *text) {
        char when[TIME_TEXT_BYTES];

        time_format_minute(entry->received_ms, when);
        buf_printf(text, "\n%s", format_head);
        render_inline(name, text);
        buf_printf(text, "%s @%s\n\n", what, when);
}

static void fact(const char *name, Slice value, Buf *text) {
        buf_printf(text, "| %s | ", name);
        render_inline(value, text);
        buf_text(text, " |\n");
}

static void code_fact(const char *name, Slice value, Buf *text) {
        buf_printf(text, "| %s | ", name);
        render_code(value, text);
        buf_text(text, " |\n");
}

static void begin_facts(Buf *text) {
        buf_text(text, "| | |\n| --- | --- |\n");
}

static void ledger_fact(const Entry *entry, Buf *text) {
        buf_printf(text, "| Ledger | entry %llu, hash `", (unsigned long long)entry->seq);
        hex_append(text, hash_slice(&entry->hash));
        buf_text(text, "` |\n");
}

static void hex_fact(const char *name, Slice digest, Buf *text) {
        buf_printf(text, "| %s | `", name);
        hex_append(text, digest);
        buf_text(text, "` |\n");
}

static void render_plan(const Entry *entry, const struct plan *plan, Buf *text) {
        heading("### Plan approved by ", entry->actor, "", entry, text);
        begin_facts(text);
        hex_fact("Plan", plan->digest, text);
        ledger_fact(entry, text);
        buf_text(text, "\n| gate | title | digest |\n| --- | --- | --- |\n");
        for (size_t i = 0; i < plan->n_gates; i++) {
                buf_text(text, "| ");
                render_inline(plan->gates[i].gate, text);
                buf_text(text, " | ");
                render_inline(plan->gates[i].title, text);
                buf_text(text, " | `");
                hex_append(text, slice_head(plan->gates[i].digest, 8));
                buf_text(text, "` |\n");
        }
}

static void said(const char *what, Slice words, Buf *text) {
        if (!words.n)
                return;
        buf_printf(text, "\n%s:\n\n", what);
        render_fence(words, "", text);
}

static void render_claim(const Entry *entry, const struct claim *claim, Buf *text) {
        cleanup_buf Buf gates = BUF_TEXT;

        for (size_t i = 0; i < claim->n_gates; i++)
                buf_printf(&gates, "%s%.*s", i ? ", " : "", SLICE_ARGS(claim->gates[i]));
        buf_printf(text, "\n<a id=\"c-%llu\"></a>", (unsigned long long)entry->seq);
        heading("\n### Claim of ", buf_get(&gates), "", entry, text);
        begin_facts(text);
        buf_printf(text, "| Claim | C-%llu by ", (unsigned long long)entry->seq);
        render_inline(entry->actor, text);
        buf_printf(text, ", %s |\n", word_of(&words_MODE, (int)claim->mode));
        code_fact("Commit", claim->commit, text);
        fact("Repository", claim->repository, text);
        ledger_fact(entry, text);
        said("WHAT", claim->what, text);
        said("HOW", claim->how, text);
        said("EXPECTED", claim->expected, text);
        said("WHERE", claim->where, text);
}

/* What the verdict did to the findings of its gate. */
static void verdict_findings(const State *state, const Entry *entry, Buf *text) {
        for (size_t i = 0; i < state->n_findings; i++) {
                const FindingRecord *finding = state->findings[i];
                bool is_filed = finding->seq == entry->seq;

                if (finding->closed_seq == entry->seq)
                        buf_printf(text, "| Finding | F-%llu: CLOSED, re-tested |\n",
                                   (unsigned long long)finding->seq);
                else if (finding->verdict_seq == entry->seq)
                        buf_printf(text, "| Finding | F-%llu: %s, %s, blocks %s |\n",
                                   (unsigned long long)finding->seq,
                                   is_filed ? "filed" : "shown again",
                                   word_of(&words_SEVERITY, (int)finding->severity),
                                   word_of(&words_BLOCKS, (int)finding->blocks));
        }
}

static void verdict_facts(const State *state, const Entry *entry, const struct verdict *verdict,
                          Buf *text) {
        const ClaimRecord *claim = state_find_claim(state, verdict->claim);

        begin_facts(text);
        buf_printf(text, "| Claim | [C-%llu](#c-%llu)", (unsigned long long)verdict->claim,
                   (unsigned long long)verdict->claim);
        if (claim) {
                buf_text(text, " by ");
                render_inline(slice_text(claim->builder), text);
        }
        buf_text(text, " |\n");
        code_fact("Commit", verdict->commit, text);
        if (verdict->tree.n)
                code_fact("Tree", verdict->tree, text);
        hex_fact("Gate digest", verdict->gate_digest, text);
        buf_text(text, "| Verified by | ");
        render_inline(entry->actor, text);
        buf_printf(text, ", %s, in ", word_of(&words_MODE, (int)verdict->mode));
        duration_describe(verdict->duration_ms, text);
        buf_text(text, " |\n");
        if (verdict->isolation.n)
                fact("Isolation", verdict->isolation, text);
        if (verdict->workspace.n)
                fact("Workspace", verdict->workspace, text);
        verdict_findings(state, entry, text);
        ledger_fact(entry, text);
}

static void check_row(const struct check_result *check, Buf *text) {
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
        buf_printf(text, " | %llu | ", (unsigned long long)check->attempts);
        render_inline(check->summary, text);
        buf_text(text, " | ");
        if (check->evidence.n) {
                buf_text(text, "`");
                hex_append(text, slice_head(check->evidence, 6));
                buf_text(text, "`");
        }
        buf_text(text, " |\n");
}

static int render_verdict(const State *state, const Entry *entry, const struct verdict *verdict,
                          const RenderSource *source, Buf *text) {
        cleanup_buf Buf what = BUF_TEXT;

        buf_printf(text, "\n<a id=\"v-%llu\"></a>", (unsigned long long)entry->seq);
        buf_printf(&what, ": %s", word_of(&words_DECISION, (int)verdict->decision));
        heading("\n## ", verdict->gate, buf_get_text(&what), entry, text);
        if (verdict->summary.n) {
                render_inline(verdict->summary, text);
                buf_text(text, "\n\n");
        }
        verdict_facts(state, entry, verdict, text);
        if (verdict->n_checks)
                buf_text(text, "\n| check | result | took | attempts | found | evidence |\n"
                               "| --- | --- | --- | --- | --- | --- |\n");
        for (size_t i = 0; i < verdict->n_checks; i++)
                check_row(&verdict->checks[i], text);
        for (size_t i = 0; i < verdict->n_notes; i++) {
                buf_text(text, i ? "- " : "\nNotes:\n\n- ");
                render_inline(verdict->notes[i], text);
                buf_text(text, "\n");
        }
        if (verdict->reproduce.n) {
                buf_text(text, "\nReproduce, cold:\n\n");
                render_fence(verdict->reproduce, "sh", text);
        }
        for (size_t i = 0; i < verdict->n_checks; i++)
                TRY(render_check_evidence(&verdict->checks[i], source, text));
        return 0;
}

static void render_finding(const Entry *entry, const struct finding *finding, Buf *text) {
        buf_printf(text, "\n<a id=\"f-%llu\"></a>", (unsigned long long)entry->seq);
        heading("\n### [adversary] ", finding->title, "", entry, text);
        begin_facts(text);
        buf_printf(text, "| Finding | F-%llu, %s, blocks %s |\n", (unsigned long long)entry->seq,
                   word_of(&words_SEVERITY, (int)finding->severity),
                   word_of(&words_BLOCKS, (int)finding->blocks));
        if (finding->gate.n)
                fact("Gate", finding->gate, text);
        if (finding->verdict)
                buf_printf(text, "| Shown by | [V-%llu](#v-%llu) |\n",
                           (unsigned long long)finding->verdict,
                           (unsigned long long)finding->verdict);
        ledger_fact(entry, text);
        said("What was seen", finding->body, text);
        said("Required fix", finding->required_fix, text);
        if (finding->reproduce.n) {
                buf_text(text, "\nReproduce, cold:\n\n");
                render_fence(finding->reproduce, "sh", text);
        }
}

static void render_close(const Entry *entry, const struct close *close, Buf *text) {
        cleanup_buf Buf name = BUF_TEXT;

        buf_printf(&name, "F-%llu", (unsigned long long)close->finding);
        heading("### ", buf_get(&name), ": CLOSED, re-tested", entry, text);
        render_inline(close->why, text);
        buf_printf(text, " (entry %llu)\n", (unsigned long long)entry->seq);
}

static void render_lapse(const Entry *entry, const struct lapse *lapse, Buf *text) {
        cleanup_buf Buf name = BUF_TEXT;

        buf_printf(&name, "C-%llu", (unsigned long long)lapse->claim);
        heading("### ", buf_get(&name),
                lapse->exhausted ? ": no verdict could be had; the operator is asked"
                                 : ": a lease ended without a verdict",
                entry, text);
        render_inline(lapse->why, text);
        buf_text(text, "\n");
}

static void render_withdraw(const Entry *entry, const struct withdraw *withdraw, Buf *text) {
        cleanup_buf Buf name = BUF_TEXT;

        buf_printf(&name, "C-%llu", (unsigned long long)withdraw->claim);
        heading("### ", buf_get(&name), ": withdrawn", entry, text);
        render_inline(withdraw->why.n ? withdraw->why : slice_text("No reason was given."), text);
        buf_text(text, "\n");
}

static void render_note(const Entry *entry, const struct note *note, Buf *text) {
        if (note->to != NOTE_TO_RECORD)
                return;
        heading("### Note (NOT a verdict) by ", entry->actor, "", entry, text);
        render_fence(note->text, "", text);
}

static void render_done(const Entry *entry, const struct done *done, Buf *text) {
        heading("### DONE asked for by ", entry->actor, "", entry, text);
        begin_facts(text);
        code_fact("Commit", done->commit, text);
        ledger_fact(entry, text);
}

static void render_granted(const Entry *entry, const struct granted *granted, Buf *text) {
        heading("### DONE granted", SLICE_NULL, "", entry, text);
        begin_facts(text);
        code_fact("Commit", granted->commit, text);
        ledger_fact(entry, text);
}

static void render_denied(const Entry *entry, const struct denied *denied, Buf *text) {
        heading("### DONE denied", SLICE_NULL, "", entry, text);
        for (size_t i = 0; i < denied->n_reasons; i++) {
                buf_text(text, "- ");
                render_inline(denied->reasons[i], text);
                buf_text(text, "\n");
        }
}

int render_review_entry(const State *state, const Entry *entry, const Message *message,
                        const RenderSource *source, Buf *text) {
        switch ((int)message->type) {
        case MESSAGE_PLAN: render_plan(entry, &message->plan, text); return 0;
        case MESSAGE_CLAIM: render_claim(entry, &message->claim, text); return 0;
        case MESSAGE_WITHDRAW: render_withdraw(entry, &message->withdraw, text); return 0;
        case MESSAGE_LAPSE: render_lapse(entry, &message->lapse, text); return 0;
        case MESSAGE_VERDICT: return render_verdict(state, entry, &message->verdict, source, text);
        case MESSAGE_FINDING: render_finding(entry, &message->finding, text); return 0;
        case MESSAGE_CLOSE: render_close(entry, &message->close, text); return 0;
        case MESSAGE_NOTE: render_note(entry, &message->note, text); return 0;
        case MESSAGE_DONE: render_done(entry, &message->done, text); return 0;
        case MESSAGE_GRANTED: render_granted(entry, &message->granted, text); return 0;
        case MESSAGE_DENIED: render_denied(entry, &message->denied, text); return 0;
        default: return 0; /* genesis, admit, revoke, lease: the log has them */
        }
}
