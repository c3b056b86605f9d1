/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The fold. A kind of entry is a function here and its row at the end. Cost of an entry does not
 * depend on how many came before, so that a long ledger is replayed in seconds.
 */

#include "broker/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/claim.h"
#include "broker/finding.h"
#include "broker/gate.h"

typedef struct Step {
        State *state;
        const Entry *entry;
        const Message *message;
        Fault *fault;
} Step;

typedef int (*Fold)(const Step *step);

static int corrupt(const Step *step, const char *what) {
        fault_set(step->fault, "ledger-corrupt", "entry %" PRIu64 " (%.*s) %s", step->entry->seq,
                  SLICE_ARGS(step->entry->kind), what);
        fault_place(step->fault, "entry %" PRIu64, step->entry->seq);
        fault_next(step->fault, "broker verify");
        return REPLAY_E_CORRUPT;
}

static char *copy_text(Slice text) {
        return mem_strndup((const char *)text.data, text.n);
}

/* Limits of the rows: a commit has at most 64 digits. */
static void copy_commit(char ret_commit[65], Slice commit) {
        size_t n = size_min(commit.n, 64);

        if (n)
                memcpy(ret_commit, commit.data, n);
        ret_commit[n] = '\0';
}

static bool is_by_broker(const Step *step) {
        return slice_is(step->entry->actor, BROKER_NAME);
}

static AgentRecord *actor_of(const Step *step) {
        return state_find_agent(step->state, step->entry->actor);
}

/* ---- agents ---- */

static int fold_genesis(const Step *step) {
        const struct genesis *genesis = &step->message->genesis;
        State *state = step->state;

        if (state->has_genesis || !is_by_broker(step) ||
            !hash_from_slice(genesis->ledger, &state->ledger))
                return corrupt(step, "is no beginning");
        memcpy(&state->broker_key, genesis->broker_key.data, sizeof state->broker_key);
        state->project = copy_text(genesis->project);
        state->has_genesis = true;
        return 0;
}

static int fold_admit(const Step *step) {
        const struct admit *admit = &step->message->admit;
        AgentRecord *agent;

        if (state_find_agent(step->state, admit->name))
                return corrupt(step, "admits a name twice");
        agent = mem_new(AgentRecord);
        agent->name = copy_text(admit->name);
        agent->role = admit->role;
        agent->admitted_seq = step->entry->seq;
        memcpy(&agent->key, admit->key.data, sizeof agent->key);
        state_add_agent(step->state, agent);
        return 0;
}

static int fold_revoke(const Step *step) {
        AgentRecord *agent = state_find_agent(step->state, step->message->revoke.name);

        if (!agent || agent->is_revoked)
                return corrupt(step, "revokes nobody");
        agent->is_revoked = true;
        return 0;
}

/* ---- plans ---- */

static void set_gate(GateRecord *gate, const struct gate_digest *row) {
        free(gate->title);
        gate->title = copy_text(row->title);
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
                        gate->id = copy_text(plan->gates[i].gate);
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
                        return corrupt(step, "drops a gate that cannot be dropped");
        }
        for (size_t i = step->state->n_claims; i-- > 0;) {
                ClaimRecord *claim = step->state->claims[i];

                if (claim->phase != phase || !claim_is_open(claim) ||
                    claim_count_open_gates(claim) > 0)
                        continue;
                if (claim_apply(claim, &(ClaimEvent){.kind = CLAIM_EV_SUPERSEDE}) != 0)
                        return corrupt(step, "ends a claim that cannot end");
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
                phase->needs[i] = copy_text(plan->needs[i]);
}

static int fold_plan(const Step *step) {
        const struct plan *plan = &step->message->plan;
        PhaseRecord *phase = state_find_phase(step->state, plan->phase);

        if (!phase) {
                phase = mem_new(PhaseRecord);
                phase->name = copy_text(plan->phase);
                state_add_phase(step->state, phase);
        }
        free(phase->plan_text);
        phase->plan_text = copy_text(plan->text);
        phase->plan_bytes = plan->text.n;
        (void)hash_from_slice(plan->digest, &phase->plan_digest); /* limits: 32 bytes */
        phase->plan_seq = step->entry->seq;
        phase->plan_ms = step->entry->received_ms;
        set_needs(phase, plan);
        if (set_gates(step, phase) != 0)
                return REPLAY_E_CORRUPT;
        return release_dropped(step, phase);
}

/* ---- claims ---- */

static ClaimRecord *make_claim(const Step *step, PhaseRecord *phase, AgentRecord *builder) {
        const struct claim *message = &step->message->claim;
        ClaimRecord *claim = mem_new(ClaimRecord);

        claim->seq = step->entry->seq;
        claim->received_ms = step->entry->received_ms;
        claim->phase = phase;
        claim->builder = builder->name;
        claim->repository = copy_text(message->repository);
        copy_commit(claim->commit, message->commit);
        claim->mode = message->mode;
        claim->gates = mem_new_array(char *, message->n_gates);
        claim->verdicts = mem_new_array(uint64_t, message->n_gates);
        claim->n_gates = message->n_gates;
        for (size_t i = 0; i < message->n_gates; i++)
                claim->gates[i] = copy_text(message->gates[i]);
        return claim;
}

/* The gate's claim before this one: over if this one took its last open gate. */
static int supersede(const Step *step, uint64_t seq) {
        ClaimRecord *old = state_find_claim(step->state, seq);

        if (!old)
                return 0;
        if (claim_is_open(old) && claim_count_open_gates(old) == 0 &&
            claim_apply(old, &(ClaimEvent){.kind = CLAIM_EV_SUPERSEDE}) != 0)
                return corrupt(step, "supersedes a claim that cannot end");
        state_drop_claim_if_over(step->state, old);
        return 0;
}

static int fold_claim(const Step *step) {
        PhaseRecord *phase = state_find_phase(step->state, step->message->claim.phase);
        AgentRecord *builder = actor_of(step);
        ClaimRecord *claim;

        if (!phase || !builder)
                return corrupt(step, "names no phase or no builder");
        claim = make_claim(step, phase, builder);
        state_add_claim(step->state, claim);
        for (size_t i = 0; i < claim->n_gates; i++) {
                GateRecord *gate = phase_find_gate(phase, slice_text(claim->gates[i]));
                uint64_t before = gate ? gate->claim_seq : 0;

                if (!gate || before == claim->seq ||
                    gate_apply(gate,
                               &(GateEvent){.kind = GATE_EV_CLAIM, .claim_seq = claim->seq}) != 0)
                        return corrupt(step, "claims what is no gate of the plan, or twice");
                if (before && supersede(step, before) != 0)
                        return REPLAY_E_CORRUPT;
        }
        phase->state = PHASE_STATE_ACTIVE;
        return 0;
}

/* The same event for each gate of the claim that is still open. */
static int apply_to_open_gates(const Step *step, ClaimRecord *claim, GateEventKind kind,
                               bool is_release) {
        for (size_t i = 0; i < claim->n_gates; i++) {
                GateRecord *gate = claim_get_open_gate(claim, i);
                GateEvent event = {.kind = kind};

                if (!gate)
                        continue;
                if (is_release)
                        event.kind = gate_event_of_release(gate);
                if (gate_apply(gate, &event) != 0)
                        return corrupt(step, "finds a gate in a state that it cannot be in");
        }
        return 0;
}

static int fold_withdraw(const Step *step) {
        ClaimRecord *claim = state_find_claim(step->state, step->message->withdraw.claim);

        if (!claim || claim_apply(claim, &(ClaimEvent){.kind = CLAIM_EV_WITHDRAW}) != 0)
                return corrupt(step, "withdraws no open claim");
        if (apply_to_open_gates(step, claim, GATE_EV_RELEASE, true) != 0)
                return REPLAY_E_CORRUPT;
        state_drop_claim_if_over(step->state, claim);
        return 0;
}

static int fold_lease(const Step *step) {
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

        if (!is_by_broker(step) || !claim || !adversary)
                return corrupt(step, "names no claim or no adversary");
        event.adversary = adversary->name;
        if (claim_apply(claim, &event) != 0)
                return corrupt(step, "leases a claim that does not wait");
        return apply_to_open_gates(step, claim, GATE_EV_LEASE, false);
}

static int fold_lapse(const Step *step) {
        const struct lapse *lapse = &step->message->lapse;
        ClaimRecord *claim = state_find_claim(step->state, lapse->claim);
        bool is_last = lapse->exhausted != 0;
        ClaimEvent event = {.kind = is_last ? CLAIM_EV_EXHAUST : CLAIM_EV_LAPSE};
        int r;

        if (!is_by_broker(step) || !claim || claim->lease_seq != lapse->lease ||
            claim_apply(claim, &event) != 0)
                return corrupt(step, "ends no running lease");
        r = apply_to_open_gates(step, claim, is_last ? GATE_EV_EXHAUST : GATE_EV_LAPSE, false);
        if (r != 0)
                return r;
        state_drop_claim_if_over(step->state, claim);
        return 0;
}

/* ---- verdicts ---- */

static int fold_verdict(const Step *step) {
        const struct verdict *message = &step->message->verdict;
        ClaimRecord *claim = state_find_claim(step->state, message->claim);
        AgentRecord *adversary = actor_of(step);
        int place = claim ? claim_find_gate(claim, message->gate) : -1;
        GateRecord *gate = place < 0 ? NULL : claim_get_open_gate(claim, (size_t)place);
        VerdictRecord verdict = {
                .seq = step->entry->seq,
                .claim_seq = message->claim,
                .received_ms = step->entry->received_ms,
                .decision = message->decision,
                .mode = message->mode,
        };
        GateEvent event = {.kind = gate_event_of_decision(message->decision), .verdict = &verdict};

        if (!gate || !adversary)
                return corrupt(step, "is on no open gate of a claim");
        verdict.adversary = adversary->name;
        copy_commit(verdict.commit, message->commit);
        (void)hash_from_slice(message->gate_digest, &verdict.gate_digest); /* limits: 32 bytes */
        if (gate_apply(gate, &event) != 0)
                return corrupt(step, "is on a gate that is not being verified");
        claim->verdicts[place] = step->entry->seq;
        finding_hear_verdict(step->state, claim->phase, step->entry, message);
        if (claim_count_open_gates(claim) == 0 &&
            claim_apply(claim, &(ClaimEvent){.kind = CLAIM_EV_DECIDE}) != 0)
                return corrupt(step, "decides a claim that is not leased");
        return 0;
}

static int fold_finding(const Step *step) {
        const struct finding *message = &step->message->finding;
        PhaseRecord *phase = state_find_phase(step->state, message->phase);

        if (!phase)
                return corrupt(step, "names no phase");
        finding_file(step->state, phase, step->entry, message);
        return 0;
}

static int fold_close(const Step *step) {
        FindingRecord *finding = state_find_finding(step->state, step->message->close.finding);

        if (!finding || finding->state != FINDING_STATE_OPEN)
                return corrupt(step, "closes no open finding");
        finding_close(finding, step->entry->seq);
        return 0;
}

static int fold_note(const Step *step) {
        if (!state_find_phase(step->state, step->message->note.phase))
                return corrupt(step, "names no phase");
        return 0;
}

static int fold_done(const Step *step) {
        const struct done *done = &step->message->done;
        PhaseRecord *phase = state_find_phase(step->state, done->phase);

        if (!phase || phase->state == PHASE_STATE_DONE)
                return corrupt(step, "ends no phase");
        phase->state = PHASE_STATE_DONE;
        phase->done_seq = step->entry->seq;
        phase->done_ms = step->entry->received_ms;
        copy_commit(phase->done_commit, done->commit);
        return 0;
}

static const struct {
        MessageType type;
        Fold fold;
} fold_rows[] = {
        {MESSAGE_GENESIS, fold_genesis}, {MESSAGE_ADMIT, fold_admit},
        {MESSAGE_REVOKE, fold_revoke},   {MESSAGE_PLAN, fold_plan},
        {MESSAGE_CLAIM, fold_claim},     {MESSAGE_WITHDRAW, fold_withdraw},
        {MESSAGE_LEASE, fold_lease},     {MESSAGE_LAPSE, fold_lapse},
        {MESSAGE_VERDICT, fold_verdict}, {MESSAGE_FINDING, fold_finding},
        {MESSAGE_CLOSE, fold_close},     {MESSAGE_NOTE, fold_note},
        {MESSAGE_DONE, fold_done},
};

static int check_place(const Step *step) {
        const State *state = step->state;
        const Entry *entry = step->entry;

        if (entry->seq != state->head_seq + 1 || !hash_equal(&entry->prev, &state->head_hash))
                return corrupt(step, "does not follow the entry before it");
        if (!slice_is(entry->kind, message_name(step->message->type)))
                return corrupt(step, "is not of the kind that its frame says");
        if (!state->has_genesis && step->message->type != MESSAGE_GENESIS)
                return corrupt(step, "stands before the genesis");
        if (!is_by_broker(step) && !actor_of(step))
                return corrupt(step, "is by nobody who was admitted");
        if (!slice_equal(entry->phase, state_phase_of(state, step->message)))
                return corrupt(step, "is not of the phase that its column says");
        return 0;
}

int replay_apply(State *state, const Entry *entry, const Message *message, Fault *reterr_fault) {
        Step step = {.state = state, .entry = entry, .message = message, .fault = reterr_fault};
        Fold fold = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(fold_rows); i++)
                if (fold_rows[i].type == message->type)
                        fold = fold_rows[i].fold;
        if (!fold)
                return corrupt(&step, "is of a kind that makes no entry");
        if (check_place(&step) != 0 || fold(&step) != 0)
                return REPLAY_E_CORRUPT;
        state->head_seq = entry->seq;
        state->head_hash = entry->hash;
        return 0;
}
