/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Records and how they are found. Entries ascend, so that claims and findings are sorted. */

#include "broker/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/state_watch.h"

static AgentRecord *agent_free(AgentRecord *agent) {
        if (agent)
                free(agent->name);
        free(agent);
        return NULL;
}

void answer_free(AnswerRecord *answer) {
        free(answer->gate);
        free(answer->check);
        free(answer->text);
        free(answer);
}

static PhaseRecord *phase_free(PhaseRecord *phase) {
        if (!phase)
                return NULL;
        for (size_t i = 0; i < phase->n_gates; i++)
                gate_deinit(&phase->gates[i]);
        free(phase->gates);
        for (size_t i = 0; i < phase->n_answers; i++)
                answer_free(phase->answers[i]);
        free(phase->answers);
        for (size_t i = 0; i < phase->n_needs; i++)
                free(phase->needs[i]);
        free(phase->needs);
        free(phase->plan_text);
        free(phase->plan_path);
        free(phase->name);
        free(phase);
        return NULL;
}

static ClaimRecord *claim_free(ClaimRecord *claim) {
        if (!claim)
                return NULL;
        for (size_t i = 0; i < claim->n_gates; i++)
                free(claim->gates[i]);
        free(claim->gates);
        free(claim->verdicts);
        free(claim->repository);
        free(claim);
        return NULL;
}

static FindingRecord *finding_free(FindingRecord *finding) {
        if (!finding)
                return NULL;
        free(finding->gate);
        free(finding->title);
        free(finding->reproduce);
        free(finding->because);
        for (size_t i = 0; i < finding->n_checks; i++)
                free(finding->checks[i]);
        free(finding->checks);
        free(finding);
        return NULL;
}

static VetoRecord *veto_free(VetoRecord *veto) {
        if (!veto)
                return NULL;
        for (size_t i = 0; i < veto->n_gates; i++)
                free(veto->gates[i]);
        free(veto->gates);
        free(veto->why);
        free(veto->lift_when);
        free(veto);
        return NULL;
}

void state_init(State *state) {
        *state = (State){.has_genesis = false};
}

void state_deinit(State *state) {
        for (size_t i = 0; i < state->n_vetoes; i++)
                (void)veto_free(state->vetoes[i]);
        free(state->vetoes);
        for (size_t i = 0; i < state->n_seals; i++)
                free(state->seals[i]);
        free(state->seals);
        state_watch_deinit(state);
        for (size_t i = 0; i < state->n_findings; i++)
                (void)finding_free(state->findings[i]);
        free(state->findings);
        for (size_t i = 0; i < state->n_claims; i++)
                (void)claim_free(state->claims[i]);
        free(state->claims);
        for (size_t i = 0; i < state->n_phases; i++)
                (void)phase_free(state->phases[i]);
        free(state->phases);
        for (size_t i = 0; i < state->n_agents; i++)
                (void)agent_free(state->agents[i]);
        free(state->agents);
        free(state->restored);
        free(state->rotations);
        free(state->former_keys);
        free(state->project);
        state_init(state);
}

AgentRecord *state_find_agent(const State *state, Slice name) {
        for (size_t i = 0; i < state->n_agents; i++)
                if (slice_is(name, state->agents[i]->name))
                        return state->agents[i];
        return NULL;
}

AgentRecord *state_find_agent_by_curve(const State *state, const uint8_t curve[CURVE_BYTES]) {
        for (size_t i = 0; i < state->n_agents; i++)
                if (memcmp(state->agents[i]->key.curve, curve, CURVE_BYTES) == 0)
                        return state->agents[i];
        return NULL;
}

const RestoredRecord *state_find_restored(const State *state, uint64_t seen_seq,
                                          const Hash *seen_hash) {
        for (size_t i = 0; i < state->n_restored; i++) {
                const RestoredRecord *restored = &state->restored[i];

                if (seen_seq > restored->kept_seq &&
                    (seen_seq < restored->lost_seq ||
                     (seen_seq == restored->lost_seq &&
                      hash_equal(seen_hash, &restored->lost_hash))))
                        return restored;
        }
        return NULL;
}

const RotationRecord *state_find_rotation(const State *state,
                                          const uint8_t sign[SIGN_PUBLIC_BYTES]) {
        for (size_t i = 0; i < state->n_rotations; i++)
                if (memcmp(state->rotations[i].before.sign, sign, SIGN_PUBLIC_BYTES) == 0)
                        return &state->rotations[i];
        return NULL;
}

void state_get_kept(const State *state, uint64_t *ret_seq, Hash *ret_hash) {
        *ret_seq = state->head_seq;
        *ret_hash = state->head_hash;
        for (size_t i = state->n_rotations; i > 0 && state->rotations[i - 1].seq == *ret_seq; i--) {
                *ret_seq -= 1;
                *ret_hash = state->rotations[i - 1].prev;
        }
}

PhaseRecord *state_find_phase(const State *state, Slice name) {
        for (size_t i = 0; i < state->n_phases; i++)
                if (slice_is(name, state->phases[i]->name))
                        return state->phases[i];
        return NULL;
}

/* Place of the first claim that is not older than `seq`. */
static size_t place_of_claim(const State *state, uint64_t seq) {
        size_t low = 0, high = state->n_claims;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (state->claims[middle]->seq < seq)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

ClaimRecord *state_find_claim(const State *state, uint64_t seq) {
        size_t place = place_of_claim(state, seq);

        if (place == state->n_claims || state->claims[place]->seq != seq)
                return NULL;
        return state->claims[place];
}

ClaimRecord *state_find_lease(const State *state, uint64_t lease_seq) {
        for (size_t i = 0; i < state->n_claims; i++)
                if (state->claims[i]->state == CLAIM_STATE_LEASED &&
                    state->claims[i]->lease_seq == lease_seq)
                        return state->claims[i];
        return NULL;
}

FindingRecord *state_find_finding(const State *state, uint64_t seq) {
        size_t low = 0, high = state->n_findings;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (state->findings[middle]->seq < seq)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == state->n_findings || state->findings[low]->seq != seq)
                return NULL;
        return state->findings[low];
}

VetoRecord *state_find_veto(const State *state, uint64_t seq) {
        for (size_t i = 0; i < state->n_vetoes; i++)
                if (state->vetoes[i]->seq == seq)
                        return state->vetoes[i];
        return NULL;
}

SealRecord *state_find_seal(const State *state, uint64_t seq) {
        for (size_t i = 0; i < state->n_seals; i++)
                if (state->seals[i]->seq == seq)
                        return state->seals[i];
        return NULL;
}

SealRecord *state_find_seal_of(const State *state, const PhaseRecord *phase,
                               const char *adversary) {
        for (size_t i = 0; i < state->n_seals; i++)
                if (state->seals[i]->phase == phase && state->seals[i]->adversary == adversary)
                        return state->seals[i];
        return NULL;
}

static Slice phase_of_finding(const State *state, uint64_t seq) {
        const FindingRecord *finding = state_find_finding(state, seq);

        return finding ? slice_text(finding->phase->name) : SLICE_NULL;
}

static Slice phase_of_veto(const State *state, uint64_t seq) {
        const VetoRecord *veto = state_find_veto(state, seq);

        return veto ? slice_text(veto->phase->name) : SLICE_NULL;
}

static Slice phase_of_seal(const State *state, uint64_t seq) {
        const SealRecord *seal = state_find_seal(state, seq);

        return seal ? slice_text(seal->phase->name) : SLICE_NULL;
}

static Slice phase_of_claim(const State *state, uint64_t seq) {
        const ClaimRecord *claim = state_find_claim(state, seq);

        return claim ? slice_text(claim->phase->name) : SLICE_NULL;
}

static Slice phase_of_verdict(const State *state, uint64_t seq) {
        PhaseRecord *phase;
        const char *adversary;

        return state_find_verdict(state, seq, &phase, &adversary) ? slice_text(phase->name)
                                                                  : SLICE_NULL;
}

static Slice phase_of_pause(const State *state, uint64_t seq) {
        const PauseRecord *pause = state_find_pause(state, seq);

        return pause ? slice_text(pause->phase->name) : SLICE_NULL;
}

static Slice phase_of_alert(const State *state, uint64_t seq) {
        const AlertRecord *alert = state_find_alert(state, seq);

        return alert && alert->phase ? slice_text(alert->phase->name) : SLICE_NULL;
}

Slice state_phase_of(const State *state, const Message *message) {
        switch ((int)message->type) {
        case MESSAGE_WITHDRAW: return phase_of_claim(state, message->withdraw.claim);
        case MESSAGE_LEASE: return phase_of_claim(state, message->lease.claim);
        case MESSAGE_LAPSE: return phase_of_claim(state, message->lapse.claim);
        case MESSAGE_VERDICT: return phase_of_claim(state, message->verdict.claim);
        case MESSAGE_DIFFERS: return phase_of_claim(state, message->differs.claim);
        case MESSAGE_RETRACT: return phase_of_verdict(state, message->retract.verdict);
        case MESSAGE_CLOSE: return phase_of_finding(state, message->close.finding);
        case MESSAGE_FIXED: return phase_of_finding(state, message->fixed.finding);
        case MESSAGE_REOPEN: return phase_of_finding(state, message->reopen.finding);
        case MESSAGE_CORRECT: return phase_of_finding(state, message->correct.finding);
        case MESSAGE_LIFT: return phase_of_veto(state, message->lift.veto);
        case MESSAGE_REVEAL: return phase_of_seal(state, message->reveal.seal);
        case MESSAGE_RESUME: return phase_of_pause(state, message->resume.pause);
        case MESSAGE_SEEN: return phase_of_alert(state, message->seen.alert);
        default: return message_phase(message);
        }
}

GateRecord *phase_find_gate(const PhaseRecord *phase, Slice id) {
        GateRecord *gate = phase_find_gate_ever(phase, id);

        return gate && gate->in_plan ? gate : NULL;
}

GateRecord *phase_find_gate_ever(const PhaseRecord *phase, Slice id) {
        for (size_t i = 0; i < phase->n_gates; i++)
                if (slice_is(id, phase->gates[i].id))
                        return &phase->gates[i];
        return NULL;
}

int claim_find_gate(const ClaimRecord *claim, Slice gate) {
        for (size_t i = 0; i < claim->n_gates; i++)
                if (slice_is(gate, claim->gates[i]))
                        return (int)i;
        return -1;
}

bool claim_is_open(const ClaimRecord *claim) {
        return claim->state == CLAIM_STATE_QUEUED || claim->state == CLAIM_STATE_LEASED;
}

GateRecord *claim_get_open_gate(const ClaimRecord *claim, size_t i) {
        GateRecord *gate = phase_find_gate(claim->phase, slice_text(claim->gates[i]));

        if (!gate || gate->claim_seq != claim->seq)
                return NULL;
        if (gate->state != GATE_STATE_CLAIMED && gate->state != GATE_STATE_VERIFYING)
                return NULL;
        return gate;
}

size_t claim_count_open_gates(const ClaimRecord *claim) {
        size_t n = 0;

        for (size_t i = 0; i < claim->n_gates; i++)
                n += claim_get_open_gate(claim, i) != NULL;
        return n;
}

Slice state_cut_said(Slice text) {
        size_t n = size_min(text.n, SAID_BYTES_MAX);

        while (n < text.n && n > 0 && (text.data[n] & 0xc0) == 0x80)
                n--;
        return slice_head(text, n);
}

/* Room for one more pointer: the space doubles whenever the count is a power of two. */
static void *make_room(void *pointers, size_t n) {
        if ((n & (n - 1)) != 0)
                return pointers;
        return mem_resize(pointers, n ? n * 2 : 1, sizeof(void *));
}

void state_add_agent(State *state, AgentRecord *agent) {
        state->agents = make_room(state->agents, state->n_agents);
        state->agents[state->n_agents++] = agent;
}

void state_add_phase(State *state, PhaseRecord *phase) {
        state->phases = make_room(state->phases, state->n_phases);
        state->phases[state->n_phases++] = phase;
}

void state_add_claim(State *state, ClaimRecord *claim) {
        state->claims = make_room(state->claims, state->n_claims);
        state->claims[state->n_claims++] = claim;
}

void state_add_finding(State *state, FindingRecord *finding) {
        state->findings = make_room(state->findings, state->n_findings);
        state->findings[state->n_findings++] = finding;
}

void state_add_veto(State *state, VetoRecord *veto) {
        state->vetoes = make_room(state->vetoes, state->n_vetoes);
        state->vetoes[state->n_vetoes++] = veto;
}

void state_add_seal(State *state, SealRecord *seal) {
        state->seals = make_room(state->seals, state->n_seals);
        state->seals[state->n_seals++] = seal;
}

void state_drop_claim_if_over(State *state, ClaimRecord *claim) {
        size_t place = place_of_claim(state, claim->seq);

        if (claim_is_open(claim))
                return;
        for (size_t i = 0; i < claim->n_gates; i++) {
                const GateRecord *gate =
                        phase_find_gate_ever(claim->phase, slice_text(claim->gates[i]));

                if (gate && gate->claim_seq == claim->seq)
                        return;
        }
        state->n_claims--;
        memmove(&state->claims[place], &state->claims[place + 1],
                (state->n_claims - place) * sizeof(void *));
        (void)claim_free(claim);
}

void state_drop_oldest_closed_finding(State *state, PhaseRecord *phase) {
        size_t place = 0;

        while (place < state->n_findings && (state->findings[place]->phase != phase ||
                                             state->findings[place]->state != FINDING_STATE_CLOSED))
                place++;
        if (place == state->n_findings)
                return;
        (void)finding_free(state->findings[place]);
        state->n_findings--;
        phase->n_findings--;
        memmove(&state->findings[place], &state->findings[place + 1],
                (state->n_findings - place) * sizeof(void *));
}

void state_drop_veto(State *state, VetoRecord *veto) {
        size_t place = 0;

        while (state->vetoes[place] != veto)
                place++;
        state->n_vetoes--;
        memmove(&state->vetoes[place], &state->vetoes[place + 1],
                (state->n_vetoes - place) * sizeof(void *));
        (void)veto_free(veto);
}
