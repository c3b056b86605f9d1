/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Connections: who they are, how many, when they are forgotten. */

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "broker/core_parts.h"

static Peer *peer_free(Peer *peer) {
        if (peer)
                free(peer->phase);
        free(peer);
        return NULL;
}

static bool is_route(const Route *a, const Route *b) {
        return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
}

Peer *peer_find(const Core *core, const Route *route) {
        for (size_t i = 0; i < core->n_peers; i++)
                if (!core->peers[i]->is_gone && is_route(&core->peers[i]->route, route))
                        return core->peers[i];
        return NULL;
}

int peer_send(Core *core, Peer *peer, Slice frame) {
        int r = core->port.send(core->port.userdata, &peer->route, frame);

        if (r == CHANNEL_E_GONE)
                peer->is_gone = true;
        if (r == CHANNEL_E_FULL)
                peer->full_until_ms = core_mono_ms(core) + RETRY_FULL_MS;
        return r;
}

/* One key has room for a bounded number of connections: its quietest makes room. */
static void make_room_for(Core *core, const AgentRecord *agent) {
        Peer *quietest = NULL;
        size_t n = 0;

        for (size_t i = 0; i < core->n_peers; i++) {
                Peer *peer = core->peers[i];

                if (peer->agent != agent || peer->is_gone)
                        continue;
                n++;
                if (!quietest || peer->heard_ms < quietest->heard_ms)
                        quietest = peer;
        }
        if (n >= PEERS_PER_AGENT_MAX)
                quietest->is_gone = true;
        peer_sweep(core);
}

static Peer *add_peer(Core *core, const Route *route, AgentRecord *agent) {
        Peer *peer = mem_new(Peer);

        peer->route = *route;
        peer->agent = agent;
        core->peers = mem_resize(core->peers, core->n_peers + 1, sizeof(void *));
        core->peers[core->n_peers++] = peer;
        return peer;
}

static int refuse_hello(Core *core, Incoming *in, const char *rule, const char *found,
                        const char *next) {
        RuleRefusal refusal = {.n_reasons = 0};

        fault_set(&refusal.fault, rule, "%s", found);
        fault_place(&refusal.fault, "hello");
        fault_next(&refusal.fault, "%s", next);
        return held_refusal(core, in->route, SLICE_NULL, &refusal);
}

static bool is_signed_by_us(const Core *core, const struct hello *hello) {
        Checkpoint seen = {.seq = hello->seen_seq};

        if (!hello->seen_signature.n || !hash_from_slice(hello->seen_hash, &seen.hash))
                return false;
        memcpy(seen.signature, hello->seen_signature.data, SIGNATURE_BYTES);
        for (size_t i = 0; i < core->state.n_rotations; i++)
                if (seen.seq < core->state.rotations[i].seq &&
                    checkpoint_holds(&core->state.rotations[i].before, &core->state.ledger, &seen))
                        return true;
        return checkpoint_holds(&core->state.broker_key, &core->state.ledger, &seen);
}

/* What the agent has seen must be in this ledger, or be said to be lost. An agent that only says
 * so finds out by itself; one that brings our own signature is believed. */
static int find_unknown_memory(Core *core, const struct hello *hello, bool *ret_is_unknown) {
        cleanup_arena Arena arena = ARENA_INIT;
        Entry entry;
        Hash hash;

        *ret_is_unknown = false;
        if (!hello->seen_seq || !hash_from_slice(hello->seen_hash, &hash))
                return 0;
        if (hello->seen_seq <= core->state.head_seq) {
                TRY(core->port.read(core->port.userdata, hello->seen_seq, &arena, &entry));
                if (hash_equal(&entry.hash, &hash))
                        return 0;
        }
        *ret_is_unknown = !state_find_restored(&core->state, hello->seen_seq, &hash) &&
                          is_signed_by_us(core, hello);
        return 0;
}

static int refuse_memory(Core *core, Incoming *in) {
        const struct hello *hello = &in->message.hello;
        bool is_shorter = hello->seen_seq > core->state.head_seq;
        char what[512];

        (void)snprintf(what, sizeof what,
                       "%s has seen entry %llu, signed by this broker, and this ledger %s: it is "
                       "not the newest one",
                       in->actor->name, (unsigned long long)hello->seen_seq,
                       is_shorter ? "is shorter" : "has another");
        TRY(core_alert(core, WAIT_FOR_UPKEEP, what, core->state.head_seq, in->actor->name));
        return refuse_hello(core, in, is_shorter ? "ledger-shorter" : "ledger-forked", what,
                            "an operator restores the newest ledger, or says what is lost: "
                            "broker restore --accept-loss WHY --seen FILE, with your `seen`");
}

int on_hello(Core *core, Incoming *in) {
        const struct hello *hello = &in->message.hello;
        bool is_unknown;
        Held held;
        Peer *peer;

        if (hello->protocol != PROTOCOL_VERSION)
                return refuse_hello(core, in, "protocol-unsupported",
                                    "this broker speaks version 1",
                                    "install the same version of coldgate on both sides");
        if (in->peer)
                in->peer->is_gone = true;
        TRY(find_unknown_memory(core, hello, &is_unknown));
        if (is_unknown)
                return refuse_memory(core, in);
        make_room_for(core, in->actor);
        if (core->n_peers >= PEERS_MAX)
                return refuse_hello(core, in, "peers-too-many",
                                    "this broker serves no more connections now",
                                    "wait until others have gone");
        peer = add_peer(core, in->route, in->actor);
        peer->heard_ms = core_mono_ms(core);
        held = (Held){.kind = HELD_WELCOME,
                      .route = *in->route,
                      .agent = in->actor,
                      .seq = hello->seen_seq};
        (void)hash_from_slice(hello->seen_hash, &held.hash); /* absent: it stays zero */
        held_later(core, &held);
        return 0;
}

void peer_part(Core *core, const AgentRecord *agent) {
        for (size_t i = 0; i < core->n_peers; i++)
                if (core->peers[i]->agent == agent)
                        core->peers[i]->is_gone = true;
}

void peer_forget_quiet(Core *core) {
        uint64_t now = core_mono_ms(core);

        for (size_t i = 0; i < core->n_peers; i++)
                if (now - core->peers[i]->heard_ms >= core->settings.peer_quiet_ms)
                        core->peers[i]->is_gone = true;
        peer_sweep(core);
}

void peer_sweep(Core *core) {
        size_t n = 0;

        for (size_t i = 0; i < core->n_peers; i++) {
                Peer *peer = core->peers[i];

                if (peer->is_gone || peer->agent->is_revoked)
                        (void)peer_free(peer);
                else
                        core->peers[n++] = peer;
        }
        core->n_peers = n;
}

void peer_clear(Core *core) {
        for (size_t i = 0; i < core->n_peers; i++)
                (void)peer_free(core->peers[i]);
        free(core->peers);
        core->peers = NULL;
        core->n_peers = 0;
}

uint64_t peer_next_deadline(const Core *core) {
        uint64_t first = UINT64_MAX;

        for (size_t i = 0; i < core->n_peers; i++) {
                const Peer *peer = core->peers[i];
                uint64_t quiet = peer->heard_ms + core->settings.peer_quiet_ms;

                first = quiet < first ? quiet : first;
                if (peer->entries && peer->after < core->state.head_seq && peer->full_until_ms &&
                    peer->full_until_ms < first)
                        first = peer->full_until_ms;
        }
        return first;
}
