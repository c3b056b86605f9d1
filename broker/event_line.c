/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* An entry in one line. To say more of a kind: its function and its row in line_rows. */

#include "broker/event_parts.h"

#include <inttypes.h>

#include "base/text.h"
#include "proto/label.h"

enum { LINE_BYTES_MAX = 600, WORDS_BYTES_MAX = 300, COMMIT_SHORT = 12 };

static void add_words(Buf *text, Slice words) {
        text_make_visible(event_cut(words, WORDS_BYTES_MAX), false, text);
}

static void add_commit(Buf *text, Slice commit) {
        buf_printf(text, " at %.*s", SLICE_ARGS(slice_head(commit, COMMIT_SHORT)));
}

static void add_gates(Buf *text, const Slice *gates, size_t n) {
        for (size_t i = 0; i < n; i++) {
                buf_text(text, i ? ", " : "");
                add_words(text, gates[i]);
        }
}

static void line_ping(const Event *event, Buf *text) {
        const struct ping *ping = &event->message->ping;

        add_words(text, ping->who);
        buf_text(text, ": ");
        add_words(text, ping->what);
        if (ping->attempt > 1)
                buf_printf(text, " (ping %" PRIu64 ")", ping->attempt);
}

static void line_alert(const Event *event, Buf *text) {
        buf_text(text, "ALERT: ");
        add_words(text, event->message->alert.what);
}

static void line_claim(const Event *event, Buf *text) {
        const struct claim *claim = &event->message->claim;

        add_words(text, event->entry->actor);
        buf_text(text, " claims ");
        add_gates(text, claim->gates, claim->n_gates);
        add_commit(text, claim->commit);
}

static void line_reverify(const Event *event, Buf *text) {
        const struct reverify *again = &event->message->reverify;

        add_gates(text, again->gates, again->n_gates);
        buf_text(text, " to be verified again");
        add_commit(text, again->commit);
}

static void line_verdict(const Event *event, Buf *text) {
        const struct verdict *verdict = &event->message->verdict;

        add_words(text, verdict->gate);
        if (event_is_undecided(event)) {
                buf_printf(text, " has %zu of %u verdicts", event->gate->n_votes,
                           event->gate->verifiers);
                add_commit(text, verdict->commit);
                return;
        }
        buf_printf(text, " %s", word_of(&words_DECISION, (int)event_get_decision(event)));
        add_commit(text, verdict->commit);
        if (event_get_decision(event) != verdict->decision) {
                buf_text(text, ": its verdicts differ");
                return;
        }
        buf_text(text, " by ");
        add_words(text, event->entry->actor);
        if (verdict->decision == DECISION_PASS || !verdict->summary.n)
                return;
        buf_text(text, ": ");
        add_words(text, verdict->summary);
}

static void line_granted(const Event *event, Buf *text) {
        buf_text(text, "DONE");
        add_commit(text, event->message->granted.commit);
}

static void line_denied(const Event *event, Buf *text) {
        const struct denied *denied = &event->message->denied;

        buf_text(text, "not DONE: ");
        add_words(text, denied->n_reasons ? denied->reasons[0] : SLICE_NULL);
        if (denied->n_reasons > 1)
                buf_printf(text, " (and %zu more)", denied->n_reasons - 1);
}

static void line_finding(const Event *event, Buf *text) {
        const struct finding *finding = &event->message->finding;

        buf_text(text, "finding");
        buf_text(text, finding->gate.n ? " on " : "");
        add_words(text, finding->gate);
        buf_text(text, ": ");
        add_words(text, finding->title);
}

static void line_veto(const Event *event, Buf *text) {
        buf_text(text, "VETO by ");
        add_words(text, event->entry->actor);
        buf_text(text, ": ");
        add_words(text, event->message->veto.why);
}

static const struct {
        MessageType type;
        void (*print)(const Event *event, Buf *text);
} line_rows[] = {
        {MESSAGE_PING, line_ping},       {MESSAGE_ALERT, line_alert},
        {MESSAGE_CLAIM, line_claim},     {MESSAGE_REVERIFY, line_reverify},
        {MESSAGE_VERDICT, line_verdict}, {MESSAGE_GRANTED, line_granted},
        {MESSAGE_DENIED, line_denied},   {MESSAGE_FINDING, line_finding},
        {MESSAGE_VETO, line_veto},
};

static void print_what(const Event *event, Buf *text) {
        for (size_t i = 0; i < ARRAY_SIZE(line_rows); i++)
                if (line_rows[i].type == event->message->type) {
                        line_rows[i].print(event, text);
                        return;
                }
        add_words(text, event->entry->actor);
        buf_printf(text, ": %s", message_name(event->message->type));
}

void event_print_line(const Event *event, Buf *text) {
        cleanup_buf Buf line = BUF_TEXT;
        cleanup_buf Buf label = BUF_TEXT;

        if (event->entry->phase.n) {
                add_words(&line, event->entry->phase);
                buf_text(&line, ": ");
        }
        print_what(event, &line);
        label_format(event->entry->kind, event->entry->seq, &label);
        buf_slice(text, event_cut(buf_get(&line), LINE_BYTES_MAX));
        buf_printf(text, " (%s)", buf_get_text(&label));
}
