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

int notify_status_repository(Ledger *ledger, const State *state, const Event *event, Arena *arena,
                             Slice *ret_repository) {
        Message *of = (Message *)event->message;
        const GateRecord *ended = find_ended(state, event, NULL);

        *ret_repository = SLICE_NULL;
        if (ended && of->type != MESSAGE_CLAIM && of->type != MESSAGE_REVERIFY)
                TRY(read_message(ledger, ended->ended_seq, arena, &of));
        if (of->type == MESSAGE_RETRACT)
                TRY(read_message(ledger, of->retract.verdict, arena, &of));
        if (of->type == MESSAGE_VERDICT)
                TRY(read_message(ledger, of->verdict.claim, arena, &of));
        else if (of->type == MESSAGE_DIFFERS)
                TRY(read_message(ledger, of->differs.claim, arena, &of));
        if (of->type == MESSAGE_CLAIM)
                *ret_repository = of->claim.repository;
        else if (of->type == MESSAGE_REVERIFY)
                *ret_repository = of->reverify.repository;
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

static int add_retracted(Ledger *ledger, const State *state, const Event *event, uint64_t seq,
                         uint64_t *items, size_t *n) {
        cleanup_arena Arena arena = ARENA_INIT;
        const struct verdict *verdict = NULL;
        const GateRecord *gate;

        TRY(read_verdict(ledger, seq, &arena, &verdict));
        gate = verdict ? find_gate(state, event->entry->phase, verdict->gate) : NULL;
        if (gate && !is_told_otherwise(state, gate, verdict->commit))
                items[(*n)++] = seq;
        return 0;
}

/* The retracted one, and what was carried over from it or made of it. */
static int list_retract(Ledger *ledger, const State *state, const Event *event, uint64_t *items,
                        size_t *n) {
        uint64_t seq = event->message->retract.verdict;
        cleanup_arena Arena arena = ARENA_INIT;
        const struct verdict *verdict = NULL;
        const GateRecord *gate;

        TRY(add_retracted(ledger, state, event, seq, items, n));
        TRY(read_verdict(ledger, seq, &arena, &verdict));
        gate = verdict ? find_gate(state, event->entry->phase, verdict->gate) : NULL;
        if (!gate || gate->retract_seq != event->entry->seq || gate->retracted_seq == seq)
                return 0;
        return add_retracted(ledger, state, event, gate->retracted_seq, items, n);
}

/* What a claim or a re-verification names. */
static size_t get_claimed(const Message *message, const Slice **ret_gates, Slice *ret_commit) {
        bool is_claim = message->type == MESSAGE_CLAIM;

        if (!is_claim && message->type != MESSAGE_REVERIFY)
                return 0;
        *ret_gates = is_claim ? message->claim.gates : message->reverify.gates;
        *ret_commit = is_claim ? message->claim.commit : message->reverify.commit;
        return is_claim ? message->claim.n_gates : message->reverify.n_gates;
}

static int add_ended(Ledger *ledger, const State *state, const GateRecord *gate, uint64_t *items,
                     size_t *n) {
        const ClaimRecord *now = state_find_claim(state, gate->claim_seq);
        cleanup_arena Arena arena = ARENA_INIT;
        const Slice *gates = NULL;
        Slice commit = SLICE_NULL;
        Message *claim;
        size_t n_gates;
        int decision = -1;

        TRY(read_message(ledger, gate->ended_seq, &arena, &claim));
        n_gates = get_claimed(claim, &gates, &commit);
        /* The claim that took its place speaks for the same commit. */
        if (gate_is_pending(gate) && now && slice_is(commit, now->commit))
                return 0;
        if (gate->verdict.seq && slice_is(commit, gate->verdict.commit) && !gate_is_exhausted(gate))
                decision = (int)gate->verdict.decision;
        for (size_t i = 0; i < n_gates && *n < STATUS_ITEMS_MAX; i++)
                if (slice_is(gates[i], gate->id))
                        items[(*n)++] = event_item_of_ended(gate->ended_seq, i, decision);
        return 0;
}

static int list_ended(Ledger *ledger, const State *state, const Event *event, uint64_t *items,
                      size_t *n) {
        for (const GateRecord *gate = find_ended(state, event, NULL); gate;
             gate = find_ended(state, event, gate))
                TRY(add_ended(ledger, state, gate, items, n));
        return 0;
}

/* What is not of a verdict or of its end. */
static size_t count_plain(const Message *message) {
        const Slice *gates;
        Slice commit;
        size_t n = get_claimed(message, &gates, &commit);

        return message->type == MESSAGE_DIFFERS ? event_count_statuses(message) : n;
}

int notify_status_list(Ledger *ledger, const State *state, const Event *event,
                       uint64_t ret_items[STATUS_ITEMS_MAX], size_t *ret_n) {
        const Message *message = event->message;
        const GateRecord *gate;

        *ret_n = 0;
        if (message->type == MESSAGE_RETRACT)
                return list_retract(ledger, state, event, ret_items, ret_n);
        if (message->type != MESSAGE_VERDICT) {
                while (*ret_n < count_plain(message) && *ret_n < STATUS_ITEMS_MAX) {
                        ret_items[*ret_n] = *ret_n;
                        (*ret_n)++;
                }
                return list_ended(ledger, state, event, ret_items, ret_n);
        }
        gate = find_gate(state, event->entry->phase, message->verdict.gate);
        if (gate)
                ret_items[(*ret_n)++] = event_item_of(gate->verdict.decision,
                                                      gate->verdict.seq != event->entry->seq);
        return 0;
}

static int fill_ended(Ledger *ledger, Event *event, uint64_t seq, size_t gate, Arena *arena) {
        struct verdict *about = arena_alloc(arena, sizeof *about);
        const Slice *gates = NULL;
        Message *claim;

        *about = (struct verdict){.claim = seq};
        TRY(read_message(ledger, seq, arena, &claim));
        if (gate >= get_claimed(claim, &gates, &about->commit))
                return error_origin(-EUCLEAN);
        about->gate = gates[gate];
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
