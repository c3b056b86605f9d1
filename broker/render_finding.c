/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Findings: filed, mended, closed, opened again, corrected, waived, deferred. */

#include "broker/render_parts.h"

#include "base/clock.h"
#include "broker/finding.h"

int review_finding(const Section *section) {
        const struct finding *finding = &section->message->finding;
        cleanup_buf Buf title = BUF_TEXT;
        Buf *text = section->text;

        buf_text(&title, "[adversary] ");
        render_inline(finding->title, &title);
        section_begin(section, "###", &title);
        facts_begin(text);
        buf_printf(text, "| Finding | F-%llu, %s, blocks %s |\n",
                   (unsigned long long)section->entry->seq,
                   word_of(&words_SEVERITY, (int)finding->severity),
                   word_of(&words_BLOCKS, (int)finding->blocks));
        fact_by(section);
        fact_text("Gate", finding->gate, text);
        fact_code("Commit", finding->commit, text);
        fact_label("Shown by", 'V', finding->verdict, text);
        fact_ledger(section);
        said("What was seen", finding->body, text);
        said("Required fix", finding->required_fix, text);
        said_cold(finding->reproduce, text);
        return 0;
}

/* What happened to a finding: heading and the facts that all have. */
static void begin_change(const Section *section, uint64_t finding, const char *what) {
        section_begin_label(section, 'F', finding, what);
        facts_begin(section->text);
        fact_finding(section, finding);
        fact_by(section);
}

int review_fixed(const Section *section) {
        const struct fixed *fixed = &section->message->fixed;

        begin_change(section, fixed->finding, "FIXED, awaiting its re-test");
        fact_code("Commit", fixed->commit, section->text);
        fact_ledger(section);
        said("How", fixed->text, section->text);
        return 0;
}

int review_close(const Section *section) {
        const struct close *close = &section->message->close;

        begin_change(section, close->finding, "CLOSED, re-tested");
        fact_label("Re-tested by", 'V', close->verdict, section->text);
        fact_ledger(section);
        said("What shows that it is gone", close->why, section->text);
        return 0;
}

int review_reopen(const Section *section) {
        const struct reopen *reopen = &section->message->reopen;

        begin_change(section, reopen->finding, "REOPENED");
        fact_label("Shown by", 'V', reopen->verdict, section->text);
        fact_ledger(section);
        said("What shows that it is there", reopen->why, section->text);
        return 0;
}

int review_correct(const Section *section) {
        const struct correct *correct = &section->message->correct;
        Buf *text = section->text;

        begin_change(section, correct->finding, "CORRECTED");
        if (correct_says_severity(correct))
                fact_text("Severity", slice_text(word_of(&words_SEVERITY, (int)correct->severity)),
                          text);
        if (correct_says_blocks(correct))
                fact_text("Blocks", slice_text(word_of(&words_BLOCKS, (int)correct->blocks)), text);
        fact_text("Title", correct->title, text);
        fact_ledger(section);
        said("What was wrong", correct->why, text);
        said("What was seen", correct->body, text);
        said("Required fix", correct->required_fix, text);
        said_cold(correct->reproduce, text);
        return 0;
}

int review_waive(const Section *section) {
        const struct waive *waive = &section->message->waive;
        cleanup_buf Buf title = BUF_TEXT;
        char until[TIME_TEXT_BYTES];

        time_format_minute(waive->until_ms, until);
        if (waive->finding)
                buf_printf(&title, "F-%llu", (unsigned long long)waive->finding);
        else
                render_inline(waive->gate, &title);
        buf_printf(&title, ": WAIVED until %s", until);
        section_begin(section, "###", &title);
        facts_begin(section->text);
        if (waive->finding)
                fact_finding(section, waive->finding);
        fact_text("Gate", waive->gate, section->text);
        fact_by(section);
        fact_time("Expires", waive->until_ms, section->text);
        fact_ledger(section);
        said("Reason", waive->why, section->text);
        return 0;
}

int review_defer(const Section *section) {
        const struct defer *defer = &section->message->defer;

        section_begin_label(section, 'F', defer->finding ? defer->finding : section->entry->seq,
                            "DEFERRED, must close before DONE");
        facts_begin(section->text);
        fact_text("What", defer->title, section->text);
        if (defer->finding)
                fact_finding(section, defer->finding);
        fact_text("Gate", defer->gate, section->text);
        fact_by(section);
        fact_ledger(section);
        said("What closes it", defer->closes, section->text);
        return 0;
}
