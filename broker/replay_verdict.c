/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of verdicts, of what is made of several, and of what undoes them. */

#include "broker/replay_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/claim.h"
#include "broker/finding.h"
#include "broker/gate.h"

/* A verdict on its way into its gate. */
typedef struct Heard {
        const Step *step;
        const struct verdict *message;
        ClaimRecord *claim;
        size_t place; /* of the gate in the claim */
        GateRecord *gate;
        VerdictRecord verdict;
} Heard;

/* ---- what was seen red ---- */

static bool is_red(const struct check_result *check) {
        return check->seen_red || check->outcome == OUTCOME_FAIL ||
               check->outcome == OUTCOME_TIMEOUT || check->outcome == OUTCOME_FLAKY ||
               check->outcome == OUTCOME_WARN;
}

/* Verdicts have their checks in the plan's order: `hint` is where to look first. */
static CheckRecord *find_check(GateRecord *gate, Slice check, size_t *hint) {
        for (size_t i = 0; i < gate->n_checks; i++) {
                size_t at = (*hint + i) % gate->n_checks;

                if (!slice_is(check, gate->checks[at].id))
                        continue;
                *hint = at + 1;
                return &gate->checks[at];
        }
        return NULL;
}

static void mark_red(GateRecord *gate, Slice check, uint64_t seq, size_t *hint) {
        CheckRecord *record = find_check(gate, check, hint);

        if (!record)
                return;
        record->was_red = true;
        record->red_seq = seq;
}

static void mark_all_red(const Heard *heard) {
        GateRecord *gate = heard->gate;
        size_t hint = 0;

        if (gate->verifiers > 1) {
                for (size_t i = 0; i < gate->n_votes; i++)
                        for (size_t j = 0; j < gate->votes[i].n_results; j++)
                                if (gate->votes[i].results[j].is_red)
                                        mark_red(gate, slice_text(gate->votes[i].results[j].check),
                                                 gate->votes[i].seq, &hint);
                return;
        }
        for (size_t i = 0; i < heard->message->n_checks; i++)
                if (is_red(&heard->message->checks[i]))
                        mark_red(gate, heard->message->checks[i].check, heard->verdict.seq, &hint);
}

/* ---- several verifiers ---- */

static void keep_results(const struct verdict *message, VerdictRecord *vote) {
        vote->results = mem_new_array(ResultRecord, message->n_checks);
        vote->evidence = mem_new_array(Hash, message->n_checks);
        for (size_t i = 0; i < message->n_checks; i++) {
                const struct check_result *check = &message->checks[i];

                if (hash_from_slice(check->evidence, &vote->evidence[vote->n_evidence]))
                        vote->n_evidence++;
                if (check->outcome == OUTCOME_PASS && !is_red(check))
                        continue;
                vote->results[vote->n_results++] = (ResultRecord){
                        .check = step_copy_text(check->check),
                        .outcome = check->outcome,
                        .is_red = is_red(check),
                };
        }
}

static void add_vote(const Heard *heard) {
        GateRecord *gate = heard->gate;

        if (!gate->votes)
                gate->votes = mem_new_array(VerdictRecord, VERIFIERS_MAX);
        gate->votes[gate->n_votes] = heard->verdict;
        keep_results(heard->message, &gate->votes[gate->n_votes]);
        gate->n_votes++;
}

/* What the votes say together: what all say, or INCONCLUSIVE. Its age is that of the oldest. */
static void combine(Heard *heard) {
        const GateRecord *gate = heard->gate;
        VerdictRecord *verdict = &heard->verdict;

        for (size_t i = 0; i < gate->n_votes; i++) {
                const VerdictRecord *vote = &gate->votes[i];

                verdict->parts[i].seq = vote->seq;
                verdict->parts[i].adversary = vote->adversary;
                verdict->is_disagreement |= vote->decision != gate->votes[0].decision;
                verdict->has_inputs &=
                        vote->has_inputs && hash_equal(&vote->inputs, &verdict->inputs);
                if (vote->carried_from)
                        verdict->carried_from = vote->carried_from;
                if (vote->measured_ms < verdict->measured_ms)
                        verdict->measured_ms = vote->measured_ms;
        }
        verdict->n_parts = gate->n_votes;
        if (verdict->is_disagreement)
                verdict->decision = DECISION_INCONCLUSIVE;
}

/* ---- one verdict ---- */

static void keep_asked(const Heard *heard) {
        const struct verdict *message = heard->message;
        GateRecord *gate = heard->gate;
        size_t hint = 0;

        gate_drop_asked(gate);
        if (heard->verdict.decision != DECISION_INCONCLUSIVE)
                return;
        gate->asked = mem_new_array(char *, message->n_checks);
        for (size_t i = 0; i < message->n_checks; i++) {
                Slice check = message->checks[i].check;
                const CheckRecord *record;

                if (message->checks[i].outcome != OUTCOME_UNVERIFIABLE)
                        continue;
                record = find_check(gate, check, &hint);
                /* Nobody is waited for whose answer would be refused. */
                if (record && !record->is_measured)
                        gate->asked[gate->n_asked++] = step_copy_text(check);
        }
}

static int decide(Heard *heard) {
        const Step *step = heard->step;
        struct verdict said = *heard->message;
        GateEvent event = {
                .kind = gate_event_of_decision(heard->verdict.decision),
                .verdict = &heard->verdict,
        };

        if (gate_apply(heard->gate, &event) != 0)
                return step_corrupt(step, "is on a gate that is not being verified");
        heard->claim->verdicts[heard->place] = step->entry->seq;
        if (heard->verdict.decision == DECISION_PASS && heard->verdict.mode == MODE_COLD &&
            !heard->verdict.carried_from)
                heard->gate->last_pass = heard->verdict;
        mark_all_red(heard);
        keep_asked(heard);
        said.decision = heard->verdict.decision;
        finding_hear_verdict(step->state, heard->claim->phase, step->entry, &said);
        return 0;
}

static int vote(Heard *heard) {
        GateRecord *gate = heard->gate;

        add_vote(heard);
        if (gate->n_votes >= gate->verifiers) {
                combine(heard);
                return decide(heard);
        }
        if (gate_apply(gate, &(GateEvent){.kind = GATE_EV_VOTE}) != 0)
                return step_corrupt(heard->step, "is on a gate that is not being verified");
        return 0;
}

/* The claim after one of its verdicts: decided, or its adversary has no more to say of it. */
static int end_claim(const Heard *heard) {
        ClaimRecord *claim = heard->claim;
        size_t n_open = claim_count_open_gates(claim);

        if (n_open && claim_count_gates_for(claim, heard->verdict.adversary))
                return 0;
        if (claim_apply(claim, &(ClaimEvent){.kind = n_open ? CLAIM_EV_AGAIN : CLAIM_EV_DECIDE}) !=
            0)
                return step_corrupt(heard->step, "decides a claim that is not leased");
        for (size_t i = 0; i < claim->n_gates; i++) {
                GateRecord *gate = claim_get_open_gate(claim, i);

                if (gate && gate_apply(gate, &(GateEvent){.kind = GATE_EV_AGAIN}) != 0)
                        return step_corrupt(heard->step, "leaves a gate that nobody verifies");
        }
        return 0;
}

/* False: it carries over what is not there. */
static bool fill_carried(const Heard *heard, VerdictRecord *verdict) {
        verdict->has_inputs = hash_from_slice(heard->message->inputs, &verdict->inputs);
        verdict->carried_from = heard->message->carried_from;
        verdict->measured_ms = verdict->received_ms;
        if (!verdict->carried_from)
                return true;
        verdict->measured_ms = heard->gate->last_pass.measured_ms;
        return heard->gate->last_pass.seq == verdict->carried_from;
}

int fold_verdict(const Step *step) {
        const struct verdict *message = &step->message->verdict;
        AgentRecord *adversary = step_get_actor(step);
        Heard heard = {
                .step = step,
                .message = message,
                .claim = state_find_claim(step->state, message->claim),
                .verdict = {.seq = step->entry->seq,
                            .claim_seq = message->claim,
                            .received_ms = step->entry->received_ms,
                            .decision = message->decision,
                            .mode = message->mode},
        };
        int place = heard.claim ? claim_find_gate(heard.claim, message->gate) : -1;
        int r;

        if (place < 0 || !adversary)
                return step_corrupt(step, "is on no gate of a claim");
        heard.place = (size_t)place;
        heard.gate = claim_get_gate_for(heard.claim, heard.place, adversary->name);
        heard.verdict.adversary = adversary->name;
        if (!heard.gate)
                return step_corrupt(step, "is on no open gate of a claim");
        step_copy_commit(heard.verdict.commit, message->commit);
        (void)hash_from_slice(message->gate_digest, &heard.verdict.gate_digest); /* 32 bytes */
        if (!fill_carried(&heard, &heard.verdict))
                return step_corrupt(step, "carries over what is no PASS of its gate");
        r = heard.gate->verifiers > 1 ? vote(&heard) : decide(&heard);
        return r ? r : end_claim(&heard);
}

/* ---- retract ---- */

/* The PASS that was measured and from which others were carried over, if it is made of `seq`. */
static uint64_t find_source(const GateRecord *gate, uint64_t seq) {
        return verdict_is_made_of(&gate->last_pass, seq) ? gate->last_pass.seq : seq;
}

static void drop_votes(GateRecord *gate, uint64_t seq, uint64_t source) {
        size_t n = 0;

        for (size_t i = 0; i < gate->n_votes; i++) {
                VerdictRecord *vote = &gate->votes[i];

                if (vote->seq != seq && vote->carried_from != source) {
                        gate->votes[n++] = *vote;
                        continue;
                }
                for (size_t j = 0; j < vote->n_results; j++)
                        free(vote->results[j].check);
                free(vote->results);
                free(vote->evidence);
        }
        gate->n_votes = n;
}

int fold_retract(const Step *step) {
        uint64_t seq = step->message->retract.verdict, decided = seq, source;
        const char *adversary;
        PhaseRecord *phase;
        GateRecord *gate = state_find_verdict(step->state, seq, &phase, &adversary);
        GateEvent event = {
                .kind = GATE_EV_RETRACT,
                .retract_seq = step->entry->seq,
                .retract_ms = step->entry->received_ms,
        };

        if (!gate || phase->state == PHASE_STATE_DONE)
                return step_corrupt(step, "retracts what does not count");
        source = find_source(gate, seq);
        if (verdict_is_made_of(&gate->verdict, seq) || gate->verdict.carried_from == source) {
                decided = gate->verdict.seq;
                if (gate_apply(gate, &event) != 0)
                        return step_corrupt(step, "finds a gate in a state that it cannot be in");
                gate_drop_asked(gate);
        }
        if (verdict_is_made_of(&gate->last_pass, seq))
                gate->last_pass = (VerdictRecord){.seq = 0};
        drop_votes(gate, seq, source);
        for (size_t i = 0; i < gate->n_checks; i++)
                gate->checks[i].was_red &= gate->checks[i].red_seq != seq;
        finding_hear_retract(step->state, phase, step->entry, seq);
        if (decided != seq)
                finding_hear_retract(step->state, phase, step->entry, decided);
        return 0;
}

/* ---- differs ---- */

/* The gate fails by it: filed as a FAIL of the verdict would be. What differs is not said in the
 * title: it quotes the claimed evidence, and titles go everywhere, while other gates of the claim
 * may still be verified. */
static int fail_by(const Step *step, ClaimRecord *claim, GateRecord *gate) {
        const struct differs *message = &step->message->differs;
        Entry of_verdict = *step->entry;
        struct verdict said = {
                .gate = message->gate,
                .decision = DECISION_FAIL,
                .mode = MODE_COLD,
                .commit = slice_text(claim->commit),
                .summary = slice_text("the claimed evidence differs from the measured"),
        };

        if (gate->verdict.seq != message->verdict ||
            gate_apply(gate, &(GateEvent){.kind = GATE_EV_DIFFER}) != 0)
                return step_corrupt(step, "fails a gate that has not passed");
        if (gate->last_pass.seq == message->verdict)
                gate->last_pass = (VerdictRecord){.seq = 0};
        /* What the PASS closed is not re-tested by it; retracting it undoes what it files here. */
        of_verdict.seq = message->verdict;
        finding_hear_retract(step->state, claim->phase, step->entry, message->verdict);
        finding_hear_verdict(step->state, claim->phase, &of_verdict, &said);
        return 0;
}

int fold_differs(const Step *step) {
        const struct differs *message = &step->message->differs;
        ClaimRecord *claim = state_find_claim(step->state, message->claim);
        GateRecord *gate = claim ? phase_find_gate(claim->phase, message->gate) : NULL;

        if (!step_is_by_broker(step) || !gate)
                return step_corrupt(step, "names no claim or no gate");
        return message->fails ? fail_by(step, claim, gate) : 0;
}
