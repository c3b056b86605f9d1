/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Entries in words. */

#include "view/entry.h"

#include "base/clock.h"
#include "base/hash.h"
#include "proto/describe.h"
#include "proto/label.h"
#include "view/status.h"

static const char *const decision_colours[_DECISION_MAX] = {
        [DECISION_PASS] = "\033[32m",
        [DECISION_FAIL] = "\033[31m",
        [DECISION_INCONCLUSIVE] = "\033[35m",
};

static void append_member(const char *name, Slice value, Buf *text) {
        buf_printf(text, ",\"%s\":", name);
        describe_json_string(value, text);
}

static void append_hex(const char *name, Slice value, Buf *text) {
        buf_printf(text, ",\"%s\":\"", name);
        hex_append(text, value);
        buf_text(text, "\"");
}

void entry_describe_json(const struct entry *entry, const Message *body, Buf *text) {
        buf_printf(text, "{\"seq\":%llu,\"name\":\"", (unsigned long long)entry->seq);
        label_format(entry->kind, entry->seq, text);
        buf_text(text, "\"");
        append_member("kind", entry->kind, text);
        if (entry->phase.n)
                append_member("phase", entry->phase, text);
        append_member("actor", entry->actor, text);
        buf_printf(text, ",\"received_ms\":%llu", (unsigned long long)entry->received_ms);
        append_hex("id", entry->id, text);
        append_hex("hash", entry->hash, text);
        if (body) {
                buf_text(text, ",\"body\":");
                describe_json(body, text);
        }
        buf_text(text, "}");
}

static void append_check(const struct check_result *check, Buf *text) {
        buf_printf(text, "  %s ", word_of(&words_OUTCOME, (int)check->outcome));
        text_make_visible(check->check, false, text);
        if (check->reason.n) {
                buf_text(text, " (");
                text_make_visible(check->reason, false, text);
                buf_text(text, ")");
        }
        if (check->summary.n) {
                buf_text(text, ": ");
                text_make_visible(check->summary, false, text);
        }
        buf_text(text, "\n");
}

static void append_head(const struct verdict *verdict, uint64_t seq, bool with_colour, Buf *text) {
        buf_text(text, with_colour ? decision_colours[verdict->decision] : "");
        text_make_visible(verdict->gate, false, text);
        buf_printf(text, ": %s", word_of(&words_DECISION, (int)verdict->decision));
        buf_text(text, with_colour ? "\033[0m" : "");
        buf_printf(text, "  V-%llu, %s, ", (unsigned long long)seq,
                   word_of(&words_MODE, (int)verdict->mode));
        duration_describe(verdict->duration_ms, text);
        if (verdict->summary.n) {
                buf_text(text, ", ");
                text_make_visible(verdict->summary, false, text);
        } else if (verdict->reason.n) {
                buf_text(text, ", ");
                text_make_visible(verdict->reason, false, text);
        }
        buf_text(text, "\n");
}

void verdict_describe(const struct verdict *verdict, uint64_t seq, bool with_colour, Buf *text) {
        append_head(verdict, seq, with_colour, text);
        for (size_t i = 0; i < verdict->n_checks; i++)
                if (verdict->checks[i].outcome != OUTCOME_PASS)
                        append_check(&verdict->checks[i], text);
        for (size_t i = 0; i < verdict->n_sealed; i++)
                if (verdict->sealed[i].outcome != OUTCOME_PASS)
                        append_check(&verdict->sealed[i], text);
        for (size_t i = 0; i < verdict->n_notes; i++) {
                buf_text(text, "  note: ");
                text_make_visible(verdict->notes[i], false, text);
                buf_text(text, "\n");
        }
        if (verdict->decision != DECISION_PASS && verdict->reproduce.n) {
                buf_text(text, "  reproduce: ");
                text_make_visible(verdict->reproduce, false, text);
                buf_text(text, "\n");
        }
}
