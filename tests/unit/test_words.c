/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Words of checks and gates: what of them is in the structs. */

#include "plan/plan.h"

#include "plan/matcher.h"
#include "tests/lib/plans.h"
#include "tests/lib/test.h"

#define SOME_COMMIT "0123456789012345678901234567890123456789"

static const char head[] =
        "```yaml phase\nversion: 1\nphase: p\n%s```\n\n```yaml gate\ngate: G\n%s```\n";

static void parse(const char *phase, const char *gate, Plan *ret_plan) {
        cleanup_arena Arena arena = ARENA_INIT;

        plans_parse(arena_printf(&arena, head, phase, gate), ret_plan);
}

static const Check *only_check(const Plan *plan) {
        CHECK_EQ_U64(plan->gates[0].n_checks, 1);
        return &plan->gates[0].checks[0];
}

/* One check `c` with these lines. */
static const Check *parse_check(const char *lines, Plan *ret_plan) {
        cleanup_arena Arena arena = ARENA_INIT;

        parse("vars: { v: w }\n", arena_printf(&arena, "checks:\n- id: c\n%s", lines), ret_plan);
        return only_check(ret_plan);
}

TEST(a_report_is_read) {
        Plan plan;
        const Check *check =
                parse_check("  report: { run: [make, check], format: tap, file: out/r.tap,"
                            " names: [a, b c], may-skip: b c }\n"
                            "  expect: { executed: { ge: 2 } }\n",
                            &plan);

        CHECK(check->kind == CHECK_REPORT);
        CHECK_EQ_U64(check->n_command, 2);
        CHECK(check->report.format == REPORT_TAP);
        CHECK_EQ_SLICE(check->report.file, slice_text("out/r.tap"));
        CHECK_EQ_U64(check->report.n_names, 2);
        CHECK_EQ_SLICE(check->report.names[1], slice_text("b c"));
        CHECK_EQ_U64(check->report.n_may_skip, 1);
        plan_deinit(&plan);
}

TEST(facts_of_git_are_read_and_assert_by_themselves) {
        Plan plan;
        const Check *check =
                parse_check("  git:\n"
                            "    ancestor-of: " SOME_COMMIT "\n"
                            "    descends-from: " SOME_COMMIT "\n"
                            "    unchanged-since: { commit: " SOME_COMMIT ", paths: [a, b/**] }\n"
                            "    paths-only: { since: " SOME_COMMIT ", paths: c }\n"
                            "    no-match-in-history: ['x+', y]\n",
                            &plan);

        CHECK(check->kind == CHECK_GIT);
        CHECK_EQ_SLICE(check->git.ancestor_of, slice_text(SOME_COMMIT));
        CHECK_EQ_SLICE(check->git.descendant_of, slice_text(SOME_COMMIT));
        CHECK_EQ_SLICE(check->git.unchanged_since, slice_text(SOME_COMMIT));
        CHECK_EQ_U64(check->git.n_unchanged_paths, 2);
        CHECK_EQ_SLICE(check->git.paths_since, slice_text(SOME_COMMIT));
        CHECK_EQ_U64(check->git.n_only_paths, 1);
        CHECK_EQ_U64(check->git.n_absent_in_history, 2);
        CHECK_EQ_U64(check->n_expectations, 0);
        plan_deinit(&plan);
}

TEST(a_revision_is_asked_or_printed) {
        Plan plan;
        const Check *check = parse_check("  revision: { url: http://a/, headers: { X: '${v}' },"
                                         " jsonpath: $.rev, digits: 12, ca-file: ca.pem }\n",
                                         &plan);

        CHECK(check->kind == CHECK_REVISION);
        CHECK_EQ_SLICE(check->http.url, slice_text("http://a/"));
        CHECK_EQ_SLICE(check->http.headers[0].value, slice_text("w"));
        CHECK_EQ_SLICE(check->revision.jsonpath, slice_text("$.rev"));
        CHECK_EQ_U64(check->revision.digits, 12);
        plan_deinit(&plan);
        check = parse_check("  revision: { run: ./rev }\n", &plan);
        CHECK_EQ_SLICE(check->command[0], slice_text("./rev"));
        CHECK_EQ_U64(check->revision.digits, 40);
        plan_deinit(&plan);
}

TEST(files_ports_processes_and_logs_are_read) {
        Plan plan;
        const Check *check;

        check = parse_check(
                "  file: { path: /etc/hosts }\n  on: host\n  expect: { size: { ge: 1B } }\n",
                &plan);
        CHECK(check->kind == CHECK_FILE && check->on == CHECK_ON_HOST);
        CHECK_EQ_SLICE(check->file.path, slice_text("/etc/hosts"));
        plan_deinit(&plan);
        check = parse_check(
                "  port: { number: 8080, address: '::1', serve: ./s }\n  expect: { listening: true }\n",
                &plan);
        CHECK(check->kind == CHECK_PORT && check->is_shell);
        CHECK_EQ_U64(check->port.number, 8080);
        CHECK_EQ_SLICE(check->port.address, slice_text("::1"));
        plan_deinit(&plan);
        check = parse_check("  process: { matches: nginx }\n  expect: { count: 2 }\n", &plan);
        CHECK(check->kind == CHECK_PROCESS);
        CHECK_EQ_SLICE(check->process.matches, slice_text("nginx"));
        plan_deinit(&plan);
        check = parse_check(
                "  on: host\n  log: { file: /var/a.log, control: up, stamp: '%H' }\n  expect: { lines: { contains: xx } }\n",
                &plan);
        CHECK(check->kind == CHECK_LOG);
        CHECK_EQ_SLICE(check->log.file, slice_text("/var/a.log"));
        CHECK_EQ_SLICE(check->log.control, slice_text("up"));
        CHECK_EQ_SLICE(check->log.stamp, slice_text("%H"));
        plan_deinit(&plan);
}

TEST(a_question_is_read) {
        Plan plan;
        const Check *check = parse_check("  manual: Is ${v} good?\n", &plan);

        CHECK(check->kind == CHECK_MANUAL);
        CHECK_EQ_SLICE(check->question, slice_text("Is w good?"));
        plan_deinit(&plan);
}

TEST(new_words_of_requests_are_read) {
        Plan plan;
        const Check *check =
                parse_check("  http: { url: https://a/, resolve: ['a:443:127.0.0.1', 'b:1:[::1]'],"
                            " unix-socket: /run/x, ca-file: t/ca.pem }\n"
                            "  expect: { status: 200 }\n",
                            &plan);

        CHECK_EQ_U64(check->http.n_resolve, 2);
        CHECK_EQ_SLICE(check->http.unix_socket, slice_text("/run/x"));
        CHECK_EQ_SLICE(check->http.ca_file, slice_text("t/ca.pem"));
        plan_deinit(&plan);
}

TEST(a_failure_that_is_allowed_is_read) {
        Plan plan;

        parse("", "checks:\n- { id: c, run: ./t, allow-failure: true }\n- { id: d, run: ./u }\n",
              &plan);
        CHECK(plan.gates[0].checks[0].allow_failure);
        CHECK(!plan.gates[0].checks[1].allow_failure);
        plan_deinit(&plan);
}

TEST(words_of_control_are_read) {
        Plan plan;
        const Check *check = parse_check(
                "  run: ./t\n  hold: 10s\n  interval: 2s\n"
                "  repeat: { times: 20, concurrency: 4 }\n"
                "  lock: { shared: proxy }\n"
                "  limits: { memory: 2MiB, file-size: 3B, disk: 1MiB, output: 4KiB, processes: 5 }\n"
                "  host-access: [/run/a, /dev/kvm]\n  git-dir: true\n"
                "  red-at: " SOME_COMMIT "\n"
                "  examined: { ge: 4, from: '(\\d+) ok' }\n",
                &plan);

        CHECK_EQ_U64(check->hold_ms, 10000);
        CHECK_EQ_U64(check->n_repeat, 20);
        CHECK_EQ_U64(check->concurrency, 4);
        CHECK(check->lock.is_shared && check->git_dir);
        CHECK_EQ_SLICE(check->lock.resource, slice_text("proxy"));
        CHECK_EQ_U64(check->limits.memory_bytes, 2 << 20);
        CHECK_EQ_U64(check->limits.file_bytes, 3);
        CHECK_EQ_U64(check->limits.disk_bytes, 1 << 20);
        CHECK_EQ_U64(check->limits.output_bytes, 4096);
        CHECK_EQ_U64(check->limits.n_processes, 5);
        CHECK_EQ_U64(check->n_host_access, 2);
        CHECK_EQ_SLICE(check->red_at, slice_text(SOME_COMMIT));
        CHECK_EQ_SLICE(check->examined_from, slice_text("(\\d+) ok"));
        CHECK(check->examined && check->examined->op == MATCH_GE);
        plan_deinit(&plan);
}

TEST(teeth_are_one_or_several) {
        Plan plan;
        const Check *check =
                parse_check("  run: ./t\n  expect: { stdout: { contains: [up] } }\n  teeth:\n"
                            "  - { run: [./break, '1'], undo: ./mend, expect-fail: c }\n"
                            "  - { patch: '--- a', expect-fail: { c: stdout.contains } }\n",
                            &plan);

        CHECK_EQ_U64(check->n_teeth, 2);
        CHECK_EQ_U64(check->teeth[0].n_command, 2);
        CHECK(!check->teeth[0].is_shell);
        CHECK_EQ_SLICE(check->teeth[0].undo, slice_text("./mend"));
        CHECK_EQ_U64(check->teeth[0].assertion.n, 0);
        CHECK_EQ_SLICE(check->teeth[1].patch, slice_text("--- a"));
        CHECK_EQ_SLICE(check->teeth[1].assertion, slice_text("stdout.contains"));
        plan_deinit(&plan);
}

TEST(words_of_gates_are_read) {
        const Gate *gate;
        Plan plan;

        parse("defaults: { on: host, limits: { memory: 1MiB, processes: 9 }, flaky: warn }\n",
              "inputs: [lab/**]\nunchanged: [ls, ps]\nlock: proxy\nverifiers: 2\n"
              "evidence: must-match\nstall: 45m\n"
              "checks: [{ id: a, run: ./t, limits: { memory: 4MiB } }]\n",
              &plan);
        gate = &plan.gates[0];
        CHECK_EQ_U64(gate->n_inputs, 1);
        CHECK_EQ_U64(gate->n_unchanged, 2);
        CHECK(gate->unchanged_on == CHECK_ON_HOST);
        CHECK_EQ_SLICE(gate->lock.resource, slice_text("proxy"));
        CHECK(!gate->lock.is_shared && gate->must_match && gate->flaky_is_warning);
        CHECK_EQ_U64(gate->verifiers, 2);
        CHECK_EQ_U64(gate->stall_ms, 2700000);
        CHECK(gate->checks[0].on == CHECK_ON_HOST);
        CHECK_EQ_U64(gate->checks[0].limits.memory_bytes, 4 << 20);
        CHECK_EQ_U64(gate->checks[0].limits.n_processes, 9);
        plan_deinit(&plan);
}

TEST(unchanged_says_itself_where_it_runs) {
        Plan plan;

        parse("defaults: { on: host }\n",
              "unchanged: { run: ls, on: sandbox }\nchecks: [{ id: a, run: ./t }]\n", &plan);
        CHECK(plan.gates[0].unchanged_on == CHECK_ON_SANDBOX);
        CHECK_EQ_U64(plan.gates[0].n_unchanged, 1);
        plan_deinit(&plan);
        parse("", "unchanged: ls\nchecks: [{ id: a, run: ./t }]\n", &plan);
        CHECK(plan.gates[0].unchanged_on == CHECK_ON_SANDBOX);
        plan_deinit(&plan);
}

static Slice env_of(const Check *check, const char *name) {
        for (size_t i = 0; i < check->n_env; i++)
                if (slice_is(check->env[i].name, name))
                        return check->env[i].value;
        FAIL_TEST("no %s in the environment", name);
}

TEST(a_matrix_makes_an_instance_for_each_row) {
        const Check *checks;
        Plan plan;

        parse("",
              "checks:\n- { id: last, run: ./t, needs: [routes] }\n"
              "- id: routes\n  title: of ${matrix.host}\n"
              "  matrix: [{ host: ci, status: 200 }, { status: 303, host: 'a,=b' }]\n"
              "  http: { url: 'http://x/${matrix.host}', serve: ./s }\n"
              "  expect: { status: '${matrix.status}' }\n",
              &plan);
        CHECK_EQ_U64(plan.gates[0].n_checks, 3);
        checks = plan.gates[0].checks;
        CHECK_EQ_SLICE(checks[0].id, slice_text("routes[host=ci,status=200]"));
        CHECK_EQ_SLICE(checks[1].id, slice_text("routes[host=a%2C%3Db,status=303]"));
        CHECK_EQ_SLICE(checks[0].title, slice_text("of ci"));
        CHECK_EQ_SLICE(checks[0].http.url, slice_text("http://x/ci"));
        CHECK_EQ_SLICE(checks[1].expectations[0].matcher->text, slice_text("303"));
        CHECK_EQ_SLICE(env_of(&checks[1], "MATRIX_HOST"), slice_text("a,=b"));
        CHECK_EQ_SLICE(checks[2].id, slice_text("last"));
        CHECK(check_is(&checks[0], checks[2].needs[0]) && check_is(&checks[1], checks[2].needs[0]));
        CHECK(!check_is(&checks[2], checks[2].needs[0]));
        CHECK(gate_find_check(&plan.gates[0], checks[1].id) == &checks[1]);
        CHECK(gate_find_check(&plan.gates[0], slice_text("routes")) == NULL);
        plan_deinit(&plan);
}

TEST(a_map_of_lists_is_every_combination_of_them) {
        const Check *checks;
        Plan plan;

        parse("", "checks:\n- { id: c, run: ./t, matrix: { a: [1, 2], b-c: [x, y, z] } }\n", &plan);
        checks = plan.gates[0].checks;
        CHECK_EQ_U64(plan.gates[0].n_checks, 6);
        CHECK_EQ_SLICE(checks[0].id, slice_text("c[a=1,b-c=x]"));
        CHECK_EQ_SLICE(checks[1].id, slice_text("c[a=1,b-c=y]"));
        CHECK_EQ_SLICE(checks[5].id, slice_text("c[a=2,b-c=z]"));
        CHECK_EQ_SLICE(env_of(&checks[4], "MATRIX_B_C"), slice_text("y"));
        plan_deinit(&plan);
}

TEST(long_values_of_a_matrix_give_short_ids_that_differ) {
        cleanup_arena Arena arena = ARENA_INIT;
        char text[301];
        const Check *checks;
        Plan plan;

        memset(text, 'x', 300);
        text[300] = 0;
        parse("",
              arena_printf(&arena,
                           "checks:\n- { id: c, run: ./t, matrix: [{ a: %s1 }, { a: %s2 }] }\n",
                           text, text),
              &plan);
        checks = plan.gates[0].checks;
        CHECK_EQ_U64(checks[0].id.n, 256);
        CHECK_EQ_U64(checks[1].id.n, 256);
        CHECK(!slice_equal(checks[0].id, checks[1].id));
        CHECK_EQ_U64(env_of(&checks[0], "MATRIX_A").n, 301);
        plan_deinit(&plan);
}

TEST(a_fault_in_a_matrix_is_told_once) {
        cleanup_arena Arena arena = ARENA_INIT;
        Refusal refusal;

        plans_refuse(
                plans_with_gate(
                        &arena,
                        "checks:\n- { id: c, run: ./t, timeout: 3, matrix: { a: [1, 2, 3] } }"),
                &refusal);
        CHECK_EQ_U64(refusal.n, 1);
        plans_refuse(
                plans_with_gate(&arena,
                                "checks:\n- { id: c, run: './t || true', matrix: { a: [1, 2] } }"),
                &refusal);
        CHECK_EQ_U64(refusal.n, 1);
}

TEST(a_plan_has_no_more_checks_than_its_limit_with_its_matrices_expanded) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf checks = BUF_TEXT;
        Refusal refusal;

        buf_text(&checks, "checks:\n");
        for (int i = 0; i < 5; i++)
                buf_printf(
                        &checks,
                        "- { id: c%d, run: ./t, matrix: { a: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],"
                        " b: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], c: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] } }\n",
                        i);
        plans_refuse(plans_with_gate(&arena, buf_get_text(&checks)), &refusal);
        CHECK_EQ_TEXT(plans_find(&refusal, "plan-limit")->place, "p.md:13:3");
}

TEST(a_matrix_that_would_take_all_memory_is_refused) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf checks = BUF_TEXT;
        Refusal refusal;

        buf_text(&checks, "checks:\n- id: c\n  run: ./t\n  matrix:\n    a: [");
        for (int i = 0; i < 1000; i++)
                buf_printf(&checks, "%s%0100d", i ? ", " : "", i);
        buf_text(&checks, "]\n  env:\n");
        for (int i = 0; i < 60; i++) {
                buf_printf(&checks, "    E%d: '", i);
                for (int k = 0; k < 200; k++)
                        buf_text(&checks, "${matrix.a}");
                buf_text(&checks, "'\n");
        }
        plans_refuse(plans_with_gate(&arena, buf_get_text(&checks)), &refusal);
        CHECK_CONTAINS(plans_find(&refusal, "plan-limit")->found, "MiB");
}

static const PlanPair late_values[] = {
        {{(const uint8_t *)"N", 1}, {(const uint8_t *)"7", 1}},
        {{(const uint8_t *)"GATE_COMMIT", 11}, {(const uint8_t *)"abc", 3}},
};

static Slice late(Slice text, Arena *arena) {
        return plan_substitute_late(text, late_values, ARRAY_SIZE(late_values), arena);
}

TEST(what_is_known_late_is_put_in_late_and_everywhere) {
        cleanup_arena Arena arena = ARENA_INIT;
        Check resolved;
        Plan plan;
        const Check *check =
                parse_check("  http: { url: 'http://a/${N}/${GATE_COMMIT}', body: '$${N}${N}',"
                            " headers: { X: 'n${N}' }, serve: './s ${N}' }\n"
                            "  env: { A: '${N}${v}' }\n  repeat: { times: 9 }\n"
                            "  expect: { status: 200, body: { any: [{ contains: 'r${N}' },"
                            " { equals: '${GATE_SINCE}' }] } }\n",
                            &plan);

        CHECK(plan_is_late(check->http.url));
        CHECK(!plan_is_late(check->http.method));
        resolved = check_substitute_late(check, late_values, ARRAY_SIZE(late_values), &arena);
        CHECK_EQ_SLICE(resolved.http.url, slice_text("http://a/7/abc"));
        CHECK_EQ_SLICE(resolved.http.body, slice_text("${N}7"));
        CHECK_EQ_SLICE(resolved.http.headers[0].value, slice_text("n7"));
        CHECK_EQ_SLICE(env_of(&resolved, "A"), slice_text("7w"));
        CHECK_EQ_SLICE(resolved.command[0], slice_text("./s ${N}"));
        CHECK_EQ_SLICE(resolved.expectations[1].matcher->parts[0].text, slice_text("r7"));
        CHECK_EQ_SLICE(resolved.expectations[1].matcher->parts[1].text,
                       slice_text(PLAN_LATE_MARK "{GATE_SINCE}"));
        CHECK(plan_is_late(check->expectations[1].matcher->parts[0].text));
        plan_deinit(&plan);
}

TEST(a_reference_that_came_out_of_a_value_is_a_text) {
        cleanup_arena Arena arena = ARENA_INIT;
        const Check *check;
        Plan plan;

        parse("vars: { v: '${N}' }\n",
              "checks:\n- id: c\n  http: { url: http://a/, body: '${v}' }\n  repeat: { times: 2 }\n"
              "  expect: { status: 200 }\n",
              &plan);
        check = only_check(&plan);
        CHECK_EQ_SLICE(late(check->http.body, &arena), slice_text("${N}"));
        plan_deinit(&plan);
}

TEST(a_refusal_shows_a_late_reference_as_the_plan_has_it) {
        cleanup_arena Arena arena = ARENA_INIT;
        Refusal refusal;

        plans_refuse(plans_with_gate(&arena,
                                     "checks:\n- id: c\n  http: { url: 'ftp://${GATE_COMMIT}/' }\n"
                                     "  expect: { status: 200 }"),
                     &refusal);
        CHECK_CONTAINS(plans_find(&refusal, "plan-value")->found, "\"ftp://${GATE_COMMIT}/\"");
        plans_refuse(plans_with_expect(&arena, "{ stdout: { not-contains: '${GATE_COMMIT}' } }"),
                     &refusal);
        CHECK_CONTAINS(plans_find(&refusal, "vacuous-negative")->found, "${GATE_COMMIT}");
}

TEST(a_late_text_that_is_broken_is_harmless) {
        cleanup_arena Arena arena = ARENA_INIT;

        CHECK_EQ_SLICE(late(slice_text("a\xff"), &arena), slice_text("a\xff"));
        CHECK_EQ_SLICE(late(slice_text("\xff{N"), &arena), slice_text("7"));
        CHECK_EQ_SLICE(late(slice_text("\xff{N}\xff{N}x"), &arena), slice_text("77x"));
        CHECK_EQ_SLICE(late(SLICE_NULL, &arena), SLICE_NULL);
}
