/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rules as rows, and the walk that applies them. */

#include "plan/lint.h"

#include "plan/grammar.h"
#include "plan/order.h"
#include "plan/shell.h"
#include "plan/substitute.h"

enum { SHOWN_BYTES = 80 };

static bool lacks_checks(const Gate *gate) {
        return gate->n_checks == 0;
}

static bool only_warns(const Gate *gate) {
        for (size_t i = 0; i < gate->n_checks; i++)
                if (!gate->checks[i].allow_failure)
                        return false;
        return gate->n_checks > 0;
}

static bool has_idle_probe(const Gate *gate) {
        for (size_t i = 0; i < gate->n_unchanged; i++) {
                const Check probe = {
                        .is_shell = true, .command = &gate->unchanged[i], .n_command = 1};

                if (shell_is_idle(&probe) || shell_find_excuse(&probe))
                        return true;
        }
        return false;
}

/* "ci.example.net:8080" of "http://ci.example.net:8080/health" */
static Slice authority_of(Slice url) {
        Slice rest = slice_from(url, slice_find(url, slice_text("://")) + 3);
        size_t n = 0;

        while (n < rest.n && !strchr("/?#", rest.data[n]))
                n++;
        return slice_head(rest, n);
}

/* What answers may be an old deployment: it must have named its revision before. */
static bool believes_too_early(const Gate *gate) {
        for (size_t i = 0; i < gate->n_checks; i++)
                for (size_t k = 0; k < i; k++) {
                        const Check *revision = &gate->checks[i], *before = &gate->checks[k];

                        if (revision->kind == CHECK_REVISION && revision->http.url.n &&
                            before->kind == CHECK_HTTP && before->n_command == 0 &&
                            slice_equal(authority_of(revision->http.url),
                                        authority_of(before->http.url)))
                                return true;
                }
        return false;
}

static const LintRule phase_rule = {"vacuous-phase", "the plan has no gates",
                                    "add a block that begins ```yaml gate", ""};

static const struct {
        LintRule rule;
        bool (*applies)(const Gate *gate);
} gate_lints[] = {
        {{"vacuous-gate", "the gate has no checks", "add a check", "checks: []"}, lacks_checks},
        {{"vacuous-warnings", "no check of the gate can make it fail: each has `allow-failure`",
          "leave `allow-failure` out of what the gate is about",
          "checks: [{ id: c, run: ./t, allow-failure: true }]"},
         only_warns},
        {{"vacuous-unchanged", "a command of `unchanged` prints nothing or succeeds in any case",
          "print what must stay the same",
          "unchanged: [\"ls /srv || true\"]\nchecks: [{ id: c, run: ./t }]"},
         has_idle_probe},
        {{"plan-revision-order",
          "an http check stands before the revision check of the same server, which may be an old "
          "one",
          "put the check of kind `revision` first",
          "checks:\n"
          "  - { id: a, http: { url: \"http://a/\" }, expect: { status: 200 } }\n"
          "  - { id: b, revision: { url: \"http://a/version\" } }"},
         believes_too_early},
};

const LintRule *lint_rule_at(size_t i) {
        if (i == 0)
                return &phase_rule;
        i -= 1;
        if (i < ARRAY_SIZE(gate_lints))
                return &gate_lints[i].rule;
        i -= ARRAY_SIZE(gate_lints);
        if (i < n_check_lints)
                return &check_lints[i].rule;
        i -= n_check_lints;
        return i < n_assertion_lints ? &assertion_lints[i].rule : NULL;
}

/* Instances of one matrix stand in one place: what is said of one is not said of each. */
static bool is_said(const FaultList *faults, PlanPlace place, const char *rule) {
        cleanup_buf Buf at = BUF_TEXT;

        buf_printf(&at, "%s:%zu:%zu", faults->file, place.line, place.column);
        for (size_t i = 0; i < faults->n; i++)
                if (fault_is(&faults->faults[i], rule) &&
                    strcmp(faults->faults[i].place, buf_get_text(&at)) == 0)
                        return true;
        return false;
}

static void refuse(FaultList *faults, PlanPlace place, const LintRule *rule, const char *found) {
        Fault *fault;

        if (is_said(faults, place, rule->rule))
                return;
        fault = faults_add(faults, place, rule->rule, "%s: %s", found, rule->sentence);
        fault_next(fault, "%s", rule->next);
}

static void refuse_assertion(FaultList *faults, const Assertion *assertion, const LintRule *rule) {
        const Matcher *matcher = assertion->matcher;
        cleanup_buf Buf found = BUF_TEXT;

        buf_printf(&found, "check `%.*s`, `%.*s%s", SLICE_ARGS(assertion->check->id),
                   SLICE_ARGS(matcher->where), matcher_is_group(matcher) ? "" : ": ");
        substitute_show(&found, matcher->text, SHOWN_BYTES);
        buf_byte(&found, '`');
        refuse(faults, matcher->place, rule, buf_get_text(&found));
}

/* The first rule that applies is enough. */
static bool lint_assertion(const Assertion *assertion, LintReach reach, FaultList *faults) {
        for (size_t i = 0; i < n_assertion_lints; i++)
                if (assertion_lints[i].reach == reach && assertion_lints[i].applies(assertion)) {
                        refuse_assertion(faults, assertion, &assertion_lints[i].rule);
                        return true;
                }
        return false;
}

static bool lint_matchers(const Assertion *assertion, FaultList *faults) {
        const Matcher *group = assertion->matcher;
        bool is_refused = false;

        if (!matcher_is_group(group))
                return lint_assertion(assertion, EACH_MATCHER, faults);
        for (size_t i = 0; i < group->n_parts; i++) {
                Assertion part = *assertion;

                part.matcher = &group->parts[i];
                part.is_turned ^= group->op == MATCH_NOT;
                is_refused |= lint_matchers(&part, faults);
        }
        return is_refused;
}

static void lint_check(const Check *check, FaultList *faults) {
        const char *excuse = shell_find_excuse(check);
        const Observed nothing = {.exit_status = 0};
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf found = BUF_TEXT;
        MatchResult *of_nothing;
        size_t n_results;

        buf_printf(&found, "check `%.*s`", SLICE_ARGS(check->id));
        if (excuse)
                buf_printf(&found, ", `%s`", excuse);
        for (size_t i = 0; i < n_check_lints; i++)
                if (check_lints[i].applies(check))
                        refuse(faults, check->place, &check_lints[i].rule, buf_get_text(&found));
        expectations_evaluate(check, &nothing, &arena, &of_nothing, &n_results);
        for (size_t i = 0; i < n_results; i++) {
                Assertion assertion = {.check = check,
                                       .expectation = &check->expectations[i],
                                       .matcher = check->expectations[i].matcher,
                                       .of_nothing = of_nothing};

                if (!lint_matchers(&assertion, faults))
                        (void)lint_assertion(&assertion, WHOLE_ASSERTION, faults);
        }
}

/* Instances of one matrix stand in one place. */
static bool are_siblings(const Check *a, const Check *b) {
        return a->place.line == b->place.line && a->place.column == b->place.column;
}

/* What is wrong in one instance of a matrix is said once. */
static void lint_checks(const Gate *gate, FaultList *faults) {
        for (size_t i = 0; i < gate->n_checks; i++) {
                size_t n_before = faults->n_found;

                lint_check(&gate->checks[i], faults);
                while (faults->n_found != n_before && i + 1 < gate->n_checks &&
                       are_siblings(&gate->checks[i], &gate->checks[i + 1]))
                        i++;
        }
}

void lint_gate(const Gate *gate, FaultList *faults) {
        cleanup_buf Buf found = BUF_TEXT;

        buf_printf(&found, "gate `%.*s`", SLICE_ARGS(gate->id));
        for (size_t i = 0; i < ARRAY_SIZE(gate_lints); i++)
                if (gate_lints[i].applies(gate))
                        refuse(faults, gate->place, &gate_lints[i].rule, buf_get_text(&found));
        lint_checks(gate, faults);
}

void lint_phase(const Plan *plan, Arena *arena, FaultList *faults) {
        OrderItem *items = arena_alloc_array(arena, plan->n_gates, sizeof *items);
        size_t *order;

        if (plan->n_gates == 0)
                refuse(faults, (PlanPlace){1, 1}, &phase_rule, "phase");
        for (size_t i = 0; i < plan->n_gates; i++)
                items[i] = (OrderItem){plan->gates[i].id, plan->gates[i].place,
                                       plan->gates[i].needs, plan->gates[i].n_needs};
        (void)order_by_needs(items, plan->n_gates, "gate", arena, faults, &order);
}
