/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of who may speak, and of plans. */

#include "broker/replay_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/claim.h"
#include "broker/gate.h"

/* ---- agents ---- */

int fold_genesis(const Step *step) {
        const struct genesis *genesis = &step->message->genesis;
        State *state = step->state;

        if (state->has_genesis || !step_is_by_broker(step) ||
            !hash_from_slice(genesis->ledger, &state->ledger))
                return step_corrupt(step, "is no beginning");
        memcpy(&state->broker_key, genesis->broker_key.data, sizeof state->broker_key);
        state->project = step_copy_text(genesis->project);
        state->has_genesis = true;
        return 0;
}

int fold_admit(const Step *step) {
        const struct admit *admit = &step->message->admit;
        AgentRecord *agent;

        if (state_find_agent(step->state, admit->name))
                return step_corrupt(step, "admits a name twice");
        agent = mem_new(AgentRecord);
        agent->name = step_copy_text(admit->name);
        agent->role = admit->role;
        agent->admitted_seq = step->entry->seq;
        memcpy(&agent->key, admit->key.data, sizeof agent->key);
        state_add_agent(step->state, agent);
        return 0;
}

int fold_revoke(const Step *step) {
        AgentRecord *agent = state_find_agent(step->state, step->message->revoke.name);

        if (!agent || agent->is_revoked)
                return step_corrupt(step, "revokes nobody");
        agent->is_revoked = true;
        return 0;
}

/* ---- plans ---- */

static void set_gate(GateRecord *gate, const struct gate_digest *row) {
        free(gate->title);
        gate->title = step_copy_text(row->title);
        (void)hash_from_slice(row->digest, &gate->digest); /* limits: 32 bytes */
        gate->valid_for_ms = row->valid_for_ms;
        gate->in_plan = true;
}

/* The gates in the new plan's order, those that it drops behind them. Takes the old ones over. */
static int set_gates(const Step *step, PhaseRecord *phase) {
        const struct plan *plan = &step->message->plan;
        size_t n_old = phase->n_gates, n = 0;
        GateRecord *old = phase->gates;

        phase->gates = mem_new_array(GateRecord, plan->n_gates + n_old);
        for (size_t i = 0; i < n_old; i++)
                old[i].in_plan = false;
        for (size_t i = 0; i < plan->n_gates; i++) {
                GateRecord *gate = &phase->gates[n++];

                for (size_t j = 0; j < n_old; j++)
                        if (old[j].id && slice_is(plan->gates[i].gate, old[j].id)) {
                                *gate = old[j];
                                old[j].id = NULL;
                        }
                if (!gate->id)
                        gate->id = step_copy_text(plan->gates[i].gate);
                set_gate(gate, &plan->gates[i]);
        }
        for (size_t j = 0; j < n_old; j++)
                if (old[j].id)
                        phase->gates[n++] = old[j];
        phase->n_gates = n;
        free(old);
        return 0;
}

/* Gates that left the plan are claimed no more; claims of which nothing is left are over. */
static int release_dropped(const Step *step, PhaseRecord *phase) {
        for (size_t i = 0; i < phase->n_gates; i++) {
                GateRecord *gate = &phase->gates[i];

                if (gate->in_plan ||
                    (gate->state != GATE_STATE_CLAIMED && gate->state != GATE_STATE_VERIFYING))
                        continue;
                if (gate_apply(gate, &(GateEvent){.kind = gate_event_of_release(gate)}) != 0)
                        return step_corrupt(step, "drops a gate that cannot be dropped");
        }
        for (size_t i = step->state->n_claims; i-- > 0;) {
                ClaimRecord *claim = step->state->claims[i];

                if (claim->phase != phase || !claim_is_open(claim) ||
                    claim_count_open_gates(claim) > 0)
                        continue;
                if (claim_apply(claim, &(ClaimEvent){.kind = CLAIM_EV_SUPERSEDE}) != 0)
                        return step_corrupt(step, "ends a claim that cannot end");
                state_drop_claim_if_over(step->state, claim);
        }
        return 0;
}

static void set_needs(PhaseRecord *phase, const struct plan *plan) {
        for (size_t i = 0; i < phase->n_needs; i++)
                free(phase->needs[i]);
        free(phase->needs);
        phase->needs = mem_new_array(char *, plan->n_needs);
        phase->n_needs = plan->n_needs;
        for (size_t i = 0; i < plan->n_needs; i++)
                phase->needs[i] = step_copy_text(plan->needs[i]);
}

int fold_plan(const Step *step) {
        const struct plan *plan = &step->message->plan;
        PhaseRecord *phase = state_find_phase(step->state, plan->phase);

        if (!phase) {
                phase = mem_new(PhaseRecord);
                phase->name = step_copy_text(plan->phase);
                state_add_phase(step->state, phase);
        }
        free(phase->plan_text);
        phase->plan_text = step_copy_text(plan->text);
        phase->plan_bytes = plan->text.n;
        (void)hash_from_slice(plan->digest, &phase->plan_digest); /* limits: 32 bytes */
        phase->plan_seq = step->entry->seq;
        phase->plan_ms = step->entry->received_ms;
        set_needs(phase, plan);
        if (set_gates(step, phase) != 0)
                return REPLAY_E_CORRUPT;
        return release_dropped(step, phase);
}
