/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of plans: gates that come, change, stay and go. */

#include "broker/replay_parts.h"

#include <limits.h>
#include <stdlib.h>

#include "base/mem.h"
#include "broker/claim.h"
#include "broker/gate.h"

/* Of a gate that stays as it is: what was seen red stays so. */
static bool was_red(const GateRecord *gate, Slice check, uint64_t *ret_seq) {
        for (size_t i = 0; i < gate->n_checks; i++)
                if (gate->checks[i].was_red && slice_is(check, gate->checks[i].id)) {
                        *ret_seq = gate->checks[i].red_seq;
                        return true;
                }
        return false;
}

static bool has_bit(Slice bits, size_t i) {
        return i / CHAR_BIT < bits.n && bits.data[i / CHAR_BIT] >> i % CHAR_BIT & 1;
}

static void set_checks(GateRecord *gate, const struct gate_digest *row, bool is_changed) {
        CheckRecord *checks = mem_new_array(CheckRecord, row->n_checks);

        for (size_t i = 0; i < row->n_checks; i++) {
                checks[i].id = step_copy_text(row->checks[i]);
                checks[i].is_measured = has_bit(row->measured, i);
                checks[i].was_red =
                        !is_changed && was_red(gate, row->checks[i], &checks[i].red_seq);
        }
        for (size_t i = 0; i < gate->n_checks; i++)
                free(gate->checks[i].id);
        free(gate->checks);
        gate->checks = checks;
        gate->n_checks = row->n_checks;
}

/* Questions that are none any more: the gate is another one, or it runs the check by now. */
static void drop_asked(GateRecord *gate, bool is_changed) {
        size_t n = 0;

        for (size_t i = 0; i < gate->n_asked; i++) {
                const CheckRecord *check = gate_find_check_record(gate, slice_text(gate->asked[i]));

                if (!is_changed && check && !check->is_measured)
                        gate->asked[n++] = gate->asked[i];
                else
                        free(gate->asked[i]);
        }
        gate->n_asked = n;
}

static void set_texts(char ***texts, size_t *n, const Slice *words, size_t n_words) {
        for (size_t i = 0; i < *n; i++)
                free((*texts)[i]);
        free(*texts);
        *texts = mem_new_array(char *, n_words);
        *n = n_words;
        for (size_t i = 0; i < n_words; i++)
                (*texts)[i] = step_copy_text(words[i]);
}

/* Verdicts so far on another gate, or too few of them by another count, say nothing together. */
static void set_gate(GateRecord *gate, const struct gate_digest *row) {
        Hash digest = gate->digest;
        uint64_t verifiers = row->verifiers ? row->verifiers : 1;
        bool is_changed;

        (void)hash_from_slice(row->digest, &gate->digest); /* limits: 32 bytes */
        is_changed = !hash_equal(&digest, &gate->digest);
        free(gate->title);
        gate->title = step_copy_text(row->title);
        gate->valid_for_ms = row->valid_for_ms;
        gate->has_inputs = row->has_inputs;
        gate->must_match = row->must_match;
        gate->stall_ms = row->stall_ms;
        set_texts(&gate->needs, &gate->n_needs, row->needs, row->n_needs);
        set_checks(gate, row, is_changed);
        drop_asked(gate, is_changed);
        if (is_changed || gate->verifiers != verifiers)
                gate_drop_votes(gate);
        gate->verifiers = (unsigned)verifiers;
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
                if (gate_apply(gate, &(GateEvent){.kind = gate_event_of_release(gate),
                                                  .by_seq = step->entry->seq}) != 0)
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

/* Answers to questions of a gate that is another one now. */
static void drop_answers(PhaseRecord *phase) {
        size_t n = 0;

        for (size_t i = 0; i < phase->n_answers; i++) {
                AnswerRecord *answer = phase->answers[i];
                const GateRecord *gate = phase_find_gate(phase, slice_text(answer->gate));

                if (gate && hash_equal(&gate->digest, &answer->gate_digest))
                        phase->answers[n++] = answer;
                else
                        answer_free(answer);
        }
        phase->n_answers = n;
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
        free(phase->plan_path);
        phase->plan_path = plan->path.n ? step_copy_text(plan->path) : NULL;
        (void)hash_from_slice(plan->digest, &phase->plan_digest); /* limits: 32 bytes */
        phase->plan_seq = step->entry->seq;
        phase->plan_ms = step->entry->received_ms;
        set_texts(&phase->needs, &phase->n_needs, plan->needs, plan->n_needs);
        if (set_gates(step, phase) != 0)
                return REPLAY_E_CORRUPT;
        drop_answers(phase);
        return release_dropped(step, phase);
}
