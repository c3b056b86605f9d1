/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * What programs show of what others have said: any message, as a line, in words and as JSON. The
 * words are valid UTF-8 and steer no terminal, with colour but by colours; the JSON is JSON, which
 * another reader says.
 */

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "plan/jsonpath.h"
#include "proto/codec.h"
#include "proto/describe.h"
#include "verbs/inbox.h"
#include "view/entry.h"
#include "view/status.h"

static Slice skip_colour(Slice text) {
        size_t n = 1;

        if (text.n > 1 && text.data[1] == '[')
                for (n = 2; n < text.n && strchr("0123456789;", text.data[n]) && text.data[n];)
                        n++;
        must(n > 1 && n < text.n && text.data[n] == 'm');
        return slice_from(text, n + 1);
}

static void must_be_fit(const Buf *words, bool with_colour) {
        Slice rest = buf_get(words);

        must(utf8_is_valid(rest));
        while (rest.n)
                if (rest.data[0] == '\033' && with_colour) {
                        rest = skip_colour(rest);
                } else {
                        must((rest.data[0] >= ' ' || rest.data[0] == '\n' ||
                              rest.data[0] == '\t') &&
                             rest.data[0] != 0x7f);
                        rest = slice_from(rest, 1);
                }
}

static void must_be_json(const Buf *json) {
        cleanup_arena Arena arena = ARENA_INIT;
        JsonValue value;

        must(utf8_is_valid(buf_get(json)));
        must(jsonpath_get(buf_get(json), slice_text("$"), &arena, &value) == 0 &&
             value.kind == JSON_MAP);
}

static void show_status(const struct status *status) {
        cleanup_buf Buf plain = BUF_TEXT, coloured = BUF_TEXT, why = BUF_TEXT, json = BUF_TEXT;

        status_describe(status, false, &plain);
        must_be_fit(&plain, false);
        status_describe(status, true, &coloured);
        must_be_fit(&coloured, true);
        must(coloured.n >= plain.n);
        status_describe_why(status, &why);
        must_be_fit(&why, false);
        status_describe_json(status, &json);
        must_be_json(&json);
}

static void show_verdict(const struct verdict *verdict) {
        cleanup_buf Buf plain = BUF_TEXT, coloured = BUF_TEXT;

        verdict_describe(verdict, 1, false, &plain);
        must_be_fit(&plain, false);
        verdict_describe(verdict, 1, true, &coloured);
        must_be_fit(&coloured, true);
}

static void show_entry(const struct entry *entry) {
        cleanup_buf Buf words = BUF_TEXT, json = BUF_TEXT;
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message body;
        bool is_known = codec_decode(entry->frame, &arena, &body, &fault) == 0;

        entry_describe_json(entry, is_known ? &body : NULL, &json);
        must_be_json(&json);
        if (is_known && inbox_is_for(&body, slice_text("b"), ROLE_BUILDER))
                inbox_describe(entry, &body, &words);
        must_be_fit(&words, false);
}

/* As an entry of the ledger that others have written and this one reads. */
static void show_as_entry(const Message *body, Slice frame) {
        static const uint8_t zeros[HASH_BYTES];
        const struct entry entry = {.seq = 7,
                                    .received_ms = 1,
                                    .kind = slice_text(message_name(body->type)),
                                    .phase = slice_text("m"),
                                    .actor = slice_text("b"),
                                    .id = slice_make(zeros, 16),
                                    .frame = frame,
                                    .hash = slice_make(zeros, HASH_BYTES)};

        show_entry(&entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        cleanup_buf Buf line = BUF_TEXT, sentence = BUF_TEXT, json = BUF_TEXT, reasons = BUF_TEXT;
        cleanup_arena Arena arena = ARENA_INIT;
        Slice frame = slice_make(data, n);
        CodecFault fault;
        Message message;

        if (codec_decode(frame, &arena, &message, &fault) != 0)
                return 0;
        describe_line(&message, &line);
        must_be_fit(&line, false);
        describe_sentence(&message, &sentence);
        must_be_fit(&sentence, false);
        must(slice_find(buf_get(&sentence), slice_text("\n")) == sentence.n);
        describe_json(&message, &json);
        must_be_json(&json);
        show_as_entry(&message, frame);
        if (message.type == MESSAGE_STATUS)
                show_status(&message.status);
        else if (message.type == MESSAGE_VERDICT)
                show_verdict(&message.verdict);
        else if (message.type == MESSAGE_ENTRY)
                show_entry(&message.entry);
        else if (message.type == MESSAGE_REFUSE)
                reasons_describe(message.refuse.reasons, message.refuse.n_reasons, &reasons);
        must_be_fit(&reasons, false);
        return 0;
}
