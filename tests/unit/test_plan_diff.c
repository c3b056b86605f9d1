/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a revision does to the plan in force. */

#include "broker/plan_diff.h"

#include "tests/lib/test.h"

#define HEAD "```yaml phase\nversion: 1\nphase: m\n```\n\n"
#define GATE(id, timeout)                                                                          \
        "```yaml gate\ngate: " id                                                                  \
        "\ntitle: T\nchecks:\n  - id: a\n    run: ./a\n    timeout: " timeout                      \
        "\n    expect: { stdout: { equals: \"x\\n\" } }\n```\n\n"

static void parse(const char *text, Plan *ret_plan) {
        Fault faults[4];
        size_t n_faults = 0;

        CHECK_EQ_INT(plan_parse("plan.md", slice_text(text), ret_plan, faults, 4, &n_faults), 0);
}

static void diff(const char *before, const char *after, Buf *text, Buf *json) {
        cleanup_arena Arena arena = ARENA_INIT;
        Plan was, is;
        PlanDiff diff;

        parse(before, &was);
        parse(after, &is);
        plan_diff_build(&was, &is, &arena, &diff);
        plan_diff_describe(&diff, text);
        plan_diff_describe_json(&diff, json);
        plan_deinit(&was);
        plan_deinit(&is);
}

TEST(the_same_plan_changes_nothing) {
        cleanup_buf Buf text = BUF_TEXT, json = BUF_TEXT;

        diff(HEAD GATE("M1", "30s"), HEAD GATE("M1", "30s"), &text, &json);
        CHECK_EQ_TEXT(buf_get_text(&text), "phase m: no gate changes\n");
        CHECK_EQ_TEXT(buf_get_text(&json), "{\"phase\":\"m\",\"changed\":[],\"added\":[],"
                                           "\"removed\":[],\"weakened\":[]}");
}

TEST(gates_that_change_come_and_go_are_named) {
        cleanup_buf Buf text = BUF_TEXT, json = BUF_TEXT;

        diff(HEAD GATE("M1", "30s") GATE("M2", "30s"), HEAD GATE("M1", "20s") GATE("M3", "30s"),
             &text, &json);
        CHECK_CONTAINS(buf_get_text(&text), "change and go stale: M1\n");
        CHECK_CONTAINS(buf_get_text(&text), "new: M3\n");
        CHECK_CONTAINS(buf_get_text(&text), "gone: M2\n");
        CHECK_CONTAINS(buf_get_text(&json), "\"changed\":[\"M1\"],\"added\":[\"M3\"],"
                                            "\"removed\":[\"M2\"]");
}

TEST(a_weakening_is_a_line) {
        cleanup_buf Buf text = BUF_TEXT, json = BUF_TEXT;

        diff(HEAD GATE("M1", "30s"), HEAD GATE("M1", "40s"), &text, &json);
        CHECK_CONTAINS(buf_get_text(&text), "    - gate M1, check a: timeout: ");
        CHECK_CONTAINS(buf_get_text(&json), "\"weakened\":[\"gate M1, check a: timeout: ");
}

TEST(a_first_plan_weakens_nothing_and_one_that_cannot_be_read_may) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        PlanDiff first, blind;
        Plan plan;

        parse(HEAD GATE("M1", "30s"), &plan);
        plan_diff_build(NULL, &plan, &arena, &first);
        CHECK_EQ_U64(first.n_weakened, 0);
        plan_diff_describe(&first, &text);
        CHECK_EQ_TEXT(buf_get_text(&text), "phase m: it has no plan yet\n");
        plan_diff_blind(&plan, "an old word", &arena, &blind);
        CHECK_EQ_U64(blind.n_weakened, 1);
        CHECK(!blind.is_first);
        plan_deinit(&plan);
}
