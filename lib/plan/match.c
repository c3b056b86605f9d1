/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Assertions against what was seen. Where the middle of a stream was cut, an answer is given only
 * if no middle could change it; otherwise the assertion is undecided, which is not held.
 */

#include "plan/match.h"

#include <strings.h>

#include "base/clock.h"
#include "plan/jsonpath.h"
#include "plan/matcher.h"
#include "plan/regex.h"
#include "plan/visible.h"

typedef struct Judging {
        const Expectation *expectation;
        const Matcher *matcher;
        const Observed *observed;
        Arena *arena;
        MatchResult *result;
} Judging;

typedef enum Found { FOUND_NOT, FOUND, FOUND_UNSURE } Found;

static const char undecided_reason[] = "output.limit";

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

static void say(const Judging *judging, const char *actual) {
        judging->result->actual = arena_slice(judging->arena, slice_text(actual));
}

static void say_excerpt(const Judging *judging, const char *before, Slice text, size_t place) {
        Slice excerpt = visible_excerpt(judging->arena, text, place);

        if (text.n == 0)
                excerpt = slice_text("(nothing)");
        judging->result->actual =
                slice_text(arena_printf(judging->arena, "%s%.*s", before, SLICE_ARGS(excerpt)));
}

static void decide(const Judging *judging, bool held) {
        judging->result->held = held;
        judging->result->reason = held ? NULL : reasons[judging->expectation->subject];
}

static void leave_undecided(const Judging *judging) {
        judging->result->is_undecided = true;
        judging->result->reason = undecided_reason;
}

static Slice expected_text(const Matcher *matcher, Arena *arena) {
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

bool matcher_holds_number(const Matcher *matcher, const Decimal *number) {
        int below = decimal_compare(number, &matcher->least);
        int above = decimal_compare(number, &matcher->most);

        switch ((int)matcher->op) {
        case MATCH_GT: return below > 0;
        case MATCH_GE: return below >= 0;
        case MATCH_LT: return above < 0;
        case MATCH_LE: return above <= 0;
        default: return below >= 0 && above <= 0;
        }
}

static void judge_number(const Judging *judging, int64_t number) {
        Decimal decimal = decimal_of(number);

        if (!judging->result->actual.n)
                say(judging, arena_printf(judging->arena, "%lld", (long long)number));
        decide(judging, matcher_holds_number(judging->matcher, &decimal));
}

static void judge_exit_status(const Judging *judging) {
        if (judging->observed->exit_status < 0) {
                say(judging, "(it did not exit)");
                decide(judging, false);
                return;
        }
        judge_number(judging, judging->observed->exit_status);
}

static void judge_status(const Judging *judging) {
        if (judging->observed->status <= 0) {
                say(judging, "(no answer)");
                decide(judging, false);
                return;
        }
        judge_number(judging, judging->observed->status);
}

static void judge_duration(const Judging *judging) {
        uint64_t ms = judging->observed->duration_ms;
        cleanup_buf Buf text = BUF_TEXT;

        duration_describe(ms, &text);
        say(judging, buf_get_text(&text));
        judge_number(judging, ms > INT64_MAX ? INT64_MAX : (int64_t)ms);
}

static Slice without_line_ends(Slice text) {
        while (text.n && (text.data[text.n - 1] == '\n' || text.data[text.n - 1] == '\r'))
                text.n--;
        return text;
}

static size_t first_difference(Slice a, Slice b) {
        size_t n = size_min(a.n, b.n), i = 0;

        while (i < n && a.data[i] == b.data[i])
                i++;
        return i;
}

/* Text that is known up to a cut: what is known can refute, never prove. */
static void judge_equals_cut(const Judging *judging, Slice head) {
        Slice expected = without_line_ends(judging->matcher->text);
        size_t place = first_difference(head, expected);

        say_excerpt(judging, "", head, place);
        judging->result->offset = place;
        judging->result->has_offset = true;
        if (place < expected.n ? place < head.n : without_line_ends(slice_from(head, place)).n > 0)
                decide(judging, false);
        else
                leave_undecided(judging);
}

static void judge_equals(const Judging *judging, Slice text) {
        Slice expected = without_line_ends(judging->matcher->text);
        Slice actual = without_line_ends(text);
        size_t place = first_difference(actual, expected);
        bool held = slice_equal(actual, expected);

        say_excerpt(judging, "", actual, held ? 0 : place);
        judging->result->offset = place;
        judging->result->has_offset = !held;
        decide(judging, held);
}

static Found find_in(const Matcher *matcher, Slice text, RegexPart part, size_t *ret_place) {
        size_t place = 0;
        RegexAnswer answer;

        if (matcher->op == MATCH_CONTAINS || matcher->op == MATCH_NOT_CONTAINS) {
                *ret_place = slice_find(text, matcher->text);
                return *ret_place < text.n || matcher->text.n == 0 ? FOUND : FOUND_NOT;
        }
        answer = regex_search(matcher->text, text, part, &place);
        *ret_place = place;
        return answer == REGEX_FOUND ? FOUND : answer == REGEX_NONE ? FOUND_NOT : FOUND_UNSURE;
}

static void decide_found(const Judging *judging, Found found, Slice text, size_t place) {
        bool is_negative = judging->matcher->op == MATCH_NOT_CONTAINS ||
                           judging->matcher->op == MATCH_NOT_MATCHES;

        say_excerpt(judging, "", text, found == FOUND ? place : 0);
        if (found == FOUND_UNSURE)
                leave_undecided(judging);
        else
                decide(judging, (found == FOUND) != is_negative);
}

static void judge_found(const Judging *judging, Slice text) {
        size_t place = 0;
        Found found = find_in(judging->matcher, text, REGEX_WHOLE, &place);

        judging->result->offset = place;
        judging->result->has_offset = found == FOUND;
        decide_found(judging, found, text, place);
}

static void judge_found_cut(const Judging *judging, const ObservedStream *stream) {
        size_t place = 0;
        Found found = find_in(judging->matcher, stream->head, REGEX_HEAD, &place);

        if (found == FOUND) {
                judging->result->offset = place;
                judging->result->has_offset = true;
                decide_found(judging, found, stream->head, place);
                return;
        }
        if (find_in(judging->matcher, stream->tail, REGEX_TAIL, &place) == FOUND)
                decide_found(judging, FOUND, stream->tail, place);
        else
                decide_found(judging, FOUND_UNSURE, stream->head, 0);
}

static size_t count_line_ends(Slice text) {
        size_t n = 0;

        for (size_t i = 0; (i += slice_find(slice_from(text, i), slice_text("\n"))) < text.n; i++)
                n++;
        return n;
}

/* Of a cut stream only the least number is known: it decides what more lines cannot change. */
static void judge_line_count(const Judging *judging, const ObservedStream *stream) {
        size_t n = count_line_ends(stream->head) + count_line_ends(stream->tail);
        Slice last = stream->tail.n ? stream->tail : stream->head;
        Decimal number;
        MatchOp op = judging->matcher->op;
        bool is_floor = op == MATCH_GE || op == MATCH_GT;

        n += last.n && last.data[last.n - 1] != '\n';
        say(judging, arena_printf(judging->arena, "%zu%s", n, stream->is_cut ? " or more" : ""));
        number = decimal_of((int64_t)n);
        if (!stream->is_cut)
                decide(judging, matcher_holds_number(judging->matcher, &number));
        else if (is_floor && matcher_holds_number(judging->matcher, &number))
                decide(judging, true);
        else if (!is_floor && decimal_compare(&number, &judging->matcher->most) > 0)
                decide(judging, false);
        else
                leave_undecided(judging);
}

static Slice without_blanks(Slice text) {
        while (text.n && strchr(" \t\r\n", text.data[0]) && text.data[0])
                text = slice_from(text, 1);
        while (text.n && strchr(" \t\r\n", text.data[text.n - 1]) && text.data[text.n - 1])
                text.n--;
        return text;
}

static void judge_number_text(const Judging *judging, Slice text) {
        Slice digits = without_blanks(text);
        Decimal number;

        if (!decimal_parse(digits, &number)) {
                say_excerpt(judging, "not a number: ", text, 0);
                decide(judging, false);
                return;
        }
        say_excerpt(judging, "", digits, 0);
        decide(judging, matcher_holds_number(judging->matcher, &number));
}

static bool json_equals(const Matcher *matcher, const JsonValue *value) {
        Decimal a, b;

        if (!matcher->is_literal)
                return value->kind == JSON_TEXT && slice_equal(value->text, matcher->text);
        if (value->kind == JSON_NUMBER && decimal_parse(value->text, &a) &&
            decimal_parse(matcher->text, &b))
                return decimal_compare(&a, &b) == 0;
        return (value->kind == JSON_LITERAL || value->kind == JSON_NUMBER) &&
               slice_equal(value->text, matcher->text);
}

static bool json_is_empty(const JsonValue *value) {
        return (value->kind == JSON_TEXT && value->text.n == 0) ||
               (value->kind == JSON_LIST && slice_is(value->text, "[]")) ||
               (value->kind == JSON_MAP && slice_is(value->text, "{}"));
}

static void say_json(const Judging *judging, const JsonValue *value) {
        Slice shown = visible_excerpt(judging->arena, value->text, 0);
        const char *quote = value->kind == JSON_TEXT ? "\"" : "";

        say(judging, arena_printf(judging->arena, "%s%.*s%s", quote, SLICE_ARGS(shown), quote));
}

static void judge_json_value(const Judging *judging, const JsonValue *value) {
        MatchOp op = judging->matcher->op;

        say_json(judging, value);
        if (op == MATCH_EQUALS)
                decide(judging, json_equals(judging->matcher, value));
        else if (op == MATCH_EMPTY)
                decide(judging, json_is_empty(value) == judging->matcher->is_empty);
        else if (!judging->matcher->is_number)
                judge_found(judging, value->text);
        else if (value->kind == JSON_NUMBER)
                judge_number_text(judging, value->text);
        else
                decide(judging, false);
}

static void judge_json(const Judging *judging, Slice text) {
        JsonValue value;

        switch (jsonpath_get(text, judging->matcher->path, judging->arena, &value)) {
        case 0: judge_json_value(judging, &value); return;
        case JSONPATH_E_ABSENT:
                say(judging, "(absent)");
                decide(judging, false);
                return;
        case JSONPATH_E_NOT_JSON:
                say_excerpt(judging, "not JSON: ", text, 0);
                decide(judging, false);
                return;
        default: say_excerpt(judging, "too much JSON: ", text, 0); leave_undecided(judging);
        }
}

static void judge_text(const Judging *judging, Slice text) {
        const Matcher *matcher = judging->matcher;

        if (matcher->view == VIEW_NUMBER) {
                judge_number_text(judging, text);
        } else if (matcher->view == VIEW_JSON) {
                judge_json(judging, text);
        } else if (matcher->op == MATCH_EQUALS) {
                judge_equals(judging, text);
        } else if (matcher->op == MATCH_EMPTY) {
                say_excerpt(judging, "", text, 0);
                decide(judging, (without_line_ends(text).n == 0) == matcher->is_empty);
        } else {
                judge_found(judging, text);
        }
}

static void judge_cut(const Judging *judging, const ObservedStream *stream) {
        const Matcher *matcher = judging->matcher;
        bool has_text = without_line_ends(stream->head).n || without_line_ends(stream->tail).n;

        if (matcher->view == VIEW_NUMBER || matcher->view == VIEW_JSON ||
            (matcher->op == MATCH_EMPTY && !has_text)) {
                say_excerpt(judging, "", stream->head, 0);
                leave_undecided(judging);
        } else if (matcher->op == MATCH_EQUALS) {
                judge_equals_cut(judging, stream->head);
        } else if (matcher->op == MATCH_EMPTY) {
                say_excerpt(judging, "", stream->head, 0);
                decide(judging, !matcher->is_empty);
        } else {
                judge_found_cut(judging, stream);
        }
}

static Slice joined(const ObservedStream *stream, Arena *arena) {
        uint8_t *both;

        if (stream->tail.n == 0)
                return stream->head;
        if (stream->head.n == 0)
                return stream->tail;
        both = arena_alloc(arena, stream->head.n + stream->tail.n);
        memcpy(both, stream->head.data, stream->head.n);
        memcpy(both + stream->head.n, stream->tail.data, stream->tail.n);
        return slice_make(both, stream->head.n + stream->tail.n);
}

static void judge_stream(const Judging *judging, const ObservedStream *stream) {
        if (judging->matcher->view == VIEW_LINE_COUNT)
                judge_line_count(judging, stream);
        else if (stream->is_cut)
                judge_cut(judging, stream);
        else
                judge_text(judging, joined(stream, judging->arena));
}

/* Several of one name are one list (RFC 9110, 5.3). */
static bool header_find(const Judging *judging, Slice *ret_value) {
        cleanup_buf Buf text = BUF_TEXT;
        Slice name = judging->expectation->name;
        size_t n_found = 0;

        for (size_t i = 0; i < judging->observed->n_headers; i++) {
                const ObservedHeader *header = &judging->observed->headers[i];

                if (header->name.n != name.n || strncasecmp((const char *)header->name.data,
                                                            (const char *)name.data, name.n) != 0)
                        continue;
                buf_text(&text, n_found++ ? ", " : "");
                buf_slice(&text, header->value);
        }
        *ret_value = arena_slice(judging->arena, buf_get(&text));
        return n_found > 0;
}

static void judge_header(const Judging *judging) {
        ObservedStream stream = {.is_cut = false};

        if (header_find(judging, &stream.head)) {
                judge_stream(judging, &stream);
                return;
        }
        say(judging, "(absent)");
        decide(judging, false);
}

static void judge(const Judging *judging) {
        switch (judging->expectation->subject) {
        case SUBJECT_EXIT_STATUS: judge_exit_status(judging); return;
        case SUBJECT_STDOUT: judge_stream(judging, &judging->observed->out); return;
        case SUBJECT_STDERR: judge_stream(judging, &judging->observed->err); return;
        case SUBJECT_STATUS: judge_status(judging); return;
        case SUBJECT_HEADERS: judge_header(judging); return;
        case SUBJECT_BODY: judge_stream(judging, &judging->observed->body); return;
        case SUBJECT_DURATION: judge_duration(judging); return;
        case SUBJECT_SIGNAL:
        case SUBJECT_OUTPUT:
        case SUBJECT_CERTIFICATE:
        case SUBJECT_FILES:
        case SUBJECT_EXECUTED:
        case SUBJECT_FAILED:
        case SUBJECT_SKIPPED:
        case SUBJECT_NAMES:
        case SUBJECT_EXISTS:
        case SUBJECT_SIZE:
        case SUBJECT_MODE:
        case SUBJECT_SHA256:
        case SUBJECT_CONTENT:
        case SUBJECT_LISTENING:
        case SUBJECT_COUNT:
        case SUBJECT_LINES:
        case _SUBJECT_MAX: return;
        }
}

void expectations_evaluate(const Check *check, const Observed *observed, Arena *arena,
                           MatchResult **ret_results, size_t *ret_n_results) {
        MatchResult *results = arena_alloc_array(arena, check->n_expectations, sizeof *results);

        for (size_t i = 0; i < check->n_expectations; i++) {
                const Expectation *expectation = &check->expectations[i];
                Judging judging = {expectation, expectation->matcher, observed, arena, &results[i]};

                results[i].where = expectation->matcher->where;
                results[i].expected = expected_text(expectation->matcher, arena);
                judge(&judging);
        }
        *ret_results = results;
        *ret_n_results = check->n_expectations;
}
