/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rules about names and keys. */

#include "broker/rule.h"

#include <ctype.h>

static bool is_name_character(uint8_t character) {
        return isalnum(character) || character == '-' || character == '_' || character == '.' ||
               character == '@';
}

static bool is_name(Slice name) {
        if (name.n == 0 || !isalnum(name.data[0]))
                return false;
        for (size_t i = 0; i < name.n; i++)
                if (!is_name_character(name.data[i]))
                        return false;
        return true;
}

/* Names become names of files and words in sentences. */
bool rule_name_malformed(const RuleCase *c) {
        const Message *message = c->input->message;
        const char *place = "plan.phase";
        Slice name = message->plan.phase;

        if (message->type == MESSAGE_ADMIT) {
                place = "admit.name";
                name = message->admit.name;
        } else if (message->type == MESSAGE_HOLD) {
                place = "hold.resource";
                name = message->hold.resource;
        }
        if (is_name(name))
                return true;
        rule_broken(c, place, "the name has other characters than letters, digits and - _ . @");
        return rule_next(c, "choose a name of letters, digits and - _ . @");
}

bool rule_admit_role(const RuleCase *c) {
        if (c->input->message->admit.role != ROLE_BROKER)
                return true;
        return rule_broken(c, "admit.role", "a ledger has one broker, that of its genesis");
}

bool rule_admit_name_taken(const RuleCase *c) {
        Slice name = c->input->message->admit.name;

        if (c->input->message->admit.replaces)
                return true;
        if (!slice_is(name, BROKER_NAME) && !state_find_agent(c->input->state, name))
                return true;
        rule_broken(c, "admit.name", "\"%.*s\" is taken", SLICE_ARGS(name));
        return rule_next(c, "choose another name; a revoked agent keeps its own");
}

bool rule_admit_replaces(const RuleCase *c) {
        const struct admit *admit = &c->input->message->admit;
        const AgentRecord *agent = state_find_agent(c->input->state, admit->name);

        if (!admit->replaces || (agent && !agent->is_revoked && agent->role == admit->role))
                return true;
        rule_broken(c, "admit.name", "there is no %s \"%.*s\" whose key could be replaced",
                    word_of(&words_ROLE, (int)admit->role), SLICE_ARGS(admit->name));
        return rule_next(c, "broker log --kind admit; a revoked agent gets no other key");
}

static bool shares_key(const PublicKey *known, const PublicKey *key) {
        return memcmp(known->sign, key->sign, SIGN_PUBLIC_BYTES) == 0 ||
               memcmp(known->curve, key->curve, CURVE_BYTES) == 0;
}

bool rule_admit_key_known(const RuleCase *c) {
        const State *state = c->input->state;
        PublicKey key;

        memcpy(&key, c->input->message->admit.key.data, sizeof key);
        for (size_t i = 0; i < state->n_agents; i++) {
                if (!shares_key(&state->agents[i]->key, &key))
                        continue;
                rule_broken(c, "admit.key", "it is the key of %s%s", state->agents[i]->name,
                            state->agents[i]->is_revoked ? ", which was revoked" : "");
                return rule_next(c, "make a key for this agent with `keygen`");
        }
        for (size_t i = 0; i < state->n_former_keys; i++)
                if (shares_key(&state->former_keys[i], &key)) {
                        rule_broken(c, "admit.key", "it was replaced by another one before");
                        return rule_next(c, "make a key for this agent with `keygen`");
                }
        if (!shares_key(&state->broker_key, &key) && !state_find_rotation(state, key.sign))
                return true;
        rule_broken(c, "admit.key", "it is the broker's own key");
        return rule_next(c, "make a key for this agent with `keygen`");
}

bool rule_revoke_unknown(const RuleCase *c) {
        Slice name = c->input->message->revoke.name;

        if (state_find_agent(c->input->state, name))
                return true;
        rule_broken(c, "revoke.name", "nobody called \"%.*s\" was admitted", SLICE_ARGS(name));
        return rule_next(c, "broker log --kind admit");
}

bool rule_revoke_already(const RuleCase *c) {
        const AgentRecord *agent =
                state_find_agent(c->input->state, c->input->message->revoke.name);

        if (!agent->is_revoked)
                return true;
        return rule_broken(c, "revoke.name", "%s is revoked already", agent->name);
}

bool rule_revoke_last_operator(const RuleCase *c) {
        const State *state = c->input->state;
        const AgentRecord *agent = state_find_agent(state, c->input->message->revoke.name);

        if (agent->role != ROLE_OPERATOR)
                return true;
        for (size_t i = 0; i < state->n_agents; i++)
                if (state->agents[i] != agent && !state->agents[i]->is_revoked &&
                    state->agents[i]->role == ROLE_OPERATOR)
                        return true;
        rule_broken(c, "revoke.name", "%s is the only operator", agent->name);
        return rule_next(c, "broker admit another operator first");
}
