/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rules about what gates need, about verdicts that count no more, and about questions. */

#include "broker/rule.h"

#include <inttypes.h>

#include "base/text.h"
#include "broker/fresh.h"

/* ---- needs ---- */

static size_t find_row(const struct plan *plan, Slice gate) {
        size_t i = 0;

        while (i < plan->n_gates && !slice_equal(plan->gates[i].gate, gate))
                i++;
        return i;
}

/* Places of the gates that each row needs, one after the other. */
static size_t *find_needs(const RuleCase *c, const struct plan *plan) {
        size_t n = 0, *places;

        for (size_t i = 0; i < plan->n_gates; i++)
                n += plan->gates[i].n_needs;
        places = arena_alloc_array(c->arena, n, sizeof *places);
        n = 0;
        for (size_t i = 0; i < plan->n_gates; i++)
                for (size_t j = 0; j < plan->gates[i].n_needs; j++)
                        places[n++] = find_row(plan, plan->gates[i].needs[j]);
        return places;
}

/* Gates whose needs are all orderly are so, until nothing changes: what is left needs itself. */
static bool is_orderly(const RuleCase *c, const struct plan *plan, const size_t *needs) {
        bool *is = arena_alloc_array(c->arena, plan->n_gates, sizeof *is);
        size_t n = 0, n_before;

        do {
                const size_t *place = needs;

                n_before = n;
                for (size_t i = 0; i < plan->n_gates; i++) {
                        bool is_ready = !is[i];

                        for (size_t j = 0; j < plan->gates[i].n_needs; j++)
                                is_ready &= is[*place++];
                        is[i] |= is_ready;
                        n += is_ready;
                }
        } while (n != n_before);
        return n == plan->n_gates;
}

bool rule_plan_gate_needs(const RuleCase *c) {
        const struct plan *plan = &c->input->message->plan;
        const size_t *needs = find_needs(c, plan), *place = needs;

        for (size_t i = 0; i < plan->n_gates; i++)
                for (size_t j = 0; j < plan->gates[i].n_needs; j++)
                        if (*place++ == plan->n_gates) {
                                rule_broken(c, "plan.gates", "%.*s needs %.*s, which is no gate",
                                            SLICE_ARGS(plan->gates[i].gate),
                                            SLICE_ARGS(plan->gates[i].needs[j]));
                                return rule_next(c, "broker plan lint FILE");
                        }
        if (is_orderly(c, plan, needs))
                return true;
        rule_broken(c, "plan.gates", "a gate would need itself");
        return rule_next(c, "broker plan lint FILE");
}

static bool claims_gate(const struct claim *claim, const char *gate) {
        for (size_t i = 0; i < claim->n_gates; i++)
                if (slice_is(claim->gates[i], gate))
                        return true;
        return false;
}

static bool has_needs(const RuleCase *c, const GateRecord *gate) {
        const struct claim *claim = &c->input->message->claim;

        for (size_t i = 0; i < gate->n_needs; i++) {
                const GateRecord *need =
                        phase_find_gate(rule_get_phase(c), slice_text(gate->needs[i]));

                if (!need || claims_gate(claim, need->id) ||
                    gate_need_is_met(need, claim->commit, c->input->now_ms))
                        continue;
                rule_broken(c, "claim.gates",
                            "%s needs %s, which has no PASS at %.*s as its newest", gate->id,
                            need->id, SLICE_ARGS(slice_head(claim->commit, 12)));
                return rule_next(c, "builder-agent claim %s %s", need->id, gate->id);
        }
        return true;
}

bool rule_gate_needs(const RuleCase *c) {
        const struct claim *claim = &c->input->message->claim;

        for (size_t i = 0; i < claim->n_gates; i++)
                if (!has_needs(c, phase_find_gate(rule_get_phase(c), claim->gates[i])))
                        return false;
        return true;
}

/* ---- retract ---- */

static const GateRecord *find_retracted(const RuleCase *c, const char **ret_adversary) {
        PhaseRecord *phase;

        return state_find_verdict(c->input->state, c->input->message->retract.verdict, &phase,
                                  ret_adversary);
}

bool rule_retract_unknown(const RuleCase *c) {
        const char *adversary;

        if (find_retracted(c, &adversary))
                return true;
        rule_broken(c, "retract.verdict", "entry %" PRIu64 " is no verdict that counts",
                    c->input->message->retract.verdict);
        return rule_next(c, "broker status");
}

bool rule_retract_not_yours(const RuleCase *c) {
        const AgentRecord *actor = c->input->actor;
        const char *adversary = NULL;

        (void)find_retracted(c, &adversary); /* it is there: the rule before this one */
        if (actor->role == ROLE_OPERATOR || strcmp(adversary, actor->name) == 0)
                return true;
        rule_broken(c, "retract.verdict", "V-%" PRIu64 " is %s's",
                    c->input->message->retract.verdict, adversary);
        return rule_next(c, "leave it to %s, or to an operator", adversary);
}

/* ---- answers ---- */

bool rule_check_unknown(const RuleCase *c) {
        const struct answer *answer = &c->input->message->answer;
        const GateRecord *gate = phase_find_gate(rule_get_phase(c), answer->gate);

        if (gate_find_check_record(gate, answer->check))
                return true;
        rule_broken(c, "answer.check", "%s has no check \"%.*s\"", gate->id,
                    SLICE_ARGS(answer->check));
        return rule_next(c, "broker plan show %s", rule_get_phase(c)->name);
}

/* One that a person has to answer. */
static const char *find_manual(const GateRecord *gate) {
        for (size_t i = 0; i < gate->n_checks; i++)
                if (!gate->checks[i].is_measured)
                        return gate->checks[i].id;
        return NULL;
}

bool rule_check_measured(const RuleCase *c) {
        const struct answer *answer = &c->input->message->answer;
        const GateRecord *gate = phase_find_gate(rule_get_phase(c), answer->gate);
        const char *manual = find_manual(gate);
        cleanup_buf Buf word = BUF_TEXT;

        if (!gate_find_check_record(gate, answer->check)->is_measured)
                return true;
        rule_broken(c, "answer.check", "\"%.*s\" is no manual check: it is run",
                    SLICE_ARGS(answer->check));
        if (!manual)
                return rule_next(c, "adversary-agent status %s", rule_get_phase(c)->name);
        text_quote(manual, &word);
        return rule_next(c, "adversary-agent answer %s %s %s --commit %.*s",
                         rule_get_phase(c)->name, gate->id, buf_get_text(&word),
                         SLICE_ARGS(slice_head(answer->commit, 12)));
}
