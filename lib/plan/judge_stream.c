/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Texts: streams, headers, files, names. Where the middle of a stream was cut, an answer is given
 * only if no middle could change it; otherwise the assertion is undecided, which is not held.
 */

#include "plan/judging.h"

#include "plan/jsonpath.h"
#include "plan/visible.h"

enum { JSON_BYTES_OF_CHECK = 128 << 20 };

typedef enum Found { FOUND_NOT, FOUND, FOUND_UNSURE } Found;

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
static void judge_equals_cut(Judging *judging, Slice head) {
        Slice expected = without_line_ends(judging->matcher->text);
        size_t place = first_difference(head, expected);

        judging_say_excerpt(judging, "", head, place);
        judging->offset = place;
        judging->has_offset = true;
        if (place < expected.n ? place < head.n : without_line_ends(slice_from(head, place)).n > 0)
                judging_decide(judging, false);
        else
                judging->finding = FINDING_UNDECIDED;
}

static void judge_equals(Judging *judging, Slice text) {
        Slice expected = without_line_ends(judging->matcher->text);
        Slice actual = without_line_ends(text);
        size_t place = first_difference(actual, expected);
        bool held = slice_equal(actual, expected);

        judging_say_excerpt(judging, "", actual, held ? 0 : place);
        judging->offset = place;
        judging->has_offset = !held;
        judging_decide(judging, held);
}

static Found find_in(const Judging *judging, Slice text, RegexPart part, size_t *ret_place) {
        const Matcher *matcher = judging->matcher;
        size_t place = 0;
        RegexAnswer answer;

        if (matcher->op == MATCH_CONTAINS || matcher->op == MATCH_NOT_CONTAINS) {
                *ret_place = slice_find(text, matcher->text);
                return *ret_place < text.n || matcher->text.n == 0 ? FOUND : FOUND_NOT;
        }
        answer = regex_search_within(&judging->effort->regex, matcher->text, text, part, &place);
        *ret_place = place;
        return answer == REGEX_FOUND ? FOUND : answer == REGEX_NONE ? FOUND_NOT : FOUND_UNSURE;
}

static void decide_found(Judging *judging, Found found, Slice text, size_t place) {
        bool is_negative = judging->matcher->op == MATCH_NOT_CONTAINS ||
                           judging->matcher->op == MATCH_NOT_MATCHES;

        judging_say_excerpt(judging, "", text, found == FOUND ? place : 0);
        if (found == FOUND_UNSURE)
                judging->finding = FINDING_UNDECIDED;
        else
                judging_decide(judging, (found == FOUND) != is_negative);
}

static void judge_found(Judging *judging, Slice text) {
        size_t place = 0;
        Found found = find_in(judging, text, REGEX_WHOLE, &place);

        judging->offset = place;
        judging->has_offset = found == FOUND;
        decide_found(judging, found, text, place);
}

static void judge_found_cut(Judging *judging, const ObservedStream *stream) {
        size_t place = 0;
        Found found = find_in(judging, stream->head, REGEX_HEAD, &place);

        if (found == FOUND) {
                judging->offset = place;
                judging->has_offset = true;
                decide_found(judging, found, stream->head, place);
                return;
        }
        if (find_in(judging, stream->tail, REGEX_TAIL, &place) == FOUND)
                decide_found(judging, FOUND, stream->tail, place);
        else
                decide_found(judging, FOUND_UNSURE, stream->head, 0);
}

static Slice line_at(Slice text, size_t start) {
        text = slice_from(text, start);
        return slice_head(text, slice_find(text, slice_text("\n")));
}

/* False if all lines that are wholly there have it, as far as is known. */
static bool find_line_without(Judging *judging, Slice text, RegexPart part,
                              RegexAnswer *ret_answer) {
        size_t start = 0;

        *ret_answer = regex_search_lines(&judging->effort->regex, judging->matcher->text, text,
                                         part, &start);
        if (*ret_answer == REGEX_FOUND)
                return false;
        judging->offset = start;
        judging->has_offset = part != REGEX_TAIL;
        judging_say_excerpt(judging, "", line_at(text, start), 0);
        return true;
}

static void judge_lines(Judging *judging, const ObservedStream *stream) {
        bool is_whole = !stream->is_cut;
        RegexAnswer answer = REGEX_FOUND, of_tail = REGEX_FOUND;

        if (stream->head.n + stream->tail.n == 0 && is_whole) {
                judging_find_nothing(judging, "(no line)");
                return;
        }
        judging_say_excerpt(judging, "", stream->head, 0);
        if (!find_line_without(judging, stream->head, is_whole ? REGEX_WHOLE : REGEX_HEAD,
                               &answer) &&
            !is_whole)
                (void)find_line_without(judging, stream->tail, REGEX_TAIL, &of_tail);
        if (answer == REGEX_NONE || of_tail == REGEX_NONE)
                judging_decide(judging, false);
        else if (is_whole && answer == REGEX_FOUND)
                judging_decide(judging, true);
        else
                judging->finding = FINDING_UNDECIDED;
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

static void say_json(Judging *judging, const JsonValue *value) {
        Slice shown = visible_excerpt(judging->arena, value->text, 0);
        const char *quote = value->kind == JSON_TEXT ? "\"" : "";

        judging_say(judging,
                    arena_printf(judging->arena, "%s%.*s%s", quote, SLICE_ARGS(shown), quote));
}

static void judge_json_value(Judging *judging, const JsonValue *value) {
        MatchOp op = judging->matcher->op;

        say_json(judging, value);
        if (op == MATCH_EQUALS)
                judging_decide(judging, json_equals(judging->matcher, value));
        else if (op == MATCH_EMPTY)
                judging_decide(judging, json_is_empty(value) == judging->matcher->is_empty);
        else if (!judging->matcher->is_number)
                judge_found(judging, value->text);
        else if (value->kind == JSON_NUMBER)
                judge_number_text(judging, value->text);
        else
                judging->finding = FINDING_NOTHING;
}

static void judge_json(Judging *judging, Slice text) {
        JsonValue value;

        judging->effort->n_json_bytes += text.n;
        if (judging->effort->n_json_bytes > JSON_BYTES_OF_CHECK) {
                judging_say_excerpt(judging, "too much JSON: ", text, 0);
                judging->finding = FINDING_UNDECIDED;
                return;
        }
        switch (jsonpath_get(text, judging->matcher->path, judging->arena, &value)) {
        case 0: judge_json_value(judging, &value); return;
        case JSONPATH_E_ABSENT: judging_find_nothing(judging, "(absent)"); return;
        case JSONPATH_E_NOT_JSON:
                judging_say_excerpt(judging, "not JSON: ", text, 0);
                judging->finding = FINDING_NOTHING;
                return;
        default:
                judging_say_excerpt(judging, "too much JSON: ", text, 0);
                judging->finding = FINDING_UNDECIDED;
        }
}

static void judge_text(Judging *judging, Slice text) {
        const Matcher *matcher = judging->matcher;

        if (matcher->view == VIEW_NUMBER) {
                judge_number_text(judging, text);
        } else if (matcher->view == VIEW_JSON) {
                judge_json(judging, text);
        } else if (matcher->op == MATCH_EQUALS) {
                judge_equals(judging, text);
        } else if (matcher->op == MATCH_EMPTY) {
                judging_say_excerpt(judging, "", text, 0);
                judging_decide(judging, (without_line_ends(text).n == 0) == matcher->is_empty);
        } else {
                judge_found(judging, text);
        }
}

static void judge_cut(Judging *judging, const ObservedStream *stream) {
        const Matcher *matcher = judging->matcher;
        bool has_text = without_line_ends(stream->head).n || without_line_ends(stream->tail).n;

        if (matcher->view == VIEW_NUMBER || matcher->view == VIEW_JSON ||
            (matcher->op == MATCH_EMPTY && !has_text)) {
                judging_say_excerpt(judging, "", stream->head, 0);
                judging->finding = FINDING_UNDECIDED;
        } else if (matcher->op == MATCH_EQUALS) {
                judge_equals_cut(judging, stream->head);
        } else if (matcher->op == MATCH_EMPTY) {
                judging_say_excerpt(judging, "", stream->head, 0);
                judging_decide(judging, !matcher->is_empty);
        } else {
                judge_found_cut(judging, stream);
        }
}

void judge_stream(Judging *judging, const ObservedStream *stream) {
        if (judging->matcher->view == VIEW_LINE_COUNT)
                judge_line_count(judging, stream);
        else if (judging->matcher->op == MATCH_EVERY_LINE)
                judge_lines(judging, stream);
        else if (stream->is_cut)
                judge_cut(judging, stream);
        else
                judge_text(judging, stream->head);
}
