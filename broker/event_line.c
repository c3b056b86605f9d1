/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* An entry in one line, as it may leave: its sentence, but for a verdict that does not stand alone.
 * To let a kind say more: its row in telling_rows. */

#include "broker/event_parts.h"

#include "base/text.h"
#include "base/utf8.h"
#include "proto/describe.h"
#include "proto/label.h"

enum { LINE_BYTES_MAX = 600, COMMIT_SHORT = 12 };

/* The kinds that say what they say; of all others only who said one. Nothing sealed is in the
 * sentences of these, nor words that are for readers of the ledger alone, as a note's. */
static const MessageType telling_rows[] = {
        MESSAGE_PING,    MESSAGE_ALERT,  MESSAGE_CLAIM,   MESSAGE_REVERIFY, MESSAGE_VERDICT,
        MESSAGE_GRANTED, MESSAGE_DENIED, MESSAGE_FINDING, MESSAGE_VETO,
};

static bool is_telling(MessageType type) {
        for (size_t i = 0; i < ARRAY_SIZE(telling_rows); i++)
                if (telling_rows[i] == type)
                        return true;
        return false;
}

/* What several adversaries make of a gate, or that not all of them have said it. */
static void print_votes(const Event *event, Buf *text) {
        const struct verdict *verdict = &event->message->verdict;

        text_make_visible(verdict->gate, false, text);
        if (event_is_undecided(event))
                buf_printf(text, " has %zu of %u verdicts", event->gate->n_votes,
                           event->gate->verifiers);
        else
                buf_printf(text, " %s", word_of(&words_DECISION, (int)event_get_decision(event)));
        buf_printf(text, " at %.*s", SLICE_ARGS(slice_head(verdict->commit, COMMIT_SHORT)));
        if (!event_is_undecided(event))
                buf_text(text, ": its verdicts differ");
}

static bool speaks_of_votes(const Event *event) {
        return event_is_undecided(event) ||
               (event_tells_decision(event) &&
                event_get_decision(event) != event->message->verdict.decision);
}

static void print_what(const Event *event, Buf *text) {
        bool is_verdict = event->message->type == MESSAGE_VERDICT;

        if (is_verdict && speaks_of_votes(event)) {
                print_votes(event, text);
                return;
        }
        buf_text(text, message_name(event->message->type));
        if (!slice_is(event->entry->actor, word_of(&words_ROLE, ROLE_BROKER))) {
                buf_text(text, " by ");
                text_make_visible(event->entry->actor, false, text);
        }
        if (!is_telling(event->message->type) || (is_verdict && !event_tells_decision(event)))
                return;
        buf_text(text, ": ");
        describe_sentence(event->message, text);
}

void event_print_line(const Event *event, Buf *text) {
        cleanup_buf Buf line = BUF_TEXT, label = BUF_TEXT;

        if (event->entry->phase.n) {
                text_make_visible(event->entry->phase, false, &line);
                buf_text(&line, ": ");
        }
        print_what(event, &line);
        label_format(event->entry->kind, event->entry->seq, &label);
        buf_slice(text, utf8_head(buf_get(&line), LINE_BYTES_MAX));
        buf_printf(text, " (%s)", buf_get_text(&label));
}
