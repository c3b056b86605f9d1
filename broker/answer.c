/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Questions that make no entry. They are answered after the commit, from what is durable. */

#include "base/error.h"
#include "broker/core_parts.h"
#include "broker/status.h"
#include "proto/codec.h"

static int refuse(Core *core, const Route *route, const char *rule, const char *place,
                  const char *found) {
        RuleRefusal refusal = {.n_reasons = 0};

        fault_set(&refusal.fault, rule, "%s", found);
        fault_place(&refusal.fault, "%s", place);
        return held_refusal(core, route, SLICE_NULL, &refusal);
}

int on_heartbeat(Core *core, Incoming *in) {
        Message message = {.type = MESSAGE_HEARTBEAT,
                           .heartbeat = {.count = in->message.heartbeat.count}};

        return held_message(core, in->route, &message);
}

int on_ask(Core *core, Incoming *in) {
        const struct ask *ask = &in->message.ask;

        if (ask->question == QUESTION_STATUS)
                held_later_bytes(core, &(Held){.kind = HELD_STATUS, .route = *in->route},
                                 ask->phase);
        else
                held_later(core, &(Held){.kind = HELD_ENTRY, .route = *in->route, .seq = ask->seq});
        return 0;
}

/* ---- evidence ---- */

static bool is_check_evidence(Slice frame, Arena *arena) {
        Message message;
        CodecFault fault;

        return codec_decode(frame, arena, &message, &fault) == 0 &&
               message.type == MESSAGE_CHECK_EVIDENCE;
}

int on_evidence_put(Core *core, Incoming *in) {
        const struct evidence_put *put = &in->message.evidence_put;
        RuleRefusal refusal = {.n_reasons = 0};
        Hash digest;
        int r;

        if (in->actor->role != ROLE_ADVERSARY)
                return refuse(core, in->route, "role-forbids", "evidence-put",
                              "only an adversary stores evidence");
        hash_of(put->frame, &digest);
        if (!slice_equal(put->digest, hash_slice(&digest)))
                return refuse(core, in->route, "evidence-digest-wrong", "evidence-put.digest",
                              "the digest is not that of the frame");
        if (!is_check_evidence(put->frame, in->arena))
                return refuse(core, in->route, "evidence-malformed", "evidence-put.frame",
                              "not the canonical frame of check_evidence");
        r = core_ask_room(core, put->frame.n, &refusal.fault);
        TRY(r < 0 ? r : 0);
        if (r > 0 || !quota_take(core, in->actor, &refusal.fault))
                return held_refusal(core, in->route, SLICE_NULL, &refusal);
        TRY(core->port.evidence_put(core->port.userdata, &digest, put->frame));
        core->is_dirty = true;
        return 0;
}

int on_evidence_get(Core *core, Incoming *in) {
        Held held = {.kind = HELD_EVIDENCE, .route = *in->route};

        (void)hash_from_slice(in->message.evidence_get.digest, &held.hash); /* limits: 32 bytes */
        held_later(core, &held);
        return 0;
}

/* ---- after the commit ---- */

/* A refusal that needs no waiting. */
static int refuse_now(Core *core, const Route *route, const char *rule, const char *found,
                      const char *next) {
        Message message = {
                .type = MESSAGE_REFUSE,
                .refuse = {.rule = slice_text(rule),
                           .found = slice_text(found),
                           .next = slice_text(next)},
        };

        return held_send(core, route, &message);
}

/* What other adversaries said of a gate is not told before all have. */
static void seal_status(struct status *status) {
        for (size_t i = 0; i < status->n_phases; i++)
                for (size_t j = 0; j < status->phases[i].n_gates; j++) {
                        struct gate_status *gate = &status->phases[i].gates[j];

                        if (gate->state == GATE_STATE_CLAIMED ||
                            gate->state == GATE_STATE_VERIFYING)
                                gate->passes = 0;
                }
}

static int answer_status(Core *core, const Held *held, Peer *peer) {
        cleanup_arena Arena arena = ARENA_INIT;
        cleanup_buf Buf frame = BUF_INIT(FRAME_MAX);
        Message message = {.type = MESSAGE_STATUS};
        CodecFault fault;
        int r;

        status_build(&core->state, slice_make(held->bytes, held->n_bytes), core_wall_ms(core),
                     &arena, &message.status);
        message.status.no_adversary = !offer_has_takers(core);
        if (peer->agent->role == ROLE_ADVERSARY)
                seal_status(&message.status);
        message_set_present(&message);
        r = codec_encode(&message, &frame, &fault);
        if (r == CODEC_E_REFUSED || frame.is_full)
                return refuse_now(core, &held->route, "answer-too-large",
                                  "the status of all phases does not fit a frame",
                                  "ask for one phase");
        TRY(r);
        quota_answered(core, peer->agent, frame.n);
        return peer_send(core, peer, buf_get(&frame));
}

static int answer_entry(Core *core, const Held *held, const Peer *peer) {
        cleanup_arena Arena arena = ARENA_INIT;
        bool is_sealed;
        Message message;
        Entry entry;
        int r;

        if (held->seq == 0 || held->seq > core->state.head_seq)
                return refuse_now(core, &held->route, "entry-unknown",
                                  "the ledger has no such entry", "broker log shows what it has");
        r = core->port.read(core->port.userdata, held->seq, &arena, &entry);
        TRY(r);
        TRY(deliver_is_sealed(core, peer->agent, &entry, &is_sealed));
        if (is_sealed)
                return refuse_now(core, &held->route, "entry-sealed",
                                  "no adversary sees this before its verdict", "give the verdict");
        deliver_fill(&entry, &message);
        quota_answered(core, peer->agent, entry.frame.n);
        return held_send(core, &held->route, &message);
}

static int answer_evidence(Core *core, const Held *held, const Peer *peer) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message = {.type = MESSAGE_EVIDENCE,
                           .evidence = {.digest = hash_slice(&held->hash)}};
        Slice frame;
        int r;

        if (deliver_evidence_is_sealed(&core->state, peer->agent, &held->hash))
                return refuse_now(core, &held->route, "entry-sealed",
                                  "another adversary measured it, and your own verdict is awaited",
                                  "give the verdict");
        r = core->port.evidence_get(core->port.userdata, &held->hash, &arena, &frame);
        if (r == 0)
                message.evidence.frame = frame;
        else if (r < 0)
                TRY(r);
        quota_answered(core, peer->agent, message.evidence.frame.n);
        return held_send(core, &held->route, &message);
}

int answer_question(Core *core, const Held *held) {
        Peer *peer = peer_find(core, &held->route);

        if (!peer || peer->agent->is_revoked)
                return 0;
        if (!quota_may_answer(core, peer->agent))
                return refuse_now(core, &held->route, "busy", "this key asks for too much at once",
                                  "ask again in a moment");
        if (held->kind == HELD_STATUS)
                return answer_status(core, held, peer);
        return held->kind == HELD_ENTRY ? answer_entry(core, held, peer)
                                        : answer_evidence(core, held, peer);
}
