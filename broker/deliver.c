/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Entries to those who follow the ledger. The ledger is the queue: a follower is a cursor and a
 * credit, so that a slow one only lags. Sealing: the journal is never shown to an adversary, nor a
 * claim with what the builder saw or thought before the verdict, nor another's verdict where it is
 * to give its own; they are passed over.
 */

#include "base/error.h"
#include "base/mem.h"
#include "broker/core_parts.h"
#include "broker/fresh.h"
#include "proto/codec.h"

int on_credit(Core *core, Incoming *in) {
        const struct credit *credit = &in->message.credit;
        Peer *peer = in->peer;

        peer->jobs = peer->agent->role == ROLE_ADVERSARY ? credit->jobs : 0;
        peer->entries = credit->entries;
        peer->after = credit->after;
        free(peer->phase);
        peer->phase = credit->phase.n
                              ? mem_strndup((const char *)credit->phase.data, credit->phase.n)
                              : NULL;
        /* A holder that has room and is new on this connection may have lost what it held. */
        if (!peer->has_given_credit && peer->jobs)
                offer_again(core, peer);
        peer->has_given_credit = true;
        return 0;
}

static bool has_vote(const GateRecord *gate, const AgentRecord *reader) {
        for (size_t i = 0; i < gate->n_votes; i++)
                if (gate->votes[i].adversary == reader->name)
                        return true;
        return false;
}

/* Of several verifiers' words none is shown to an adversary that has not given its own. */
static bool is_sealed_from(const GateRecord *gate, const AgentRecord *reader) {
        return gate_is_pending(gate) && gate->n_votes > 0 && !has_vote(gate, reader);
}

static bool has_evidence(const GateRecord *gate, const Hash *digest) {
        for (size_t i = 0; i < gate->n_votes; i++)
                for (size_t j = 0; j < gate->votes[i].n_evidence; j++)
                        if (hash_equal(&gate->votes[i].evidence[j], digest))
                                return true;
        return false;
}

bool deliver_evidence_is_sealed(const State *state, const AgentRecord *reader, const Hash *digest) {
        if (reader->role != ROLE_ADVERSARY)
                return false;
        for (size_t i = 0; i < state->n_phases; i++)
                for (size_t j = 0; j < state->phases[i]->n_gates; j++) {
                        const GateRecord *gate = &state->phases[i]->gates[j];

                        if (is_sealed_from(gate, reader) && has_evidence(gate, digest))
                                return true;
                }
        return false;
}

/* One that the state has forgotten, because it was retracted or its claim superseded, still says
 * what was found where the reader is to look now. */
static bool is_forgotten_vote_sealed(const State *state, const AgentRecord *reader,
                                     const Entry *entry, const struct verdict *verdict) {
        const PhaseRecord *phase = state_find_phase(state, entry->phase);
        const GateRecord *gate = phase ? phase_find_gate(phase, verdict->gate) : NULL;
        const ClaimRecord *claim = gate ? state_find_claim(state, gate->claim_seq) : NULL;

        return claim && gate->verifiers > 1 && gate_is_pending(gate) && !has_vote(gate, reader) &&
               !slice_is(entry->actor, reader->name) && slice_is(verdict->commit, claim->commit);
}

/* Why a vote was taken back tells what it said. Of which gate it was may be forgotten: who has yet
 * to speak in the phase waits. */
static bool reason_is_sealed(const State *state, const AgentRecord *reader, const Entry *entry) {
        const PhaseRecord *phase = state_find_phase(state, entry->phase);

        if (slice_is(entry->actor, reader->name))
                return false;
        for (size_t i = 0; phase && i < phase->n_gates; i++)
                if (phase->gates[i].verifiers > 1 && gate_is_pending(&phase->gates[i]) &&
                    !has_vote(&phase->gates[i], reader))
                        return true;
        return false;
}

static bool vote_is_sealed(const State *state, const AgentRecord *reader, const Entry *entry,
                           const struct verdict *verdict) {
        const char *adversary;
        PhaseRecord *phase;
        const GateRecord *gate = state_find_verdict(state, entry->seq, &phase, &adversary);

        if (!gate)
                return is_forgotten_vote_sealed(state, reader, entry, verdict);
        for (size_t i = 0; i < gate->n_votes; i++)
                if (gate->votes[i].seq == entry->seq)
                        return is_sealed_from(gate, reader);
        return false;
}

/* What the builder saw is shown when the claim is decided. A claim that the state has forgotten was
 * perhaps superseded without a verdict: what it says may be what a newer one of its builder says.
 */
static bool evidence_is_sealed(const State *state, const Entry *entry) {
        const ClaimRecord *claim = state_find_claim(state, entry->seq);

        if (claim)
                return claim->state != CLAIM_STATE_DECIDED;
        for (size_t i = 0; i < state->n_claims; i++)
                if (claim_is_open(state->claims[i]) &&
                    slice_is(entry->phase, state->claims[i]->phase->name) &&
                    slice_is(entry->actor, state->claims[i]->builder))
                        return true;
        return false;
}

/* Differences quote the words of a claim, which may be those of another gate that is verified. */
static bool quotes_sealed(const State *state, const Entry *differs) {
        const PhaseRecord *phase = state_find_phase(state, differs->phase);

        for (size_t i = 0; phase && i < phase->n_gates; i++) {
                const GateRecord *gate = &phase->gates[i];

                if (gate_is_pending(gate) && gate->words_seq && gate->words_seq < differs->seq)
                        return true;
        }
        return false;
}

/* What may be sealed, by what it says. */
static bool message_is_sealed(const State *state, const AgentRecord *reader, const Entry *entry,
                              const Message *message) {
        switch ((int)message->type) {
        case MESSAGE_NOTE: return message->note.to == NOTE_TO_JOURNAL;
        case MESSAGE_CLAIM:
                return (message->claim.claimed_evidence.n || message->claim.why.n) &&
                       evidence_is_sealed(state, entry);
        case MESSAGE_VERDICT: return vote_is_sealed(state, reader, entry, &message->verdict);
        case MESSAGE_RETRACT: return reason_is_sealed(state, reader, entry);
        case MESSAGE_DIFFERS: return quotes_sealed(state, entry);
        default: return false;
        }
}

static bool may_be_sealed(const Entry *entry) {
        static const char *const kinds[] = {"note", "claim", "verdict", "retract", "differs"};

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (slice_is(entry->kind, kinds[i]))
                        return true;
        return false;
}

int deliver_is_sealed(const Core *core, const AgentRecord *reader, const Entry *entry,
                      bool *ret_is_sealed) {
        cleanup_arena Arena arena = ARENA_INIT;
        CodecFault fault;
        Message message;

        *ret_is_sealed = false;
        if (reader->role != ROLE_ADVERSARY || !may_be_sealed(entry))
                return 0;
        TRY(codec_decode(entry->frame, &arena, &message, &fault));
        *ret_is_sealed = message_is_sealed(&core->state, reader, entry, &message);
        return 0;
}

void deliver_fill(const Entry *entry, Message *ret_message) {
        *ret_message = (Message){
                .type = MESSAGE_ENTRY,
                .entry = {.seq = entry->seq,
                          .received_ms = entry->received_ms,
                          .kind = entry->kind,
                          .phase = entry->phase,
                          .actor = entry->actor,
                          .id = id_slice(&entry->id),
                          .frame = entry->frame,
                          .signature = entry->signature,
                          .prev = hash_slice(&entry->prev),
                          .hash = hash_slice(&entry->hash)},
        };
}

/* The entry behind the peer's cursor. CHANNEL_E_FULL, CHANNEL_E_GONE: the cursor stays. */
static int deliver_next(Core *core, Peer *peer) {
        cleanup_arena Arena arena = ARENA_INIT;
        bool is_sealed = false;
        Message message;
        Entry entry;
        int r;

        TRY(core->port.read(core->port.userdata, peer->after + 1, &arena, &entry));
        if (!peer->phase || slice_is(entry.phase, peer->phase)) {
                TRY(deliver_is_sealed(core, peer->agent, &entry, &is_sealed));
                if (!is_sealed) {
                        deliver_fill(&entry, &message);
                        r = held_send(core, &peer->route, &message);
                        if (r != 0)
                                return r;
                        peer->entries--;
                }
        }
        peer->after++;
        return 0;
}

static bool wants_entries(const Core *core, const Peer *peer) {
        return !peer->is_gone && !peer->agent->is_revoked && peer->entries > 0 &&
               peer->after < core->state.head_seq && peer->full_until_ms <= core_mono_ms(core);
}

/* One entry for each in turn, so that nobody's backlog delays another's news. */
int deliver_all(Core *core) {
        size_t n_left = DELIVERED_PER_COMMIT;
        bool has_moved = true;

        while (has_moved && n_left) {
                has_moved = false;
                for (size_t i = 0; i < core->n_peers && n_left; i++) {
                        size_t place = (core->deliver_first + i) % core->n_peers;
                        int r;

                        if (!wants_entries(core, core->peers[place]))
                                continue;
                        r = deliver_next(core, core->peers[place]);
                        n_left--;
                        has_moved = true;
                        if (r != CHANNEL_E_FULL && r != CHANNEL_E_GONE)
                                TRY(r);
                }
        }
        core->deliver_first++;
        core->delivery_is_pending = false;
        for (size_t i = 0; i < core->n_peers; i++)
                core->delivery_is_pending |= wants_entries(core, core->peers[i]);
        return 0;
}
