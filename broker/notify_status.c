/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/notify_status.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "broker/fold.h"
#include "broker/fresh.h"

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

int notify_status_repository(Ledger *ledger, const Message *message, Arena *arena,
                             Slice *ret_repository) {
        Message *of = (Message *)message;

        *ret_repository = SLICE_NULL;
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

int notify_status_list(Ledger *ledger, const State *state, const Event *event,
                       uint64_t ret_items[STATUS_ITEMS_MAX], size_t *ret_n) {
        const Message *message = event->message;
        const GateRecord *gate;

        *ret_n = 0;
        if (message->type == MESSAGE_RETRACT)
                return list_retract(ledger, state, event, ret_items, ret_n);
        if (message->type != MESSAGE_VERDICT) {
                while (*ret_n < event_count_statuses(message) && *ret_n < STATUS_ITEMS_MAX) {
                        ret_items[*ret_n] = *ret_n;
                        (*ret_n)++;
                }
                return 0;
        }
        gate = find_gate(state, event->entry->phase, message->verdict.gate);
        if (gate)
                ret_items[(*ret_n)++] = event_item_of(gate->verdict.decision,
                                                      gate->verdict.seq != event->entry->seq);
        return 0;
}

int notify_status_fill(Ledger *ledger, Event *event, uint64_t item, Arena *arena) {
        if (event->message->type == MESSAGE_RETRACT)
                return read_verdict(ledger, item, arena, &event->about);
        if (event->message->type == MESSAGE_DIFFERS)
                return read_verdict(ledger, event->message->differs.verdict, arena, &event->about);
        return 0;
}
