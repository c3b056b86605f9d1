/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of claims and their leases. */

#include "broker/replay_parts.h"

#include <string.h>

#include "base/mem.h"
#include "broker/claim.h"
#include "broker/gate.h"

static ClaimRecord *make_claim(const Step *step, PhaseRecord *phase, const ClaimDraft *draft) {
        ClaimRecord *claim = mem_new(ClaimRecord);

        claim->seq = step->entry->seq;
        claim->received_ms = step->entry->received_ms;
        claim->phase = phase;
        claim->builder = draft->builder->name;
        claim->repository = step_copy_text(draft->repository);
        step_copy_commit(claim->commit, draft->commit);
        claim->mode = draft->mode;
        claim->cause = draft->cause;
        claim->gates = mem_new_array(char *, draft->n_gates);
        claim->verdicts = mem_new_array(uint64_t, draft->n_gates);
        claim->n_gates = draft->n_gates;
        for (size_t i = 0; i < draft->n_gates; i++)
                claim->gates[i] = step_copy_text(draft->gates[i]);
        return claim;
}

/* The gate's claim before this one: over if this one took its last open gate. */
static int supersede(const Step *step, uint64_t seq) {
        ClaimRecord *old = state_find_claim(step->state, seq);

        if (!old)
                return 0;
        if (claim_is_open(old) && claim_count_open_gates(old) == 0 &&
            claim_apply(old, &(ClaimEvent){.kind = CLAIM_EV_SUPERSEDE}) != 0)
                return step_corrupt(step, "supersedes a claim that cannot end");
        state_drop_claim_if_over(step->state, old);
        return 0;
}

/* A re-verification at the same commit stands on the words of the claim before it. */
static void set_words(const Step *step, GateRecord *gate, const ClaimDraft *draft,
                      const ClaimRecord *claim) {
        const ClaimRecord *before = state_find_claim(step->state, gate->claim_seq);

        if (!draft->cause)
                gate->words_seq = claim->seq;
        else if (!before || strcmp(before->commit, claim->commit) != 0)
                gate->words_seq = 0;
}

int step_add_claim(const Step *step, PhaseRecord *phase, const ClaimDraft *draft) {
        ClaimRecord *claim = make_claim(step, phase, draft);

        state_add_claim(step->state, claim);
        for (size_t i = 0; i < claim->n_gates; i++) {
                GateRecord *gate = phase_find_gate(phase, slice_text(claim->gates[i]));
                uint64_t before = gate ? gate->claim_seq : 0;

                if (gate)
                        set_words(step, gate, draft, claim);
                if (!gate || before == claim->seq ||
                    gate_apply(gate, &(GateEvent){.kind = GATE_EV_CLAIM,
                                                  .claim_seq = claim->seq,
                                                  .by_seq = claim->seq}) != 0)
                        return step_corrupt(step, "claims what is no gate of the plan, or twice");
                gate_drop_votes(gate);
                if (before && supersede(step, before) != 0)
                        return REPLAY_E_CORRUPT;
        }
        phase->state = PHASE_STATE_ACTIVE;
        return 0;
}

int fold_claim(const Step *step) {
        const struct claim *message = &step->message->claim;
        PhaseRecord *phase = state_find_phase(step->state, message->phase);
        ClaimDraft draft = {
                .builder = step_get_actor(step),
                .repository = message->repository,
                .commit = message->commit,
                .mode = message->mode,
                .gates = message->gates,
                .n_gates = message->n_gates,
        };

        if (!phase || !draft.builder)
                return step_corrupt(step, "names no phase or no builder");
        return step_add_claim(step, phase, &draft);
}

/* The same event for each gate of the claim that is still open. */
static int apply_to_open_gates(const Step *step, ClaimRecord *claim, GateEventKind kind,
                               bool is_release) {
        for (size_t i = 0; i < claim->n_gates; i++) {
                GateRecord *gate = claim_get_open_gate(claim, i);
                GateEvent event = {.kind = kind, .by_seq = step->entry->seq};

                if (!gate)
                        continue;
                if (is_release)
                        event.kind = gate_event_of_release(gate);
                if (gate_apply(gate, &event) != 0)
                        return step_corrupt(step, "finds a gate in a state that it cannot be in");
        }
        return 0;
}

int fold_withdraw(const Step *step) {
        ClaimRecord *claim = state_find_claim(step->state, step->message->withdraw.claim);

        if (!claim || claim_apply(claim, &(ClaimEvent){.kind = CLAIM_EV_WITHDRAW}) != 0)
                return step_corrupt(step, "withdraws no open claim");
        if (apply_to_open_gates(step, claim, GATE_EV_RELEASE, true) != 0)
                return REPLAY_E_CORRUPT;
        state_drop_claim_if_over(step->state, claim);
        return 0;
}

int fold_lease(const Step *step) {
        const struct lease *lease = &step->message->lease;
        ClaimRecord *claim = state_find_claim(step->state, lease->claim);
        AgentRecord *adversary = state_find_agent(step->state, lease->adversary);
        ClaimEvent event = {
                .kind = CLAIM_EV_LEASE,
                .lease_seq = step->entry->seq,
                .lease_ms = lease->lease_ms,
                .leased_ms = step->entry->received_ms,
                .attempt = lease->attempt,
        };

        if (!step_is_by_broker(step) || !claim || !adversary)
                return step_corrupt(step, "names no claim or no adversary");
        event.adversary = adversary->name;
        if (claim_apply(claim, &event) != 0)
                return step_corrupt(step, "leases a claim that does not wait");
        return apply_to_open_gates(step, claim, GATE_EV_LEASE, false);
}

int fold_lapse(const Step *step) {
        const struct lapse *lapse = &step->message->lapse;
        ClaimRecord *claim = state_find_claim(step->state, lapse->claim);
        bool is_last = lapse->exhausted != 0;
        ClaimEvent event = {.kind = is_last ? CLAIM_EV_EXHAUST : CLAIM_EV_LAPSE};
        int r;

        if (!step_is_by_broker(step) || !claim || claim->lease_seq != lapse->lease ||
            claim_apply(claim, &event) != 0)
                return step_corrupt(step, "ends no running lease");
        r = apply_to_open_gates(step, claim, is_last ? GATE_EV_EXHAUST : GATE_EV_LAPSE, false);
        if (r != 0)
                return r;
        state_drop_claim_if_over(step->state, claim);
        return 0;
}
