/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "verbs/inbox.h"

#include "base/clock.h"
#include "base/text.h"
#include "proto/label.h"

bool inbox_is_for(const Message *body, Slice name, Role role) {
        if (body->type == MESSAGE_NOTE)
                return body->note.to == NOTE_TO_INBOX && body->note.role == role;
        if (body->type != MESSAGE_PING || body->ping.wait_for == WAIT_FOR_READ)
                return false; /* the note itself is here */
        return slice_equal(body->ping.who, name) ||
               slice_is(body->ping.who, word_of(&words_ROLE, (int)role));
}

static void append_gate(Slice phase, Slice gate, Buf *text) {
        buf_text(text, ", ");
        text_make_visible(phase, false, text);
        if (gate.n) {
                buf_text(text, " ");
                text_make_visible(gate, false, text);
        }
        buf_text(text, ": ");
}

void inbox_describe(const struct entry *entry, const Message *body, Buf *text) {
        bool is_ping = body->type == MESSAGE_PING;
        char when[TIME_TEXT_BYTES];

        time_format_minute(entry->received_ms, when);
        label_format(entry->kind, entry->seq, text);
        buf_printf(text, " %s from ", when);
        text_make_visible(entry->actor, false, text);
        append_gate(entry->phase, is_ping ? body->ping.gate : body->note.gate, text);
        text_make_visible(is_ping ? body->ping.what : body->note.text, true, text);
        if (is_ping && body->ping.attempt > 1)
                buf_printf(text, " (ping %llu)", (unsigned long long)body->ping.attempt);
        buf_text(text, "\n");
}
