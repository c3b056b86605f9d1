/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Assertions against what was seen: groups, and which subject is looked at. */

#include "plan/match.h"

#include "plan/judging.h"
#include "plan/visible.h"

enum { PART_BYTES_MIN = 40 };

static const char undecided_reason[] = "output.limit", vacuous_reason[] = "vacuous";

static const char *const reasons[_SUBJECT_MAX] = {
#define SUBJECT(SEEN, word, kinds, values, least, most, sentence, example)                         \
        [SUBJECT_##SEEN] = "assert." word,
#include "plan/grammar.def"
};

static const struct {
        MatchOp op;
        const char *sign;
} signs[] = {
        {MATCH_GT, "> "},
        {MATCH_GE, ">= "},
        {MATCH_LT, "< "},
        {MATCH_LE, "<= "},
        {MATCH_NOT_CONTAINS, "without "},
        {MATCH_NOT_MATCHES, "without "},
};

void judging_say(Judging *judging, const char *actual) {
        judging->actual = arena_slice(judging->arena, slice_text(actual));
}

void judging_say_excerpt(Judging *judging, const char *before, Slice text, size_t place) {
        Slice excerpt = visible_excerpt(judging->arena, text, place);

        if (text.n == 0)
                excerpt = slice_text("(nothing)");
        judging->actual =
                slice_text(arena_printf(judging->arena, "%s%.*s", before, SLICE_ARGS(excerpt)));
}

void judging_decide(Judging *judging, bool held) {
        judging->finding = held ? FINDING_HELD : FINDING_BROKEN;
}

void judging_find_nothing(Judging *judging, const char *actual) {
        judging_say(judging, actual);
        judging->finding = FINDING_NOTHING;
}

static Slice expected_value(const Matcher *matcher, Arena *arena) {
        Slice shown = visible_excerpt(arena, matcher->text, 0);

        if (matcher->op == MATCH_EMPTY)
                return slice_text(matcher->is_empty ? "(nothing)" : "(something)");
        if (matcher->text.n == 0)
                return slice_text("(nothing)");
        for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
                if (signs[i].op == matcher->op)
                        return slice_text(
                                arena_printf(arena, "%s%.*s", signs[i].sign, SLICE_ARGS(shown)));
        return shown;
}

/* "[1].contains: ready", a part by what its place adds to that of its group. */
static void say_part(Buf *said, const Matcher *group, const Matcher *part, Slice what) {
        Slice where = slice_from(part->where, group->where.n);
        size_t n_most = size_max(PART_BYTES_MIN, EXCERPT_BYTES / group->n_parts);
        bool is_group = matcher_is_group(part);

        if (where.n && where.data[0] == '.')
                where = slice_from(where, 1);
        buf_printf(said, "%s%.*s%s", said->n ? "; " : "", SLICE_ARGS(where),
                   is_group ? " (" : ": ");
        visible_append(said, what, n_most);
        buf_text(said, is_group ? ")" : "");
}

static Slice expected_text(const Matcher *matcher, Arena *arena) {
        cleanup_buf Buf said = BUF_TEXT;

        if (!matcher_is_group(matcher))
                return expected_value(matcher, arena);
        for (size_t i = 0; i < matcher->n_parts; i++)
                say_part(&said, matcher, &matcher->parts[i],
                         expected_text(&matcher->parts[i], arena));
        return visible_excerpt(arena, buf_get(&said), 0);
}

static void judge_exit_status(Judging *judging) {
        if (judging->observed->exit_status < 0)
                judging_find_nothing(judging, "(it did not exit)");
        else
                judge_number(judging, judging->observed->exit_status);
}

static void judge_status(Judging *judging) {
        if (judging->observed->status <= 0)
                judging_find_nothing(judging, "(no answer)");
        else
                judge_number(judging, judging->observed->status);
}

static int64_t number_of(uint64_t count) {
        return count > INT64_MAX ? INT64_MAX : (int64_t)count;
}

static void judge_subject(Judging *judging) {
        const Observed *observed = judging->observed;
        Subject subject = judging->expectation->subject;
        const ObservedStream skipped = {.head = observed->skipped},
                             names = {.head = observed->names};

        switch (subject) {
        case SUBJECT_EXIT_STATUS: judge_exit_status(judging); return;
        case SUBJECT_SIGNAL: judge_signal(judging, observed->signal); return;
        case SUBJECT_STDOUT: judge_stream(judging, &observed->out); return;
        case SUBJECT_STDERR: judge_stream(judging, &observed->err); return;
        case SUBJECT_OUTPUT: judge_stream(judging, &observed->output); return;
        case SUBJECT_STATUS: judge_status(judging); return;
        case SUBJECT_HEADERS: judge_header(judging); return;
        case SUBJECT_BODY: judge_stream(judging, &observed->body); return;
        case SUBJECT_DURATION: judge_duration(judging, number_of(observed->duration_ms)); return;
        case SUBJECT_CERTIFICATE: judge_certificate(judging); return;
        case SUBJECT_FILES: judge_files(judging); return;
        case SUBJECT_EXECUTED: judge_number(judging, number_of(observed->n_executed)); return;
        case SUBJECT_FAILED: judge_number(judging, number_of(observed->n_failed)); return;
        case SUBJECT_SKIPPED: judge_stream(judging, &skipped); return;
        case SUBJECT_NAMES: judge_stream(judging, &names); return;
        case SUBJECT_EXISTS:
        case SUBJECT_SIZE:
        case SUBJECT_MODE:
        case SUBJECT_SHA256:
        case SUBJECT_CONTENT:
                judge_file(judging, observed->n_files ? observed->files : NULL, subject);
                return;
        case SUBJECT_LISTENING: judge_flag(judging, observed->is_listening); return;
        case SUBJECT_COUNT: judge_number(judging, number_of(observed->count)); return;
        case SUBJECT_LINES: judge_stream(judging, &observed->lines); return;
        case _SUBJECT_MAX: return;
        }
}

/* Nothing to look at weighs most, then what is not known: `not` must not turn either into yes. */
static Finding all_of(Finding a, Finding b) {
        static const Finding by_weight[] = {FINDING_NOTHING, FINDING_UNDECIDED, FINDING_BROKEN};

        for (size_t i = 0; i < ARRAY_SIZE(by_weight); i++)
                if (a == by_weight[i] || b == by_weight[i])
                        return by_weight[i];
        return FINDING_HELD;
}

static Finding any_of(Finding a, Finding b) {
        static const Finding by_weight[] = {FINDING_HELD, FINDING_UNDECIDED, FINDING_NOTHING};

        for (size_t i = 0; i < ARRAY_SIZE(by_weight); i++)
                if (a == by_weight[i] || b == by_weight[i])
                        return by_weight[i];
        return FINDING_BROKEN;
}

static Finding not_of(Finding finding) {
        if (finding == FINDING_HELD)
                return FINDING_BROKEN;
        return finding == FINDING_BROKEN ? FINDING_HELD : finding;
}

static void judge(Judging *judging) {
        const Matcher *group = judging->matcher;
        Finding finding = group->op == MATCH_ANY ? FINDING_BROKEN : FINDING_HELD;
        cleanup_buf Buf said = BUF_TEXT;

        if (!matcher_is_group(group)) {
                judge_subject(judging);
                return;
        }
        for (size_t i = 0; i < group->n_parts; i++) {
                Judging part = *judging;

                part.matcher = &group->parts[i];
                part.actual = SLICE_NULL;
                judge(&part);
                say_part(&said, group, part.matcher, part.actual);
                finding = group->op == MATCH_ANY ? any_of(finding, part.finding)
                                                 : all_of(finding, part.finding);
        }
        judging->finding = group->op == MATCH_NOT ? not_of(finding) : finding;
        judging->actual = visible_excerpt(judging->arena, buf_get(&said), 0);
}

static void stream_join(ObservedStream *stream, Arena *arena) {
        uint8_t *both;

        if (stream->is_cut || stream->tail.n == 0)
                return;
        both = arena_alloc(arena, stream->head.n + stream->tail.n);
        if (stream->head.n)
                memcpy(both, stream->head.data, stream->head.n);
        memcpy(both + stream->head.n, stream->tail.data, stream->tail.n);
        stream->head = slice_make(both, stream->head.n + stream->tail.n);
        stream->tail = SLICE_NULL;
}

/* Streams that are wholly there in one piece each. */
static Observed in_one_piece(const Observed *observed, Arena *arena) {
        Observed joined = *observed;
        ObservedFile *files = arena_alloc_array(arena, observed->n_files, sizeof *files);

        stream_join(&joined.out, arena);
        stream_join(&joined.err, arena);
        stream_join(&joined.output, arena);
        stream_join(&joined.body, arena);
        stream_join(&joined.lines, arena);
        for (size_t i = 0; i < observed->n_files; i++) {
                files[i] = observed->files[i];
                stream_join(&files[i].content, arena);
        }
        joined.files = files;
        return joined;
}

static void result_fill(const Judging *judging, MatchResult *ret_result) {
        *ret_result = (MatchResult){
                .where = judging->matcher->where,
                .expected = expected_text(judging->matcher, judging->arena),
                .actual = judging->actual,
                .held = judging->finding == FINDING_HELD,
                .is_undecided = judging->finding == FINDING_UNDECIDED,
                .offset = judging->offset,
                .has_offset = judging->has_offset,
        };
        if (ret_result->is_undecided)
                ret_result->reason = undecided_reason;
        else if (!ret_result->held)
                ret_result->reason = reasons[judging->expectation->subject];
}

void expectations_evaluate(const Check *check, const Observed *observed, Arena *arena,
                           MatchResult **ret_results, size_t *ret_n_results) {
        MatchResult *results = arena_alloc_array(arena, check->n_expectations, sizeof *results);
        Observed whole = in_one_piece(observed, arena);
        JudgeEffort effort = {.n_json_bytes = 0};

        for (size_t i = 0; i < check->n_expectations; i++) {
                Judging judging = {.expectation = &check->expectations[i],
                                   .matcher = check->expectations[i].matcher,
                                   .observed = &whole,
                                   .arena = arena,
                                   .effort = &effort,
                                   .finding = FINDING_NOTHING};

                judge(&judging);
                result_fill(&judging, &results[i]);
        }
        *ret_results = results;
        *ret_n_results = check->n_expectations;
}

void examined_evaluate(const Check *check, const Observed *observed, Arena *arena,
                       MatchResult *ret_result) {
        const Matcher at_least_one = {.op = MATCH_GE,
                                      .where = slice_text("examined.ge"),
                                      .text = slice_text("1"),
                                      .is_number = true,
                                      .least = decimal_of(1),
                                      .most = decimal_of(1)};
        const Expectation expectation = {.subject = SUBJECT_COUNT};
        const Observed counted = {.count = examined_count(check, observed)};
        JudgeEffort effort = {.n_json_bytes = 0};
        Judging judging = {.expectation = &expectation,
                           .matcher = check->examined ? check->examined : &at_least_one,
                           .observed = &counted,
                           .arena = arena,
                           .effort = &effort};

        judge(&judging);
        if (counted.count == 0)
                judging.finding = FINDING_NOTHING;
        result_fill(&judging, ret_result);
        ret_result->reason = ret_result->held ? NULL : vacuous_reason;
}
