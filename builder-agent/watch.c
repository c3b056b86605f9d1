/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The newest verdict of a gate counts, as in the broker; a gate that left our claim does not come
 * back. */

#include "builder-agent/watch.h"

#include "base/options.h"

const char *const watch_words[_WATCH_MAX] = {
        [WATCH_PENDING] = "pending",       [WATCH_DECIDED] = "decided",
        [WATCH_SUPERSEDED] = "superseded", [WATCH_WITHDRAWN] = "withdrawn",
        [WATCH_EXHAUSTED] = "exhausted",
};

void watch_init(Watch *watch, uint64_t seq, const struct claim *claim, Arena *arena) {
        *watch = (Watch){.claim = seq, .phase = arena_slice(arena, claim->phase)};
        watch->n_gates = size_min(claim->n_gates, WATCH_GATES_MAX);
        for (size_t i = 0; i < watch->n_gates; i++)
                watch->gates[i].gate = arena_slice(arena, claim->gates[i]);
}

static bool end_gate(WatchGate *gate, WatchState state, uint64_t seq) {
        if (gate->state != WATCH_PENDING)
                return false;
        gate->state = state;
        gate->cause = seq;
        return true;
}

static bool end_all(Watch *watch, WatchState state, uint64_t seq) {
        bool changed = false;

        for (size_t i = 0; i < watch->n_gates; i++)
                changed |= end_gate(&watch->gates[i], state, seq);
        return changed;
}

static bool on_verdict(Watch *watch, uint64_t seq, const struct verdict *verdict) {
        for (size_t i = 0; i < watch->n_gates; i++)
                if (slice_equal(watch->gates[i].gate, verdict->gate) &&
                    end_gate(&watch->gates[i], WATCH_DECIDED, seq)) {
                        watch->gates[i].decision = verdict->decision;
                        return true;
                }
        return false;
}

static bool on_claim(Watch *watch, uint64_t seq, Slice phase, const Slice *gates, size_t n_gates) {
        bool changed = false;

        if (seq <= watch->claim || !slice_equal(phase, watch->phase))
                return false;
        for (size_t i = 0; i < watch->n_gates; i++)
                for (size_t j = 0; j < n_gates; j++)
                        if (slice_equal(watch->gates[i].gate, gates[j]))
                                changed |= end_gate(&watch->gates[i], WATCH_SUPERSEDED, seq);
        return changed;
}

bool watch_apply(Watch *watch, uint64_t seq, const Message *body) {
        if (body->type == MESSAGE_VERDICT)
                return body->verdict.claim == watch->claim &&
                       on_verdict(watch, seq, &body->verdict);
        if (body->type == MESSAGE_CLAIM)
                return on_claim(watch, seq, body->claim.phase, body->claim.gates,
                                body->claim.n_gates);
        if (body->type == MESSAGE_REVERIFY)
                return on_claim(watch, seq, body->reverify.phase, body->reverify.gates,
                                body->reverify.n_gates);
        if (body->type == MESSAGE_WITHDRAW)
                return body->withdraw.claim == watch->claim && end_all(watch, WATCH_WITHDRAWN, seq);
        if (body->type == MESSAGE_LAPSE)
                return body->lapse.claim == watch->claim && body->lapse.exhausted &&
                       end_all(watch, WATCH_EXHAUSTED, seq);
        return false;
}

static bool has(const Watch *watch, WatchState state) {
        for (size_t i = 0; i < watch->n_gates; i++)
                if (watch->gates[i].state == state)
                        return true;
        return false;
}

static bool has_decision(const Watch *watch, Decision decision) {
        for (size_t i = 0; i < watch->n_gates; i++)
                if (watch->gates[i].state == WATCH_DECIDED && watch->gates[i].decision == decision)
                        return true;
        return false;
}

bool watch_is_over(const Watch *watch) {
        return !has(watch, WATCH_PENDING);
}

/* True if it waits on. */
static bool confirm_gate(WatchGate *gate, const struct gate_status *status) {
        if (status->state == GATE_STATE_CLAIMED || status->state == GATE_STATE_VERIFYING) {
                gate->state = WATCH_PENDING;
                gate->cause = 0;
                return true;
        }
        if (status->state == GATE_STATE_PASSED)
                gate->decision = DECISION_PASS;
        if (status->state == GATE_STATE_FAILED)
                gate->decision = DECISION_FAIL;
        if (status->state == GATE_STATE_INCONCLUSIVE)
                gate->decision = DECISION_INCONCLUSIVE;
        return false;
}

bool watch_confirm(Watch *watch, const struct phase_status *phase) {
        bool waits_on = false;

        for (size_t i = 0; i < watch->n_gates; i++)
                for (size_t j = 0; j < phase->n_gates; j++)
                        if (watch->gates[i].state == WATCH_DECIDED &&
                            phase->gates[j].claim == watch->claim &&
                            slice_equal(watch->gates[i].gate, phase->gates[j].gate))
                                waits_on |= confirm_gate(&watch->gates[i], &phase->gates[j]);
        return waits_on;
}

int watch_exit_status(const Watch *watch) {
        if (has_decision(watch, DECISION_FAIL))
                return EXIT_HOLDS_NOT;
        if (has(watch, WATCH_WITHDRAWN) || has(watch, WATCH_SUPERSEDED))
                return EXIT_STALE;
        if (has_decision(watch, DECISION_INCONCLUSIVE) || has(watch, WATCH_EXHAUSTED))
                return EXIT_NOT_CARRIED_OUT;
        return has(watch, WATCH_PENDING) ? EXIT_PENDING : EXIT_HOLDS;
}

const char *watch_outcome(const Watch *watch) {
        static const WatchState worst_first[] = {WATCH_PENDING, WATCH_WITHDRAWN, WATCH_SUPERSEDED,
                                                 WATCH_EXHAUSTED};

        for (size_t i = 0; i < ARRAY_SIZE(worst_first); i++)
                if (has(watch, worst_first[i]))
                        return watch_words[worst_first[i]];
        return watch_words[WATCH_DECIDED];
}
