/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * What is said when the batch is durable, and not before. An answer that a full or lost peer does
 * not get is dropped: it asks again, and gets the same one.
 */

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "broker/core_parts.h"
#include "proto/codec.h"

/* Refusals name some reasons and say how many more there are. */
enum { REASONS_BYTES_MAX = 64 << 10 };

/* An agent that was away for more of them is given the key by its operator. */
enum { ROTATIONS_TOLD_MAX = 64 };

static bool is_question(HeldKind kind) {
        return kind == HELD_STATUS || kind == HELD_ENTRY || kind == HELD_EVIDENCE;
}

void held_later_bytes(Core *core, const Held *held, Slice bytes) {
        Held *place;

        /* Doubles whenever the count is a power of two. */
        if ((core->n_held & (core->n_held - 1)) == 0)
                core->held = mem_resize(core->held, core->n_held ? core->n_held * 2 : 1,
                                        sizeof *core->held);
        place = &core->held[core->n_held++];
        *place = *held;
        place->bytes = NULL;
        place->n_bytes = bytes.n;
        core->n_held_bytes += sizeof *place + bytes.n;
        if (is_question(held->kind))
                core->n_held_bytes += HELD_ANSWER_BYTES;
        if (bytes.n == 0)
                return;
        place->bytes = mem_alloc(bytes.n);
        memcpy(place->bytes, bytes.data, bytes.n);
}

void held_later(Core *core, const Held *held) {
        held_later_bytes(core, held, SLICE_NULL);
}

static int hold(Core *core, const Held *held, Message *message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        CodecFault fault;

        message_set_present(message);
        TRY(codec_encode(message, &frame, &fault));
        held_later_bytes(core, held, buf_get(&frame));
        return 0;
}

int held_message(Core *core, const Route *route, Message *message) {
        return hold(core, &(Held){.kind = HELD_FRAME, .route = *route}, message);
}

int held_for_agent(Core *core, AgentRecord *agent, Message *message) {
        return hold(core, &(Held){.kind = HELD_FOR_AGENT, .agent = agent}, message);
}

int held_progress(Core *core, uint64_t claim_seq, Message *message) {
        return hold(core, &(Held){.kind = HELD_PROGRESS, .seq = claim_seq}, message);
}

/* As many of the reasons as fit; then how many more there are. */
static void fill_reasons(struct refuse *refuse, const RuleRefusal *refusal, Arena *arena) {
        size_t n_bytes = 0, n = 0;

        refuse->reasons = arena_alloc_array(arena, refusal->n_reasons + 1, sizeof *refuse->reasons);
        while (n < refusal->n_reasons && n_bytes + refusal->reasons[n].n <= REASONS_BYTES_MAX) {
                n_bytes += refusal->reasons[n].n;
                refuse->reasons[n] = refusal->reasons[n];
                n++;
        }
        if (n < refusal->n_reasons) {
                refuse->reasons[n] = slice_text(
                        arena_printf(arena, "and %zu more reasons", refusal->n_reasons - n));
                n++;
        }
        refuse->n_reasons = n;
}

/* Rules are words of ours, so that there are only so many. */
static void count_refusal(Core *core, const char *rule) {
        for (size_t i = 0; i < core->n_refusals; i++)
                if (strcmp(core->refusals[i].rule, rule) == 0) {
                        core->refusals[i].n++;
                        return;
                }
        if (core->n_refusals < CORE_RULES_MAX)
                core->refusals[core->n_refusals++] = (struct CoreRefusal){rule, 1};
}

int held_refusal(Core *core, const Route *route, Slice id, const RuleRefusal *refusal) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message = {
                .type = MESSAGE_REFUSE,
                .refuse = {.id = id,
                           .rule = slice_text(refusal->fault.rule),
                           .place = slice_text(refusal->fault.place),
                           .found = slice_text(refusal->fault.found),
                           .next = slice_text(refusal->fault.next)},
        };

        count_refusal(core, refusal->fault.rule);
        fill_reasons(&message.refuse, refusal, &arena);
        return held_message(core, route, &message);
}

int held_send(Core *core, const Route *route, Message *message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Peer *peer = peer_find(core, route);
        CodecFault fault;

        message_set_present(message);
        TRY(codec_encode(message, &frame, &fault));
        if (peer)
                return peer_send(core, peer, buf_get(&frame));
        return core->port.send(core->port.userdata, route, buf_get(&frame));
}

static const Checkpoint *checkpoint_of_head(Core *core) {
        if (!core->has_checkpoint)
                checkpoint_sign(core->key, &core->state.ledger, core->state.head_seq,
                                &core->state.head_hash, &core->checkpoint);
        core->has_checkpoint = true;
        return &core->checkpoint;
}

static int say_ack(Core *core, const Held *held) {
        const Checkpoint *head = checkpoint_of_head(core);
        Message message = {
                .type = MESSAGE_ACK,
                .ack = {.id = id_slice(&held->id),
                        .seq = held->seq,
                        .hash = hash_slice(&held->hash),
                        .head_seq = head->seq,
                        .head_hash = hash_slice(&head->hash),
                        .head_signature = slice_make(head->signature, SIGNATURE_BYTES)},
        };

        return held_send(core, &held->route, &message);
}

/* The entry that says that what the agent has seen is lost; its signature is the broker's, which
 * is all that an agent can judge. */
static int add_restored(Core *core, const Held *held, Buf *frame, Message *welcome) {
        const RestoredRecord *restored = state_find_restored(&core->state, held->seq, &held->hash);
        cleanup_arena Arena arena = ARENA_INIT;
        Message message = {.type = MESSAGE_ENTRY};
        CodecFault fault;
        Entry entry;

        if (!restored)
                return 0;
        TRY(core->port.read(core->port.userdata, restored->seq, &arena, &entry));
        deliver_fill(&entry, &message);
        message_set_present(&message);
        TRY(codec_encode(&message, frame, &fault));
        welcome->welcome.restored = buf_get(frame);
        return 0;
}

/* By these an agent that knows an older key of the broker knows the one in force. */
static int add_rotations(Core *core, Arena *arena, struct welcome *welcome) {
        const State *state = &core->state;
        size_t n = size_min(state->n_rotations, ROTATIONS_TOLD_MAX);

        welcome->rotations = arena_alloc_array(arena, n, sizeof *welcome->rotations);
        for (size_t i = state->n_rotations - n; i < state->n_rotations; i++) {
                Entry entry;

                TRY(core->port.read(core->port.userdata, state->rotations[i].seq, arena, &entry));
                welcome->rotations[welcome->n_rotations++] =
                        (struct rotation){.seq = entry.seq,
                                          .id = arena_slice(arena, id_slice(&entry.id)),
                                          .frame = entry.frame,
                                          .signature = entry.signature};
        }
        return 0;
}

static int say_welcome(Core *core, const Held *held) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf restored = BUF_INIT(FRAME_MAX);
        const State *state = &core->state;
        const Checkpoint *head = checkpoint_of_head(core);
        Message message = {
                .type = MESSAGE_WELCOME,
                .welcome = {.protocol = PROTOCOL_VERSION,
                            .ledger = hash_slice(&state->ledger),
                            .project = slice_text(state->project),
                            .name = slice_text(held->agent->name),
                            .role = held->agent->role,
                            .head_seq = head->seq,
                            .head_hash = hash_slice(&head->hash),
                            .head_signature = slice_make(head->signature, SIGNATURE_BYTES),
                            .broker_key = slice_make(&state->broker_key, sizeof(PublicKey)),
                            .seen_seq = held->seq},
        };
        Entry seen = {.seq = 0};

        if (held->seq && held->seq <= state->head_seq) {
                TRY(core->port.read(core->port.userdata, held->seq, &arena, &seen));
                message.welcome.seen_hash = hash_slice(&seen.hash);
        }
        if (held->seq && (held->seq > state->head_seq || !hash_equal(&seen.hash, &held->hash)))
                TRY(add_restored(core, held, &restored, &message));
        TRY(add_rotations(core, &arena, &message.welcome));
        return held_send(core, &held->route, &message);
}

static bool follows(const Core *core, const Peer *peer, const ClaimRecord *claim) {
        if (!claim || peer->is_gone || peer->full_until_ms > core_mono_ms(core))
                return false;
        if (peer->agent->name == claim->builder)
                return true;
        return peer->agent->role != ROLE_ADVERSARY && peer->entries > 0 &&
               (!peer->phase || slice_is(slice_text(peer->phase), claim->phase->name));
}

static int say_to_many(Core *core, const Held *held) {
        const ClaimRecord *claim = state_find_claim(&core->state, held->seq);
        Slice frame = slice_make(held->bytes, held->n_bytes);

        for (size_t i = 0; i < core->n_peers; i++) {
                Peer *peer = core->peers[i];
                bool is_meant = held->kind == HELD_FOR_AGENT
                                        ? peer->agent == held->agent && !peer->is_gone
                                        : follows(core, peer, claim);

                int r = is_meant ? peer_send(core, peer, frame) : 0;

                if (r < 0)
                        TRY(r);
        }
        return 0;
}

static int say_frame(Core *core, const Held *held) {
        Peer *peer = peer_find(core, &held->route);
        Slice frame = slice_make(held->bytes, held->n_bytes);

        if (peer)
                return peer_send(core, peer, frame);
        return core->port.send(core->port.userdata, &held->route, frame);
}

static int say(Core *core, const Held *held) {
        switch (held->kind) {
        case HELD_FRAME: return say_frame(core, held);
        case HELD_FOR_AGENT:
        case HELD_PROGRESS: return say_to_many(core, held);
        case HELD_ACK: return say_ack(core, held);
        case HELD_WELCOME: return say_welcome(core, held);
        case HELD_STATUS:
        case HELD_ENTRY:
        case HELD_EVIDENCE: return answer_question(core, held);
        }
        return error_origin(-EINVAL);
}

int held_speak(Core *core) {
        for (size_t i = 0; i < core->n_held; i++) {
                int r = say(core, &core->held[i]);

                if (r < 0 || r == CHANNEL_E_TOO_LARGE)
                        TRY(r);
        }
        held_clear(core);
        return 0;
}

void held_clear(Core *core) {
        for (size_t i = 0; i < core->n_held; i++)
                free(core->held[i].bytes);
        core->n_held = 0;
        core->n_held_bytes = 0;
}
