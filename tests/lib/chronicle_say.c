/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Messages from fields, by the rows of the schema. */

#include "tests/lib/chronicle_parts.h"

#include <stdlib.h>

#include "base/clock.h"
#include "broker/plan_file.h"
#include "proto/codec.h"
#include "tests/lib/test.h"

enum { COMMIT_DIGITS = 40 };

static const char zeros[] = "0000000000000000000000000000000000000000";

/* ---- values ---- */

static Arena *arena_of(Chronicle *chronicle) {
        return &chronicle->desk.arena;
}

static Slice all_lines(Chronicle *chronicle, const TaleField *field) {
        cleanup_buf Buf text = BUF_TEXT;

        buf_slice(&text, field->value);
        for (size_t i = 0; i < field->n_more; i++) {
                if (text.n)
                        buf_text(&text, "\n");
                buf_slice(&text, slice_from(field->more[i], 2)); /* "| " */
        }
        return arena_slice(arena_of(chronicle), buf_get(&text));
}

static Slice full_commit(Chronicle *chronicle, Slice commit) {
        return slice_text(arena_printf(arena_of(chronicle), "%.*s%s", SLICE_ARGS(commit),
                                       zeros + size_min(commit.n, COMMIT_DIGITS)));
}

static uint64_t number_of(Chronicle *chronicle, Slice value) {
        const char *text = arena_text(arena_of(chronicle), value);
        uint64_t wall_ms;

        if (text[0] == '$')
                return chronicle_find(chronicle, text + 1);
        if (time_parse(value, &wall_ms) == 0)
                return wall_ms;
        return strtoull(text, NULL, 10);
}

static void set_texts(Chronicle *chronicle, const FieldSpec *spec, const TaleField *field,
                      void *body) {
        Slice *texts = arena_alloc_array(arena_of(chronicle), TALE_LINES_MAX, sizeof *texts);
        Slice rest = field->value;
        size_t n = 0;

        /* Names on one line, sentences each on its own. */
        while (spec->most <= 64 && rest.n && n < TALE_LINES_MAX)
                texts[n++] = tale_take_word(&rest);
        if (spec->most > 64 && field->value.n)
                texts[n++] = field->value;
        for (size_t i = 0; i < field->n_more && n < TALE_LINES_MAX; i++)
                texts[n++] = slice_from(field->more[i], 2);
        *(Slice **)field_at(spec, body) = texts;
        *field_count_at(spec, body) = n;
}

static const FieldSpec *find_spec(MessageType type, Slice name) {
        const RecordSpec *body = &message_spec(type)->body;

        for (size_t i = 0; i < body->n_fields; i++)
                if (slice_is(name, body->fields[i].name))
                        return &body->fields[i];
        return NULL;
}

static void set_field(Chronicle *chronicle, const Tale *tale, const FieldSpec *spec,
                      const TaleField *field, Message *message) {
        void *body = message_body(message);
        int word;

        *(uint64_t *)body |= UINT64_C(1) << spec->tag;
        switch (spec->kind) {
        case FIELD_U64:
                *(uint64_t *)field_at(spec, body) = number_of(chronicle, field->value);
                break;
        case FIELD_WORD:
                word = word_find(spec->words, field->value);
                if (word < 0)
                        tale_fail(chronicle, tale, "no such word", field->value);
                *(int *)field_at(spec, body) = word;
                break;
        case FIELD_TEXT:
                *(Slice *)field_at(spec, body) = slice_is(field->name, "commit")
                                                         ? full_commit(chronicle, field->value)
                                                         : all_lines(chronicle, field);
                break;
        case FIELD_TEXTS: set_texts(chronicle, spec, field, body); break;
        case FIELD_BYTES:
        case FIELD_LIST: tale_fail(chronicle, tale, "no line can say it", field->name);
        }
}

/* ---- checks ---- */

static Slice lines_of(Chronicle *chronicle, const TaleField *field, char mark) {
        cleanup_buf Buf text = BUF_TEXT;

        for (size_t i = 0; i < field->n_more; i++)
                if (field->more[i].data[0] == (uint8_t)mark) {
                        buf_slice(&text, slice_from(field->more[i], 2));
                        buf_text(&text, mark == '|' ? "\n" : "");
                }
        return arena_slice(arena_of(chronicle), buf_get(&text));
}

static void put_evidence(Chronicle *chronicle, const Tale *tale, const TaleField *field,
                         const struct verdict *verdict, struct check_result *check) {
        Slice command = lines_of(chronicle, field, '$'), output = lines_of(chronicle, field, '|');
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        struct stream stream = {.name = slice_text("stdout"), .bytes = output.n, .head = output};
        Hash sha256, digest;
        CodecFault fault;
        Message message = {
                .type = MESSAGE_CHECK_EVIDENCE,
                .check_evidence = {.gate = verdict->gate,
                                   .check = check->check,
                                   .commit = verdict->commit,
                                   .command = &command,
                                   .n_command = 1,
                                   .started_ms = tale->wall_ms,
                                   .duration_ms = check->duration_ms,
                                   .streams = &stream,
                                   .n_streams = output.n ? 1 : 0,
                                   .attempts = 1,
                                   .outcome = check->outcome},
        };

        if (!command.n)
                return;
        hash_of(output, &sha256);
        stream.sha256 = hash_slice(&sha256);
        message_set_present(&message);
        CHECK_EQ_INT(codec_encode(&message, &frame, &fault), 0);
        hash_of(buf_get(&frame), &digest);
        check->evidence = arena_slice(arena_of(chronicle), hash_slice(&digest));
        desk_say(&chronicle->desk, tale_get_who(chronicle, tale),
                 (Message){.type = MESSAGE_EVIDENCE_PUT,
                           .evidence_put = {.digest = check->evidence, .frame = buf_get(&frame)}});
}

static void add_check(Chronicle *chronicle, const Tale *tale, const TaleField *field,
                      struct verdict *verdict) {
        struct check_result *check = &verdict->checks[verdict->n_checks++];
        Slice rest = field->value;
        int outcome;

        check->check = tale_take_word(&rest);
        outcome = word_find(&words_OUTCOME, tale_take_word(&rest));
        if (outcome < 0 || duration_parse(tale_take_word(&rest), &check->duration_ms) != 0)
                tale_fail(chronicle, tale, "no outcome and duration", field->value);
        check->outcome = (Outcome)outcome;
        check->attempts = 1;
        check->seen_red = slice_is(rest, "red");
        check->summary = lines_of(chronicle, field, '=');
        put_evidence(chronicle, tale, field, verdict, check);
}

static Message make_verdict(Chronicle *chronicle, const Tale *tale) {
        const TaleField *claim = tale_find(tale, "claim"), *gate = tale_find(tale, "gate");
        const TaleField *decision = tale_find(tale, "decision");
        Message message;

        if (!claim || !gate || !decision)
                tale_fail(chronicle, tale, "a verdict has claim, gate and decision", tale->kind);
        message = desk_make_verdict(&chronicle->desk, number_of(chronicle, claim->value),
                                    arena_text(arena_of(chronicle), gate->value),
                                    (Decision)word_find(&words_DECISION, decision->value));
        message.verdict.started_ms = tale->wall_ms;
        message.verdict.checks =
                arena_alloc_array(arena_of(chronicle), tale->n_fields, sizeof(struct check_result));
        message.verdict.n_checks = 0;
        for (size_t i = 0; i < tale->n_fields; i++)
                if (slice_is(tale->fields[i].name, "check"))
                        add_check(chronicle, tale, &tale->fields[i], &message.verdict);
        for (size_t i = 0; i < message.verdict.n_checks; i++)
                message.verdict.duration_ms += message.verdict.checks[i].duration_ms;
        return message;
}

/* ---- the rest ---- */

static Message make_plan(Chronicle *chronicle, const Tale *tale) {
        const TaleField *field = tale_find(tale, "file");
        Plan *plan = &chronicle->plans[chronicle->n_plans++];
        const char *file = arena_text(arena_of(chronicle), field ? field->value : SLICE_NULL);
        const char *text = chronicle_read(arena_of(chronicle), file);
        Fault faults[8];
        Message message;
        size_t n = 0;

        CHECK(chronicle->n_plans <= CHRONICLE_PLANS_MAX);
        if (plan_parse(file, slice_text(text), plan, faults, ARRAY_SIZE(faults), &n) != 0)
                FAIL_TEST("%s: %s: %s", faults[0].place, faults[0].rule, faults[0].found);
        plan_file_make_message(file, plan, arena_of(chronicle), &message);
        return message;
}

Message tale_make_message(Chronicle *chronicle, const Tale *tale) {
        Message message = {.type = message_type_by_name(tale->kind)};

        if (message.type == MESSAGE_NONE)
                tale_fail(chronicle, tale, "no such kind", tale->kind);
        if (message.type == MESSAGE_PLAN)
                return make_plan(chronicle, tale);
        if (message.type == MESSAGE_VERDICT)
                message = make_verdict(chronicle, tale);
        for (size_t i = 0; i < tale->n_fields; i++) {
                const TaleField *field = &tale->fields[i];
                const FieldSpec *spec = find_spec(message.type, field->name);

                if (message.type == MESSAGE_VERDICT && slice_is(field->name, "check"))
                        continue;
                if (!spec)
                        tale_fail(chronicle, tale, "no such field", field->name);
                set_field(chronicle, tale, spec, field, &message);
        }
        return message;
}
