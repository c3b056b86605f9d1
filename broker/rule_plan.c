/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rules about plans, phases and gates. */

#include "broker/rule.h"

#include "base/nearest.h"

/* "; did you mean "WC1"?", or nothing. */
static const char *suggest(const RuleCase *c, Slice mistyped, const char **words, size_t n) {
        const char *nearest = nearest_word(mistyped, words, n);

        return nearest ? arena_printf(c->arena, "; did you mean \"%s\"?", nearest) : "";
}

bool rule_plan_not_approved(const RuleCase *c) {
        if (c->input->state->n_phases)
                return true;
        rule_broken(c, rule_place(c, "phase"), "no plan was approved yet");
        return rule_next(c, "broker plan approve FILE");
}

bool rule_phase_unknown(const RuleCase *c) {
        const State *state = c->input->state;
        Slice name = message_phase(c->input->message);
        const char **words;

        if (rule_get_phase(c))
                return true;
        words = arena_alloc_array(c->arena, state->n_phases, sizeof *words);
        for (size_t i = 0; i < state->n_phases; i++)
                words[i] = state->phases[i]->name;
        rule_broken(c, rule_place(c, "phase"), "no plan of a phase \"%.*s\" is approved%s",
                    SLICE_ARGS(name), suggest(c, name, words, state->n_phases));
        return rule_next(c, "broker plan approve FILE, or `builder-agent status` for the phases");
}

bool rule_phase_done(const RuleCase *c) {
        const PhaseRecord *phase = rule_get_phase(c);

        if (!phase || phase->state != PHASE_STATE_DONE)
                return true;
        rule_broken(c, rule_place(c, "phase"), "phase %s is DONE at %.12s", phase->name,
                    phase->done_commit);
        if (c->input->message->type == MESSAGE_VETO || c->input->message->type == MESSAGE_DEFER)
                return rule_next(c, "file a finding, or retract the verdict that was wrong");
        if (c->input->message->type == MESSAGE_WAIVE)
                return rule_next(c, "leave it: nothing waits for it any more");
        return rule_next(c, "as the operator: broker plan approve FILE, of a new phase");
}

bool rule_phase_needs(const RuleCase *c) {
        const PhaseRecord *phase = rule_get_phase(c);

        for (size_t i = 0; i < phase->n_needs; i++) {
                const PhaseRecord *needed =
                        state_find_phase(c->input->state, slice_text(phase->needs[i]));

                if (needed && needed->state == PHASE_STATE_DONE)
                        continue;
                rule_broken(c, rule_place(c, "phase"), "phase %s needs %s, which is %s",
                            phase->name, phase->needs[i], needed ? "not DONE" : "not approved");
                return rule_next(c, "builder-agent status %s", phase->needs[i]);
        }
        return true;
}

static bool knows_gate(const RuleCase *c, const char *field, Slice gate) {
        const PhaseRecord *phase = rule_get_phase(c);
        const char **words;
        size_t n = 0;

        if (phase_find_gate(phase, gate))
                return true;
        words = arena_alloc_array(c->arena, phase->n_gates, sizeof *words);
        for (size_t i = 0; i < phase->n_gates; i++)
                if (phase->gates[i].in_plan)
                        words[n++] = phase->gates[i].id;
        rule_broken(c, rule_place(c, field), "the plan of %s has no gate \"%.*s\"%s", phase->name,
                    SLICE_ARGS(gate), suggest(c, gate, words, n));
        return rule_next(c, "builder-agent status %s", phase->name);
}

bool rule_gate_unknown(const RuleCase *c) {
        Slice gate = rule_get_text(c, "gate");
        size_t n;
        const Slice *gates = rule_get_texts(c, "gates", &n);

        if (gate.n && !knows_gate(c, "gate", gate))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!knows_gate(c, "gates", gates[i]))
                        return false;
        return true;
}

bool rule_plan_digest_wrong(const RuleCase *c) {
        const struct plan *plan = &c->input->message->plan;
        Hash digest;

        hash_of(plan->text, &digest);
        if (slice_equal(plan->digest, hash_slice(&digest)))
                return true;
        rule_broken(c, "plan.digest", "the digest is not that of the text");
        return rule_next(c, "broker plan approve FILE");
}

static bool has_control_character(Slice text) {
        for (size_t i = 0; i < text.n; i++)
                if (text.data[i] < 0x20 || text.data[i] == 0x7f)
                        return true;
        return false;
}

bool rule_plan_gates(const RuleCase *c) {
        const struct plan *plan = &c->input->message->plan;

        for (size_t i = 0; i < plan->n_gates; i++) {
                Slice id = plan->gates[i].gate;

                if (has_control_character(id))
                        return rule_broken(c, "plan.gates", "an id has control characters");
                for (size_t j = 0; j < i; j++)
                        if (slice_equal(id, plan->gates[j].gate))
                                return rule_broken(c, "plan.gates", "gate \"%.*s\" stands twice",
                                                   SLICE_ARGS(id));
        }
        if (plan->n_gates)
                return true;
        rule_broken(c, "plan.gates", "the plan has no gate");
        return rule_next(c, "broker plan lint FILE");
}

/* Marks what the phase needs, and what that needs. Each phase is looked at once. */
static void mark_needed(const RuleCase *c, bool *is_needed, const PhaseRecord *phase) {
        const State *state = c->input->state;

        for (size_t i = 0; i < state->n_phases; i++) {
                if (state->phases[i] != phase || is_needed[i])
                        continue;
                is_needed[i] = true;
                for (size_t j = 0; j < phase->n_needs; j++)
                        mark_needed(c, is_needed,
                                    state_find_phase(state, slice_text(phase->needs[j])));
        }
}

bool rule_plan_needs(const RuleCase *c) {
        const struct plan *plan = &c->input->message->plan;
        const State *state = c->input->state;
        bool *is_needed = arena_alloc_array(c->arena, state->n_phases, sizeof *is_needed);
        bool is_circle = false;

        for (size_t i = 0; i < plan->n_needs; i++) {
                is_circle |= slice_equal(plan->needs[i], plan->phase);
                mark_needed(c, is_needed, state_find_phase(state, plan->needs[i]));
        }
        for (size_t i = 0; i < state->n_phases; i++)
                is_circle |= is_needed[i] && slice_is(plan->phase, state->phases[i]->name);
        if (!is_circle)
                return true;
        rule_broken(c, "plan.needs", "%.*s would need itself", SLICE_ARGS(plan->phase));
        return rule_next(c, "break the circle in one of the plans");
}

bool rule_plan_too_many(const RuleCase *c) {
        if (rule_get_phase(c) || c->input->state->n_phases < PHASES_MAX)
                return true;
        rule_broken(c, "plan.phase", "the ledger has %d phases", PHASES_MAX);
        return rule_next(c, "begin a new ledger: broker init");
}
