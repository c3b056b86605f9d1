/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What hangs on a gate: votes, verdicts that count still, questions and their answers. */

#include "broker/state.h"

#include <stdlib.h>
#include <string.h>

void gate_drop_votes(GateRecord *gate) {
        for (size_t i = 0; i < gate->n_votes; i++) {
                VerdictRecord *vote = &gate->votes[i];

                for (size_t j = 0; j < vote->n_results; j++)
                        free(vote->results[j].check);
                free(vote->results);
                free(vote->evidence);
        }
        free(gate->votes);
        gate->votes = NULL;
        gate->n_votes = 0;
}

static void texts_free(char **texts, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(texts[i]);
        free(texts);
}

void gate_drop_asked(GateRecord *gate) {
        texts_free(gate->asked, gate->n_asked);
        gate->asked = NULL;
        gate->n_asked = 0;
}

void gate_deinit(GateRecord *gate) {
        gate_drop_votes(gate);
        gate_drop_asked(gate);
        texts_free(gate->needs, gate->n_needs);
        for (size_t i = 0; i < gate->n_checks; i++)
                free(gate->checks[i].id);
        free(gate->checks);
        free(gate->waived_because);
        free(gate->id);
        free(gate->title);
}

/* The record itself, or the part of it that has this number. */
static bool is_made_of(const VerdictRecord *verdict, uint64_t seq, const char **ret_adversary) {
        if (verdict->seq == 0)
                return false;
        for (size_t i = 0; i < verdict->n_parts; i++)
                if (verdict->parts[i].seq == seq) {
                        *ret_adversary = verdict->parts[i].adversary;
                        return true;
                }
        *ret_adversary = verdict->adversary;
        return verdict->seq == seq;
}

bool verdict_is_made_of(const VerdictRecord *verdict, uint64_t seq) {
        const char *adversary;

        return is_made_of(verdict, seq, &adversary);
}

static bool gate_rests_on(const GateRecord *gate, uint64_t seq, const char **ret_adversary) {
        if (is_made_of(&gate->verdict, seq, ret_adversary) ||
            is_made_of(&gate->last_pass, seq, ret_adversary))
                return true;
        for (size_t i = 0; i < gate->n_votes; i++)
                if (is_made_of(&gate->votes[i], seq, ret_adversary))
                        return true;
        return false;
}

GateRecord *state_find_verdict(const State *state, uint64_t seq, PhaseRecord **ret_phase,
                               const char **ret_adversary) {
        for (size_t i = 0; i < state->n_phases; i++) {
                PhaseRecord *phase = state->phases[i];

                for (size_t j = 0; j < phase->n_gates; j++)
                        if (gate_rests_on(&phase->gates[j], seq, ret_adversary)) {
                                *ret_phase = phase;
                                return &phase->gates[j];
                        }
        }
        return NULL;
}

const CheckRecord *gate_find_check_record(const GateRecord *gate, Slice check) {
        for (size_t i = 0; i < gate->n_checks; i++)
                if (slice_is(check, gate->checks[i].id))
                        return &gate->checks[i];
        return NULL;
}

const AnswerRecord *phase_find_answer(const PhaseRecord *phase, const GateRecord *gate,
                                      const char *check, const char *commit) {
        for (size_t i = 0; i < phase->n_answers; i++) {
                const AnswerRecord *answer = phase->answers[i];

                if (strcmp(answer->gate, gate->id) == 0 && strcmp(answer->check, check) == 0)
                        return strcmp(answer->commit, commit) == 0 &&
                                               hash_equal(&answer->gate_digest, &gate->digest)
                                       ? answer
                                       : NULL;
        }
        return NULL;
}

GateRecord *claim_get_gate_for(const ClaimRecord *claim, size_t i, const char *adversary) {
        GateRecord *gate = claim_get_open_gate(claim, i);

        for (size_t j = 0; gate && j < gate->n_votes; j++)
                if (strcmp(gate->votes[j].adversary, adversary) == 0)
                        return NULL;
        return gate;
}

size_t claim_count_gates_for(const ClaimRecord *claim, const char *adversary) {
        size_t n = 0;

        for (size_t i = 0; i < claim->n_gates; i++)
                n += claim_get_gate_for(claim, i, adversary) != NULL;
        return n;
}
