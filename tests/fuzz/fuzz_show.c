/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * What programs show of what others have said: any message, as a line, in words and as JSON. The
 * words are valid UTF-8 and steer no terminal, with colour but by colours; the JSON is JSON, which
 * another reader says.
 */

#include "tests/fuzz/fuzz.h"

#include "base/hash.h"
#include "proto/codec.h"
#include "proto/describe.h"
#include "tests/fuzz/shown.h"
#include "verbs/inbox.h"
#include "view/entry.h"
#include "view/status.h"

static void show_status(const struct status *status) {
        cleanup_buf Buf plain = BUF_TEXT, coloured = BUF_TEXT, why = BUF_TEXT, json = BUF_TEXT;

        status_describe(status, false, &plain);
        must_be_fit(buf_get(&plain), false);
        status_describe(status, true, &coloured);
        must_be_fit(buf_get(&coloured), true);
        must(coloured.n >= plain.n);
        status_describe_why(status, &why);
        must_be_fit(buf_get(&why), false);
        status_describe_json(status, &json);
        must_be_json(buf_get(&json));
}

static void show_verdict(const struct verdict *verdict) {
        cleanup_buf Buf plain = BUF_TEXT, coloured = BUF_TEXT;

        verdict_describe(verdict, 1, false, &plain);
        must_be_fit(buf_get(&plain), false);
        verdict_describe(verdict, 1, true, &coloured);
        must_be_fit(buf_get(&coloured), true);
}

static void show_entry(const struct entry *entry) {
        cleanup_buf Buf words = BUF_TEXT, json = BUF_TEXT;
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message body;
        bool is_known = codec_decode(entry->frame, &arena, &body, &fault) == 0;

        entry_describe_json(entry, is_known ? &body : NULL, &json);
        must_be_json(buf_get(&json));
        if (is_known && inbox_is_for(&body, slice_text("b"), ROLE_BUILDER))
                inbox_describe(entry, &body, &words);
        must_be_fit(buf_get(&words), false);
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
        must_be_fit(buf_get(&line), false);
        describe_sentence(&message, &sentence);
        must_be_fit(buf_get(&sentence), false);
        must(slice_find(buf_get(&sentence), slice_text("\n")) == sentence.n);
        describe_json(&message, &json);
        must_be_json(buf_get(&json));
        show_as_entry(&message, frame);
        if (message.type == MESSAGE_STATUS)
                show_status(&message.status);
        else if (message.type == MESSAGE_VERDICT)
                show_verdict(&message.verdict);
        else if (message.type == MESSAGE_ENTRY)
                show_entry(&message.entry);
        else if (message.type == MESSAGE_REFUSE)
                reasons_describe(message.refuse.reasons, message.refuse.n_reasons, &reasons);
        must_be_fit(buf_get(&reasons), false);
        return 0;
}
