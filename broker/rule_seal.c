/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rules about sealed checks: said before anything could shape them, shown as they were sealed, and
 * in a verdict all or none. */

#include "broker/rule.h"

#include <inttypes.h>
#include <stdio.h>

#include "proto/seal.h"

enum { NAME_BYTES = 32 };

bool rule_seal_too_late(const RuleCase *c) {
        const PhaseRecord *phase = rule_get_phase(c);

        if (phase->state == PHASE_STATE_PLANNED)
                return true;
        rule_broken(c, "seal.phase", "gates of phase %s were claimed already", phase->name);
        return rule_next(c, "seal the checks of the next phase before its first claim");
}

bool rule_seal_already(const RuleCase *c) {
        const State *state = c->input->state;
        const PhaseRecord *phase = rule_get_phase(c);
        Slice digest = c->input->message->seal.digest;

        for (size_t i = 0; i < state->n_seals; i++) {
                const SealRecord *seal = state->seals[i];

                if (slice_equal(hash_slice(&seal->digest), digest))
                        return rule_broken(c, "seal.digest", "entry %" PRIu64 " sealed it",
                                           seal->seq);
                if (seal->phase == phase && seal->adversary == c->input->actor->name)
                        return rule_broken(c, "seal.phase", "entry %" PRIu64 " is your seal of it",
                                           seal->seq);
        }
        return true;
}

/* ---- reveal ---- */

static const SealRecord *get_seal(const RuleCase *c) {
        return state_find_seal(c->input->state, c->input->message->reveal.seal);
}

bool rule_seal_unknown(const RuleCase *c) {
        if (get_seal(c))
                return true;
        rule_broken(c, "reveal.seal", "entry %" PRIu64 " is no seal",
                    c->input->message->reveal.seal);
        return rule_next(c, "broker status");
}

bool rule_seal_revealed(const RuleCase *c) {
        const SealRecord *seal = get_seal(c);

        if (!seal->revealed_seq)
                return true;
        rule_broken(c, "reveal.seal", "entry %" PRIu64 " revealed it", seal->revealed_seq);
        return rule_next(c, "broker show %" PRIu64, seal->revealed_seq);
}

bool rule_reveal_incomplete(const RuleCase *c) {
        const struct reveal *reveal = &c->input->message->reveal;

        if (reveal->file.n && reveal->salt.n)
                return true;
        if (!reveal->file.n && !reveal->salt.n && c->input->actor->role == ROLE_OPERATOR)
                return true;
        rule_broken(c, reveal->file.n ? "reveal.salt" : "reveal.file", "it is not there");
        return rule_next(
                c, "send the sealed file with its salt; an operator: broker reveal S-%" PRIu64,
                reveal->seal);
}

bool rule_reveal_differs(const RuleCase *c) {
        const struct reveal *reveal = &c->input->message->reveal;
        Hash digest;

        if (!reveal->file.n)
                return true;
        seal_digest(reveal->file, reveal->salt.data, &digest); /* limits: 32 bytes */
        if (hash_equal(&digest, &get_seal(c)->digest))
                return true;
        rule_broken(c, "reveal.file", "it is not what entry %" PRIu64 " sealed", get_seal(c)->seq);
        return rule_next(c, "reveal the bytes that were sealed, with their salt");
}

/* ---- in a verdict ---- */

static const SealRecord *get_own(const RuleCase *c) {
        return state_find_seal_of(c->input->state, rule_get_claim(c)->phase, c->input->actor->name);
}

bool rule_seal_differs(const RuleCase *c) {
        const struct verdict *verdict = &c->input->message->verdict;
        const SealRecord *seal = get_own(c);

        if (!verdict->seal.n && !verdict->n_sealed)
                return true;
        if (!seal)
                return rule_broken(c, "verdict.seal", "you have no seal in the phase");
        if (slice_equal(verdict->seal, hash_slice(&seal->digest)))
                return true;
        return rule_broken(c, "verdict.seal", "entry %" PRIu64 " sealed something else", seal->seq);
}

bool rule_seal_missing(const RuleCase *c) {
        const struct verdict *verdict = &c->input->message->verdict;
        const SealRecord *seal = get_own(c);

        if (!seal || verdict->seal.n || verdict->decision != DECISION_PASS)
                return true;
        rule_broken(c, "verdict.seal", "a PASS without what entry %" PRIu64 " sealed", seal->seq);
        return rule_next(c, "run the sealed checks of the gate too");
}

bool rule_sealed_words(const RuleCase *c) {
        const struct verdict *verdict = &c->input->message->verdict;

        for (size_t i = 0; i < verdict->n_sealed; i++) {
                const struct check_result *check = &verdict->sealed[i];
                char name[NAME_BYTES];

                (void)snprintf(name, sizeof name, "sealed.%zu", i + 1);
                if (slice_is(check->check, name) && !check->reason.n && !check->summary.n)
                        continue;
                rule_broken(c, "verdict.sealed", "result %zu says more than %s and its outcome",
                            i + 1, name);
                return rule_next(c, "keep reason and summary in its evidence");
        }
        return true;
}
