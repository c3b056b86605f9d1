/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Who gets which claim, and the offers that say so. Until when a lease runs: lease.c. */

#include <string.h>

#include "base/error.h"
#include "broker/core_parts.h"
#include "broker/offer_make.h"

static uint64_t count_leases(const Core *core, const char *adversary, bool only_awaiting) {
        uint64_t n = 0;

        for (size_t i = 0; i < core->n_running; i++)
                n += core->running[i].adversary == adversary &&
                     (!only_awaiting || core->running[i].awaits_sign);
        return n;
}

static bool may_take(const Core *core, const Peer *peer, const ClaimRecord *claim) {
        const AgentRecord *builder = state_find_agent(&core->state, slice_text(claim->builder));

        return !peer->is_gone && peer->agent->role == ROLE_ADVERSARY && !peer->agent->is_revoked &&
               peer->jobs > count_leases(core, peer->agent->name, true) &&
               peer->full_until_ms <= core_mono_ms(core) &&
               claim_count_gates_for(claim, peer->agent->name) > 0 &&
               memcmp(builder->key.sign, peer->agent->key.sign, SIGN_PUBLIC_BYTES) != 0;
}

/* Rather another than who let it lapse, rather one with fewer leases, rather one who waited. */
static bool is_better(const Core *core, const ClaimRecord *claim, const Peer *a, const Peer *b) {
        bool a_failed = a->agent->name == claim->adversary;
        bool b_failed = b->agent->name == claim->adversary;
        uint64_t n_a = count_leases(core, a->agent->name, false);
        uint64_t n_b = count_leases(core, b->agent->name, false);

        if (a_failed != b_failed)
                return b_failed;
        if (n_a != n_b)
                return n_a < n_b;
        return a->offered < b->offered;
}

static Peer *choose_peer(const Core *core, const ClaimRecord *claim) {
        Peer *best = NULL;

        for (size_t i = 0; i < core->n_peers; i++) {
                Peer *peer = core->peers[i];

                if (may_take(core, peer, claim) && (!best || is_better(core, claim, peer, best)))
                        best = peer;
        }
        return best;
}

static int lease(Core *core, const ClaimRecord *claim, Peer *peer) {
        Message message = {
                .type = MESSAGE_LEASE,
                .lease = {.claim = claim->seq,
                          .adversary = slice_text(peer->agent->name),
                          .lease_ms = core->settings.lease_ms,
                          .attempt = claim->attempts + 1},
        };
        Running *running;

        TRY(core_append_own(core, &message));
        running = lease_add(core, claim);
        running->route = peer->route;
        running->offer_is_due = true;
        peer->jobs--;
        peer->offered = ++core->n_offers;
        return 0;
}

static bool has_credit(const Core *core) {
        for (size_t i = 0; i < core->n_peers; i++)
                if (core->peers[i]->jobs)
                        return true;
        return false;
}

bool offer_has_takers(const Core *core) {
        return core->n_running || has_credit(core);
}

int offer_hand_out(Core *core) {
        if (!has_credit(core))
                return 0;
        for (size_t i = 0; i < core->state.n_claims; i++) {
                const ClaimRecord *claim = core->state.claims[i];
                Peer *peer;

                if (claim->state != CLAIM_STATE_QUEUED)
                        continue;
                peer = choose_peer(core, claim);
                if (peer)
                        TRY(lease(core, claim, peer));
        }
        return 0;
}

void offer_again(Core *core, Peer *peer) {
        for (size_t i = 0; i < core->n_running; i++) {
                Running *running = &core->running[i];

                if (running->adversary != peer->agent->name)
                        continue;
                running->route = peer->route;
                running->offer_is_due = true;
                running->awaits_sign = true;
        }
}

static int send_offer(Core *core, const ClaimRecord *claim, const Route *route) {
        cleanup_arena Arena arena = ARENA_INIT;
        Message message = {.type = MESSAGE_OFFER};

        offer_make(&core->state, claim, core_wall_ms(core), &arena, &message.offer);
        return held_send(core, route, &message);
}

int offer_send_due(Core *core) {
        for (size_t i = 0; i < core->n_running; i++) {
                Running *running = &core->running[i];
                const Peer *peer = peer_find(core, &running->route);
                int r;

                if (!running->offer_is_due || !peer || peer->full_until_ms > core_mono_ms(core))
                        continue;
                r = send_offer(core, state_find_claim(&core->state, running->claim_seq),
                               &running->route);
                if (r == CHANNEL_E_FULL || r == CHANNEL_E_GONE)
                        continue;
                TRY(r);
                running->offer_is_due = false;
        }
        return 0;
}

uint64_t offer_next_deadline(const Core *core) {
        uint64_t first = UINT64_MAX;

        for (size_t i = 0; i < core->n_running; i++) {
                const Running *running = &core->running[i];
                const Peer *peer = running->offer_is_due ? peer_find(core, &running->route) : NULL;

                if (running->deadline_ms < first)
                        first = running->deadline_ms;
                if (running->moved_ms + running->stall_ms < first)
                        first = running->moved_ms + running->stall_ms;
                if (peer && peer->full_until_ms < first)
                        first = peer->full_until_ms;
        }
        return first;
}
