/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Rules about claims and DONE. */

#include "broker/rule.h"

#include <inttypes.h>

#include "broker/why_done.h"

enum { OPEN_CLAIMS_MAX = 256 };

static bool is_lower_hex(uint8_t character) {
        return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
}

bool rule_commit_malformed(const RuleCase *c) {
        Slice commit = rule_get_text(c, "commit");
        bool is_hex = commit.n == 0 || commit.n == 40 || commit.n == 64;

        for (size_t i = 0; i < commit.n; i++)
                is_hex &= is_lower_hex(commit.data[i]);
        if (is_hex)
                return true;
        rule_broken(c, rule_place(c, "commit"), "not 40 or 64 lower-case hex digits");
        return rule_next(c, "git rev-parse HEAD");
}

bool rule_claim_gate_twice(const RuleCase *c) {
        const struct claim *claim = &c->input->message->claim;

        for (size_t i = 0; i < claim->n_gates; i++)
                for (size_t j = 0; j < i; j++)
                        if (slice_equal(claim->gates[i], claim->gates[j])) {
                                rule_broken(c, "claim.gates", "gate \"%.*s\" stands twice",
                                            SLICE_ARGS(claim->gates[i]));
                                return rule_next(c, "name it once");
                        }
        return true;
}

static bool is_printable(Slice text) {
        for (size_t i = 0; i < text.n; i++)
                if (text.data[i] <= 0x20 || text.data[i] >= 0x7f)
                        return false;
        return true;
}

/* `https://TOKEN@HOST/`, `ssh://USER:PASSWORD@HOST/`: the ledger forgets nothing. */
static bool has_secret(Slice url) {
        bool is_https = slice_is(slice_head(url, 8), "https://");
        Slice rest = slice_from(url, is_https ? 8 : 6);
        Slice authority = slice_head(rest, slice_find(rest, slice_text("/")));
        size_t n_user = slice_find(authority, slice_text("@"));

        if (n_user == authority.n || slice_is(slice_head(url, 7), "file://"))
                return false;
        return is_https || slice_find(authority, slice_text(":")) < n_user;
}

bool rule_claim_repository(const RuleCase *c) {
        static const char *const schemes[] = {"https://", "ssh://", "file://"};
        Slice url = c->input->message->claim.repository;

        if (has_secret(url)) {
                rule_broken(c, "claim.repository", "a user or a secret stands before the host");
                return rule_next(c, "builder-agent claim --repo URL without it; the adversary's "
                                    "machine has its own");
        }
        for (size_t i = 0; i < ARRAY_SIZE(schemes) && is_printable(url); i++) {
                size_t n = strlen(schemes[i]);

                if (url.n > n && slice_is(slice_head(url, n), schemes[i]) && url.data[n] != '-')
                        return true;
        }
        rule_broken(c, "claim.repository", "not an https, ssh or file URL of printable characters");
        return rule_next(c, "builder-agent claim --repo URL");
}

bool rule_claim_too_many(const RuleCase *c) {
        const State *state = c->input->state;
        size_t n_open = 0;

        for (size_t i = 0; i < state->n_claims; i++)
                n_open += claim_is_open(state->claims[i]) &&
                          state->claims[i]->builder == c->input->actor->name;
        if (n_open < OPEN_CLAIMS_MAX)
                return true;
        rule_broken(c, "claim", "%s has %zu open claims", c->input->actor->name, n_open);
        return rule_next(c, "wait for verdicts, or builder-agent withdraw CLAIM");
}

static uint64_t claim_seq_of(const Message *message) {
        return message->type == MESSAGE_WITHDRAW ? message->withdraw.claim : message->verdict.claim;
}

bool rule_claim_unknown(const RuleCase *c) {
        const Message *message = c->input->message;

        if (rule_get_claim(c))
                return true;
        rule_broken(c, arena_printf(c->arena, "%s.claim", message_name(message->type)),
                    "entry %" PRIu64 " is no claim that is open or the newest of a gate",
                    claim_seq_of(message));
        return rule_next(c, "builder-agent status");
}

bool rule_claim_not_yours(const RuleCase *c) {
        const ClaimRecord *claim = rule_get_claim(c);

        if (claim->builder == c->input->actor->name)
                return true;
        rule_broken(c, "withdraw.claim", "claim %" PRIu64 " is %s's", claim->seq, claim->builder);
        return rule_next(c, "claim the gate anew: that supersedes it");
}

bool rule_claim_superseded(const RuleCase *c) {
        const ClaimRecord *claim = rule_get_claim(c);
        Slice id = c->input->message->verdict.gate;
        const GateRecord *gate = phase_find_gate(claim->phase, id);

        if (gate && gate->claim_seq == claim->seq &&
            (!claim_is_open(claim) ||
             claim_get_open_gate(claim, (size_t)claim_find_gate(claim, id))))
                return true;
        if (!gate || gate->claim_seq == claim->seq) /* perhaps a later one took it in again */
                rule_broken(c, "verdict.gate", "a revision of the plan dropped %.*s",
                            SLICE_ARGS(id));
        else
                rule_broken(c, "verdict.claim", "claim %" PRIu64 " is the newest of %s",
                            gate->claim_seq, gate->id);
        return rule_next(c, "stop: the claim's newer offer comes by itself");
}

bool rule_claim_not_open(const RuleCase *c) {
        const ClaimRecord *claim = rule_get_claim(c);
        const Message *message = c->input->message;

        if (claim_is_open(claim))
                return true;
        rule_broken(c, arena_printf(c->arena, "%s.claim", message_name(message->type)),
                    "claim %" PRIu64 " is %s", claim->seq,
                    word_of(&words_CLAIM_STATE, (int)claim->state));
        return rule_next(c, "builder-agent status %s", claim->phase->name);
}

static const Why *find_why(const Why *whys, size_t n, WhyKind kind) {
        for (size_t i = 0; i < n; i++)
                if (whys[i].kind == kind)
                        return &whys[i];
        return NULL;
}

/* Adversaries who could answer may be gone for good: the way out that is left is said. */
static bool say_next_to_done(const RuleCase *c, const Why *asked) {
        const char *phase = rule_get_phase(c)->name;

        if (!asked)
                return rule_next(c, "builder-agent status %s", phase);
        return rule_next(c,
                         "any adversary answers (`builder-agent status %s` says what to type), or "
                         "an operator: broker waive %s --gate %s --for 7d --why '…'",
                         phase, phase, asked->gate->id);
}

bool rule_done_not_yet(const RuleCase *c) {
        const struct done *done = &c->input->message->done;
        const PhaseRecord *phase = rule_get_phase(c);
        RuleRefusal *refusal = c->refusal;
        const Why *asked, *stands;
        Why *whys;
        size_t n;

        why_done_build(c->input->state, phase, done->commit, c->input->now_ms, c->arena, &whys, &n);
        /* What only a re-verification misses, or a verdict on its way, is waited for. */
        asked = find_why(whys, n, WHY_ASKED);
        stands = find_why(whys, n, WHY_STANDS);
        if (!asked && !stands)
                return true;
        rule_broken(c, "done.commit", "%zu reason%s why %s is not DONE at %.*s", n,
                    n == 1 ? "" : "s", phase->name, SLICE_ARGS(slice_head(done->commit, 12)));
        refusal->reasons = arena_alloc_array(c->arena, n, sizeof *refusal->reasons);
        refusal->n_reasons = n;
        for (size_t i = 0; i < n; i++)
                refusal->reasons[i] = whys[i].text;
        return say_next_to_done(c, stands ? NULL : asked);
}
