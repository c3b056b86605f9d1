/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* all, any, not and every-line. */

#include "plan/match.h"

#include <time.h>

#include "base/mem.h"
#include "tests/lib/plans.h"
#include "tests/lib/test.h"

typedef enum Answer { NO, YES, UNDECIDED } Answer;

typedef struct Judged {
        Arena arena;
        Plan plan;
        MatchResult *results;
        size_t n;
} Judged;

static void judged_deinit(Judged *judged) {
        plan_deinit(&judged->plan);
        arena_deinit(&judged->arena);
}

#define cleanup_judged cleanup(judged_deinit)

static Judged judge(const char *matchers, const char *head, const char *tail) {
        Judged judged = {.n = 0};
        Observed observed = {.out = {.head = slice_text(head),
                                     .tail = slice_text(tail),
                                     .is_cut = tail != NULL}};

        plans_parse(plans_with_expect(&judged.arena,
                                      arena_printf(&judged.arena, "{ stdout: %s }", matchers)),
                    &judged.plan);
        expectations_evaluate(&judged.plan.gates[0].checks[0], &observed, &judged.arena,
                              &judged.results, &judged.n);
        return judged;
}

static Answer ask(const char *matchers, const char *head, const char *tail) {
        cleanup_judged Judged judged = judge(matchers, head, tail);
        const MatchResult *last = &judged.results[judged.n - 1];

        CHECK(last->held == (last->reason == NULL));
        return last->is_undecided ? UNDECIDED : last->held ? YES : NO;
}

TEST(any_holds_with_one_of_its_branches) {
        const char *any = "{ any: [{ contains: a }, { matches: '^b' }, c] }";

        CHECK_EQ_INT(ask(any, "xax", NULL), YES);
        CHECK_EQ_INT(ask(any, "bxx", NULL), YES);
        CHECK_EQ_INT(ask(any, "c\n", NULL), YES);
        CHECK_EQ_INT(ask(any, "d", NULL), NO);
}

TEST(any_is_one_result_that_says_what_each_branch_found) {
        cleanup_judged Judged judged =
                judge("{ any: [{ contains: up }, { line-count: { ge: 3 } }] }", "down\n", NULL);
        const MatchResult *result = &judged.results[1];

        CHECK_EQ_U64(judged.n, 2);
        CHECK_EQ_SLICE(result->where, slice_text("stdout.any"));
        CHECK_EQ_SLICE(result->expected, slice_text("[0].contains: up; [1].line-count.ge: >= 3"));
        CHECK_EQ_SLICE(result->actual, slice_text("[0].contains: down\\n; [1].line-count.ge: 1"));
        CHECK_EQ_TEXT(result->reason, "assert.stdout");
}

TEST(a_branch_of_several_matchers_needs_them_all) {
        const char *any = "{ any: [{ contains: a, not-contains: b }, { contains: c }] }";

        CHECK_EQ_INT(ask(any, "a", NULL), YES);
        CHECK_EQ_INT(ask(any, "ab", NULL), NO);
        CHECK_EQ_INT(ask(any, "abc", NULL), YES);
}

TEST(each_branch_of_all_is_a_result_of_its_own) {
        cleanup_judged Judged judged =
                judge("{ all: [{ contains: a }, { contains: [b, x] }] }", "ab", NULL);

        CHECK_EQ_U64(judged.n, 4);
        CHECK(judged.results[1].held);
        CHECK(judged.results[2].held);
        CHECK(!judged.results[3].held);
        CHECK_EQ_SLICE(judged.results[1].where, slice_text("stdout.all[0].contains"));
        CHECK_EQ_SLICE(judged.results[3].where, slice_text("stdout.all[1].contains"));
}

TEST(not_turns_what_stands_in_it_together) {
        CHECK_EQ_INT(ask("{ contains: a, not: { contains: b } }", "a", NULL), YES);
        CHECK_EQ_INT(ask("{ contains: a, not: { contains: b } }", "ab", NULL), NO);
        CHECK_EQ_INT(ask("{ contains: a, not: { contains: b, matches: c } }", "ab", NULL), YES);
        CHECK_EQ_INT(ask("{ contains: a, not: { contains: b, matches: c } }", "abc", NULL), NO);
        CHECK_EQ_INT(ask("{ contains: a, not: { not: { contains: b } } }", "ab", NULL), YES);
        CHECK_EQ_INT(ask("{ line-count: { not: 3 } }", "a\nb\n", NULL), YES);
        CHECK_EQ_INT(ask("{ line-count: { not: 2 } }", "a\nb\n", NULL), NO);
}

TEST(not_does_not_turn_what_is_not_there) {
        CHECK_EQ_INT(ask("{ jsonpath: { $.b: { not: 1 } } }", "{\"a\":1}", NULL), NO);
        CHECK_EQ_INT(ask("{ jsonpath: { $.a: { not: 2 } } }", "{\"a\":1}", NULL), YES);
        CHECK_EQ_INT(ask("{ jsonpath: { $.a: { not: 2 } } }", "no json", NULL), NO);
        CHECK_EQ_INT(ask("{ contains: a, not: { jsonpath: { $.b: 1 } } }", "a", NULL), NO);
        CHECK_EQ_INT(ask("{ number: { not: 1 } }", "abc", NULL), NO);
        CHECK_EQ_INT(
                ask("{ contains: a, not: { any: [{ number: 1 }, { contains: b }] } }", "a", NULL),
                NO);
        CHECK_EQ_INT(ask("{ line-count: 0, not: { every-line: a } }", "", NULL), NO);
}

TEST(groups_of_a_cut_stream_answer_only_what_its_middle_cannot_change) {
        CHECK_EQ_INT(ask("{ any: [{ contains: a }, { contains: z }] }", "a", "b"), YES);
        CHECK_EQ_INT(ask("{ any: [{ contains: y }, { contains: z }] }", "a", "b"), UNDECIDED);
        CHECK_EQ_INT(ask("{ contains: a, not: { contains: b } }", "a", "b"), NO);
        CHECK_EQ_INT(ask("{ contains: a, not: { contains: z } }", "a", "b"), UNDECIDED);
        CHECK_EQ_INT(ask("{ contains: a, not: { equals: x, number: 1 } }", "a", "b"), UNDECIDED);
}

TEST(groups_stand_in_json_and_numbers) {
        const char *output = "{\"a\":[1,{\"b\":\"up\"}]}";

        CHECK_EQ_INT(ask("{ jsonpath: { \"$.a[1].b\": { any: [up, down] } } }", output, NULL), YES);
        CHECK_EQ_INT(ask("{ jsonpath: { \"$.a[0]\": { any: [2, { gt: 2 }] } } }", output, NULL),
                     NO);
        CHECK_EQ_INT(ask("{ number: { any: [1, { ge: 5 }] } }", "7", NULL), YES);
        CHECK_EQ_INT(ask("{ number: { any: [1, { ge: 5 }] } }", "3", NULL), NO);
}

TEST(every_line_means_each_of_them) {
        CHECK_EQ_INT(ask("{ every-line: '\\bUp\\b' }", "a Up\nb Up\n", NULL), YES);
        CHECK_EQ_INT(ask("{ every-line: '\\bUp\\b' }", "a Up\nb Down\n", NULL), NO);
        CHECK_EQ_INT(ask("{ every-line: '\\bUp\\b' }", "a Up\n\n", NULL), NO);
        CHECK_EQ_INT(ask("{ every-line: '^Up$' }", "Up\r\nUp", NULL), YES);
        CHECK_EQ_INT(ask("{ every-line: [a, b] }", "ab\nba\n", NULL), YES);
        CHECK_EQ_INT(ask("{ every-line: '^.$' }", "\xc3\xa4\n\xff\n", NULL), YES);
}

TEST(no_line_at_all_is_not_every_line) {
        CHECK_EQ_INT(ask("{ every-line: a }", "", NULL), NO);
        CHECK_EQ_INT(ask("{ every-line: a }", "\n", NULL), NO);
}

TEST(every_line_shows_the_first_that_lacks_it) {
        cleanup_judged Judged judged = judge("{ every-line: Up }", "Up\nDown\nUp\n", NULL);

        CHECK_EQ_SLICE(judged.results[1].actual, slice_text("Down"));
        CHECK(judged.results[1].has_offset);
        CHECK_EQ_U64(judged.results[1].offset, 3);
}

TEST(lines_that_a_cut_divides_are_not_judged) {
        CHECK_EQ_INT(ask("{ every-line: Up }", "Up\nU", "wn\nUp\n"), UNDECIDED);
        CHECK_EQ_INT(ask("{ every-line: Up }", "Up\nDown\nU", "p\n"), NO);
        CHECK_EQ_INT(ask("{ every-line: Up }", "Up\nU", "p\nDown\n"), NO);
}

static void refuse(const char *matchers, const char *rule) {
        cleanup_arena Arena arena = ARENA_INIT;
        Refusal refusal;

        plans_refuse(plans_with_expect(&arena, arena_printf(&arena, "{ stdout: %s }", matchers)),
                     &refusal);
        (void)plans_find(&refusal, rule);
}

TEST(groups_have_a_form_and_a_depth) {
        refuse("{ any: { contains: a } }", "plan-value");
        refuse("{ any: [{ contains: a }] }", "plan-value");
        refuse("{ any: [{ contains: a }, {}] }", "vacuous-expectation");
        refuse("{ all: [] }", "plan-value");
        refuse("{ not: {} }", "vacuous-expectation");
        refuse("{ any: [{ gt: 1 }, { contains: a }] }", "plan-word-place");
        refuse("{ not: { not: { not: { not: { not: { contains: a } } } } } }", "plan-limit");
}

TEST(parts_of_groups_count_as_assertions) {
        cleanup_buf Buf text = BUF_TEXT;

        buf_text(&text, "{ any: [x");
        for (int i = 0; i < 300; i++)
                buf_printf(&text, ", x%d", i);
        buf_text(&text, "] }");
        refuse(buf_get_text(&text), "plan-limit");
}

TEST(many_expressions_that_run_away_cost_what_a_few_do) {
        enum { BYTES = 65536, N = 40, SECONDS_MAX = 30 };
        cleanup_free char *text = mem_alloc(BYTES + 1);
        cleanup_buf Buf matchers = BUF_TEXT;
        uint64_t n_undecided = 0;

        memset(text, 'a', BYTES);
        text[BYTES] = 0;
        buf_text(&matchers, "{ contains: a, not-matches: ['(a|aa)+$b|(a+)+c'");
        for (int i = 0; i < N; i++)
                buf_printf(&matchers, ", '(a|aa)+$%d|(a+)+c'", i);
        buf_text(&matchers, "] }");
        {
                clock_t started = clock();
                cleanup_judged Judged judged = judge(buf_get_text(&matchers), text, NULL);

                for (size_t i = 0; i < judged.n; i++)
                        n_undecided += judged.results[i].is_undecided;
                CHECK((clock() - started) / CLOCKS_PER_SEC < SECONDS_MAX);
        }
        CHECK(n_undecided >= N);
}

TEST(many_paths_into_much_json_cost_what_a_few_do) {
        enum { BYTES = 2 << 20, N = 200, SECONDS_MAX = 30 };
        cleanup_free char *text = mem_alloc(BYTES + 1);
        cleanup_buf Buf matchers = BUF_TEXT;

        text[0] = '[';
        for (size_t i = 1; i + 3 < BYTES; i += 2)
                memcpy(text + i, "1,", 2);
        memcpy(text + BYTES - 3, "1 ]", 4);
        buf_text(&matchers, "{ jsonpath: { \"$[0]\": 1");
        for (int i = 1; i < N; i++)
                buf_printf(&matchers, ", \"$[%d]\": 1", i);
        buf_text(&matchers, " } }");
        {
                clock_t started = clock();
                cleanup_judged Judged judged = judge(buf_get_text(&matchers), text, NULL);

                CHECK(judged.results[1].held);
                CHECK(judged.results[judged.n - 1].is_undecided);
                CHECK((clock() - started) / CLOCKS_PER_SEC < SECONDS_MAX);
        }
}

TEST(a_line_without_end_costs_bounded_time_in_groups_too) {
        enum { BYTES = 32 << 20, SECONDS_MAX = 10 };
        cleanup_free char *text = mem_alloc(BYTES + 1);
        clock_t started = clock();

        memset(text, 'a', BYTES);
        text[BYTES] = 0;
        CHECK_EQ_INT(ask("{ every-line: a }", text, NULL), UNDECIDED);
        CHECK_EQ_INT(ask("{ any: [{ contains: b }, { every-line: b }] }", text, NULL), UNDECIDED);
        CHECK_EQ_INT(ask("{ contains: a, not: { contains: b } }", text, NULL), YES);
        CHECK((clock() - started) / CLOCKS_PER_SEC < SECONDS_MAX);
}
