/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Evidence is small enough to travel and fit to be read, whatever the check did. */

#include "verify/evidence.h"

#include "base/mem.h"
#include "proto/codec.h"
#include "verify/clip.h"

#include "tests/lib/test.h"

enum { MANY = 1000, LONG = 60000 };

static const Gate gate = {.id = {(const uint8_t *)"M1", 2}};
static const VerifyRequest request = {.gate = &gate,
                                      .commit = "0123456789012345678901234567890123456789"};
static const Check check = {.id = {(const uint8_t *)"one", 3}};

static void encode(const CheckReport *report, Arena *arena, struct check_evidence *ret_evidence) {
        EvidenceFacts facts = {.request = &request, .tree = "", .reproduce = "again"};
        CodecFault fault = {.message = NULL};
        VerifyEvidence evidence;
        Message message;
        Hash hash;

        CHECK_EQ_INT(evidence_make(&facts, &check, report, arena, &evidence), 0);
        CHECK(evidence.frame.n <= EVIDENCE_FRAME_BYTES);
        hash_of(evidence.frame, &hash);
        CHECK(hash_equal(&hash, &evidence.digest));
        CHECK_EQ_INT(codec_decode(evidence.frame, arena, &message, &fault), 0);
        *ret_evidence = message.check_evidence;
}

/* A text of `n` hostile bytes. */
static char *hostile(Arena *arena, size_t n) {
        static const char piece[] = "\033[31m\xff\xe2\x80\xae";
        char *text = arena_alloc(arena, n + 1);

        for (size_t i = 0; i < n; i++)
                text[i] = piece[i % (sizeof piece - 1)];
        return text;
}

TEST(the_largest_evidence_still_travels) {
        cleanup_arena Arena arena = ARENA_INIT;
        CheckReport report = {.n_attempts = 123456, .n_lines = CHECK_LINES_MAX};
        Attempt *shown = &report.shown;
        char *text = hostile(&arena, LONG);
        const char **texts = arena_alloc_array(&arena, MANY + 1, sizeof(char *));
        MatchResult *results = arena_alloc_array(&arena, MANY, sizeof(MatchResult));
        SandboxLeftover *leftovers = arena_alloc_array(&arena, MANY, sizeof(SandboxLeftover));
        struct check_evidence evidence;

        judge_by(SIGHTING_ASSERTION, "x", &report.judgement, "%s", text);
        for (size_t i = 0; i < MANY; i++) {
                texts[i] = text;
                results[i] = (MatchResult){.where = slice_text(text),
                                           .expected = slice_text(text),
                                           .actual = slice_text(text)};
                leftovers[i] =
                        (SandboxLeftover){.command = text, .cwd = text, .listens = text, .pid = i};
        }
        for (size_t i = 0; i < CHECK_LINES_MAX; i++)
                report.lines[i] = slice_text(text);
        shown->argv = shown->env = texts;
        shown->results = results;
        shown->n_results = MANY;
        shown->has_sandbox = true;
        shown->sandbox.leftovers = leftovers;
        shown->sandbox.n_leftovers = MANY;
        shown->sandbox.outside = (char **)texts;
        shown->sandbox.n_outside = MANY;
        encode(&report, &arena, &evidence);
        CHECK(evidence.n_assertions > 0);
        CHECK(evidence.n_leftovers > 0);
        CHECK_EQ_INT(evidence.outcome, OUTCOME_FAIL);
}

TEST(both_ends_of_a_long_stream_are_kept) {
        cleanup_arena Arena arena = ARENA_INIT;
        CheckReport report = {.n_attempts = 1};
        SandboxStream *out = &report.shown.sandbox.out;
        struct check_evidence evidence;
        const struct stream *stream;

        report.shown.has_sandbox = true;
        out->head = out->tail = BUF_TEXT;
        for (size_t i = 0; i < LONG; i++)
                buf_byte(&out->head, (uint8_t)(i < LONG / 2 ? 'a' : 'z'));
        out->n_bytes = LONG;
        encode(&report, &arena, &evidence);
        stream = &evidence.streams[0];
        CHECK_EQ_U64(stream->bytes, LONG);
        CHECK_EQ_INT(stream->head.data[0], 'a');
        CHECK_EQ_INT(stream->tail.data[stream->tail.n - 1], 'z');
        CHECK(stream->head.n + stream->tail.n < LONG);
        buf_deinit(&out->head);
}

TEST(an_exit_status_of_zero_is_said_and_none_is_not) {
        cleanup_arena Arena arena = ARENA_INIT;
        CheckReport report = {.n_attempts = 1};
        struct check_evidence evidence;

        report.shown.has_sandbox = true;
        report.shown.sandbox.end = SANDBOX_EXITED;
        encode(&report, &arena, &evidence);
        CHECK(field_is_present(evidence.present, 12));
        report.shown.sandbox.end = SANDBOX_TIMED_OUT;
        encode(&report, &arena, &evidence);
        CHECK(!field_is_present(evidence.present, 12));
}

TEST(secrets_of_the_environment_are_redacted) {
        cleanup_arena Arena arena = ARENA_INIT;
        const char *const env[] = {"API_TOKEN=hunter2", "COLOUR=blue", NULL};
        CheckReport report = {.n_attempts = 1};
        struct check_evidence evidence;

        report.shown.env = env;
        encode(&report, &arena, &evidence);
        CHECK_EQ_U64(evidence.n_environment, 2);
        CHECK_EQ_SLICE(evidence.environment[0].value, slice_text("[redacted]"));
        CHECK_EQ_SLICE(evidence.environment[1].value, slice_text("blue"));
}

TEST(a_cut_falls_between_characters) {
        char text[8];

        clip_line(slice_text("ääääää"), sizeof text, text);
        CHECK_EQ_TEXT(text, "ää…");
        clip_line(slice_text("short"), sizeof text, text);
        CHECK_EQ_TEXT(text, "short");
}
