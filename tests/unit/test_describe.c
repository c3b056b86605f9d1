/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Messages in words: what a terminal and a parser must never get. */

#include "proto/describe.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/utf8.h"
#include "tests/lib/arbitrary.h"
#include "tests/lib/test.h"

enum { SEEDS = 50 };

typedef void (*OnMessage)(const Message *message);

static void for_each_message(OnMessage on_message) {
        for (size_t i = 0; message_spec_at(i); i++)
                for (uint64_t seed = 0; seed < SEEDS; seed++) {
                        cleanup_arena Arena arena = ARENA_INIT;
                        Arbitrary arbitrary = {.state = seed * 1000 + i, .arena = &arena};
                        Message message;

                        arbitrary_message(&arbitrary, message_spec_at(i)->type, &message);
                        on_message(&message);
                }
}

static json_t *parse(const Buf *text) {
        json_error_t error;
        json_t *json = json_loadb(buf_get_text(text), text->n,
                                  JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL |
                                          JSON_DECODE_ANY | JSON_ALLOW_NUL,
                                  &error);

        if (!json)
                FAIL_TEST("%s: %s", error.text, buf_get_text(text));
        return json;
}

/* ---- JSON ---- */

static void on_json(const Message *message) {
        const RecordSpec *spec = &message_spec(message->type)->body;
        cleanup_buf Buf text = BUF_TEXT;
        size_t n_present = 0;
        json_t *json;

        describe_json(message, &text);
        json = parse(&text);
        CHECK(json_is_object(json));
        for (size_t i = 0; i < spec->n_fields; i++) {
                bool is_there = json_object_get(json, spec->fields[i].name) != NULL;

                CHECK_EQ_INT(is_there, field_is_present(body_present(message_body_const(message)),
                                                        spec->fields[i].tag));
                n_present += is_there;
        }
        CHECK_EQ_U64(json_object_size(json), n_present);
        json_decref(json);
}

TEST(every_message_is_an_object_with_the_fields_that_are_there) {
        for_each_message(on_json);
}

static void check_string(Slice string, const char *expected) {
        cleanup_buf Buf text = BUF_TEXT;

        describe_json_string(string, &text);
        CHECK_EQ_TEXT(buf_get_text(&text), expected);
        json_decref(parse(&text));
}

TEST(strings_are_escaped_and_what_is_not_utf8_is_replaced) {
        check_string(SLICE_NULL, "\"\"");
        check_string(slice_text("plain é"), "\"plain é\"");
        check_string(slice_text("a\"b\\c\nd"), "\"a\\\"b\\\\c\\nd\"");
        check_string(slice_make("\0\x1b\x7f", 3), "\"\\u0000\\u001b\\u007f\"");
        check_string(slice_text("\xc2\x9b"), "\"\\u009b\"");
        check_string(slice_text("\u202e"), "\"\\u202e\"");
        check_string(slice_text("\xff\xfe!"), "\"\xef\xbf\xbd\xef\xbf\xbd!\"");
        check_string(slice_text("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void on_round_string(const Message *message) {
        cleanup_buf Buf text = BUF_TEXT;
        json_t *json;

        if (message->type != MESSAGE_NOTE)
                return;
        describe_json(message, &text);
        json = parse(&text);
        CHECK_EQ_SLICE(slice_make(json_string_value(json_object_get(json, "text")),
                                  json_string_length(json_object_get(json, "text"))),
                       message->note.text);
        json_decref(json);
}

TEST(a_text_comes_out_of_its_json_unchanged) {
        for_each_message(on_round_string);
}

TEST(names_are_hex_and_output_is_text_however_short) {
        cleanup_buf Buf text = BUF_TEXT;
        static const char body[] =
                "0123456789012345678901234567890123456789012345678901234567890123456789\xff";
        struct stream stream = {
                .name = slice_text("stdout"),
                .bytes = 3,
                .sha256 = slice_text("\1\xab"),
                .head = slice_make(body, sizeof body - 1),
                .tail = slice_text("ok"),
                .present = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5,
        };

        describe_record_json(RECORD_STREAM, &stream, &text);
        CHECK_EQ_TEXT(buf_get_text(&text),
                      "{\"name\":\"stdout\",\"bytes\":3,\"sha256\":\"01ab\",\"head\":"
                      "\"0123456789012345678901234567890123456789012345678901234567890123456789"
                      "\xef\xbf\xbd\",\"tail\":\"ok\"}");
}

TEST(no_message_is_an_empty_object) {
        cleanup_buf Buf text = BUF_TEXT;
        Message message = {.type = MESSAGE_NONE};

        describe_json(&message, &text);
        CHECK_EQ_TEXT(buf_get_text(&text), "{}");
}

/* ---- a line ---- */

static void on_line(const Message *message) {
        cleanup_buf Buf text = BUF_TEXT;

        describe_line(message, &text);
        CHECK(utf8_is_valid(buf_get(&text)));
        for (size_t i = 0; i < text.n; i++)
                CHECK(text.data[i] >= 0x20 && text.data[i] != 0x7f);
        CHECK(slice_find(buf_get(&text), slice_text("\u202e")) == text.n);
        CHECK(text.n < 8192);
}

TEST(a_line_is_one_short_line_without_control_characters) {
        for_each_message(on_line);
}

TEST(a_line_says_the_fields_that_are_there) {
        cleanup_buf Buf text = BUF_TEXT;
        Slice gates[] = {slice_text("M1"), slice_text("M2")};
        Message message = {
                .type = MESSAGE_CLAIM,
                .claim = {.phase = slice_text("m"),
                          .gates = gates,
                          .n_gates = 2,
                          .repository = slice_text("file:///r"),
                          .commit = slice_text("e634e634e634e634e634e634e634e634e634e634"),
                          .what = slice_text("two \"gates\"\n")},
        };

        message_set_present(&message);
        describe_line(&message, &text);
        CHECK_EQ_TEXT(buf_get_text(&text),
                      "claim phase=m gates=[M1,M2] repository=file:///r "
                      "commit=e634e634e634e634e634e634e634e634e634e634 mode=cold "
                      "what=\"two \\\"gates\\\"\\n\"");
}

TEST(a_line_cuts_what_is_long) {
        cleanup_buf Buf text = BUF_TEXT;
        static uint8_t letters[300];
        Message message = {.type = MESSAGE_SUBMIT};

        memset(letters, 'a', sizeof letters);
        message.submit = (struct submit){.id = slice_make(letters, 16),
                                         .frame = slice_make(letters, sizeof letters),
                                         .signature = slice_make(letters, 64)};
        message_set_present(&message);
        describe_line(&message, &text);
        CHECK_EQ_TEXT(buf_get_text(&text),
                      "submit id=61616161… frame=(300 bytes) signature=61616161…");
}

/* ---- a sentence ---- */

static void check_sentence(const Message *message, const char *expected) {
        cleanup_buf Buf text = BUF_TEXT;

        describe_sentence(message, &text);
        CHECK_EQ_TEXT(buf_get_text(&text), expected);
}

static const FieldSpec *find_field(const RecordSpec *spec, Slice name) {
        for (size_t i = 0; i < spec->n_fields; i++)
                if (slice_is(name, spec->fields[i].name))
                        return &spec->fields[i];
        return NULL;
}

/* Its fields are those of the message, its brackets close and stand in none. */
static void check_template(const MessageSpec *spec, const char *template) {
        char open = 0;

        for (const char *at = template; *at; at++) {
                if (*at == '{') {
                        at += at[1] == '?' ? 2 : 1;
                        if (!find_field(&spec->body, slice_make(at, strcspn(at, "}"))))
                                FAIL_TEST("%s: %s", spec->body.name, at);
                        at = strchr(at, '}');
                        CHECK(at != NULL);
                } else if (*at == '[' || *at == ']') {
                        CHECK_EQ_INT(open, *at == '[' ? 0 : '[');
                        open = *at == '[' ? '[' : 0;
                } else {
                        CHECK(*at != '}' && (*at != '|' || open));
                }
        }
        CHECK_EQ_INT(open, 0);
}

TEST(each_kind_of_entry_has_a_line_and_nothing_else_has) {
        for (size_t i = 0; message_spec_at(i); i++) {
                const MessageSpec *spec = message_spec_at(i);
                const char *template = describe_get_template(spec->type);

                if ((template != NULL) != (spec->direction == ON_LEDGER))
                        FAIL_TEST("%s: a LINE in proto/schema.def", spec->body.name);
                if (template)
                        check_template(spec, template);
        }
}

static void on_sentence(const Message *message) {
        cleanup_buf Buf text = BUF_TEXT;

        describe_sentence(message, &text);
        CHECK(text.n == 0 || message_spec(message->type)->direction == ON_LEDGER);
        CHECK(utf8_is_valid(buf_get(&text)));
        for (size_t i = 0; i < text.n; i++)
                CHECK(text.data[i] >= 0x20 && text.data[i] != 0x7f);
        CHECK(slice_find(buf_get(&text), slice_text("\u202e")) == text.n);
}

TEST(a_sentence_is_one_line_without_control_characters) {
        for_each_message(on_sentence);
}

TEST(a_verdict_says_what_it_answers_and_why) {
        Message message = {
                .type = MESSAGE_VERDICT,
                .verdict = {.claim = 6,
                            .gate = slice_text("M1"),
                            .commit = slice_text("e634e634e634e634e634e634e634e634e634e634"),
                            .summary = slice_text("2 checks held")},
        };

        check_sentence(&message, "PASS M1 at e634e634e634 (C-6): 2 checks held");
        message.verdict.mode = MODE_QUICK;
        message.verdict.carried_from = 4;
        check_sentence(&message, "PASS M1 at e634e634e634 (C-6), quick: carried over from V-4");
        message.verdict = (struct verdict){.claim = 6,
                                           .gate = slice_text("M1"),
                                           .decision = DECISION_FAIL,
                                           .commit = message.verdict.commit,
                                           .reason = slice_text("assert.exit-status")};
        check_sentence(&message, "FAIL M1 at e634e634e634 (C-6): assert.exit-status");
        message.verdict.summary = slice_text("unit: exit-status.equals: expected 0, found 1");
        check_sentence(&message, "FAIL M1 at e634e634e634 (C-6): "
                                 "unit: exit-status.equals: expected 0, found 1");
}

TEST(of_words_the_first_line_is_said_and_that_there_is_more) {
        Message note = {.type = MESSAGE_NOTE, .note.text = slice_text("\nfirst\x1b[2J\nsecond\n")};
        cleanup_buf Buf words = BUF_TEXT, expected = BUF_TEXT;

        check_sentence(&note, "record: first\\x1b[2J…");
        note.note.text = slice_text("the only one\n");
        check_sentence(&note, "record: the only one");
        for (int i = 0; i < 151; i++)
                buf_text(&words, "\u00e9");
        note.note.text = buf_get(&words);
        buf_printf(&expected, "record: %.300s…", buf_get_text(&words));
        check_sentence(&note, buf_get_text(&expected));
}

TEST(what_is_not_there_is_not_said) {
        Slice gates[] = {slice_text("M1"), slice_text("M2")};
        Slice reasons[] = {slice_text("M1: FAIL"), slice_text("M2: open")};
        Message veto = {.type = MESSAGE_VETO, .veto = {.why = slice_text("no test sees it")}};
        Message defer = {.type = MESSAGE_DEFER, .defer = {.title = slice_text("the port")}};
        Message waive = {.type = MESSAGE_WAIVE,
                         .waive = {.gate = gates[0], .until_ms = 1781328787000, .why = gates[1]}};
        Message hold = {.type = MESSAGE_HOLD,
                        .hold = {.resource = slice_text("proxy"), .hold_ms = 90000}};
        Message denied = {.type = MESSAGE_DENIED, .denied = {.reasons = reasons, .n_reasons = 2}};

        check_sentence(&veto, "on the phase: no test sees it");
        veto.veto.gates = gates;
        veto.veto.n_gates = 2;
        check_sentence(&veto, "on M1, M2: no test sees it");
        check_sentence(&defer, "the port");
        defer.defer.finding = 9;
        check_sentence(&defer, "F-9: the port");
        check_sentence(&waive, "M1 until 2026-06-13T05:33Z: M2");
        check_sentence(&hold, "proxy, exclusive, for 1 min 30 s");
        check_sentence(&denied, "not DONE: M1: FAIL (and 1 more)");
}

/* ---- docs ---- */

TEST(the_document_has_every_message_record_field_and_word) {
        cleanup_buf Buf text = BUF_TEXT;

        describe_docs(&text);
        for (size_t i = 0; message_spec_at(i); i++) {
                CHECK_CONTAINS(buf_get_text(&text), message_spec_at(i)->body.name);
                CHECK_CONTAINS(buf_get_text(&text), message_spec_at(i)->body.sentence);
        }
        for (int i = 0; i < _RECORD_MAX; i++)
                for (size_t j = 0; j < record_spec((RecordType)i)->n_fields; j++)
                        CHECK_CONTAINS(buf_get_text(&text),
                                       record_spec((RecordType)i)->fields[j].sentence);
        for (size_t i = 0; word_set_at(i); i++)
                CHECK_CONTAINS(buf_get_text(&text), word_set_at(i)->sentence);
        CHECK_CONTAINS_NOT(buf_get_text(&text), "\n\n\n");
        CHECK_CONTAINS_NOT(buf_get_text(&text), " \n");
}
