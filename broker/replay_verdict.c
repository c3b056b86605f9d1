/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of verdicts, and of DONE that rests on them. */

#include "broker/replay_parts.h"

#include "broker/claim.h"
#include "broker/finding.h"
#include "broker/gate.h"

int fold_verdict(const Step *step) {
        const struct verdict *message = &step->message->verdict;
        ClaimRecord *claim = state_find_claim(step->state, message->claim);
        AgentRecord *adversary = step_get_actor(step);
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
                return step_corrupt(step, "is on no open gate of a claim");
        verdict.adversary = adversary->name;
        step_copy_commit(verdict.commit, message->commit);
        (void)hash_from_slice(message->gate_digest, &verdict.gate_digest); /* limits: 32 bytes */
        if (gate_apply(gate, &event) != 0)
                return step_corrupt(step, "is on a gate that is not being verified");
        claim->verdicts[place] = step->entry->seq;
        finding_hear_verdict(step->state, claim->phase, step->entry, message);
        if (claim_count_open_gates(claim) == 0 &&
            claim_apply(claim, &(ClaimEvent){.kind = CLAIM_EV_DECIDE}) != 0)
                return step_corrupt(step, "decides a claim that is not leased");
        return 0;
}

int fold_done(const Step *step) {
        const struct done *done = &step->message->done;
        PhaseRecord *phase = state_find_phase(step->state, done->phase);

        if (!phase || phase->state == PHASE_STATE_DONE)
                return step_corrupt(step, "ends no phase");
        phase->state = PHASE_STATE_DONE;
        phase->done_seq = step->entry->seq;
        phase->done_ms = step->entry->received_ms;
        step_copy_commit(phase->done_commit, done->commit);
        return 0;
}
