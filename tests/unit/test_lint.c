/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What lint lets pass: beside each refusal of tests/data/plans/refused stands an honest twin. */

#include "plan/lint.h"

#include "tests/lib/plans.h"
#include "tests/lib/test.h"

static void accept_run(const char *run, const char *expect) {
        cleanup_arena Arena arena = ARENA_INIT;
        Plan plan;

        plans_parse(plans_with_gate(&arena, arena_printf(&arena,
                                                         "checks:\n  - id: c\n    run: %s\n"
                                                         "    expect: %s",
                                                         run, expect)),
                    &plan);
        plan_deinit(&plan);
}

static void refuse_run(const char *run, const char *expect, const char *rule) {
        cleanup_arena Arena arena = ARENA_INIT;
        Refusal refusal;

        plans_refuse(plans_with_gate(&arena, arena_printf(&arena,
                                                          "checks:\n  - id: c\n    run: %s\n"
                                                          "    expect: %s",
                                                          run, expect)),
                     &refusal);
        (void)plans_find(&refusal, rule);
}

TEST(a_positive_control_makes_an_absence_mean_something) {
        accept_run("journalctl", "{ stdout: { line-count: { ge: 1 }, not-contains: error } }");
        accept_run("journalctl", "{ stdout: { contains: started, not-matches: err|warn } }");
        refuse_run("journalctl", "{ stdout: { not-contains: error }, stderr: { contains: x } }",
                   "vacuous-negative");
}

TEST(an_empty_stream_may_be_demanded) {
        accept_run("git status --porcelain", "{ stdout: { empty: true } }");
        accept_run("./t", "{ stderr: '' }");
}

TEST(a_pipe_in_a_text_is_fine_because_pipefail_is_set) {
        accept_run("make test | tee log", "{ exit-status: 0 }");
        accept_run("[bash, -o, pipefail, -c, a | b]", "{ exit-status: 0 }");
        accept_run("[bash, -c, a || b]", "{ exit-status: 0 }");
        refuse_run("[/bin/sh, -c, a | b]", "{ exit-status: 0 }", "vacuous-pipe");
}

TEST(an_alternative_that_can_fail_is_no_excuse) {
        accept_run("make test || make test-slowly", "{ exit-status: 0 }");
        accept_run("./t --truncate", "{ exit-status: 0 }");
        accept_run("[./run-tests.sh, \"|| true\"]", "{ exit-status: 0 }");
        refuse_run("a||true", "{ exit-status: 0 }", "vacuous-excuse");
        refuse_run("a  ||   true ; b", "{ exit-status: 0 }", "vacuous-excuse");
}

TEST(only_options_that_hide_a_failure_are_excuses) {
        accept_run("set +x; ./t", "{ exit-status: 0 }");
        accept_run("set -e; ./offset +e", "{ exit-status: 0 }");
        refuse_run("set +xe; ./t", "{ exit-status: 0 }", "vacuous-excuse");
        refuse_run("set +o pipefail; ./t", "{ exit-status: 0 }", "vacuous-excuse");
}

TEST(a_command_of_comments_is_idle) {
        refuse_run("\"# ./t\\n\\ntrue\"", "{ exit-status: 0 }", "vacuous-command");
        accept_run("\"# ./t\\n./u\"", "{ exit-status: 0 }");
}

TEST(part_of_a_word_of_the_command_is_not_the_expected_text) {
        accept_run("./list-services", "{ stdout: { contains: service } }");
        accept_run("seq 10 | tail -1", "{ stdout: 10 }");
        refuse_run("./list services", "{ stdout: { contains: services } }", "vacuous-echo");
        refuse_run("echo 10", "{ stdout: 10 }", "vacuous-echo");
}

TEST(a_server_that_prints_the_expected_body_is_refused) {
        cleanup_arena Arena arena = ARENA_INIT;
        Refusal refusal;

        plans_refuse(plans_with_gate(&arena, "checks:\n  - id: c\n    http:\n"
                                             "      url: http://127.0.0.1:1/\n"
                                             "      serve: ./serve 'all is well'\n"
                                             "    expect: { status: 200, body: all is well }"),
                     &refusal);
        (void)plans_find(&refusal, "vacuous-echo");
}

TEST(a_range_that_leaves_something_out_is_fine) {
        accept_run("./t", "{ exit-status: { between: [0, 1] } }");
        accept_run("./t", "{ exit-status: { gt: 0 } }");
        accept_run("./t", "{ stdout: { line-count: { ge: 1, le: 9 } } }");
        accept_run("./t", "{ stdout: { number: { ge: 0 } } }");
        refuse_run("./t", "{ exit-status: { le: 255 } }", "vacuous-range");
        refuse_run("./t", "{ exit-status: { gt: 255 } }", "plan-range");
        refuse_run("./t", "{ stdout: { line-count: { gt: -1 } } }", "vacuous-range");
}

TEST(an_expression_that_needs_a_character_is_fine) {
        accept_run("./t", "{ stdout: { matches: '^.' } }");
        accept_run("./t", "{ stdout: { matches: '(?=ok)' } }");
        refuse_run("./t", "{ stdout: { matches: '^' } }", "vacuous-regex");
        refuse_run("./t", "{ stdout: { matches: 'a|' } }", "vacuous-regex");
}

TEST(each_rule_has_a_sentence_and_what_to_do_next) {
        const LintRule *rule;
        size_t n = 0;

        for (; (rule = lint_rule_at(n)); n++) {
                CHECK(rule->rule && rule->sentence && rule->sentence[0]);
                CHECK(rule->next && rule->next[0]);
        }
        CHECK(n >= 14);
}

TEST(what_should_be_meant_is_a_hint_and_no_error) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        Plan plan;

        plans_parse(plans_with_gate(&arena, "checks:\n"
                                            "  - { id: a, run: ./t, on: host }\n"
                                            "  - { id: b, run: ./t, on: host, cleanup: ./u }\n"
                                            "  - { id: c, run: ./t, allow-failure: true }\n"
                                            "  - { id: d, run: ./t }"),
                    &plan);
        plan_describe_hints(&plan, "p.md", &text);
        CHECK_CONTAINS(buf_get_text(&text), "p.md:9:5: hint: check `a`: it runs on the host");
        CHECK_CONTAINS(buf_get_text(&text), "p.md:11:5: hint: check `c`: its failure");
        CHECK(!strstr(buf_get_text(&text), "`b`") && !strstr(buf_get_text(&text), "`d`"));
        plan_deinit(&plan);
}

TEST(what_is_said_of_one_instance_of_a_matrix_is_said_once) {
        cleanup_arena Arena arena = ARENA_INIT;
        Refusal refusal;

        plans_refuse(plans_with_gate(&arena, "checks:\n"
                                             "  - id: a\n"
                                             "    matrix: [{ x: 1 }, { x: 2 }, { x: 3 }]\n"
                                             "    run: ./t || true"),
                     &refusal);
        CHECK_EQ_U64(refusal.n, 1);
}

TEST(a_fault_in_a_group_stands_where_the_matcher_stands) {
        cleanup_arena Arena arena = ARENA_INIT;
        Refusal refusal;

        plans_refuse(plans_with_gate(&arena, "checks:\n"
                                             "  - id: a\n"
                                             "    run: ./t\n"
                                             "    expect:\n"
                                             "      stdout:\n"
                                             "        any:\n"
                                             "          - { contains: x }\n"
                                             "          - { matches: 'a*' }"),
                     &refusal);
        CHECK_EQ_TEXT(plans_find(&refusal, "vacuous-regex")->place, "p.md:15:24");
        CHECK_CONTAINS(refusal.faults[0].found, "stdout.any[1].matches: a*");
}

/* As an older program let it pass: a newer one reads it, with the same gates. */
TEST(a_plan_that_was_approved_is_read_whatever_the_lint_has_learned_since) {
        cleanup_arena Arena arena = ARENA_INIT;
        Slice text = slice_text(plans_with_gate(&arena,
                                                "checks:\n  - id: c\n    run: journalctl\n"
                                                "    expect: { stdout: { not-contains: error } }"));
        Fault fault = FAULT_INIT;
        size_t n_faults = 0;
        Plan plan;

        CHECK_EQ_INT(plan_parse("plan", text, &plan, &fault, 1, &n_faults), PLAN_E_REFUSED);
        CHECK_EQ_INT(plan_parse_approved("plan", text, &plan, &fault, 1, &n_faults), 0);
        CHECK_EQ_U64(plan.n_gates, 1);
        CHECK_EQ_U64(plan.gates[0].n_checks, 1);
        plan_deinit(&plan);
}

TEST(what_is_no_plan_at_all_is_none_for_having_been_approved) {
        Fault fault = FAULT_INIT;
        size_t n_faults = 0;
        Plan plan;

        CHECK_EQ_INT(plan_parse_approved("plan", slice_text("words"), &plan, &fault, 1, &n_faults),
                     PLAN_E_REFUSED);
        CHECK(fault_is(&fault, "plan-missing"));
}
