/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rules about pauses, holds and alerts. */

#include "broker/rule.h"

#include <inttypes.h>
#include <string.h>

#include "broker/state_watch.h"

enum { PAUSE_MAX_MS = 7 * 24 * 3600 * 1000 };

static bool is_operator(const RuleCase *c) {
        return c->input->actor->role == ROLE_OPERATOR;
}

/* ---- pauses ---- */

bool rule_pause_over(const RuleCase *c) {
        if (c->input->message->pause.until_ms > c->input->now_ms)
                return true;
        rule_broken(c, "pause.until_ms", "this time has passed");
        return rule_next(c, "name a time to come; for none: do not pause");
}

bool rule_pause_too_long(const RuleCase *c) {
        if (c->input->message->pause.until_ms - c->input->now_ms <= PAUSE_MAX_MS)
                return true;
        rule_broken(c, "pause.until_ms", "it is more than 7 days ahead");
        return rule_next(c, "pause for at most 7 days, and again when they are over");
}

static bool is_replaced(const RuleCase *c, const PhaseRecord *phase, const PauseRecord *pause) {
        return pause->phase != phase || pause->agent == c->input->actor ||
               pause->until_ms <= c->input->now_ms;
}

bool rule_pause_too_many(const RuleCase *c) {
        const PhaseRecord *phase = rule_get_phase(c);
        const State *state = c->input->state;
        size_t n = 0;

        for (size_t i = 0; i < state->n_pauses; i++)
                n += !is_replaced(c, phase, state->pauses[i]);
        if (n < PAUSES_MAX)
                return true;
        rule_broken(c, "pause", "%zu agents of the phase have declared a pause", n);
        return rule_next(c, "wait until one of them ends");
}

bool rule_pause_unknown(const RuleCase *c) {
        uint64_t seq = c->input->message->resume.pause;

        if (state_find_pause(c->input->state, seq))
                return true;
        rule_broken(c, "resume.pause", "entry %" PRIu64 " is no pause that runs", seq);
        return rule_next(c, "broker status shows the pauses that run");
}

bool rule_pause_not_yours(const RuleCase *c) {
        const PauseRecord *pause =
                state_find_pause(c->input->state, c->input->message->resume.pause);

        if (pause->agent == c->input->actor || is_operator(c))
                return true;
        rule_broken(c, "resume.pause", "%s declared it", pause->agent->name);
        return rule_next(c, "ask %s, or an operator", pause->agent->name);
}

/* ---- holds ---- */

static bool is_first_of_resource(const State *state, size_t place) {
        for (size_t i = 0; i < place; i++)
                if (strcmp(state->holds[i]->resource, state->holds[place]->resource) == 0)
                        return false;
        return true;
}

/* Not counted: the resource that is asked for. */
static size_t count_other_resources(const State *state, Slice resource) {
        size_t n = 0;

        for (size_t i = 0; i < state->n_holds; i++)
                n += !slice_is(resource, state->holds[i]->resource) &&
                     is_first_of_resource(state, i);
        return n;
}

bool rule_hold_too_many(const RuleCase *c) {
        const State *state = c->input->state;
        size_t n_own = 0;

        for (size_t i = 0; i < state->n_holds; i++)
                n_own += state->holds[i]->agent == c->input->actor;
        if (n_own >= HOLDS_OF_AGENT_MAX)
                rule_broken(c, "hold", "%s holds or waits for %zu", c->input->actor->name, n_own);
        else if (state->n_holds >= HOLDS_MAX)
                rule_broken(c, "hold", "%zu are held or waited for", state->n_holds);
        else if (count_other_resources(state, c->input->message->hold.resource) >= RESOURCES_MAX)
                rule_broken(c, "hold.resource", "%d resources are held or waited for",
                            RESOURCES_MAX);
        else
                return true;
        return rule_next(c, "release what is not needed: broker status shows all of them");
}

bool rule_hold_lease(const RuleCase *c) {
        uint64_t lease = c->input->message->hold.lease;
        const ClaimRecord *claim = lease ? state_find_lease(c->input->state, lease) : NULL;

        if (!lease ||
            (claim && claim->adversary == c->input->actor->name && !c->input->lease_is_over))
                return true;
        rule_broken(c, "hold.lease", "lease %" PRIu64 " is not yours, or has ended", lease);
        return rule_next(c, "ask without a lease, or under one that runs");
}

static const HoldRecord *get_hold(const RuleCase *c) {
        return state_find_hold(c->input->state, c->input->message->release.hold);
}

bool rule_hold_unknown(const RuleCase *c) {
        if (get_hold(c))
                return true;
        rule_broken(c, "release.hold", "entry %" PRIu64 " is no hold, or one that is over",
                    c->input->message->release.hold);
        return rule_next(c, "broker status shows what is held");
}

bool rule_hold_not_yours(const RuleCase *c) {
        const HoldRecord *hold = get_hold(c);

        if (hold->agent == c->input->actor || is_operator(c))
                return true;
        rule_broken(c, "release.hold", "it is %s's", hold->agent->name);
        return rule_next(c, "ask %s, or an operator", hold->agent->name);
}

/* ---- alerts ---- */

bool rule_alert_unknown(const RuleCase *c) {
        uint64_t seq = c->input->message->seen.alert;

        if (state_find_alert(c->input->state, seq))
                return true;
        rule_broken(c, "seen.alert", "entry %" PRIu64 " is no alert, or one that was seen", seq);
        return rule_next(c, "broker status shows the alerts that nobody has seen");
}
