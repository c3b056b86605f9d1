/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Plans: what is read, what is inherited, what changes a digest. */

#include "plan/plan.h"

#include "tests/lib/plans.h"
#include "tests/lib/test.h"

static const char phase[] = "```yaml phase\nversion: 1\nphase: p\n%s```\n\n%s";

static const Check *find_check(const Plan *plan, const char *gate, const char *check) {
        const Gate *found = plan_find_gate(plan, slice_text(gate));
        const Check *of_gate = found ? gate_find_check(found, slice_text(check)) : NULL;

        CHECK(of_gate != NULL);
        return of_gate;
}

static Slice env_of(const Check *check, const char *name) {
        Slice value = SLICE_NULL;
        size_t n = 0;

        for (size_t i = 0; i < check->n_env; i++)
                if (slice_is(check->env[i].name, name)) {
                        value = check->env[i].value;
                        n++;
                }
        CHECK_EQ_U64(n, 1);
        return value;
}

static Hash digest_of(const char *text) {
        Plan plan;
        Hash digest;

        plans_parse(text, &plan);
        digest = plan.gates[0].digest;
        plan_deinit(&plan);
        return digest;
}

static bool same_digest(const char *a, const char *b) {
        Hash left = digest_of(a), right = digest_of(b);

        return hash_equal(&left, &right);
}

TEST(the_plan_of_the_proxy_is_read) {
        cleanup_arena Arena arena = ARENA_INIT;
        Plan plan;

        plans_parse(plans_read(&arena, "pvcheck-subset.md"), &plan);
        CHECK_EQ_SLICE(plan.phase, slice_text("pvcheck"));
        CHECK_EQ_U64(plan.n_needs, 1);
        CHECK_EQ_U64(plan.n_protected_paths, 3);
        CHECK_EQ_U64(plan.n_gates, 2);
        CHECK_EQ_U64(plan.gates[0].n_checks, 8);
        CHECK_EQ_U64(plan.gates[1].n_checks, 6);
        CHECK_EQ_SLICE(plan.gates[1].needs[0], slice_text("M1"));
        plan_deinit(&plan);
}

TEST(the_whole_plan_of_the_reference_is_read) {
        cleanup_arena Arena arena = ARENA_INIT;
        unsigned kinds = 0;
        Plan plan;

        plans_parse(plans_read(&arena, "pvcheck.md"), &plan);
        for (size_t i = 0; i < plan.n_gates; i++)
                for (size_t k = 0; k < plan.gates[i].n_checks; k++)
                        kinds |= 1u << plan.gates[i].checks[k].kind;
        CHECK_EQ_U64(plan.n_gates, 2);
        CHECK_EQ_U64(plan.gates[0].n_checks, 15);
        CHECK_EQ_U64(plan.gates[1].n_checks, 10);
        CHECK_EQ_U64(kinds, (1u << _CHECK_MAX) - 1);
        CHECK_EQ_U64(plan.gates[1].n_unchanged, 3);
        CHECK(plan.gates[1].unchanged_on == CHECK_ON_HOST);
        plan_deinit(&plan);
}

TEST(the_example_of_the_design_is_read) {
        cleanup_arena Arena arena = ARENA_INIT;
        Plan plan;

        plans_parse(plans_read(&arena, "design.md"), &plan);
        CHECK_EQ_U64(plan.gates[0].n_checks, 6);
        CHECK_EQ_U64(plan.gates[1].n_checks, 2);
        CHECK_EQ_U64(find_check(&plan, "M2", "drill")->n_repeat, 20);
        CHECK(find_check(&plan, "M1", "routes[host=bridge,status=404]")->kind == CHECK_HTTP);
        plan_deinit(&plan);
}

TEST(a_text_runs_in_a_shell_and_a_list_does_not) {
        cleanup_arena Arena arena = ARENA_INIT;
        Plan plan;

        plans_parse(plans_with_gate(&arena, "checks:\n  - { id: a, run: 'x | y' }\n"
                                            "  - { id: b, run: [x, '', y z] }"),
                    &plan);
        CHECK(find_check(&plan, "G", "a")->is_shell);
        CHECK_EQ_U64(find_check(&plan, "G", "a")->n_command, 1);
        CHECK(!find_check(&plan, "G", "b")->is_shell);
        CHECK_EQ_U64(find_check(&plan, "G", "b")->n_command, 3);
        CHECK_EQ_SLICE(find_check(&plan, "G", "b")->command[2], slice_text("y z"));
        plan_deinit(&plan);
}

TEST(scalars_stay_texts) {
        cleanup_arena Arena arena = ARENA_INIT;
        Plan plan;

        plans_parse(
                plans_with_gate(&arena, "checks:\n  - id: no\n    run: [echo, no, 010, ~, 1.0]"),
                &plan);
        CHECK_EQ_SLICE(find_check(&plan, "G", "no")->command[1], slice_text("no"));
        CHECK_EQ_SLICE(find_check(&plan, "G", "no")->command[2], slice_text("010"));
        CHECK_EQ_SLICE(find_check(&plan, "G", "no")->command[3], slice_text("~"));
        CHECK_EQ_SLICE(find_check(&plan, "G", "no")->command[4], slice_text("1.0"));
        plan_deinit(&plan);
}

TEST(what_is_not_said_has_its_default) {
        cleanup_arena Arena arena = ARENA_INIT;
        const Check *check;
        Plan plan;

        plans_parse(plans_with_gate(&arena, "checks: [{ id: a, run: ./t }]"), &plan);
        check = find_check(&plan, "G", "a");
        CHECK_EQ_U64(plan.gates[0].valid_for_ms, 86400000);
        CHECK_EQ_U64(check->timeout_ms, 60000);
        CHECK_EQ_U64(check->retries, 0);
        CHECK(check->network == CHECK_NETWORK_NONE);
        CHECK_EQ_U64(check->n_expectations, 1);
        CHECK(check->expectations[0].subject == SUBJECT_EXIT_STATUS);
        plan_deinit(&plan);
}

TEST(an_explicit_exit_status_replaces_the_default) {
        cleanup_arena Arena arena = ARENA_INIT;
        Plan plan;

        plans_parse(plans_with_expect(&arena, "{ exit-status: 3 }"), &plan);
        CHECK_EQ_U64(plan.gates[0].checks[0].n_expectations, 1);
        plan_deinit(&plan);
}

TEST(defaults_are_inherited_and_overridden) {
        cleanup_arena Arena arena = ARENA_INIT;
        Plan plan;

        plans_parse(arena_printf(&arena, phase,
                                 "defaults: { timeout: 5s, valid-for: 1h, env: { A: a, B: b },"
                                 " tools: [jq], network: host }\n",
                                 "```yaml gate\ngate: G\nchecks:\n"
                                 "  - { id: a, run: ./t }\n"
                                 "  - { id: b, run: ./t, timeout: 7s, env: { B: c },"
                                 " tools: [python3 >= 3.11, /opt/pg/bin/initdb >= 15],"
                                 " network: none }\n```\n"),
                    &plan);
        CHECK_EQ_U64(plan.gates[0].valid_for_ms, 3600000);
        CHECK_EQ_U64(find_check(&plan, "G", "a")->timeout_ms, 5000);
        CHECK_EQ_U64(find_check(&plan, "G", "b")->timeout_ms, 7000);
        CHECK_EQ_SLICE(env_of(find_check(&plan, "G", "b"), "A"), slice_text("a"));
        CHECK_EQ_SLICE(env_of(find_check(&plan, "G", "b"), "B"), slice_text("c"));
        CHECK_EQ_SLICE(find_check(&plan, "G", "b")->tools[0].name, slice_text("python3"));
        CHECK_EQ_SLICE(find_check(&plan, "G", "b")->tools[0].version, slice_text("3.11"));
        CHECK_EQ_SLICE(find_check(&plan, "G", "b")->tools[1].name,
                       slice_text("/opt/pg/bin/initdb"));
        CHECK(find_check(&plan, "G", "a")->network == CHECK_NETWORK_HOST);
        CHECK(find_check(&plan, "G", "b")->network == CHECK_NETWORK_NONE);
        plan_deinit(&plan);
}

TEST(vars_reach_a_command_in_its_environment_and_never_its_text) {
        cleanup_arena Arena arena = ARENA_INIT;
        const Check *check;
        Plan plan;

        plans_parse(arena_printf(&arena, phase, "vars: { domain: '; rm -rf /', A: x }\n",
                                 "```yaml gate\ngate: G\nchecks:\n"
                                 "  - { id: a, run: 'curl ${domain}', env: { A: '<${domain}>' } }\n"
                                 "```\n"),
                    &plan);
        check = find_check(&plan, "G", "a");
        CHECK_EQ_SLICE(check->command[0], slice_text("curl ${domain}"));
        CHECK_EQ_SLICE(env_of(check, "domain"), slice_text("; rm -rf /"));
        CHECK_EQ_SLICE(env_of(check, "A"), slice_text("<; rm -rf />"));
        plan_deinit(&plan);
}

TEST(vars_are_put_into_requests_after_parsing) {
        cleanup_arena Arena arena = ARENA_INIT;
        const Check *check;
        Plan plan;

        plans_parse(arena_printf(&arena, phase, "vars: { host: 'a.example', v: '}, x: {' }\n",
                                 "```yaml gate\ngate: G\nchecks:\n  - id: a\n"
                                 "    http: { url: 'http://${host}/$${x}', body: '${v}' }\n"
                                 "    expect: { status: 200 }\n```\n"),
                    &plan);
        check = find_check(&plan, "G", "a");
        CHECK_EQ_SLICE(check->http.url, slice_text("http://a.example/${x}"));
        CHECK_EQ_SLICE(check->http.body, slice_text("}, x: {"));
        CHECK_EQ_SLICE(check->http.method, slice_text("POST"));
        CHECK_EQ_U64(check->n_env, 0);
        plan_deinit(&plan);
}

TEST(an_http_check_may_start_what_it_asks) {
        cleanup_arena Arena arena = ARENA_INIT;
        const Check *check;
        Plan plan;

        plans_parse(plans_with_gate(&arena, "checks:\n  - id: a\n    http:\n"
                                            "      url: http://127.0.0.1:8080/\n"
                                            "      serve: [python3, -m, http.server]\n"
                                            "      headers: { Host: x }\n"
                                            "      follow-redirects: true\n"
                                            "    expect: { status: 200 }"),
                    &plan);
        check = find_check(&plan, "G", "a");
        CHECK(check->kind == CHECK_HTTP);
        CHECK_EQ_U64(check->n_command, 3);
        CHECK_EQ_U64(check->http.n_headers, 1);
        CHECK(check->http.follow_redirects);
        CHECK(!check->http.insecure);
        plan_deinit(&plan);
}

TEST(a_check_stands_behind_those_that_it_needs) {
        cleanup_arena Arena arena = ARENA_INIT;
        Plan plan;

        plans_parse(plans_with_gate(&arena, "checks:\n  - { id: c, run: ./t, needs: [b] }\n"
                                            "  - { id: a, run: ./t }\n"
                                            "  - { id: b, run: ./t, needs: a }\n"
                                            "  - { id: d, run: ./t }"),
                    &plan);
        CHECK_EQ_SLICE(plan.gates[0].checks[0].id, slice_text("a"));
        CHECK_EQ_SLICE(plan.gates[0].checks[1].id, slice_text("b"));
        CHECK_EQ_SLICE(plan.gates[0].checks[2].id, slice_text("c"));
        CHECK_EQ_SLICE(plan.gates[0].checks[3].id, slice_text("d"));
        plan_deinit(&plan);
}

TEST(a_gate_is_found_by_its_exact_id_only) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Plan plan;

        plans_parse(
                arena_printf(&arena, phase, "",
                             "```yaml gate\ngate: WC1\nchecks: [{ id: a, run: ./t }]\n```\n"
                             "\n```yaml gate\ngate: WC10\nchecks: [{ id: a, run: ./t }]\n```\n"),
                &plan);
        CHECK(plan_find_gate(&plan, slice_text("C1")) == NULL);
        CHECK(plan_find_gate(&plan, slice_text("WC")) == NULL);
        CHECK(plan_find_gate(&plan, slice_text("wc1")) == NULL);
        CHECK(plan_find_gate(&plan, slice_text("WC1")) == &plan.gates[0]);
        plan_suggest_gate(&plan, slice_text("C1"), &fault);
        CHECK_CONTAINS(fault.next, "WC1");
        plan_suggest_gate(&plan, slice_text("something-else"), &fault);
        CHECK_CONTAINS(fault.next, "WC1, WC10");
        plan_deinit(&plan);
}

TEST(layout_comments_and_order_change_no_digest) {
        cleanup_arena Arena arena = ARENA_INIT;

        CHECK(same_digest(plans_with_gate(&arena, "title: T # note\nchecks:\n  - id: a\n"
                                                  "    run: ./t   # why\n    timeout: '3s'"),
                          plans_with_gate(&arena,
                                          "checks: [{ timeout: 3s,\n  run: \"./t\", id: a }]"
                                          "\ntitle: T\n")));
}

TEST(whatever_is_demanded_changes_the_digest) {
        cleanup_arena Arena arena = ARENA_INIT;
        const char *base = plans_with_gate(&arena, "checks: [{ id: a, run: ./t }]");

        CHECK(!same_digest(base, plans_with_gate(&arena, "checks: [{ id: a, run: ./u }]")));
        CHECK(!same_digest(base, plans_with_gate(&arena, "checks: [{ id: a, run: [./t] }]")));
        CHECK(!same_digest(
                base, plans_with_gate(&arena, "valid-for: 1h\nchecks: [{ id: a, run: ./t }]")));
        CHECK(!same_digest(plans_with_expect(&arena, "{ stdout: { jsonpath: { $.a: 1 } } }"),
                           plans_with_expect(&arena, "{ stdout: { jsonpath: { $.a: '1' } } }")));
}

TEST(inherited_defaults_are_in_the_digest) {
        cleanup_arena Arena arena = ARENA_INIT;
        const char *gate = "```yaml gate\ngate: G\nchecks: [{ id: a, run: ./t }]\n```\n";
        const char *own =
                "```yaml gate\ngate: G\nchecks: [{ id: a, run: ./t, timeout: 5s }]\n```\n";

        CHECK(!same_digest(arena_printf(&arena, phase, "", gate),
                           arena_printf(&arena, phase, "defaults: { timeout: 5s }\n", gate)));
        CHECK(same_digest(arena_printf(&arena, phase, "", own),
                          arena_printf(&arena, phase, "defaults: { timeout: 5s }\n", gate)));
        CHECK(same_digest(arena_printf(&arena, phase, "", own),
                          arena_printf(&arena, phase, "defaults: { timeout: 9s }\n", own)));
}

TEST(only_vars_that_a_gate_uses_are_in_its_digest) {
        cleanup_arena Arena arena = ARENA_INIT;
        const char *asks = "```yaml gate\ngate: G\nchecks:\n  - id: a\n"
                           "    http: { url: 'http://${h}/' }\n    expect: { status: 200 }\n```\n";
        const char *runs = "```yaml gate\ngate: G\nchecks: [{ id: a, run: ./t }]\n```\n";

        CHECK(same_digest(arena_printf(&arena, phase, "vars: { h: a, x: b }\n", asks),
                          arena_printf(&arena, phase, "vars: { x: c, h: a }\n", asks)));
        CHECK(!same_digest(arena_printf(&arena, phase, "vars: { h: a }\n", asks),
                           arena_printf(&arena, phase, "vars: { h: b }\n", asks)));
        CHECK(!same_digest(arena_printf(&arena, phase, "vars: { x: a }\n", runs),
                           arena_printf(&arena, phase, "vars: { x: b }\n", runs)));
}

TEST(prose_changes_the_digest_of_the_plan_and_of_no_gate) {
        cleanup_arena Arena arena = ARENA_INIT;
        const char *text = plans_with_gate(&arena, "checks: [{ id: a, run: ./t }]");
        const char *more = arena_printf(&arena, "Some prose.\n\n%s", text);
        Plan one, other;

        plans_parse(text, &one);
        plans_parse(more, &other);
        CHECK(!hash_equal(&one.digest, &other.digest));
        CHECK(hash_equal(&one.gates[0].digest, &other.gates[0].digest));
        plan_deinit(&one);
        plan_deinit(&other);
}

/* A change here makes every verdict that was ever given stale. */
TEST(the_digest_of_a_known_gate_stays_what_it_was) {
        cleanup_arena Arena arena = ARENA_INIT;
        char hex[HASH_HEX + 1];
        Plan plan;

        plans_parse(plans_read(&arena, "pvcheck-subset.md"), &plan);
        hex_encode(hash_slice(&plan.gates[0].digest), hex);
        CHECK_EQ_TEXT(hex, "4a83dddc9ded5ed4e9a43e2e5ad189bf2457360ad1f94cc93a56fde265538ea8");
        plan_deinit(&plan);
}

TEST(all_errors_are_told_with_their_places) {
        cleanup_arena Arena arena = ARENA_INIT;
        Refusal refusal;

        plans_refuse(plans_with_gate(&arena, "valid-fro: 1h\nchecks:\n"
                                             "  - id: a\n    run: ./t\n    timeout: 30\n"
                                             "  - id: b\n    run: ./t\n    matrix: []\n"),
                     &refusal);
        CHECK_EQ_U64(refusal.n, 3);
        CHECK_EQ_TEXT(plans_find(&refusal, "plan-word-unknown")->place, "p.md:8:1");
        CHECK_EQ_TEXT(plans_find(&refusal, "plan-word-unknown")->next, "did you mean `valid-for`?");
        CHECK_EQ_TEXT(plans_find(&refusal, "plan-unit")->place, "p.md:12:14");
        CHECK_EQ_TEXT(plans_find(&refusal, "vacuous-matrix")->place, "p.md:15:13");
}

TEST(no_more_faults_are_written_than_fit) {
        cleanup_arena Arena arena = ARENA_INIT;
        const char *text = plans_with_gate(&arena, "a: b\nc: d\ne: f\nchecks: []");
        Fault faults[2] = {FAULT_INIT, FAULT_INIT};
        size_t n = 99;
        Plan plan;

        CHECK_EQ_INT(plan_parse("p", slice_text(text), &plan, faults, 2, &n), PLAN_E_REFUSED);
        CHECK_EQ_U64(n, 2);
        CHECK_EQ_INT(plan_parse("p", slice_text(text), &plan, NULL, 0, &n), PLAN_E_REFUSED);
        CHECK_EQ_U64(n, 0);
}

TEST(a_plan_beyond_its_size_is_refused_unread) {
        static char text[PLAN_BYTES_MAX + 2];
        Refusal refusal;

        memset(text, '\n', PLAN_BYTES_MAX + 1);
        plans_refuse(text, &refusal);
        CHECK_EQ_U64(refusal.n, 1);
        CHECK(fault_is(&refusal.faults[0], "plan-limit"));
}

TEST(a_deinitialised_plan_can_be_deinitialised_again) {
        cleanup_arena Arena arena = ARENA_INIT;
        Plan plan;

        plans_parse(plans_with_gate(&arena, "checks: [{ id: a, run: ./t }]"), &plan);
        plan_deinit(&plan);
        plan_deinit(&plan);
        CHECK_EQ_U64(plan.n_gates, 0);
}

TEST(a_plan_is_described_with_its_gates_and_checks) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf text = BUF_TEXT;
        Plan plan;

        plans_parse(plans_with_gate(&arena, "title: T\nchecks: [{ id: unit, run: ./t }]"), &plan);
        plan_describe(&plan, &text);
        CHECK_CONTAINS(buf_get_text(&text), "phase p\n");
        CHECK_CONTAINS(buf_get_text(&text), "gate G: T\n");
        CHECK_CONTAINS(buf_get_text(&text), "  unit ");
        plan_deinit(&plan);
}
