/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rules about verdicts: the right hand, on the right thing, in time, with something to show. */

#include "broker/rule.h"

#include <inttypes.h>

bool rule_verdict_own_claim(const RuleCase *c) {
        const ClaimRecord *claim = rule_get_claim(c);
        const AgentRecord *actor = c->input->actor;
        const AgentRecord *builder = state_find_agent(c->input->state, slice_text(claim->builder));

        if (builder && builder != actor &&
            memcmp(builder->key.sign, actor->key.sign, SIGN_PUBLIC_BYTES) != 0)
                return true;
        rule_broken(c, "verdict.claim", "claim %" PRIu64 " was made with the same key", claim->seq);
        return rule_next(c, "leave it to an adversary with a key of its own");
}

bool rule_verdict_gate_not_claimed(const RuleCase *c) {
        const ClaimRecord *claim = rule_get_claim(c);
        Slice gate = c->input->message->verdict.gate;

        if (claim_find_gate(claim, gate) >= 0)
                return true;
        return rule_broken(c, "verdict.gate", "claim %" PRIu64 " does not name \"%.*s\"",
                           claim->seq, SLICE_ARGS(gate));
}

/* The verdict of this adversary beside which others are needed; 0: none. */
static uint64_t find_vote(const ClaimRecord *claim, size_t place, const AgentRecord *actor) {
        const GateRecord *gate = claim_get_open_gate(claim, place);

        for (size_t i = 0; gate && i < gate->n_votes; i++)
                if (gate->votes[i].adversary == actor->name)
                        return gate->votes[i].seq;
        return 0;
}

bool rule_verdict_already(const RuleCase *c) {
        const ClaimRecord *claim = rule_get_claim(c);
        int place = claim_find_gate(claim, c->input->message->verdict.gate);
        uint64_t known = claim->verdicts[place];

        if (known == 0)
                known = find_vote(claim, (size_t)place, c->input->actor);
        if (known == 0)
                return true;
        rule_broken(c, "verdict.gate", "entry %" PRIu64 " is the verdict on %s of claim %" PRIu64,
                    known, claim->gates[place], claim->seq);
        return rule_next(c, "broker show %" PRIu64, known);
}

bool rule_lease_unknown(const RuleCase *c) {
        const ClaimRecord *claim = rule_get_claim(c);
        uint64_t lease = c->input->message->verdict.lease;

        if (lease > claim->seq && lease <= claim->lease_seq)
                return true;
        return rule_broken(c, "verdict.lease", "entry %" PRIu64 " is no lease of claim %" PRIu64,
                           lease, claim->seq);
}

bool rule_lease_not_yours(const RuleCase *c) {
        const ClaimRecord *claim = rule_get_claim(c);

        if (c->input->message->verdict.lease != claim->lease_seq ||
            claim->adversary == c->input->actor->name)
                return true;
        return rule_broken(c, "verdict.lease", "lease %" PRIu64 " is %s's", claim->lease_seq,
                           claim->adversary);
}

bool rule_lease_expired(const RuleCase *c) {
        const ClaimRecord *claim = rule_get_claim(c);
        uint64_t lease = c->input->message->verdict.lease;

        if (lease < claim->lease_seq)
                rule_broken(c, "verdict.lease", "lease %" PRIu64 " took its place",
                            claim->lease_seq);
        else if (claim->state != CLAIM_STATE_LEASED)
                rule_broken(c, "verdict.lease", "lease %" PRIu64 " lapsed", lease);
        else if (c->input->lease_is_over)
                rule_broken(c, "verdict.lease", "lease %" PRIu64 " ran out", lease);
        else
                return true;
        return rule_next(c, "stop: the claim is offered again");
}

bool rule_verdict_commit_differs(const RuleCase *c) {
        const ClaimRecord *claim = rule_get_claim(c);
        Slice commit = c->input->message->verdict.commit;

        if (slice_is(commit, claim->commit))
                return true;
        return rule_broken(c, "verdict.commit", "verified %.*s, claimed %s", SLICE_ARGS(commit),
                           claim->commit);
}

bool rule_verdict_mode_differs(const RuleCase *c) {
        const ClaimRecord *claim = rule_get_claim(c);
        Mode mode = c->input->message->verdict.mode;

        if (mode == claim->mode)
                return true;
        return rule_broken(c, "verdict.mode", "verified %s, claimed %s",
                           word_of(&words_MODE, (int)mode), word_of(&words_MODE, (int)claim->mode));
}

bool rule_verdict_gate_digest(const RuleCase *c) {
        const ClaimRecord *claim = rule_get_claim(c);
        const struct verdict *verdict = &c->input->message->verdict;
        const GateRecord *gate = phase_find_gate(claim->phase, verdict->gate);

        if (slice_equal(verdict->gate_digest, hash_slice(&gate->digest)))
                return true;
        rule_broken(c, "verdict.gate_digest", "what was run is not %s of the approved plan",
                    gate->id);
        return rule_next(c, "stop: the claim is offered again with the approved plan");
}

bool rule_evidence_missing(const RuleCase *c) {
        Slice missing = c->input->missing_evidence;
        char hex[HASH_HEX + 1];

        if (missing.n != HASH_BYTES)
                return true;
        hex_encode(missing, hex);
        rule_broken(c, "verdict.checks", "no evidence is stored under %s", hex);
        return rule_next(c, "send evidence-put, then the verdict with a new id");
}

/* What a PASS may rest on: a warning is what the plan lets be one. */
static bool may_pass(Outcome outcome, bool is_carried) {
        if (is_carried)
                return outcome == OUTCOME_CARRIED;
        return outcome == OUTCOME_PASS || outcome == OUTCOME_WARN;
}

bool rule_pass_with_failures(const RuleCase *c) {
        const struct verdict *verdict = &c->input->message->verdict;
        size_t n_passed = 0;

        if (verdict->decision != DECISION_PASS)
                return true;
        for (size_t i = 0; i < verdict->n_checks; i++) {
                Outcome outcome = verdict->checks[i].outcome;

                if (!may_pass(outcome, verdict->carried_from))
                        return rule_broken(c, "verdict.checks", "a PASS whose check \"%.*s\" is %s",
                                           SLICE_ARGS(verdict->checks[i].check),
                                           word_of(&words_OUTCOME, (int)outcome));
                n_passed += outcome != OUTCOME_WARN;
        }
        for (size_t i = 0; i < verdict->n_sealed; i++)
                if (!may_pass(verdict->sealed[i].outcome, false))
                        return rule_broken(
                                c, "verdict.sealed", "a PASS whose sealed.%zu is %s", i + 1,
                                word_of(&words_OUTCOME, (int)verdict->sealed[i].outcome));
        return n_passed ||
               rule_broken(c, "verdict.checks", "a PASS without a single check that passed");
}

static bool has_check(const struct verdict *verdict, const char *check, size_t *hint) {
        for (size_t i = 0; i < verdict->n_checks; i++) {
                size_t at = (*hint + i) % verdict->n_checks;

                if (!slice_is(verdict->checks[at].check, check))
                        continue;
                *hint = at + 1;
                return true;
        }
        return false;
}

bool rule_pass_without_checks(const RuleCase *c) {
        const struct verdict *verdict = &c->input->message->verdict;
        const GateRecord *gate = phase_find_gate(rule_get_claim(c)->phase, verdict->gate);
        size_t hint = 0;

        for (size_t i = 0; verdict->decision == DECISION_PASS && i < gate->n_checks; i++)
                if (!has_check(verdict, gate->checks[i].id, &hint))
                        return rule_broken(c, "verdict.checks", "a PASS without the check \"%s\"",
                                           gate->checks[i].id);
        return true;
}

/* ---- carried over ---- */

static const char *why_not_carried(const RuleCase *c, const struct verdict *verdict,
                                   const GateRecord *gate) {
        const VerdictRecord *source = &gate->last_pass;
        uint64_t now_ms = c->input->now_ms;

        if (verdict->decision != DECISION_PASS || verdict->mode != MODE_COLD)
                return "only a cold PASS is carried over";
        if (!gate->has_inputs)
                return "the plan declares no inputs of the gate";
        if (source->seq != verdict->carried_from)
                return "it is not the gate's newest measured cold PASS";
        if (!hash_equal(&source->gate_digest, &gate->digest))
                return "it is for an older definition of the gate";
        if (!source->has_inputs || !slice_equal(verdict->inputs, hash_slice(&source->inputs)))
                return "the inputs are not the same";
        if (now_ms > source->measured_ms && now_ms - source->measured_ms >= gate->valid_for_ms)
                return "it is too old";
        return NULL;
}

bool rule_carried(const RuleCase *c) {
        const struct verdict *verdict = &c->input->message->verdict;
        const GateRecord *gate = phase_find_gate(rule_get_claim(c)->phase, verdict->gate);
        const char *why;

        if (verdict->carried_from == 0)
                return true;
        why = why_not_carried(c, verdict, gate);
        if (!why)
                return true;
        rule_broken(c, "verdict.carried_from", "V-%" PRIu64 " cannot be carried over: %s",
                    verdict->carried_from, why);
        return rule_next(c, "run the checks");
}
