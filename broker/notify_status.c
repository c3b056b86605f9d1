/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/notify_status.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "broker/fold.h"
#include "broker/fresh.h"
#include "broker/gate.h"

static int read_message(Ledger *ledger, uint64_t seq, Arena *arena, Message **ret_message) {
        Fault fault = FAULT_INIT;
        Entry entry;

        *ret_message = arena_alloc(arena, sizeof **ret_message);
        TRY(ledger_read(ledger, seq, arena, &entry));
        return fold_decode(&entry, arena, *ret_message, &fault) == 0 ? 0 : error_origin(-EUCLEAN);
}

static int read_verdict(Ledger *ledger, uint64_t seq, Arena *arena,
                        const struct verdict **ret_verdict) {
        Message *message;

        TRY(read_message(ledger, seq, arena, &message));
        *ret_verdict = message->type == MESSAGE_VERDICT ? &message->verdict : NULL;
        return 0;
}

/* The next gate behind `after` (NULL: the first) whose claim the entry has ended. */
static const GateRecord *find_ended(const State *state, const Event *event,
                                    const GateRecord *after) {
        const PhaseRecord *phase = state_find_phase(state, event->entry->phase);

        for (size_t i = after && phase ? (size_t)(after - phase->gates) + 1 : 0;
             phase && i < phase->n_gates; i++)
                if (phase->gates[i].ended_seq && phase->gates[i].ended_by == event->entry->seq)
                        return &phase->gates[i];
        return NULL;
}

/* What a claim or a re-verification names. */
typedef struct Claimed {
        const Slice *gates;
        size_t n_gates;
        Slice commit, repository;
} Claimed;

/* Nothing of another message. */
static Claimed get_claimed(const Message *message) {
        const struct claim *claim = &message->claim;
        const struct reverify *again = &message->reverify;

        if (message->type == MESSAGE_CLAIM)
                return (Claimed){claim->gates, claim->n_gates, claim->commit, claim->repository};
        if (message->type == MESSAGE_REVERIFY)
                return (Claimed){again->gates, again->n_gates, again->commit, again->repository};
        return (Claimed){.n_gates = 0};
}

/* What is put together. */
typedef struct Listing {
        Ledger *ledger;
        const State *state;
        const Event *event;
        Arena *arena;
        StatusList *list;
} Listing;

/* `repository` need not last. */
static void add(Listing *listing, uint64_t item, Slice repository) {
        StatusList *list = listing->list;

        list->items = arena_grow(listing->arena, list->items, list->n, sizeof *list->items);
        if (list->n && slice_equal(list->items[list->n - 1].repository, repository))
                repository = list->items[list->n - 1].repository;
        else
                repository = arena_slice(listing->arena, repository);
        list->items[list->n++] = (StatusItem){.item = item, .repository = repository};
}

/* One that is about this claim. */
static int add_of(Listing *listing, uint64_t item, uint64_t claim_seq) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message *claim;

        TRY(read_message(listing->ledger, claim_seq, &arena, &claim));
        add(listing, item, get_claimed(claim).repository);
        return 0;
}

static const GateRecord *find_gate(const State *state, Slice phase_name, Slice gate) {
        const PhaseRecord *phase = state_find_phase(state, phase_name);

        return phase ? phase_find_gate_ever(phase, gate) : NULL;
}

/* Something newer says how the gate stands at this commit. */
static bool is_told_otherwise(const State *state, const GateRecord *gate, Slice commit) {
        const ClaimRecord *claim = state_find_claim(state, gate->claim_seq);

        if (gate->verdict.seq && slice_is(commit, gate->verdict.commit))
                return true;
        return gate_is_pending(gate) && claim && slice_is(commit, claim->commit);
}

static int add_retracted(Listing *listing, uint64_t seq) {
        cleanup_arena Arena arena = ARENA_INIT;
        const struct verdict *verdict = NULL;
        const GateRecord *gate;

        TRY(read_verdict(listing->ledger, seq, &arena, &verdict));
        gate = verdict ? find_gate(listing->state, listing->event->entry->phase, verdict->gate)
                       : NULL;
        if (!gate || is_told_otherwise(listing->state, gate, verdict->commit))
                return 0;
        return add_of(listing, seq, verdict->claim);
}

/* The retracted one, and what was carried over from it or made of it. */
static int list_retract(Listing *listing) {
        const Event *event = listing->event;
        uint64_t seq = event->message->retract.verdict;
        cleanup_arena Arena arena = ARENA_INIT;
        const struct verdict *verdict = NULL;
        const GateRecord *gate;

        TRY(add_retracted(listing, seq));
        TRY(read_verdict(listing->ledger, seq, &arena, &verdict));
        gate = verdict ? find_gate(listing->state, event->entry->phase, verdict->gate) : NULL;
        if (!gate || gate->retract_seq != event->entry->seq || gate->retracted_seq == seq)
                return 0;
        return add_retracted(listing, gate->retracted_seq);
}

static int list_verdict(Listing *listing) {
        const struct verdict *verdict = &listing->event->message->verdict;
        const GateRecord *gate =
                find_gate(listing->state, listing->event->entry->phase, verdict->gate);
        bool is_vote = gate && gate->verdict.seq != listing->event->entry->seq;

        if (!gate)
                return 0;
        return add_of(listing, event_item_of(gate->verdict.decision, is_vote), verdict->claim);
}

static int add_ended(Listing *listing, const GateRecord *gate) {
        const ClaimRecord *now = state_find_claim(listing->state, gate->claim_seq);
        cleanup_arena Arena arena = ARENA_INIT;
        Message *claim;
        Claimed claimed;
        int decision = -1;

        TRY(read_message(listing->ledger, gate->ended_seq, &arena, &claim));
        claimed = get_claimed(claim);
        /* The claim that took its place speaks for the same commit. */
        if (gate_is_pending(gate) && now && slice_is(claimed.commit, now->commit))
                return 0;
        if (gate->verdict.seq && slice_is(claimed.commit, gate->verdict.commit) &&
            !gate_is_exhausted(gate))
                decision = (int)gate->verdict.decision;
        for (size_t i = 0; i < claimed.n_gates; i++)
                if (slice_is(claimed.gates[i], gate->id))
                        add(listing, event_item_of_ended(gate->ended_seq, i, decision),
                            claimed.repository);
        return 0;
}

/* Of several gates that it ends each was claimed by itself, and be it in another repository. */
static int list_ended(Listing *listing) {
        for (const GateRecord *gate = find_ended(listing->state, listing->event, NULL); gate;
             gate = find_ended(listing->state, listing->event, gate))
                TRY(add_ended(listing, gate));
        return 0;
}

int notify_status_list(Ledger *ledger, const State *state, const Event *event, Arena *arena,
                       StatusList *ret_list) {
        Listing listing = {ledger, state, event, arena, ret_list};
        const Message *message = event->message;
        Claimed claimed = get_claimed(message);

        *ret_list = (StatusList){.n = 0};
        if (message->type == MESSAGE_RETRACT)
                return list_retract(&listing);
        if (message->type == MESSAGE_VERDICT)
                return list_verdict(&listing);
        if (message->type == MESSAGE_DIFFERS && event_count_statuses(message))
                TRY(add_of(&listing, 0, message->differs.claim));
        for (size_t i = 0; i < claimed.n_gates; i++)
                add(&listing, i, claimed.repository);
        return list_ended(&listing);
}

static int fill_ended(Ledger *ledger, Event *event, uint64_t seq, size_t gate, Arena *arena) {
        struct verdict *about = arena_alloc(arena, sizeof *about);
        Message *claim;
        Claimed claimed;

        TRY(read_message(ledger, seq, arena, &claim));
        claimed = get_claimed(claim);
        if (gate >= claimed.n_gates)
                return error_origin(-EUCLEAN);
        *about = (struct verdict){
                .claim = seq, .commit = claimed.commit, .gate = claimed.gates[gate]};
        event->about = about;
        return 0;
}

int notify_status_fill(Ledger *ledger, Event *event, uint64_t item, Arena *arena) {
        uint64_t claim;
        size_t gate;

        if (event->message->type == MESSAGE_RETRACT)
                return read_verdict(ledger, item, arena, &event->about);
        if (event->message->type == MESSAGE_DIFFERS)
                return read_verdict(ledger, event->message->differs.verdict, arena, &event->about);
        if (event->message->type != MESSAGE_VERDICT && event_read_ended(item, &claim, &gate))
                return fill_ended(ledger, event, claim, gate, arena);
        return 0;
}
