/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rules about vetoes. */

#include "broker/rule.h"

#include <inttypes.h>

#include "broker/veto.h"

bool rule_veto_gate_twice(const RuleCase *c) {
        const struct veto *veto = &c->input->message->veto;

        for (size_t i = 0; i < veto->n_gates; i++)
                for (size_t j = 0; j < i; j++)
                        if (slice_equal(veto->gates[i], veto->gates[j])) {
                                rule_broken(c, "veto.gates", "gate \"%.*s\" stands twice",
                                            SLICE_ARGS(veto->gates[i]));
                                return rule_next(c, "name it once");
                        }
        return true;
}

bool rule_veto_too_many(const RuleCase *c) {
        const State *state = c->input->state;
        const PhaseRecord *phase = rule_get_phase(c);
        size_t n = 0;

        for (size_t i = 0; i < state->n_vetoes; i++)
                n += veto_blocks(state->vetoes[i], phase, NULL);
        if (n < VETOES_MAX)
                return true;
        rule_broken(c, "veto", "in phase %s stand %zu vetoes", phase->name, n);
        return rule_next(c, "lift what holds again first");
}

static VetoRecord *get_veto(const RuleCase *c) {
        return state_find_veto(c->input->state, c->input->message->lift.veto);
}

bool rule_veto_unknown(const RuleCase *c) {
        if (get_veto(c))
                return true;
        rule_broken(c, "lift.veto", "entry %" PRIu64 " is no veto that stands",
                    c->input->message->lift.veto);
        return rule_next(c, "broker status");
}

bool rule_lift_not_yours(const RuleCase *c) {
        const VetoRecord *veto = get_veto(c);
        const AgentRecord *author = state_find_agent(c->input->state, slice_text(veto->adversary));

        if (veto->adversary == c->input->actor->name || author->is_revoked)
                return true;
        rule_broken(c, "lift.veto", "veto %" PRIu64 " is %s's", veto->seq, veto->adversary);
        return rule_next(c, "%s lifts it, or an operator revokes that key first", veto->adversary);
}
