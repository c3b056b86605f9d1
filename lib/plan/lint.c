/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rules as rows: each says of one check, or of one assertion, that it cannot tell good from bad. */

#include "plan/lint.h"

#include "plan/matcher.h"
#include "plan/order.h"
#include "plan/regex.h"
#include "plan/shell.h"
#include "plan/visible.h"

enum { TELLING_BYTES = 4, SHOWN_BYTES = 80 };

typedef bool CheckRule(const Check *check);
typedef bool ExpectationRule(const Check *check, const Expectation *expectation);

static bool has_excuse(const Check *check) {
        return shell_find_excuse(check) != NULL;
}

static bool lacks_interval(const Check *check) {
        return check->retries > 0 && check->interval_ms == 0;
}

static bool lacks_status(const Check *check) {
        for (size_t i = 0; i < check->n_expectations; i++)
                if (check->expectations[i].subject == SUBJECT_STATUS &&
                    check->expectations[i].matcher->op == MATCH_EQUALS)
                        return false;
        return check->kind == CHECK_HTTP;
}

static bool lacks_expectation(const Check *check) {
        return check->n_expectations == 0 && !check_kind_asserts_itself[check->kind];
}

static bool is_negative(MatchOp op) {
        return op == MATCH_NOT_CONTAINS || op == MATCH_NOT_MATCHES;
}

/* A floor under the number of lines is a positive control, a ceiling is none. */
static bool is_positive(const Matcher *matcher) {
        if (is_negative(matcher->op) || (matcher->op == MATCH_EMPTY && matcher->is_empty))
                return false;
        return matcher->view != VIEW_LINE_COUNT ||
               (matcher->op != MATCH_LE && matcher->op != MATCH_LT);
}

static bool is_without_control(const Check *check, const Expectation *expectation) {
        if (!is_negative(expectation->matcher->op) || expectation->matcher->view != VIEW_WHOLE ||
            expectation->subject == SUBJECT_HEADERS)
                return false;
        for (size_t i = 0; i < check->n_expectations; i++)
                if (check->expectations[i].subject == expectation->subject &&
                    is_positive(check->expectations[i].matcher))
                        return false;
        return true;
}

static bool is_empty_text(const Check *check, const Expectation *expectation) {
        MatchOp op = expectation->matcher->op;

        (void)check;
        return (op == MATCH_CONTAINS || op == MATCH_NOT_CONTAINS || op == MATCH_MATCHES ||
                op == MATCH_NOT_MATCHES) &&
               expectation->matcher->text.n == 0;
}

static bool is_regex(const Matcher *matcher) {
        return matcher->op == MATCH_MATCHES || matcher->op == MATCH_NOT_MATCHES;
}

static bool matches_nothing(const Check *check, const Expectation *expectation) {
        const Matcher *matcher = expectation->matcher;
        size_t start;

        (void)check;
        return is_regex(matcher) && matcher->text.n &&
               regex_search(matcher->text, SLICE_NULL, REGEX_WHOLE, &start) != REGEX_NONE;
}

static bool is_output(Subject subject) {
        return subject == SUBJECT_STDOUT || subject == SUBJECT_STDERR || subject == SUBJECT_BODY;
}

static bool regex_is_in_command(const Check *check, Slice pattern) {
        size_t start;

        for (size_t i = 0; i < check->n_command; i++)
                if (regex_search(pattern, check->command[i], REGEX_WHOLE, &start) == REGEX_FOUND)
                        return true;
        return false;
}

/* Short words turn up anywhere; they count only where the command prints texts of its own. */
static bool is_in_command(const Check *check, const Expectation *expectation) {
        const Matcher *matcher = expectation->matcher;

        if (!is_output(expectation->subject) || matcher->is_number || check->n_command == 0)
                return false;
        if (matcher->op == MATCH_MATCHES)
                return shell_prints(check) && regex_is_in_command(check, matcher->text);
        if (matcher->op != MATCH_CONTAINS && matcher->op != MATCH_EQUALS)
                return false;
        return (matcher->text.n >= TELLING_BYTES || shell_prints(check)) &&
               shell_has_text(check, matcher->text);
}

/* The range that a number can be in, as far as the subject and the view tell. */
static bool range_of(const Expectation *expectation, Decimal *ret_least, Decimal *ret_most,
                     bool *ret_has_most) {
        const SubjectRow *row = &subject_rows[expectation->subject];

        if (expectation->matcher->view == VIEW_NUMBER || expectation->matcher->view == VIEW_JSON)
                return false;
        *ret_least = decimal_of(row->least);
        *ret_most = decimal_of(row->most);
        *ret_has_most = expectation->matcher->view == VIEW_WHOLE && row->most > 0;
        return true;
}

/* Ranges are convex: what holds at both ends holds between them. */
static bool always_holds(const Check *check, const Expectation *expectation) {
        const Matcher *matcher = expectation->matcher;
        Decimal least, most;
        bool has_most;

        (void)check;
        if (!matcher->is_number || !range_of(expectation, &least, &most, &has_most))
                return false;
        if (has_most)
                return matcher_holds_number(matcher, &least) &&
                       matcher_holds_number(matcher, &most);
        return matcher_holds_number(matcher, &least) &&
               (matcher->op == MATCH_GE || matcher->op == MATCH_GT);
}

static bool never_holds(const Check *check, const Expectation *expectation) {
        const Matcher *matcher = expectation->matcher;
        Decimal least, most;
        bool has_most, is_below, is_above;

        (void)check;
        if (!matcher->is_number || !range_of(expectation, &least, &most, &has_most))
                return false;
        is_below = matcher->op != MATCH_GT && matcher->op != MATCH_GE &&
                   (decimal_compare(&matcher->most, &least) < 0 ||
                    (matcher->op == MATCH_LT && !matcher_holds_number(matcher, &least)));
        is_above = has_most && matcher->op != MATCH_LT && matcher->op != MATCH_LE &&
                   (decimal_compare(&matcher->least, &most) > 0 ||
                    (matcher->op == MATCH_GT && !matcher_holds_number(matcher, &most)));
        return is_below || is_above;
}

static const struct {
        LintRule rule;
        CheckRule *applies;
} check_rules[] = {
        {{"vacuous-expectation", "a check asserts nothing", "say in `expect` what must hold"},
         lacks_expectation},
        {{"vacuous-command", "the command does nothing that could fail",
          "run what is to be proved"},
         shell_is_idle},
        {{"vacuous-excuse", "the command succeeds whatever happens",
          "leave the excuse out; say the exit status that is right, as in `exit-status: 1`"},
         has_excuse},
        {{"vacuous-pipe", "a shell of its own loses the status of all but the last of a pipe",
          "write `run` as a text, which sets pipefail"},
         shell_loses_status},
        {{"vacuous-status", "an http check does not say which status is right",
          "add `status: 200`: a login page answers, too"},
         lacks_status},
        {{"plan-retries", "there are retries without an interval", "add `interval: 2s`"},
         lacks_interval},
};

static const struct {
        LintRule rule;
        ExpectationRule *applies;
} expectation_rules[] = {
        {{"vacuous-text", "an empty text stands in everything",
          "name a text, or say `empty: true` or `empty: false`"},
         is_empty_text},
        {{"vacuous-regex", "the expression matches the empty text",
          "demand at least one character"},
         matches_nothing},
        {{"vacuous-echo", "the expected text stands in the command itself",
          "expect what only the product can print"},
         is_in_command},
        {{"vacuous-negative",
          "there are only things that must not be there: nothing at all would hold as well",
          "add a positive control, as in `line-count: { ge: 1 }`"},
         is_without_control},
        {{"vacuous-range", "every number that can be there is allowed", "narrow the range"},
         always_holds},
        {{"plan-range", "no number that can be there is allowed", "look at the bounds again"},
         never_holds},
};

static const LintRule phase_rules[] = {
        {"vacuous-phase", "the plan has no gates", "add a block that begins ```yaml gate"},
        {"vacuous-gate", "the gate has no checks", "add a check"},
};

enum { VACUOUS_PHASE, VACUOUS_GATE };

const LintRule *lint_rule_at(size_t i) {
        if (i < ARRAY_SIZE(phase_rules))
                return &phase_rules[i];
        i -= ARRAY_SIZE(phase_rules);
        if (i < ARRAY_SIZE(check_rules))
                return &check_rules[i].rule;
        i -= ARRAY_SIZE(check_rules);
        return i < ARRAY_SIZE(expectation_rules) ? &expectation_rules[i].rule : NULL;
}

static void lint_expectation(const Check *check, const Expectation *expectation,
                             FaultList *faults) {
        for (size_t i = 0; i < ARRAY_SIZE(expectation_rules); i++) {
                const LintRule *rule = &expectation_rules[i].rule;
                cleanup_buf Buf shown = BUF_TEXT;
                Fault *fault;

                if (!expectation_rules[i].applies(check, expectation))
                        continue;
                visible_append(&shown, expectation->matcher->text, SHOWN_BYTES);
                fault = faults_add(faults, expectation->place, rule->rule,
                                   "check `%.*s`, `%.*s: %s`: %s", SLICE_ARGS(check->id),
                                   SLICE_ARGS(expectation->matcher->where), buf_get_text(&shown),
                                   rule->sentence);
                fault_next(fault, "%s", rule->next);
                return;
        }
}

static void lint_check(const Check *check, FaultList *faults) {
        for (size_t i = 0; i < ARRAY_SIZE(check_rules); i++) {
                const LintRule *rule = &check_rules[i].rule;
                const char *excuse = shell_find_excuse(check);
                Fault *fault;

                if (!check_rules[i].applies(check))
                        continue;
                fault = faults_add(faults, check->place, rule->rule, "check `%.*s`: %s%s%s%s",
                                   SLICE_ARGS(check->id), rule->sentence,
                                   check_rules[i].applies == has_excuse ? " (`" : "",
                                   check_rules[i].applies == has_excuse ? excuse : "",
                                   check_rules[i].applies == has_excuse ? "`)" : "");
                fault_next(fault, "%s", rule->next);
        }
        for (size_t i = 0; i < check->n_expectations; i++)
                lint_expectation(check, &check->expectations[i], faults);
}

static void add_phase_fault(FaultList *faults, PlanPlace place, size_t which) {
        Fault *fault = faults_add(faults, place, phase_rules[which].rule, "%s",
                                  phase_rules[which].sentence);

        fault_next(fault, "%s", phase_rules[which].next);
}

void lint_gate(const Gate *gate, FaultList *faults) {
        if (gate->n_checks == 0)
                add_phase_fault(faults, gate->place, VACUOUS_GATE);
        for (size_t i = 0; i < gate->n_checks; i++)
                lint_check(&gate->checks[i], faults);
}

void lint_phase(const Plan *plan, Arena *arena, FaultList *faults) {
        OrderItem *items = arena_alloc_array(arena, plan->n_gates, sizeof *items);
        size_t *order;

        if (plan->n_gates == 0)
                add_phase_fault(faults, (PlanPlace){1, 1}, VACUOUS_PHASE);
        for (size_t i = 0; i < plan->n_gates; i++)
                items[i] = (OrderItem){plan->gates[i].id, plan->gates[i].place,
                                       plan->gates[i].needs, plan->gates[i].n_needs};
        (void)order_by_needs(items, plan->n_gates, "gate", arena, faults, &order);
}
