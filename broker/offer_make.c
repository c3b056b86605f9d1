/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* An offer, field by field. */

#include "broker/offer_make.h"

#include "broker/status_parts.h"

/* What an offer has room for, beside the plan. */
enum { ANSWERS_MAX = 256, ANSWERS_BYTES_MAX = 256 << 10 };

/* ---- which gates, in which order ---- */

static bool has(const Slice *gates, size_t n, Slice gate) {
        for (size_t i = 0; i < n; i++)
                if (slice_equal(gates[i], gate))
                        return true;
        return false;
}

/* What it needs stands before it, or is not in this offer. */
static bool is_next(const GateRecord *gate, const struct offer *offer, const Slice *left,
                    size_t n_left) {
        if (has(offer->gates, offer->n_gates, slice_text(gate->id)))
                return false;
        for (size_t i = 0; i < gate->n_needs; i++) {
                Slice need = slice_text(gate->needs[i]);

                if (has(left, n_left, need) && !has(offer->gates, offer->n_gates, need))
                        return false;
        }
        return true;
}

static bool add_next(const ClaimRecord *claim, struct offer *offer, const Slice *left,
                     size_t n_left) {
        bool has_moved = false;

        for (size_t i = 0; i < n_left; i++) {
                const GateRecord *gate = phase_find_gate(claim->phase, left[i]);

                if (!is_next(gate, offer, left, n_left))
                        continue;
                offer->gates[offer->n_gates++] = left[i];
                has_moved = true;
        }
        return has_moved;
}

static void fill_gates(const ClaimRecord *claim, Arena *arena, struct offer *offer) {
        Slice *left = arena_alloc_array(arena, claim->n_gates, sizeof *left);
        size_t n_left = 0;

        offer->gates = arena_alloc_array(arena, claim->n_gates, sizeof *offer->gates);
        for (size_t i = 0; i < claim->n_gates; i++)
                if (claim_get_gate_for(claim, i, claim->adversary))
                        left[n_left++] = slice_text(claim->gates[i]);
        while (add_next(claim, offer, left, n_left))
                ;
        /* A circle is refused with the plan; were there one, the gates would still be offered. */
        for (size_t i = 0; i < n_left; i++)
                if (!has(offer->gates, offer->n_gates, left[i]))
                        offer->gates[offer->n_gates++] = left[i];
}

/* Whether this adversary knows already that the gate does not hold in this claim: it is decided
 * for all, or it has said so itself. What others said of an open gate is sealed. */
static bool is_known_not_to_pass(const ClaimRecord *claim, const GateRecord *gate) {
        if (gate->claim_seq != claim->seq)
                return false;
        for (size_t i = 0; i < gate->n_votes; i++)
                if (gate->votes[i].adversary == claim->adversary)
                        return gate->votes[i].decision != DECISION_PASS;
        return gate->state == GATE_STATE_FAILED || gate->state == GATE_STATE_INCONCLUSIVE;
}

static void fill_not_passed(const ClaimRecord *claim, Arena *arena, struct offer *offer) {
        offer->not_passed = arena_alloc_array(arena, claim->n_gates, sizeof *offer->not_passed);
        for (size_t i = 0; i < claim->n_gates; i++) {
                const GateRecord *gate = phase_find_gate(claim->phase, slice_text(claim->gates[i]));

                if (gate && is_known_not_to_pass(claim, gate))
                        offer->not_passed[offer->n_not_passed++] = slice_text(gate->id);
        }
}

/* ---- what need not be run ---- */

/* At the same commit it is run anew: that is then what the builder wants. */
static bool may_carry(const ClaimRecord *claim, const GateRecord *gate, uint64_t now_ms) {
        const VerdictRecord *pass = &gate->last_pass;

        return claim->mode == MODE_COLD && gate->has_inputs && pass->seq && pass->has_inputs &&
               hash_equal(&pass->gate_digest, &gate->digest) &&
               status_age(pass->measured_ms, now_ms) < gate->valid_for_ms &&
               strcmp(pass->commit, claim->commit) != 0;
}

static void fill_carries(const ClaimRecord *claim, uint64_t now_ms, Arena *arena,
                         struct offer *offer) {
        offer->carries = arena_alloc_array(arena, offer->n_gates, sizeof *offer->carries);
        for (size_t i = 0; i < offer->n_gates; i++) {
                const GateRecord *gate = phase_find_gate(claim->phase, offer->gates[i]);

                if (may_carry(claim, gate, now_ms))
                        offer->carries[offer->n_carries++] = (struct carry){
                                .gate = offer->gates[i],
                                .verdict = gate->last_pass.seq,
                                .inputs = hash_slice(&gate->last_pass.inputs),
                        };
        }
}

static bool is_for(const AnswerRecord *answer, const ClaimRecord *claim,
                   const struct offer *offer) {
        const GateRecord *gate = phase_find_gate(claim->phase, slice_text(answer->gate));

        return gate && has(offer->gates, offer->n_gates, slice_text(answer->gate)) &&
               strcmp(answer->commit, claim->commit) == 0 &&
               hash_equal(&answer->gate_digest, &gate->digest);
}

static void fill_answers(const ClaimRecord *claim, Arena *arena, struct offer *offer) {
        const PhaseRecord *phase = claim->phase;
        size_t n_bytes = 0;

        offer->answers = arena_alloc_array(arena, size_min(phase->n_answers, ANSWERS_MAX),
                                           sizeof *offer->answers);
        for (size_t i = 0; i < phase->n_answers && offer->n_answers < ANSWERS_MAX; i++) {
                const AnswerRecord *answer = phase->answers[i];

                if (!is_for(answer, claim, offer))
                        continue;
                n_bytes += strlen(answer->text);
                if (n_bytes <= ANSWERS_BYTES_MAX)
                        offer->answers[offer->n_answers++] = (struct answered){
                                .gate = slice_text(answer->gate),
                                .check = slice_text(answer->check),
                                .holds = answer->holds,
                                .text = slice_text(answer->text),
                                .answer = answer->seq,
                        };
        }
}

/* The newest PASS of any gate at another commit. */
static Slice find_base(const ClaimRecord *claim) {
        const PhaseRecord *phase = claim->phase;
        const VerdictRecord *newest = NULL;

        for (size_t i = 0; i < phase->n_gates; i++) {
                const VerdictRecord *pass = &phase->gates[i].last_pass;

                if (pass->seq && strcmp(pass->commit, claim->commit) != 0 &&
                    (!newest || pass->seq > newest->seq))
                        newest = pass;
        }
        return slice_text(newest ? newest->commit : NULL);
}

void offer_make(const State *state, const ClaimRecord *claim, uint64_t now_ms, Arena *arena,
                struct offer *ret_offer) {
        const PhaseRecord *phase = claim->phase;
        const SealRecord *seal;

        *ret_offer = (struct offer){
                .claim = claim->seq,
                .lease = claim->lease_seq,
                .lease_ms = claim->lease_ms,
                .claimed_ms = claim->received_ms,
                .phase = slice_text(phase->name),
                .repository = slice_text(claim->repository),
                .commit = slice_text(claim->commit),
                .mode = claim->mode,
                .plan = slice_make(phase->plan_text, phase->plan_bytes),
                .plan_digest = hash_slice(&phase->plan_digest),
                .plan_path = slice_text(phase->plan_path),
                .base = find_base(claim),
        };
        seal = claim->adversary ? state_find_seal_of(state, phase, claim->adversary) : NULL;
        if (seal)
                ret_offer->seal = hash_slice(&seal->digest);
        fill_gates(claim, arena, ret_offer);
        fill_not_passed(claim, arena, ret_offer);
        fill_carries(claim, now_ms, arena, ret_offer);
        fill_answers(claim, arena, ret_offer);
}
