/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/log_line.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/utf8.h"
#include "proto/describe.h"
#include "proto/label.h"

static void append_who(const Entry *entry, const char *kind, bool with_seconds, Buf *text) {
        cleanup_buf Buf name = BUF_TEXT, actor = BUF_TEXT;
        char when[TIME_TEXT_BYTES];

        label_format(entry->kind, entry->seq, &name);
        (with_seconds ? time_format_second : time_format_minute)(entry->received_ms, when);
        text_make_visible(entry->actor, false, &actor);
        buf_printf(text, "%-6s  %s  %-9s  %-7s  ", buf_get_text(&name), when, buf_get_text(&actor),
                   kind);
}

static void append_what(const LogLine *line, const Entry *entry, const Message *message,
                        Buf *text) {
        bool is_field = line->with_fields && message_phase(message).n;
        cleanup_buf Buf fields = BUF_TEXT;

        if (entry->phase.n && !is_field && !slice_equal(entry->phase, line->phase)) {
                text_make_visible(entry->phase, false, text);
                buf_text(text, ": ");
        }
        if (!line->with_fields) {
                describe_sentence(message, text);
                return;
        }
        describe_line(message, &fields); /* it begins with the kind and a space */
        buf_slice(text, slice_from(buf_get(&fields), strlen(message_name(message->type)) + 1));
}

void log_line_append(const LogLine *line, const Entry *entry, const Message *message, Buf *text) {
        cleanup_buf Buf whole = BUF_TEXT;
        bool is_cut;

        append_who(entry, message_name(message->type), line->with_fields, &whole);
        append_what(line, entry, message, &whole);
        is_cut = line->width && !line->with_fields && utf8_count(buf_get(&whole)) > line->width;
        buf_slice(text, is_cut ? utf8_head_characters(buf_get(&whole), line->width - 1)
                               : buf_get(&whole));
        buf_text(text, is_cut ? "…\n" : "\n");
}
