/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Connections: who they are, how many, when they are forgotten. */

#include <string.h>

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

static int refuse_hello(Core *core, Incoming *in, const char *rule, const char *found) {
        RuleRefusal refusal = {.n_reasons = 0};

        fault_set(&refusal.fault, rule, "%s", found);
        fault_place(&refusal.fault, "hello");
        return held_refusal(core, in->route, SLICE_NULL, &refusal);
}

int on_hello(Core *core, Incoming *in) {
        const struct hello *hello = &in->message.hello;
        Peer *peer;

        if (hello->protocol != PROTOCOL_VERSION)
                return refuse_hello(core, in, "protocol-unsupported",
                                    "this broker speaks version 1");
        if (in->peer)
                in->peer->is_gone = true;
        make_room_for(core, in->actor);
        if (core->n_peers >= PEERS_MAX)
                return refuse_hello(core, in, "peers-too-many",
                                    "this broker serves no more connections now");
        peer = add_peer(core, in->route, in->actor);
        peer->heard_ms = core_mono_ms(core);
        held_later(core, &(Held){.kind = HELD_WELCOME,
                                 .route = *in->route,
                                 .agent = in->actor,
                                 .seq = hello->seen_seq});
        return 0;
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
