/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The batch: frames in, entries into the state and the port, and only when they are durable,
 * answers, offers and deliveries out. To add a message to the broker: its handler on_<name> in the
 * part that it belongs to, and its row in handler_rows.
 */

#include "broker/core.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "broker/core_parts.h"
#include "broker/done.h"
#include "broker/replay.h"
#include "proto/codec.h"

const CoreSettings core_settings_default = {
        .lease_ms = 60000,
        .attempts = 3,
        .stall_ms = 3600000,
        .watch_start_ms = 20000,
        .watch = {.again_ms = {300000, 900000, 3600000, 900000}},
        .peer_quiet_ms = 120000,
};

static const struct {
        MessageType type;
        int (*handle)(Core *core, Incoming *in);
} handler_rows[] = {
        {MESSAGE_HELLO, on_hello},
        {MESSAGE_SUBMIT, on_submit},
        {MESSAGE_CREDIT, on_credit},
        {MESSAGE_PROGRESS, on_progress},
        {MESSAGE_HEARTBEAT, on_heartbeat},
        {MESSAGE_ASK, on_ask},
        {MESSAGE_EVIDENCE_PUT, on_evidence_put},
        {MESSAGE_EVIDENCE_GET, on_evidence_get},
};

Core *core_new(const CorePort *port, const CoreSettings *settings, const Key *key) {
        Core *core = mem_new(Core);

        core->port = *port;
        core->settings = *settings;
        core->key = key;
        state_init(&core->state);
        watch_start(core);
        return core;
}

Core *core_free(Core *core) {
        if (!core)
                return NULL;
        held_clear(core);
        free(core->held);
        free(core->running);
        free(core->hold_timers);
        free(core->quotas);
        peer_clear(core);
        state_deinit(&core->state);
        arena_deinit(&core->folding);
        free(core);
        return NULL;
}

const State *core_get_state(const Core *core) {
        return &core->state;
}

CoreCounters core_get_counters(const Core *core) {
        return (CoreCounters){
                .n_peers = core->n_peers,
                .n_held_bytes = core->n_held_bytes,
                .refusals = core->refusals,
                .n_refusals = core->n_refusals,
        };
}

void core_set_settings(Core *core, const CoreSettings *settings) {
        core->settings = *settings;
}

uint64_t core_mono_ms(const Core *core) {
        return core->port.mono_ms(core->port.userdata);
}

uint64_t core_wall_ms(const Core *core) {
        return core->port.wall_ms(core->port.userdata);
}

int core_ask_room(Core *core, size_t n_bytes, Fault *reterr_fault) {
        return core->port.room ? core->port.room(core->port.userdata, n_bytes, reterr_fault) : 0;
}

/* For what the broker says by itself. It waits: the state goes on meaning it. */
static bool has_room(Core *core) {
        Fault fault = FAULT_INIT;
        bool has = core_ask_room(core, 0, &fault) == 0;

        core->room_due_ms = has ? 0 : core_mono_ms(core) + RETRY_ROOM_MS;
        return has;
}

/* ---- entries ---- */

int core_fold(Core *core, const Entry *entry, Fault *reterr_fault) {
        CodecFault codec_fault;
        Message message;
        int r;

        arena_reset(&core->folding);
        r = codec_decode(entry->frame, &core->folding, &message, &codec_fault);
        if (r == CODEC_E_REFUSED) {
                codec_fault_to_fault(&codec_fault, reterr_fault);
                fault_place(reterr_fault, "entry %llu", (unsigned long long)entry->seq);
                return REPLAY_E_CORRUPT;
        }
        TRY(r);
        core->has_checkpoint = false;
        return replay_apply(&core->state, entry, &message, reterr_fault);
}

int core_replay(Core *core, const Entry *entry, Fault *reterr_fault) {
        int r = replay_check_hash(entry, reterr_fault);

        return r == 0 ? core_fold(core, entry, reterr_fault) : r;
}

/* Into the state first: what the fold cannot take must never reach the ledger, for it would be
 * refused at each restart. */
int core_append(Core *core, const Entry *draft, const Message *message) {
        Entry entry = *draft;
        Fault fault = FAULT_INIT;

        entry.seq = core->state.head_seq + 1;
        entry.received_ms = core_wall_ms(core);
        entry.kind = slice_text(message_name(message->type));
        entry.phase = state_phase_of(&core->state, message);
        entry.prev = core->state.head_hash;
        entry_hash(&entry, &entry.hash);
        TRY(replay_apply(&core->state, &entry, message, &fault));
        core->has_checkpoint = false;
        core->is_dirty = true;
        TRY(core->port.append(core->port.userdata, &entry));
        if (message->type == MESSAGE_ADMIT && message->admit.replaces)
                peer_part(core, state_find_agent(&core->state, message->admit.name));
        return 0;
}

/* Ascending, and the rest from the port, so that a simulation can be repeated. */
void core_make_id(Core *core, Id *ret_id) {
        id_make(&core->ids, core_wall_ms(core), ret_id);
        core->port.random(core->port.userdata, ret_id->bytes + ID_BYTES / 2, ID_BYTES / 2);
}

int core_append_own(Core *core, Message *message) {
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        uint8_t signature[SIGNATURE_BYTES];
        CodecFault fault;
        Entry draft = {.actor = slice_text(BROKER_NAME)};
        Hash ledger = core->state.ledger;

        if (message->type == MESSAGE_GENESIS && !hash_from_slice(message->genesis.ledger, &ledger))
                return error_origin(-EINVAL);
        message_set_present(message);
        TRY(codec_encode(message, &frame, &fault));
        core_make_id(core, &draft.id);
        entry_sign(core->key, &ledger, &draft.id, buf_get(&frame), signature);
        draft.frame = buf_get(&frame);
        draft.signature = slice_make(signature, sizeof signature);
        return core_append(core, &draft, message);
}

int core_genesis(Core *core, const char *project, const Hash *ledger) {
        Message message = {
                .type = MESSAGE_GENESIS,
                .genesis = {.ledger = hash_slice(ledger),
                            .project = slice_text(project),
                            .broker_key = slice_make(&core->key->public, sizeof(PublicKey)),
                            .format = 1},
        };

        return core_append_own(core, &message);
}

int core_admit(Core *core, const char *name, Role role, const PublicKey *key) {
        Message message = {
                .type = MESSAGE_ADMIT,
                .admit = {.name = slice_text(name),
                          .role = role,
                          .key = slice_make(key, sizeof *key)},
        };

        return core_append_own(core, &message);
}

int core_restored(Core *core, uint64_t lost_seq, const Hash *lost_hash, const char *why) {
        Hash kept = {{0}};
        Message message = {
                .type = MESSAGE_RESTORED,
                .restored = {.kept_hash = hash_slice(&kept),
                             .lost_seq = lost_seq,
                             .lost_hash = hash_slice(lost_hash),
                             .why = slice_text(why)},
        };

        state_get_kept(&core->state, &message.restored.kept_seq, &kept);
        return core_append_own(core, &message);
}

int core_collected(Core *core, Slice digests, uint64_t n_bytes, uint64_t older_ms) {
        Message message = {
                .type = MESSAGE_COLLECTED,
                .collected = {.digests = digests, .bytes = n_bytes, .older_ms = older_ms},
        };

        return core_append_own(core, &message);
}

int core_rotated(Core *core, const Key *next) {
        Checkpoint consent;
        Message message = {
                .type = MESSAGE_ROTATED,
                .rotated = {.broker_key = slice_make(&next->public, sizeof(PublicKey)),
                            .consent = slice_make(consent.signature, SIGNATURE_BYTES)},
        };

        checkpoint_sign(next, &core->state.ledger, core->state.head_seq, &core->state.head_hash,
                        &consent);
        return core_append_own(core, &message);
}

/* ---- frames ---- */

bool core_admits(const Core *core, const uint8_t curve[CURVE_BYTES]) {
        const AgentRecord *agent = state_find_agent_by_curve(&core->state, curve);

        return agent && !agent->is_revoked;
}

static int refuse(Core *core, const Route *route, const char *rule, const char *found,
                  const char *next) {
        RuleRefusal refusal = {.n_reasons = 0};

        fault_set(&refusal.fault, rule, "%s", found);
        fault_next(&refusal.fault, "%s", next);
        return held_refusal(core, route, SLICE_NULL, &refusal);
}

static int dispatch(Core *core, Incoming *in) {
        MessageType type = in->message.type;

        for (size_t i = 0; i < ARRAY_SIZE(handler_rows); i++) {
                if (handler_rows[i].type != type)
                        continue;
                if (!in->peer && type != MESSAGE_HELLO)
                        return refuse(core, in->route, "hello-first",
                                      "this connection has not said hello", "say hello");
                return handler_rows[i].handle(core, in);
        }
        return refuse(core, in->route, "message-unexpected", "this message is not for the broker",
                      "");
}

static int refuse_key(Core *core, const Route *route, const AgentRecord *actor) {
        return actor ? refuse(core, route, "key-revoked", "an operator revoked this key",
                              "an operator admits a new key: broker admit")
                     : refuse(core, route, "key-unknown", "nobody was admitted with this key",
                              "an operator admits it: broker admit");
}

static int receive(Core *core, Incoming *in, Slice frame) {
        RuleRefusal refusal = {.n_reasons = 0};
        CodecFault fault;
        int r;

        if (!in->actor || in->actor->is_revoked)
                return refuse_key(core, in->route, in->actor);
        r = codec_decode(frame, in->arena, &in->message, &fault);
        if (r == CODEC_E_REFUSED) {
                codec_fault_to_fault(&fault, &refusal.fault);
                return held_refusal(core, in->route, SLICE_NULL, &refusal);
        }
        TRY(r);
        in->peer = peer_find(core, in->route);
        /* A route belongs to who said hello on it. */
        if (in->peer && in->peer->agent != in->actor) {
                in->peer->is_gone = true;
                in->peer = NULL;
        }
        if (in->peer)
                in->peer->heard_ms = core_mono_ms(core);
        return dispatch(core, in);
}

int core_receive(Core *core, const Route *route, const uint8_t curve[CURVE_BYTES], Slice frame) {
        cleanup_arena Arena arena = ARENA_INIT;
        Incoming in = {
                .route = route,
                .actor = state_find_agent_by_curve(&core->state, curve),
                .arena = &arena,
        };

        TRY(receive(core, &in, frame));
        if (core->n_held_bytes > HELD_BYTES_MAX)
                TRY(core_commit(core));
        return 0;
}

static int refuse_route(Core *core, const Route *route, const AgentRecord *actor) {
        char what[256];

        (void)snprintf(what, sizeof what,
                       "%s connects with a routing id of its own choice, as who wants another's "
                       "answers does: nothing of it is taken",
                       actor->name);
        TRY(core_alert(core, WAIT_FOR_UPKEEP, what, core->state.head_seq, actor->name));
        return refuse(core, route, "route-chosen", "this connection chose its own routing id",
                      "let ZeroMQ choose it");
}

static int refuse_message(Core *core, const Route *route, const AgentRecord *actor, int why) {
        if (!actor || actor->is_revoked)
                return refuse_key(core, route, actor);
        if (why == CHANNEL_E_ROUTE)
                return refuse_route(core, route, actor);
        return why == CHANNEL_E_PARTS
                       ? refuse(core, route, "frame-in-parts", "a message is one frame", "")
                       : refuse(core, route, "frame-too-large", "a frame has at most 1 MiB", "");
}

int core_refuse_message(Core *core, const Route *route, const uint8_t curve[CURVE_BYTES], int why) {
        TRY(refuse_message(core, route, state_find_agent_by_curve(&core->state, curve), why));
        if (core->n_held_bytes > HELD_BYTES_MAX)
                TRY(core_commit(core));
        return 0;
}

int core_refuse_busy(Core *core, const Route *route, Slice frame) {
        cleanup_arena Arena arena = ARENA_INIT;
        RuleRefusal refusal = {.n_reasons = 0};
        Slice id = SLICE_NULL;
        CodecFault codec_fault;
        Message message;

        if (codec_decode(frame, &arena, &message, &codec_fault) == 0 &&
            message.type == MESSAGE_SUBMIT)
                id = message.submit.id;
        fault_set(&refusal.fault, "busy", "too much of this key waits here already");
        fault_next(&refusal.fault, "say it again in a moment; agents do by themselves");
        TRY(held_refusal(core, route, id, &refusal));
        if (core->n_held_bytes > HELD_BYTES_MAX)
                TRY(core_commit(core));
        return 0;
}

/* ---- the batch ---- */

static int settle(Core *core) {
        TRY(lease_settle(core));
        TRY(done_settle(core));
        TRY(offer_hand_out(core));
        return grant_settle(core);
}

int core_commit(Core *core) {
        if (has_room(core))
                TRY(settle(core));
        if (core->is_dirty)
                TRY(core->port.commit(core->port.userdata));
        core->is_dirty = false;
        TRY(held_speak(core));
        TRY(offer_send_due(core));
        TRY(deliver_all(core));
        peer_sweep(core);
        return 0;
}

int core_tick(Core *core) {
        peer_forget_quiet(core);
        if (!has_room(core))
                return 0;
        TRY(lease_settle(core));
        TRY(lease_lapse_overdue(core));
        TRY(grant_expire_overdue(core));
        TRY(watch_look(core));
        return 0;
}

uint64_t core_next_deadline(const Core *core) {
        const uint64_t deadlines[] = {offer_next_deadline(core), peer_next_deadline(core),
                                      grant_next_deadline(core), watch_next_deadline(core)};
        uint64_t first = UINT64_MAX;

        if (core->room_due_ms)
                return core->room_due_ms;
        if (!core->is_settled || core->delivery_is_pending)
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(deadlines); i++)
                if (deadlines[i] < first)
                        first = deadlines[i];
        return first;
}

bool core_handles(MessageType type) {
        for (size_t i = 0; i < ARRAY_SIZE(handler_rows); i++)
                if (handler_rows[i].type == type)
                        return true;
        return false;
}
