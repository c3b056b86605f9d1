/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Waits, findings, vetoes, pauses, holds, alerts: whatever they quote is made visible. */

#include "view/status_parts.h"

#include "base/clock.h"
#include "base/text.h"
#include "view/status.h"

enum { COMMIT_SHOWN = 12 };

void status_append_age(uint64_t now_ms, uint64_t then_ms, Buf *text) {
        duration_describe(now_ms > then_ms ? now_ms - then_ms : 0, text);
}

static void append_part(const char *before, Slice part, const char *after, Buf *text) {
        buf_text(text, before);
        text_make_visible(part, false, text);
        buf_text(text, after);
}

static void append_time(const char *before, uint64_t wall_ms, Buf *text) {
        char when[TIME_TEXT_BYTES];

        time_format_minute(wall_ms, when);
        buf_printf(text, "%s%s", before, when);
}

static void append_since(uint64_t now_ms, uint64_t then_ms, Buf *text) {
        append_time("since ", then_ms, text);
        buf_text(text, " (");
        status_append_age(now_ms, then_ms, text);
        buf_text(text, ")");
}

/* ---- what was said already ---- */

/* Where the thing is named: F-1 is not in "F-12". */
static size_t find_name(Slice text, Slice name) {
        size_t at = slice_find(text, name);

        while (name.n && at + name.n < text.n && text.data[at + name.n] >= '0' &&
               text.data[at + name.n] <= '9') {
                at += name.n;
                at += slice_find(slice_from(text, at), name);
        }
        return at;
}

/* What stands before the words, where it names the thing whose they are. */
static Slice cut_words(Slice text, Slice name, const char *before, Slice words) {
        cleanup_buf Buf end = BUF_TEXT;
        size_t at = find_name(text, name), n;

        if (at == text.n)
                return text;
        buf_text(&end, before);
        buf_slice(&end, words);
        n = slice_find(text, buf_get(&end));
        return at < n ? slice_head(text, n) : text;
}

Slice status_cut_repeated(const struct phase_status *phase, Slice text) {
        for (size_t i = 0; i < phase->n_findings; i++)
                if (phase->findings[i].state != FINDING_STATE_CLOSED)
                        text = cut_words(text, phase->findings[i].finding, ": ",
                                         phase->findings[i].title);
        for (size_t i = 0; i < phase->n_vetoes; i++) {
                const struct veto_status *veto = &phase->vetoes[i];
                cleanup_buf Buf name = BUF_TEXT;

                buf_printf(&name, "X-%llu", (unsigned long long)veto->veto);
                text = cut_words(text, buf_get(&name), ": ", veto->why);
                text = cut_words(text, buf_get(&name), " when: ", veto->lift_when);
        }
        return text;
}

/* ---- waits ---- */

/* DONE has a line of its own. */
static void append_next(const struct wait *wait, Buf *text) {
        if (wait->next.n && wait->wait_for != WAIT_FOR_DONE)
                append_part("    next: ", wait->next, "\n", text);
}

void status_append_waits(const struct phase_status *phase, uint64_t now_ms, Buf *text) {
        for (size_t i = 0; i < phase->n_waits; i++) {
                const struct wait *wait = &phase->waits[i];

                append_part("  waiting for ", wait->who, ": ", text);
                append_part("", status_cut_repeated(phase, wait->what), ", ", text);
                append_since(now_ms, wait->since_ms, text);
                if (wait->paused_until_ms > now_ms)
                        append_time(", paused until ", wait->paused_until_ms, text);
                buf_text(text, "\n");
                append_next(wait, text);
        }
}

void status_append_waits_why(const struct phase_status *phase, uint64_t now_ms, Buf *text) {
        for (size_t i = 0; i < phase->n_waits; i++) {
                const struct wait *wait = &phase->waits[i];

                append_part("  waiting for ", wait->who, ": ", text);
                append_part("", wait->what, "\n    ", text);
                append_since(now_ms, wait->since_ms, text);
                if (wait->cause)
                        buf_printf(text, ", because of entry %llu",
                                   (unsigned long long)wait->cause);
                buf_printf(text, "; %s", word_of(&words_WAIT_FOR, (int)wait->wait_for));
                if (wait->gate.n)
                        append_part(" of ", wait->gate, "", text);
                buf_printf(text, "; %llu ping%s", (unsigned long long)wait->pings,
                           wait->pings == 1 ? "" : "s");
                if (wait->paused_until_ms > now_ms)
                        append_time("; paused until ", wait->paused_until_ms, text);
                buf_text(text, "\n");
                append_next(wait, text);
        }
        if (phase->n_waits == 0)
                buf_text(text, "  nobody is waited for\n");
}

/* ---- findings ---- */

static void append_finding_state(const struct finding_status *finding, Buf *text) {
        if (finding->state == FINDING_STATE_OPEN)
                return;
        buf_printf(text, ", %s", word_of(&words_FINDING_STATE, (int)finding->state));
        if (finding->state == FINDING_STATE_FIXED)
                append_part(" at ", slice_head(finding->fixed_at, COMMIT_SHOWN), "", text);
        if (finding->waived_until_ms)
                append_time(" until ", finding->waived_until_ms, text);
}

void finding_describe(const struct finding_status *finding, Buf *text) {
        text_make_visible(finding->finding, false, text);
        append_finding_state(finding, text);
        buf_printf(text, " (%s, blocks %s", word_of(&words_SEVERITY, (int)finding->severity),
                   word_of(&words_BLOCKS, (int)finding->blocks));
        if (finding->blocks == BLOCKS_GATE && finding->gate.n)
                append_part(" ", finding->gate, "", text);
        append_part("): ", finding->title, "\n", text);
        if (finding->because.n)
                append_part("    because: ", finding->because, "\n", text);
        if (finding->reproduce.n)
                append_part("    reproduce: ", finding->reproduce, "\n", text);
}

void status_append_findings(const struct phase_status *phase, Buf *text) {
        for (size_t i = 0; i < phase->n_findings; i++)
                if (phase->findings[i].state != FINDING_STATE_CLOSED) {
                        buf_text(text, "  finding ");
                        finding_describe(&phase->findings[i], text);
                }
}

/* ---- vetoes, pauses ---- */

void status_append_vetoes(const struct phase_status *phase, uint64_t now_ms, Buf *text) {
        for (size_t i = 0; i < phase->n_vetoes; i++) {
                const struct veto_status *veto = &phase->vetoes[i];

                buf_printf(text, "  VETO X-%llu by ", (unsigned long long)veto->veto);
                append_part("", veto->adversary, " on ", text);
                for (size_t k = 0; k < veto->n_gates; k++)
                        append_part(k ? ", " : "", veto->gates[k], "", text);
                buf_text(text, veto->n_gates ? ", " : "the phase, ");
                append_since(now_ms, veto->since_ms, text);
                append_part(": ", veto->why, "\n", text);
                append_part("    lifted when: ", veto->lift_when, "\n", text);
        }
}

void status_append_seals(const struct phase_status *phase, Buf *text) {
        for (size_t i = 0; i < phase->n_seals; i++) {
                const struct seal_status *seal = &phase->seals[i];

                buf_printf(text, "  sealed checks S-%llu ", (unsigned long long)seal->seal);
                append_part("of ", seal->adversary, ": ", text);
                if (seal->revealed)
                        buf_printf(text, "revealed in E-%llu\n",
                                   (unsigned long long)seal->revealed);
                else
                        buf_text(text, seal->asked || phase->state == PHASE_STATE_DONE
                                               ? "NOT REVEALED\n"
                                               : "sealed\n");
        }
}

void status_append_pauses(const struct phase_status *phase, Buf *text) {
        for (size_t i = 0; i < phase->n_pauses; i++) {
                const struct pause_status *pause = &phase->pauses[i];

                buf_printf(text, "  pause Z-%llu: ", (unsigned long long)pause->pause);
                append_part("", pause->who, " waits", text);
                append_time(" until ", pause->until_ms, text);
                append_part(": ", pause->why, "\n", text);
        }
}

/* ---- holds, alerts ---- */

static void append_hold(const struct hold_status *hold, uint64_t now_ms, Buf *text) {
        bool is_held = hold->state == HOLD_STATE_HELD;

        buf_printf(text, "  H-%llu ", (unsigned long long)hold->hold);
        append_part("", hold->resource, is_held ? ": held by " : ": waited for by ", text);
        append_part("", hold->who, ", ", text);
        buf_text(text, word_of(&words_LOCK, (int)hold->lock));
        if (hold->since_ms) {
                buf_text(text, ", ");
                append_since(now_ms, hold->since_ms, text);
        }
        if (hold->deadline_ms)
                append_time(", until ", hold->deadline_ms, text);
        if (hold->why.n)
                append_part(": ", hold->why, "", text);
        buf_text(text, "\n");
}

void status_append_holds(const struct status *status, Buf *text) {
        if (status->n_holds)
                buf_text(text, "\nresources\n");
        for (size_t i = 0; i < status->n_holds; i++)
                append_hold(&status->holds[i], status->now_ms, text);
}

void alert_describe(const struct alert_status *alert, Buf *text) {
        buf_printf(text, "A-%llu ", (unsigned long long)alert->alert);
        append_time("since ", alert->since_ms, text);
        if (alert->phase.n)
                append_part(", phase ", alert->phase, "", text);
        append_part(": ", alert->what, "\n", text);
}

void status_append_alerts(const struct status *status, Buf *text) {
        if (status->n_alerts)
                buf_text(text, "\nalerts that nobody has seen; next: broker seen A-NUMBER\n");
        for (size_t i = 0; i < status->n_alerts; i++) {
                buf_text(text, "  ");
                alert_describe(&status->alerts[i], text);
        }
}

void reasons_describe(const Slice *reasons, size_t n_reasons, Buf *text) {
        for (size_t i = 0; i < n_reasons; i++)
                append_part("    - [ ] ", reasons[i], "\n", text);
}
