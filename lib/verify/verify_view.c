/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A verification for people and for programs. What a check printed is hostile to terminals. */

#include "base/clock.h"
#include "proto/codec.h"
#include "proto/describe.h"
#include "verify/clip.h"
#include "verify/verify.h"
#include "view/status.h"

enum {
        EXCERPT_BYTES = 600,
        EXCERPT_LINES = 8,
        ID_WIDTH = 24,
        OUTCOME_WIDTH = 9,
        COMMIT_SHOWN = 12
};

#define GREEN  "\033[32m"
#define RED    "\033[31m"
#define YELLOW "\033[33m"
#define PURPLE "\033[35m"
#define PLAIN  "\033[0m"

/* The word is the fact, the colour only helps. */
static const char *const outcome_colours[_OUTCOME_MAX] = {
        [OUTCOME_PASS] = GREEN,          [OUTCOME_FAIL] = RED,    [OUTCOME_ERROR] = PURPLE,
        [OUTCOME_TIMEOUT] = RED,         [OUTCOME_FLAKY] = RED,   [OUTCOME_SKIPPED] = PURPLE,
        [OUTCOME_UNVERIFIABLE] = PURPLE, [OUTCOME_WARN] = YELLOW,
};

static const char *const decision_colours[_DECISION_MAX] = {
        [DECISION_PASS] = GREEN,
        [DECISION_FAIL] = RED,
        [DECISION_INCONCLUSIVE] = PURPLE,
};

static void coloured(const char *word, const char *colour, Buf *text) {
        buf_text(text, colour ? colour : "");
        buf_text(text, word);
        buf_text(text, colour ? PLAIN : "");
}

static void labelled(const char *label, Slice value, Buf *text) {
        if (!value.n)
                return;
        buf_printf(text, "           %s: ", label);
        text_make_visible(value, false, text);
        buf_text(text, "\n");
}

/* The last lines, which is where programs say what went wrong. */
static void excerpt(const struct stream *stream, Buf *text) {
        Slice end = stream->tail.n ? stream->tail : stream->head;
        size_t start = end.n > EXCERPT_BYTES ? end.n - EXCERPT_BYTES : 0;
        size_t n_lines = 0;

        while (end.n && end.data[end.n - 1] == '\n')
                end.n--;
        for (size_t i = end.n; i-- > start;)
                if (end.data[i] == '\n' && ++n_lines == EXCERPT_LINES)
                        start = i + 1;
        while (start < end.n) {
                Slice rest = slice_from(end, start);
                size_t n = slice_find(rest, slice_text("\n"));

                buf_printf(text, "           %.*s| ", SLICE_ARGS(stream->name));
                text_make_visible(slice_head(rest, n), false, text);
                buf_text(text, "\n");
                start += n + 1;
        }
}

static bool has_broken(const struct check_evidence *evidence) {
        for (size_t i = 0; i < evidence->n_assertions; i++)
                if (!evidence->assertions[i].held)
                        return true;
        return false;
}

static void describe_evidence(const struct check_evidence *evidence, Buf *text) {
        for (size_t i = 0; i < evidence->n_assertions; i++) {
                const struct assertion *assertion = &evidence->assertions[i];

                if (assertion->held)
                        continue;
                buf_text(text, "           ");
                text_make_visible(assertion->where, false, text);
                buf_text(text, "\n");
                labelled("  expected", assertion->expected, text);
                labelled("  found   ", assertion->actual, text);
        }
        for (size_t i = 0; i < evidence->n_streams; i++)
                excerpt(&evidence->streams[i], text);
        for (size_t i = 0; evidence->n_attempt_lines > 1 && i < evidence->n_attempt_lines; i++)
                labelled("attempt", evidence->attempt_lines[i], text);
        labelled("cold", evidence->reproduce, text);
}

static void describe_check(const VerifyResult *result, const struct check_result *check,
                           bool with_colour, Buf *text) {
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault = {.message = NULL};
        Message evidence;
        bool has_evidence = false;
        char id[ID_WIDTH * 4];
        int n_word = (int)strlen(word_of(&words_OUTCOME, (int)check->outcome));

        clip_line(check->check, sizeof id, id);
        buf_text(text, "  ");
        coloured(word_of(&words_OUTCOME, (int)check->outcome),
                 with_colour ? outcome_colours[check->outcome] : NULL, text);
        buf_printf(text, "%*s%-*s ", n_word < OUTCOME_WIDTH ? OUTCOME_WIDTH - n_word : 1, "",
                   ID_WIDTH, id);
        duration_describe(check->duration_ms, text);
        if (check->reason.n)
                buf_printf(text, "  %.*s", SLICE_ARGS(check->reason));
        buf_text(text, "\n");
        if (check->outcome == OUTCOME_PASS || check->outcome == OUTCOME_CARRIED)
                return;
        for (size_t i = 0; i < result->n_evidence && !has_evidence; i++)
                has_evidence =
                        slice_equal(hash_slice(&result->evidence[i].digest), check->evidence) &&
                        codec_decode(result->evidence[i].frame, &arena, &evidence, &fault) == 0;
        if (!has_evidence || !has_broken(&evidence.check_evidence))
                labelled("why", check->summary, text);
        if (has_evidence)
                describe_evidence(&evidence.check_evidence, text);
}

void verify_describe(const VerifyResult *result, bool with_colour, Buf *text) {
        const struct verdict *verdict = &result->verdict;

        for (size_t i = 0; i < verdict->n_checks; i++)
                describe_check(result, &verdict->checks[i], with_colour, text);
        for (size_t i = 0; i < verdict->n_notes; i++) {
                buf_text(text, "  note: ");
                text_make_visible(verdict->notes[i], false, text);
                buf_text(text, "\n");
        }
        coloured(word_of(&words_DECISION, (int)verdict->decision),
                 with_colour ? decision_colours[verdict->decision] : NULL, text);
        buf_text(text, "  ");
        text_make_visible(verdict->gate, false, text);
        buf_printf(text, " at %.*s", SLICE_ARGS(slice_head(verdict->commit, COMMIT_SHOWN)));
        buf_text(text, verdict->decision == DECISION_PASS ? ", cold, " : ", ");
        duration_describe(verdict->duration_ms, text);
        if (verdict->reason.n)
                buf_printf(text, ", %.*s", SLICE_ARGS(verdict->reason));
        buf_text(text, ": ");
        text_make_visible(verdict->summary, false, text);
        buf_text(text, "\n");
        if (verdict->decision != DECISION_PASS)
                labelled("cold", verdict->reproduce, text);
        if (result->kept)
                buf_printf(text, "kept: %s\n", result->kept);
}

VerifyBites verify_bites(const struct check_result *check) {
        static const char *const classes[] = {"teeth.", "red-at."};

        for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
                if (slice_is(slice_head(check->reason, strlen(classes[i])), classes[i]))
                        return VERIFY_BITES_NOT;
        return check->seen_red ? VERIFY_BITES : VERIFY_TOOTHLESS;
}

void verify_describe_teeth(const VerifyResult *result, Buf *text) {
        static const char *const words[] = {[VERIFY_BITES] = "has teeth",
                                            [VERIFY_BITES_NOT] = "teeth do not bite",
                                            [VERIFY_TOOTHLESS] = "never seen red"};

        for (size_t i = 0; i < result->verdict.n_checks; i++) {
                const struct check_result *check = &result->verdict.checks[i];
                char id[ID_WIDTH * 4];

                clip_line(check->check, sizeof id, id);
                buf_printf(text, "  %-17s  %s", words[verify_bites(check)], id);
                if (check->outcome != OUTCOME_PASS)
                        buf_printf(text, "  (%s %.*s)",
                                   word_of(&words_OUTCOME, (int)check->outcome),
                                   SLICE_ARGS(check->reason));
                buf_text(text, "\n");
        }
}

void verify_describe_json(const VerifyResult *result, Buf *text) {
        Message verdict = {.type = MESSAGE_VERDICT, .verdict = result->verdict};

        message_set_present(&verdict);
        buf_text(text, "{\"version\":1,\"verdict\":");
        describe_json(&verdict, text);
        buf_text(text, ",\"evidence\":[");
        for (size_t i = 0; i < result->n_evidence; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                CodecFault fault = {.message = NULL};
                Message evidence;

                if (codec_decode(result->evidence[i].frame, &arena, &evidence, &fault) != 0)
                        continue;
                buf_text(text, i ? "," : "");
                describe_json(&evidence, text);
        }
        buf_text(text, "]");
        if (result->kept) {
                buf_text(text, ",\"kept\":");
                describe_json_string(slice_text(result->kept), text);
        }
        buf_text(text, "}");
}
