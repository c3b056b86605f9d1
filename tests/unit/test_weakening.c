/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a revision weakens: each row both ways, and assertions. */

#include "plan/plan.h"

#include "plan/implies.h"
#include "tests/lib/plans.h"
#include "tests/lib/test.h"

typedef enum Kind { NUMBER, MS, BYTES, FLAG, NETWORK, ON, FORMAT, TEXT, TEXTS } Kind;
typedef enum Weaker { MORE, LESS, GONE, ADDED, WIDENED, CARRIED, OTHER } Weaker;

typedef struct Row {
        Target target;
        const char *name;
        Kind kind;
        Weaker weaker;
        size_t offset, offset_n;
} Row;

static const Row rows[] = {
#define MEMBER(Target, name, KIND, WEAKER, member)                                                 \
        {TARGET_##Target, name, KIND, WEAKER, offsetof(Target, member), 0},
#define MEMBERS(Target, name, WEAKER, member, n_member)                                            \
        {TARGET_##Target,           name, TEXTS, WEAKER, offsetof(Target, member),                 \
         offsetof(Target, n_member)},
#include "plan/weakening.def"
};

static const char base[] = "checks:\n  - { id: c, run: ./t }";

static void *target_of(Plan *plan, const Row *row) {
        return row->target == TARGET_Plan   ? (void *)plan
               : row->target == TARGET_Gate ? (void *)&plan->gates[0]
                                            : (void *)&plan->gates[0].checks[0];
}

/* `amount` of it: a number, so many texts, or the text "1" for 1, none for 0. */
static void set(Plan *plan, const Row *row, size_t amount) {
        static Slice texts[] = {{(const uint8_t *)"1", 1}, {(const uint8_t *)"2", 1}};
        char *member = (char *)target_of(plan, row) + row->offset;

        switch (row->kind) {
        case NUMBER:
        case MS:
        case BYTES: *(uint64_t *)(void *)member = amount; return;
        case FLAG: *(bool *)member = amount > 0; return;
        case NETWORK: *(CheckNetwork *)(void *)member = (CheckNetwork)amount; return;
        case ON: *(CheckOn *)(void *)member = (CheckOn)amount; return;
        case FORMAT: *(ReportFormat *)(void *)member = (ReportFormat)amount; return;
        case TEXT: *(Slice *)(void *)member = amount ? texts[amount - 1] : SLICE_NULL; return;
        case TEXTS:
                *(Slice **)(void *)member = texts;
                *(size_t *)(void *)((char *)target_of(plan, row) + row->offset_n) = amount;
        }
}

/* Whether the row says that `after` is weaker; it may say nothing else. */
static bool is_weaker(const Row *row, size_t before, size_t after) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        const char *name = arena_printf(&arena, ": %s: ", row->name);
        Plan was, is;

        plans_parse(plans_with_gate(&arena, base), &was);
        plans_parse(plans_with_gate(&arena, base), &is);
        set(&was, row, before);
        set(&is, row, after);
        plan_describe_weakening(&was, &is, &text);
        plan_deinit(&was);
        plan_deinit(&is);
        if (text.n == 0)
                return false;
        CHECK_CONTAINS(buf_get_text(&text), name);
        CHECK_EQ_U64(slice_find(buf_get(&text), slice_text("\n")), text.n - 1);
        return true;
}

static void check_row(const Row *row) {
        bool forth = is_weaker(row, 0, 1), back = is_weaker(row, 1, 0), in = is_weaker(row, 2, 1);

        CHECK(!is_weaker(row, 1, 1));
        switch (row->weaker) {
        case MORE: CHECK(forth && !back); return;
        case LESS: CHECK(back && !forth); return;
        case GONE: CHECK(back && !forth); return;
        case ADDED: CHECK(forth && !back); return;
        case WIDENED: CHECK(is_weaker(row, 1, 2) && !forth && !back); return;
        case CARRIED: CHECK(forth && !back && in); return;
        case OTHER: CHECK(forth && back); return;
        }
}

TEST(each_row_says_which_way_is_weaker) {
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                check_row(&rows[i]);
}

/* The lines for a gate that changes from one body to the other. */
static const char *describe(Arena *arena, const char *before, const char *after) {
        cleanup_buf Buf text = BUF_TEXT;
        Plan was, is;

        plans_parse(plans_with_gate(arena, before), &was);
        plans_parse(plans_with_gate(arena, after), &is);
        plan_describe_weakening(&was, &is, &text);
        plan_deinit(&was);
        plan_deinit(&is);
        return arena_text(arena, buf_get(&text));
}

static const char *describe_expect(Arena *arena, const char *before, const char *after) {
        const char *format = "checks:\n  - id: c\n    run: ./t\n    expect: { stdout: %s }";

        return describe(arena, arena_printf(arena, format, before),
                        arena_printf(arena, format, after));
}

static void check_weaker(const char *before, const char *after, const char *line) {
        cleanup_arena Arena arena = ARENA_INIT;

        CHECK_EQ_TEXT(describe_expect(&arena, before, after),
                      arena_printf(&arena, "gate G, check c: %s\n", line));
        CHECK_EQ_TEXT(describe_expect(&arena, after, before), "");
        CHECK_EQ_TEXT(describe_expect(&arena, before, before), "");
}

TEST(an_assertion_that_went_is_shown) {
        check_weaker("{ contains: [a, b] }", "{ contains: a }", "stdout.contains: b is gone");
        check_weaker("{ contains: a, line-count: 3 }", "{ contains: a }",
                     "stdout.line-count.equals: 3 is gone");
        check_weaker("{ contains: a, not-contains: b }", "{ contains: a }",
                     "stdout.not-contains: b is gone");
        check_weaker("{ jsonpath: { $.a: 1, $.b: 2 } }", "{ jsonpath: { $.a: 1 } }",
                     "stdout.jsonpath.$.b.equals: 2 is gone");
}

TEST(bounds_that_let_more_pass_are_shown) {
        check_weaker("{ line-count: { ge: 6 } }", "{ line-count: { ge: 5 } }",
                     "stdout.line-count.ge: 6 -> 5");
        check_weaker("{ line-count: { gt: 6 } }", "{ line-count: { ge: 6 } }",
                     "stdout.line-count.gt: 6 is gone");
        check_weaker("{ number: { le: 4 } }", "{ number: { le: 4.5 } }",
                     "stdout.number.le: 4 -> 4.5");
        check_weaker("{ number: { lt: 4 } }", "{ number: { lt: 1e1 } }",
                     "stdout.number.lt: 4 -> 1e1");
        check_weaker("{ number: 4 }", "{ number: { between: [3, 4] } }",
                     "stdout.number.equals: 4 is gone");
        check_weaker("{ number: { between: [3, 4] } }", "{ number: { between: [3, 5] } }",
                     "stdout.number.between: 3 to 4 -> 3 to 5");
        check_weaker("{ number: { between: [3, 4] } }", "{ number: { ge: 3 } }",
                     "stdout.number.between: 3 to 4 is gone");
}

TEST(bounds_said_otherwise_are_no_weaker) {
        cleanup_arena Arena arena = ARENA_INIT;

        CHECK_EQ_TEXT(describe_expect(&arena, "{ number: { between: [3, 4] } }",
                                      "{ number: { ge: 3, le: 4 } }"),
                      "");
        CHECK_EQ_TEXT(describe_expect(&arena, "{ number: { ge: 3, le: 4 } }",
                                      "{ number: { between: [3, 4] } }"),
                      "");
        CHECK_EQ_TEXT(describe_expect(&arena, "{ number: { ge: 3 } }", "{ number: { gt: 3 } }"),
                      "");
}

TEST(texts_that_let_more_pass_are_shown) {
        check_weaker("abc", "{ contains: abc }", "stdout.equals: abc is gone");
        check_weaker("abc", "{ matches: '^a' }", "stdout.equals: abc is gone");
        check_weaker("{ contains: abc }", "{ contains: ab }", "stdout.contains: abc -> ab");
        check_weaker("{ contains: x, not-contains: ab }", "{ contains: x, not-contains: abc }",
                     "stdout.not-contains: ab -> abc");
}

TEST(texts_that_cannot_be_compared_are_shown_both_ways) {
        cleanup_arena Arena arena = ARENA_INIT;

        CHECK_CONTAINS(describe_expect(&arena, "{ matches: 'a+' }", "{ matches: 'a*b' }"),
                       "stdout.matches: a+ -> a*b");
        CHECK_CONTAINS(describe_expect(&arena, "{ matches: 'a*b' }", "{ matches: 'a+' }"),
                       "stdout.matches: a*b -> a+");
        CHECK_CONTAINS(describe_expect(&arena, "abc", "abd"), "stdout.equals: abc -> abd");
}

TEST(groups_are_compared_by_their_parts) {
        check_weaker("{ any: [a, b] }", "{ any: [a, b, c] }",
                     "stdout.any: [0].equals a; [1].equals b -> "
                     "[0].equals a; [1].equals b; [2].equals c");
        check_weaker("a", "{ any: [a, b] }", "stdout.equals: a is gone");
        check_weaker("{ contains: x, not: { contains: ab } }",
                     "{ contains: x, not: { contains: abc } }",
                     "stdout.not: .contains ab -> .contains abc");
        check_weaker("{ contains: x, not: { contains: ab } }",
                     "{ contains: x, not: { contains: ab, matches: q } }",
                     "stdout.not: .contains ab -> .contains ab; .matches q");
}

TEST(checks_and_gates_that_went_are_shown) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        const char *two = arena_printf(&arena, "%s\n  - { id: d, run: ./u }", base);
        Plan was, is;

        CHECK_EQ_TEXT(describe(&arena, two, base), "gate G: check: d is gone\n");
        CHECK_EQ_TEXT(describe(&arena, base, two), "");
        plans_parse(plans_with_gate(&arena, base), &was);
        plans_parse(plans_with_gate(&arena, base), &is);
        is.gates[0].id = slice_text("H");
        plan_describe_weakening(&was, &is, &text);
        CHECK_EQ_TEXT(buf_get_text(&text), "phase: gate: G is gone\n");
        plan_deinit(&was);
        plan_deinit(&is);
}

TEST(another_command_is_shown_whatever_it_does) {
        cleanup_arena Arena arena = ARENA_INIT;

        CHECK_EQ_TEXT(describe(&arena, base, "checks:\n  - { id: c, run: ./u }"),
                      "gate G, check c: run: ./t -> ./u\n");
        CHECK_EQ_TEXT(describe(&arena, base, "checks:\n  - { id: c, run: [./t] }"),
                      "gate G, check c: run: ./t -> ./t\n");
        CHECK_CONTAINS(describe(&arena, base,
                                "checks:\n  - id: c\n    http: { url: http://a/ }\n"
                                "    expect: { status: 200 }"),
                       "gate G, check c: kind: run -> http\n");
}

TEST(hidden_characters_of_a_revision_are_made_visible) {
        cleanup_arena Arena arena = ARENA_INIT;

        CHECK_CONTAINS(describe(&arena, base, "checks:\n  - { id: c, run: \"./t\\e[2K\" }"),
                       "./t -> ./t\\x1b[2K");
}

TEST(vars_are_shown_once) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        const char *format = "```yaml phase\nversion: 1\nphase: p\nvars: { a: %s }\n```\n\n"
                             "```yaml gate\ngate: G\nchecks:\n  - { id: c, run: ./t }\n"
                             "  - { id: d, run: ./t, env: { B: %s } }\n```\n";
        Plan was, is;

        plans_parse(arena_printf(&arena, format, "x", "1"), &was);
        plans_parse(arena_printf(&arena, format, "y", "2"), &is);
        plan_describe_weakening(&was, &is, &text);
        CHECK_EQ_TEXT(buf_get_text(&text),
                      "phase: vars.a: x -> y\ngate G, check d: env.B: 1 -> 2\n");
        plan_deinit(&was);
        plan_deinit(&is);
}

static const Matcher floor_of_five = {.op = MATCH_GE,
                                      .where = {(const uint8_t *)"examined.ge", 11},
                                      .text = {(const uint8_t *)"5", 1},
                                      .is_number = true,
                                      .least = {.n_digits = 1, .magnitude = 1, .digits = "5"},
                                      .most = {.n_digits = 1, .magnitude = 1, .digits = "5"}};

TEST(floors_and_teeth_that_went_are_shown) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT, back = BUF_TEXT;
        Slice breaks[] = {slice_text("./break")};
        Teeth teeth = {.is_shell = true, .command = breaks, .n_command = 1};
        Plan was, is;

        plans_parse(plans_with_gate(&arena, base), &was);
        plans_parse(plans_with_gate(&arena, base), &is);
        was.gates[0].checks[0].examined = (Matcher *)&floor_of_five;
        was.gates[0].checks[0].teeth = &teeth;
        was.gates[0].checks[0].n_teeth = 1;
        plan_describe_weakening(&was, &is, &text);
        plan_describe_weakening(&is, &was, &back);
        CHECK_EQ_TEXT(buf_get_text(&text), "gate G, check c: examined.ge: 5 is gone\n"
                                           "gate G, check c: teeth: ./break is gone\n");
        CHECK_EQ_TEXT(buf_get_text(&back), "");
        plan_deinit(&was);
        plan_deinit(&is);
}

TEST(what_one_gate_loses_is_shown_without_what_others_lose) {
        static const char format[] =
                "```yaml phase\nversion: 1\nphase: p\nvars: { used: %s, idle: %s }\n```\n\n"
                "```yaml gate\ngate: A\nchecks:\n  - { id: c, http: { url: \"http://h/${used}\" }, expect: "
                "{ status: 200, body: { contains: %s } } }\n```\n"
                "```yaml gate\ngate: B\nchecks:\n  - { id: c, run: ./t, timeout: %ss }\n```\n";
        static const struct {
                const char *used, *idle, *text, *seconds, *line;
        } cases[] = {
                {"x", "y", "ab", "9", ""},
                {"x", "z", "ab", "99", ""},
                {"x", "y", "a", "99", "gate A, check c: body.contains: ab -> a\n"},
                {"w", "y", "ab", "9",
                 "phase: vars.used: x -> w\n"
                 "gate A, check c: http.url: http://h/x -> http://h/w\n"},
        };
        cleanup_arena Arena arena = ARENA_INIT;
        Plan was;

        plans_parse(arena_printf(&arena, format, "x", "y", "ab", "9"), &was);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                cleanup_buf Buf text = BUF_TEXT;
                Plan is;

                plans_parse(arena_printf(&arena, format, cases[i].used, cases[i].idle,
                                         cases[i].text, cases[i].seconds),
                            &is);
                plan_describe_gate_weakening(&was, &is, &was.gates[0], &text);
                CHECK_EQ_TEXT(buf_get_text(&text), cases[i].line);
                plan_deinit(&is);
        }
        plan_deinit(&was);
}
