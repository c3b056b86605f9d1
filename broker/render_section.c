/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The parts that sections of REVIEW and JOURNAL are made of. */

#include "broker/render_parts.h"

#include "base/clock.h"
#include "proto/codec.h"
#include "proto/label.h"

void section_begin(const Section *section, const char *level, const Buf *title) {
        char letter = label_letter(slice_text(message_name(section->message->type)));
        char when[TIME_TEXT_BYTES];

        /* Whoever names a deferred item or a re-verification calls it by these. */
        if (section->message->type == MESSAGE_DEFER)
                letter = 'F';
        if (section->message->type == MESSAGE_REVERIFY)
                letter = 'C';
        time_format_minute(section->entry->received_ms, when);
        buf_printf(section->text, "\n<a id=\"%c-%llu\"></a>\n\n%s ", letter | 0x20,
                   (unsigned long long)section->entry->seq, level);
        buf_slice(section->text, buf_get(title));
        buf_printf(section->text, " @%s\n\n", when);
}

void section_begin_label(const Section *section, char letter, uint64_t seq, const char *what) {
        cleanup_buf Buf title = BUF_TEXT;

        buf_printf(&title, "%c-%llu: %s", letter, (unsigned long long)seq, what);
        section_begin(section, "###", &title);
}

/* ---- facts ---- */

void facts_begin(Buf *text) {
        buf_text(text, "| | |\n| --- | --- |\n");
}

void fact_text(const char *name, Slice value, Buf *text) {
        if (!value.n)
                return;
        buf_printf(text, "| %s | ", name);
        render_inline(value, text);
        buf_text(text, " |\n");
}

void fact_code(const char *name, Slice value, Buf *text) {
        if (!value.n)
                return;
        buf_printf(text, "| %s | ", name);
        render_code(value, text);
        buf_text(text, " |\n");
}

void fact_hex(const char *name, Slice digest, Buf *text) {
        buf_printf(text, "| %s | `", name);
        hex_append(text, digest);
        buf_text(text, "` |\n");
}

void fact_time(const char *name, uint64_t wall_ms, Buf *text) {
        char when[TIME_TEXT_BYTES];

        time_format_minute(wall_ms, when);
        buf_printf(text, "| %s | %s |\n", name, when);
}

void label_link(char letter, uint64_t seq, Buf *text) {
        buf_printf(text, "[%c-%llu](#%c-%llu)", letter, (unsigned long long)seq, letter | 0x20,
                   (unsigned long long)seq);
}

void fact_label(const char *name, char letter, uint64_t seq, Buf *text) {
        if (!seq)
                return;
        buf_printf(text, "| %s | ", name);
        label_link(letter, seq, text);
        buf_text(text, " |\n");
}

void fact_by(const Section *section) {
        fact_text("By", section->entry->actor, section->text);
}

void fact_ledger(const Section *section) {
        buf_printf(section->text, "| Ledger | entry %llu, hash `",
                   (unsigned long long)section->entry->seq);
        hex_append(section->text, hash_slice(&section->entry->hash));
        buf_text(section->text, "` |\n");
}

void fact_finding(const Section *section, uint64_t seq) {
        const FindingRecord *finding = state_find_finding(section->state, seq);

        buf_text(section->text, "| Finding | ");
        label_link('F', seq, section->text);
        if (finding) {
                buf_text(section->text, ": ");
                render_inline(slice_text(finding->title), section->text);
        }
        buf_text(section->text, " |\n");
}

void inline_list(const Slice *items, size_t n, Buf *text) {
        for (size_t i = 0; i < n; i++) {
                buf_text(text, i ? ", " : "");
                render_inline(items[i], text);
        }
}

void said(const char *name, Slice words, Buf *text) {
        if (!words.n)
                return;
        buf_printf(text, "\n%s:\n\n", name);
        render_fence(words, "", text);
}

void said_cold(Slice reproduce, Buf *text) {
        if (!reproduce.n)
                return;
        buf_text(text, "\nReproduce, cold:\n\n");
        render_fence(reproduce, "sh", text);
}

/* ---- sealing ---- */

const ClaimRecord *section_get_decided(const Section *section) {
        const ClaimRecord *claim;

        if (section->message->type != MESSAGE_VERDICT)
                return NULL;
        claim = state_find_claim(section->state, section->message->verdict.claim);
        return claim && claim->state == CLAIM_STATE_DECIDED ? claim : NULL;
}

int section_read(const Section *section, uint64_t seq, MessageType type, Arena *arena,
                 Read *ret_read) {
        const RenderSource *source = section->source;
        CodecFault fault;
        int r;

        ret_read->is_there = false;
        if (seq == 0)
                return 0;
        r = source->entry_get(source->userdata, seq, arena, &ret_read->entry);
        if (r < 0)
                return r;
        ret_read->is_there =
                r == 0 &&
                codec_decode(ret_read->entry.frame, arena, &ret_read->message, &fault) == 0 &&
                ret_read->message.type == type;
        return 0;
}
