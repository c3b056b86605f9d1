/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Expectations against what was observed. */

#include "plan/match.h"

#include <time.h>

#include "base/mem.h"
#include "plan/decimal.h"
#include "tests/lib/plans.h"
#include "tests/lib/test.h"

/* One expectation that was judged; `result` is the last, behind the default of exit-status. */
typedef struct Judged {
        Arena arena;
        Plan plan;
        MatchResult result;
} Judged;

static void judged_deinit(Judged *judged) {
        plan_deinit(&judged->plan);
        arena_deinit(&judged->arena);
}

#define cleanup_judged cleanup(judged_deinit)

static void judge(Judged *judged, const Plan *plan, const Observed *observed) {
        MatchResult *results;
        size_t n;

        expectations_evaluate(&plan->gates[0].checks[0], observed, &judged->arena, &results, &n);
        CHECK_EQ_U64(n, plan->gates[0].checks[0].n_expectations);
        judged->result = results[n - 1];
        CHECK(judged->result.where.n > 0);
        CHECK(judged->result.actual.n <= 400 && judged->result.expected.n <= 400);
        CHECK(judged->result.held == (judged->result.reason == NULL));
        CHECK(!judged->result.held || !judged->result.is_undecided);
}

static Judged judge_stream(const char *matchers, ObservedStream stream) {
        Judged judged = {.result = {.held = false}};
        Observed observed = {.out = stream};

        plans_parse(plans_with_expect(&judged.arena,
                                      arena_printf(&judged.arena, "{ stdout: %s }", matchers)),
                    &judged.plan);
        judge(&judged, &judged.plan, &observed);
        return judged;
}

static bool holds(const char *matchers, const char *output) {
        cleanup_judged Judged judged =
                judge_stream(matchers, (ObservedStream){.head = slice_text(output)});

        CHECK(!judged.result.is_undecided);
        CHECK(judged.result.held || strcmp(judged.result.reason, "assert.stdout") == 0);
        return judged.result.held;
}

typedef enum Answer { NO, YES, UNDECIDED } Answer;

static Answer ask_cut(const char *matchers, const char *head, const char *tail) {
        cleanup_judged Judged judged = judge_stream(
                matchers, (ObservedStream){slice_text(head), slice_text(tail), .is_cut = true});

        if (judged.result.is_undecided)
                CHECK_EQ_TEXT(judged.result.reason, "output.limit");
        return judged.result.is_undecided ? UNDECIDED : judged.result.held ? YES : NO;
}

static Judged judge_http(const char *expect, const Observed *observed) {
        Judged judged = {.result = {.held = false}};

        plans_parse(
                plans_with_gate(&judged.arena,
                                arena_printf(&judged.arena,
                                             "checks:\n  - id: a\n    http: { url: http://a/ }\n"
                                             "    expect: { status: 200, %s }",
                                             expect)),
                &judged.plan);
        judge(&judged, &judged.plan, observed);
        return judged;
}

TEST(equals_ignores_line_ends_at_the_end) {
        CHECK(holds("10.0.0.0/16", "10.0.0.0/16\n"));
        CHECK(holds("\"a\\nb\\n\"", "a\nb"));
        CHECK(holds("''", "\n"));
        CHECK(!holds("a", " a"));
        CHECK(!holds("a", "ab"));
        CHECK(!holds("ab", "a"));
        CHECK(!holds("1", "1.0"));
}

TEST(each_text_of_a_list_must_be_there) {
        cleanup_judged Judged judged =
                judge_stream("{ contains: [a, zz] }", (ObservedStream){.head = slice_text("abc")});

        CHECK_EQ_U64(judged.plan.gates[0].checks[0].n_expectations, 3);
        CHECK(!judged.result.held);
        CHECK_EQ_SLICE(judged.result.where, slice_text("stdout.contains"));
        CHECK_EQ_SLICE(judged.result.expected, slice_text("zz"));
        CHECK_EQ_SLICE(judged.result.actual, slice_text("abc"));
}

TEST(what_must_not_be_there_is_shown_with_its_place) {
        cleanup_judged Judged judged =
                judge_stream("{ contains: x, not-contains: bad }",
                             (ObservedStream){.head = slice_text("x bad\n")});

        CHECK(!judged.result.held);
        CHECK(judged.result.has_offset);
        CHECK_EQ_U64(judged.result.offset, 2);
        CHECK_EQ_SLICE(judged.result.actual, slice_text("x bad\\n"));
}

TEST(expressions_are_searched) {
        CHECK(holds("{ matches: '(?m)^ok' }", "no\nok\n"));
        CHECK(!holds("{ matches: '^ok' }", "no\nok\n"));
        CHECK(!holds("{ contains: o, not-matches: 'o[k]' }", "ok"));
        CHECK(holds("{ contains: o, not-matches: 'o[l]' }", "ok"));
}

TEST(lines_are_counted_whether_the_last_one_ends_or_not) {
        CHECK(holds("{ line-count: 0 }", ""));
        CHECK(holds("{ line-count: 1 }", "a"));
        CHECK(holds("{ line-count: 1 }", "a\n"));
        CHECK(holds("{ line-count: 2 }", "a\nb"));
        CHECK(holds("{ line-count: { between: [2, 3] } }", "\n\n\n"));
        CHECK(!holds("{ line-count: { gt: 2 } }", "a\nb\n"));
}

TEST(a_number_is_the_whole_output) {
        CHECK(holds("{ number: 4 }", " 4\n"));
        CHECK(holds("{ number: { le: 4 } }", "4.0"));
        CHECK(holds("{ number: { lt: -1 } }", "-1.5e0"));
        CHECK(!holds("{ number: { le: 4 } }", "4.0001"));
        CHECK(!holds("{ number: { le: 4 } }", "3 4"));
        CHECK(!holds("{ number: { le: 4 } }", ""));
        CHECK(!holds("{ number: { le: 4 } }", "nan"));
        CHECK(!holds("{ number: { ge: 4 } }", "inf"));
        CHECK(!holds("{ number: { ge: 4 } }", "0x10"));
        CHECK(!holds("{ number: 9007199254740993 }", "9007199254740992"));
        CHECK(holds("{ number: 1e3 }", "1000"));
}

TEST(decimals_compare_exactly) {
        Decimal a, b;

        CHECK(decimal_parse(slice_text("-0.00"), &a) && decimal_parse(slice_text("0"), &b));
        CHECK_EQ_INT(decimal_compare(&a, &b), 0);
        CHECK(decimal_parse(slice_text("0.1"), &a) && decimal_parse(slice_text("1e-1"), &b));
        CHECK_EQ_INT(decimal_compare(&a, &b), 0);
        CHECK(decimal_parse(slice_text("100"), &a) && decimal_parse(slice_text("99.9"), &b));
        CHECK(decimal_compare(&a, &b) > 0);
        CHECK(decimal_parse(slice_text("-100"), &a) && decimal_parse(slice_text("-99.9"), &b));
        CHECK(decimal_compare(&a, &b) < 0);
        CHECK(decimal_parse(slice_text("-0.001"), &a) && decimal_parse(slice_text("0"), &b));
        CHECK(decimal_compare(&a, &b) < 0);
        CHECK(!decimal_parse(slice_text("1e"), &a));
        CHECK(!decimal_parse(slice_text("."), &a));
        CHECK(!decimal_parse(slice_text("1e99999"), &a));
        CHECK(!decimal_parse(slice_text("-"), &a));
}

TEST(json_values_keep_their_kind) {
        CHECK(holds("{ jsonpath: { $.a: 1 } }", "{\"a\":1.0}"));
        CHECK(!holds("{ jsonpath: { $.a: 1 } }", "{\"a\":\"1\"}"));
        CHECK(holds("{ jsonpath: { $.a: '1' } }", "{\"a\":\"1\"}"));
        CHECK(!holds("{ jsonpath: { $.a: '1' } }", "{\"a\":1}"));
        CHECK(holds("{ jsonpath: { $.a: null } }", "{\"a\":null}"));
        CHECK(!holds("{ jsonpath: { $.a: 'null' } }", "{\"a\":null}"));
        CHECK(!holds("{ jsonpath: { $.a: null } }", "{}"));
        CHECK(holds("{ jsonpath: { $.a: true } }", "{\"a\":true}"));
        CHECK(!holds("{ jsonpath: { $.a: true } }", "{\"a\":\"true\"}"));
        CHECK(holds("{ jsonpath: { $.a: yes } }", "{\"a\":\"yes\"}"));
        CHECK(!holds("{ jsonpath: { $.a: 1 } }", "not json"));
}

TEST(matchers_look_into_json) {
        const char *output = "{\"n\":7,\"t\":\"ready: yes\",\"l\":[],\"m\":[1]}";

        CHECK(holds("{ jsonpath: { $.n: { gt: 6.5 } } }", output));
        CHECK(!holds("{ jsonpath: { $.n: { between: [8, 9] } } }", output));
        CHECK(!holds("{ jsonpath: { $.t: { gt: 1 } } }", output));
        CHECK(holds("{ jsonpath: { $.t: { contains: ready } } }", output));
        CHECK(!holds("{ jsonpath: { $.t: { not-contains: yes } } }", output));
        CHECK(!holds("{ jsonpath: { $.x: { not-contains: yes } } }", output));
        CHECK(holds("{ jsonpath: { $.t: { matches: '^r.*s$' } } }", output));
        CHECK(holds("{ jsonpath: { $.l: { empty: true } } }", output));
        CHECK(holds("{ jsonpath: { $.m: { empty: false } } }", output));
        CHECK(!holds("{ jsonpath: { $.x: { empty: true } } }", output));
}

TEST(nothing_is_empty_line_ends_aside) {
        CHECK(holds("{ empty: true }", ""));
        CHECK(holds("{ empty: true }", "\n"));
        CHECK(!holds("{ empty: true }", " "));
        CHECK(holds("{ empty: false }", "x"));
        CHECK(!holds("{ empty: false }", ""));
}

TEST(head_and_tail_that_meet_are_one_text) {
        cleanup_judged Judged judged =
                judge_stream("{ contains: needle }", (ObservedStream){.head = slice_text("nee"),
                                                                      .tail = slice_text("dle")});

        CHECK(judged.result.held);
}

TEST(a_cut_stream_answers_only_what_its_middle_cannot_change) {
        CHECK_EQ_INT(ask_cut("{ contains: a }", "a", "b"), YES);
        CHECK_EQ_INT(ask_cut("{ contains: b }", "a", "b"), YES);
        CHECK_EQ_INT(ask_cut("{ contains: c }", "a", "b"), UNDECIDED);
        CHECK_EQ_INT(ask_cut("{ contains: ab }", "a", "b"), UNDECIDED);
        CHECK_EQ_INT(ask_cut("{ contains: a, not-contains: b }", "a", "b"), NO);
        CHECK_EQ_INT(ask_cut("{ contains: a, not-contains: c }", "a", "b"), UNDECIDED);
        CHECK_EQ_INT(ask_cut("{ matches: 'x+y' }", "axy", "b"), YES);
        CHECK_EQ_INT(ask_cut("{ matches: 'x+$' }", "ax", "b"), UNDECIDED);
        CHECK_EQ_INT(ask_cut("{ contains: a, not-matches: 'x+y' }", "axyz", "b"), NO);
        CHECK_EQ_INT(ask_cut("{ contains: a, not-matches: q }", "axyz", "b"), UNDECIDED);
}

TEST(equality_with_a_cut_stream_is_refuted_or_undecided) {
        CHECK_EQ_INT(ask_cut("abc", "abd", "x"), NO);
        CHECK_EQ_INT(ask_cut("abc", "ab", "x"), UNDECIDED);
        CHECK_EQ_INT(ask_cut("abc", "abc", "x"), UNDECIDED);
        CHECK_EQ_INT(ask_cut("abc", "abcd", "x"), NO);
}

TEST(lines_of_a_cut_stream_are_a_least_number) {
        CHECK_EQ_INT(ask_cut("{ line-count: { ge: 2 } }", "a\nb\n", "c\n"), YES);
        CHECK_EQ_INT(ask_cut("{ line-count: { gt: 9 } }", "a\nb\n", "c\n"), UNDECIDED);
        CHECK_EQ_INT(ask_cut("{ line-count: { le: 2 } }", "a\nb\n", "c\n"), NO);
        CHECK_EQ_INT(ask_cut("{ line-count: { le: 9 } }", "a\nb\n", "c\n"), UNDECIDED);
        CHECK_EQ_INT(ask_cut("{ line-count: 3 }", "a\nb\n", "c\n"), UNDECIDED);
}

TEST(a_cut_stream_is_no_number_no_json_and_not_empty) {
        CHECK_EQ_INT(ask_cut("{ number: 1 }", "1", ""), UNDECIDED);
        CHECK_EQ_INT(ask_cut("{ jsonpath: { $.a: 1 } }", "{\"a\":1}", ""), UNDECIDED);
        CHECK_EQ_INT(ask_cut("{ empty: true }", "a", ""), NO);
        CHECK_EQ_INT(ask_cut("{ empty: false }", "a", ""), YES);
}

TEST(exit_status_is_compared_and_may_be_missing) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_judged Judged good = {.arena = ARENA_INIT}, bad = {.arena = ARENA_INIT};
        Observed three = {.exit_status = 3}, killed = {.exit_status = -1};
        Plan plan;

        plans_parse(plans_with_expect(&arena, "{ exit-status: { between: [1, 3] } }"), &plan);
        judge(&good, &plan, &three);
        judge(&bad, &plan, &killed);
        CHECK(good.result.held);
        CHECK(!bad.result.held);
        CHECK_EQ_TEXT(bad.result.reason, "assert.exit-status");
        plan_deinit(&plan);
}

TEST(durations_are_compared_in_their_units) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_judged Judged good = {.arena = ARENA_INIT}, bad = {.arena = ARENA_INIT};
        Observed quick = {.duration_ms = 5000}, slow = {.duration_ms = 5001};
        Plan plan;

        plans_parse(plans_with_expect(&arena, "{ duration: { le: 5s } }"), &plan);
        judge(&good, &plan, &quick);
        judge(&bad, &plan, &slow);
        CHECK(good.result.held);
        CHECK(!bad.result.held);
        CHECK_EQ_SLICE(bad.result.where, slice_text("duration.le"));
        CHECK_EQ_SLICE(bad.result.expected, slice_text("<= 5s"));
        plan_deinit(&plan);
}

TEST(headers_are_found_in_any_case_and_joined) {
        ObservedHeader headers[] = {{slice_text("X-A"), slice_text("1")},
                                    {slice_text("content-type"), slice_text("text/html")},
                                    {slice_text("x-a"), slice_text("2")}};
        Observed observed = {.status = 200, .headers = headers, .n_headers = ARRAY_SIZE(headers)};
        cleanup_judged Judged type = judge_http("headers: { Content-Type: text/html }", &observed);
        cleanup_judged Judged both = judge_http("headers: { X-A: '1, 2' }", &observed);
        cleanup_judged Judged none = judge_http("headers: { X-B: { not-contains: q } }", &observed);

        CHECK(type.result.held);
        CHECK(both.result.held);
        CHECK(!none.result.held);
        CHECK_EQ_TEXT(none.result.reason, "assert.headers");
        CHECK_EQ_SLICE(none.result.where, slice_text("headers.X-B.not-contains"));
        CHECK_EQ_SLICE(none.result.actual, slice_text("(absent)"));
}

TEST(no_answer_is_no_status) {
        cleanup_arena Arena arena = ARENA_INIT;
        Observed observed = {.status = 0};
        MatchResult *results;
        size_t n;
        Plan plan;

        plans_parse(plans_with_gate(&arena, "checks:\n  - id: a\n    http: { url: http://a/ }\n"
                                            "    expect: { status: 200 }"),
                    &plan);
        expectations_evaluate(&plan.gates[0].checks[0], &observed, &arena, &results, &n);
        CHECK_EQ_U64(n, 1);
        CHECK(!results[0].held);
        CHECK_EQ_SLICE(results[0].actual, slice_text("(no answer)"));
        plan_deinit(&plan);
}

TEST(hostile_bytes_are_made_visible) {
        cleanup_judged Judged judged = judge_stream(
                "{ equals: x }",
                (ObservedStream){.head = slice_make("\x1b[31m\0\xff\xe2\x80\xae\t", 11)});

        CHECK_EQ_SLICE(judged.result.actual, slice_text("\\x1b[31m\\x00\\xff\\u{202e}\\t"));
}

TEST(the_excerpt_stands_around_the_difference) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_free char *long_text = mem_alloc(5001);
        cleanup_judged Judged judged = {.arena = ARENA_INIT};
        Observed observed = {.exit_status = 0};

        memset(long_text, 'a', 5000);
        plans_parse(plans_with_expect(&arena, arena_printf(&arena, "{ stdout: %s }", long_text)),
                    &judged.plan);
        long_text[4000] = '#';
        observed.out.head = slice_make(long_text, 5000);
        judge(&judged, &judged.plan, &observed);
        CHECK_EQ_U64(judged.result.offset, 4000);
        CHECK_CONTAINS((const char *)judged.result.actual.data, "#");
}

TEST(a_hundred_mebibytes_in_one_line_cost_bounded_time) {
        enum { BYTES = 100 << 20 };
        cleanup_free char *text = mem_alloc(BYTES);
        clock_t started = clock();

        memset(text, 'a', BYTES);
        {
                ObservedStream stream = {.head = slice_make(text, BYTES)};
                cleanup_judged Judged found = judge_stream("{ contains: b }", stream);
                cleanup_judged Judged matched = judge_stream("{ matches: '(a+)+b' }", stream);
                cleanup_judged Judged counted = judge_stream("{ line-count: 1 }", stream);
                cleanup_judged Judged number = judge_stream("{ number: 1 }", stream);
                cleanup_judged Judged json = judge_stream("{ jsonpath: { $.a: 1 } }", stream);

                CHECK(!found.result.held);
                CHECK(matched.result.is_undecided);
                CHECK(counted.result.held);
                CHECK(!number.result.held);
                CHECK(json.result.is_undecided);
                CHECK(found.arena.n_bytes < 65536);
        }
        CHECK((clock() - started) / CLOCKS_PER_SEC < 10);
}

TEST(an_expression_that_runs_away_is_undecided) {
        cleanup_free char *text = mem_alloc(65536);

        memset(text, 'a', 65536);
        {
                cleanup_judged Judged judged =
                        judge_stream("{ contains: a, not-matches: '(a|aa)+$b|(a+)+c' }",
                                     (ObservedStream){.head = slice_make(text, 65536)});

                CHECK(judged.result.is_undecided);
                CHECK_EQ_TEXT(judged.result.reason, "output.limit");
        }
}
