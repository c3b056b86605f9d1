/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of who may speak. */

#include "broker/replay_parts.h"

#include <string.h>

#include "base/mem.h"

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

/* The agent stays who it is: its claims, leases and holds go on, under the new key. */
static int replace_key(const Step *step, AgentRecord *agent) {
        const struct admit *admit = &step->message->admit;
        State *state = step->state;

        if (!agent || agent->is_revoked || agent->role != admit->role)
                return step_corrupt(step, "replaces nobody's key");
        state->former_keys = mem_resize(state->former_keys, state->n_former_keys + 1,
                                        sizeof *state->former_keys);
        state->former_keys[state->n_former_keys++] = agent->key;
        memcpy(&agent->key, admit->key.data, sizeof agent->key);
        return 0;
}

int fold_admit(const Step *step) {
        const struct admit *admit = &step->message->admit;
        AgentRecord *agent;

        if (admit->replaces)
                return replace_key(step, state_find_agent(step->state, admit->name));
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
