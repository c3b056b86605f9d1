/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What a decision must stand on, looked for in the state before it. */

#include "broker/verify_parts.h"

#include <string.h>

#include "broker/status.h"

static bool check_seal(const struct verdict *verdict, const SealRecord *seal) {
        if (verdict->seal.n)
                return seal && slice_equal(verdict->seal, hash_slice(&seal->digest));
        return verdict->n_sealed == 0 && !(seal && verdict->decision == DECISION_PASS);
}

static int check_verdict_grounds(Verification *v) {
        const struct verdict *verdict = &v->message.verdict;
        const ClaimRecord *claim = state_find_claim(&v->state, verdict->claim);
        const GateRecord *gate = claim ? phase_find_gate(claim->phase, verdict->gate) : NULL;
        const AgentRecord *builder, *author = state_find_agent(&v->state, v->entry->actor);

        if (!gate || !author)
                return 0; /* the fold says what is wrong */
        builder = state_find_agent(&v->state, slice_text(claim->builder));
        if (claim->state != CLAIM_STATE_LEASED || verdict->lease != claim->lease_seq ||
            claim->adversary != author->name)
                return verify_broken(v, "entry-grounds", "its author held no lease of the claim");
        if (memcmp(builder->key.sign, author->key.sign, SIGN_PUBLIC_BYTES) == 0)
                return verify_broken(v, "entry-grounds",
                                     "its author made the claim, under another name");
        if (!check_seal(verdict, state_find_seal_of(&v->state, claim->phase, author->name)))
                return verify_broken(v, "entry-grounds",
                                     "its sealed checks are not those that its author sealed");
        if (slice_is(verdict->commit, claim->commit) &&
            slice_equal(verdict->gate_digest, hash_slice(&gate->digest)))
                return 0;
        return verify_broken(v, "entry-grounds",
                             "it is not on the claimed commit and approved gate");
}

/* The new key's holder knew the ledger as it was: nobody puts another history before the key. */
static int check_rotation(Verification *v) {
        const struct rotated *rotated = &v->message.rotated;
        Checkpoint consent = {.seq = v->entry->seq - 1, .hash = v->entry->prev};
        PublicKey key;

        memcpy(&key, rotated->broker_key.data, sizeof key); /* limits: 64 bytes */
        memcpy(consent.signature, rotated->consent.data, SIGNATURE_BYTES);
        if (checkpoint_holds(&key, &v->report.ledger, &consent))
                return 0;
        return verify_broken(v, "entry-grounds", "the new key has not signed the entry before it");
}

/* Ages are left out: DONE was granted a moment before its entry's time. */
int verify_grounds(Verification *v) {
        const struct granted *granted = &v->message.granted;
        const PhaseRecord *phase;
        Slice *reasons;
        size_t n = 0;

        if (v->message.type == MESSAGE_VERDICT)
                return check_verdict_grounds(v);
        if (v->message.type == MESSAGE_ROTATED)
                return check_rotation(v);
        phase = v->message.type == MESSAGE_GRANTED ? state_find_phase(&v->state, granted->phase)
                                                   : NULL;
        if (phase)
                phase_why_not_done(&v->state, phase, granted->commit, 0, &v->arena, &reasons, &n);
        if (n)
                return verify_broken(v, "entry-grounds", "DONE without its grounds: %.*s",
                                     SLICE_ARGS(reasons[0]));
        return 0;
}
