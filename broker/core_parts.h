/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the parts of the core share: core.c (batch, dispatch), submit.c (entries), lease.c and
 * offer.c (leases), grant.c (holds), watch.c (pings), deliver.c (entries to those who follow),
 * answer.c (questions), peer.c (connections), held.c (what waits for the commit). Nobody else
 * includes it. */

#include "base/arena.h"
#include "broker/core.h"
#include "broker/rules.h"

enum {
        PEERS_MAX = 4096,
        PEERS_PER_AGENT_MAX = 64,
        PROTOCOL_VERSION = 1,
        /* A batch that holds more back is committed at once. */
        HELD_BYTES_MAX = 8 << 20,
        /* Entries that one commit delivers, in all: the rest follows with the next. */
        DELIVERED_PER_COMMIT = 512,
        /* What an answer that is made after the commit counts for: it takes as long as many small
         * frames, and a round must have an end. */
        HELD_ANSWER_BYTES = 256 << 10,
        RETRY_FULL_MS = 50,
        RETRY_ROOM_MS = 200,
};

typedef struct Peer {
        Route route;
        AgentRecord *agent;
        uint64_t heard_ms;
        bool is_gone;           /* the channel said so: swept at the end of the batch */
        uint64_t full_until_ms; /* the channel said so: not tried before */
        /* As CREDIT said, less what was used of it. */
        uint64_t jobs, entries, after;
        char *phase; /* NULL: all */
        bool has_given_credit;
        uint64_t offered; /* number of the newest offer it got, for fairness */
} Peer;

/* A lease that runs. The ledger says that it does; how long is ours to say. */
typedef struct Running {
        uint64_t claim_seq, lease_seq;
        uint64_t deadline_ms;
        char *adversary;   /* borrowed from the agent's record */
        bool offer_is_due; /* to be sent to `route` */
        /* Heartbeats renew a lease, only change is progress. */
        uint64_t moved_ms, stall_ms;
        Hash progress;
        bool awaits_sign; /* offered once more after a reconnection: not free to take others */
        Route route;      /* n is 0 while the holder is away */
} Running;

/* Until when a hold is in its state; UINT64_MAX: no limit. */
typedef struct HoldTimer {
        uint64_t hold_seq, deadline_ms;
        HoldState state;
} HoldTimer;

typedef enum HeldKind {
        HELD_FRAME,     /* bytes, to the route */
        HELD_FOR_AGENT, /* bytes, to each connection of the agent */
        HELD_PROGRESS,  /* bytes, to those who wait for the claim */
        HELD_ACK,
        HELD_WELCOME,
        HELD_STATUS,   /* bytes: the phase */
        HELD_ENTRY,    /* seq */
        HELD_EVIDENCE, /* hash */
} HeldKind;

/* What is left of an agent's entries, in quota.c's units, and of the answers to it. */
typedef struct Quota {
        const AgentRecord *agent;
        uint64_t level, at_ms;
        uint64_t answer_bytes, answer_ms;
} Quota;

/* What is said when the batch is durable. Large answers are made only then, one at a time. */
typedef struct Held {
        HeldKind kind;
        Route route;
        AgentRecord *agent;
        uint8_t *bytes; /* owned */
        size_t n_bytes;
        Id id;
        uint64_t seq;
        Hash hash;
} Held;

struct Core {
        CorePort port;
        CoreSettings settings;
        const Key *key;
        State state;
        IdMaker ids;
        bool is_dirty;   /* the open batch has something in it */
        bool is_settled; /* the running leases are those of the state */
        Peer **peers;
        size_t n_peers;
        Running *running; /* by claim_seq */
        size_t n_running;
        HoldTimer *hold_timers;
        size_t n_hold_timers;
        uint64_t granted_seq; /* the head for which holds were settled */
        uint64_t watch_seq;   /* the head that the watchdog has looked at */
        uint64_t watch_rest_ms, watch_due_ms;
        Quota *quotas;
        size_t n_quotas;
        Held *held;
        size_t n_held, n_held_bytes;
        uint64_t n_offers;
        size_t deliver_first; /* whose turn it is */
        bool delivery_is_pending;
        struct CoreRefusal refusals[CORE_RULES_MAX];
        size_t n_refusals;
        uint64_t room_due_ms; /* there was no room: nothing of our own before; 0: there is */
        bool has_checkpoint;  /* of the head */
        Checkpoint checkpoint;
        Arena folding; /* of the entry in hand, at a start */
};

/* One message on its way through. */
typedef struct Incoming {
        const Route *route;
        AgentRecord *actor;
        Peer *peer; /* NULL before hello */
        Message message;
        Arena *arena;
} Incoming;

/* ---- core.c ---- */
uint64_t core_mono_ms(const Core *core);
uint64_t core_wall_ms(const Core *core);
void core_make_id(Core *core, Id *ret_id);
/* Whether the port has room for `n_bytes`: 1, and the fault says why not. */
int core_ask_room(Core *core, size_t n_bytes, Fault *reterr_fault) must_check;
/* An entry by `actor`: into the state and into the open batch. */
int core_append(Core *core, const Entry *draft, const Message *message) must_check;
/* An entry of the broker's own. */
int core_append_own(Core *core, Message *message) must_check;

/* ---- held.c ---- */
int held_message(Core *core, const Route *route, Message *message) must_check;
int held_refusal(Core *core, const Route *route, Slice id, const RuleRefusal *refusal) must_check;
int held_for_agent(Core *core, AgentRecord *agent, Message *message) must_check;
int held_progress(Core *core, uint64_t claim_seq, Message *message) must_check;
/* The kinds that are made at the commit. */
void held_later(Core *core, const Held *held);
void held_later_bytes(Core *core, const Held *held, Slice bytes);
/* Says all of it. */
int held_speak(Core *core) must_check;
void held_clear(Core *core);
/* Encodes and sends to a peer or a route that needs none; CHANNEL_E_FULL, CHANNEL_E_GONE. */
int held_send(Core *core, const Route *route, Message *message) must_check;

/* ---- submit.c ---- */
int on_submit(Core *core, Incoming *in) must_check;

/* ---- quota.c ---- */
/* False, with rule quota-entries: this agent has used up what its role may add. */
bool quota_take(Core *core, const AgentRecord *agent, Fault *reterr_fault) must_check;
/* Whether a question of its own is answered now; and how many bytes that was. */
bool quota_may_answer(Core *core, const AgentRecord *agent) must_check;
void quota_answered(Core *core, const AgentRecord *agent, size_t n_bytes);

/* ---- lease.c ---- */
int on_progress(Core *core, Incoming *in) must_check;
/* A fresh one, of the state's newest. */
Running *lease_add(Core *core, const ClaimRecord *claim);
/* The holder brought something new: a verdict. */
void lease_move(Core *core, uint64_t claim_seq, uint64_t lease_seq);
bool lease_is_over(const Core *core, uint64_t claim_seq, uint64_t lease_seq);
int lease_lapse_overdue(Core *core) must_check;
int lease_settle(Core *core) must_check;

/* ---- offer.c ---- */
/* The holder of running leases is back: offers them once more. */
void offer_again(Core *core, Peer *peer);
/* False: no adversary is there that has taken a claim or would take one. */
bool offer_has_takers(const Core *core);
int offer_hand_out(Core *core) must_check;
int offer_send_due(Core *core) must_check;
uint64_t offer_next_deadline(const Core *core);

/* ---- grant.c ---- */
int grant_settle(Core *core) must_check;
int grant_expire_overdue(Core *core) must_check;
uint64_t grant_next_deadline(const Core *core);

/* ---- watch.c ---- */
void watch_start(Core *core);
int watch_look(Core *core) must_check;
uint64_t watch_next_deadline(const Core *core);

/* ---- deliver.c ---- */
int on_credit(Core *core, Incoming *in) must_check;
int deliver_all(Core *core) must_check;
/* Whether the reader may not see the entry (yet). */
int deliver_is_sealed(const Core *core, const AgentRecord *reader, const Entry *entry,
                      bool *ret_is_sealed) must_check;
bool deliver_evidence_is_sealed(const State *state, const AgentRecord *reader, const Hash *digest);
void deliver_fill(const Entry *entry, Message *ret_message);

/* ---- answer.c ---- */
int on_ask(Core *core, Incoming *in) must_check;
int on_evidence_put(Core *core, Incoming *in) must_check;
int on_evidence_get(Core *core, Incoming *in) must_check;
int on_heartbeat(Core *core, Incoming *in) must_check;
/* Answers a question that was held. */
int answer_question(Core *core, const Held *held) must_check;

/* ---- peer.c ---- */
int on_hello(Core *core, Incoming *in) must_check;
Peer *peer_find(const Core *core, const Route *route);
/* As the port's send; remembers what the channel said of the peer. */
int peer_send(Core *core, Peer *peer, Slice frame) must_check;
/* Whoever spoke for the agent until now has a key that is out of use. */
void peer_part(Core *core, const AgentRecord *agent);
/* Forgets the quiet. */
void peer_forget_quiet(Core *core);
/* Frees those that are gone or revoked. */
void peer_sweep(Core *core);
void peer_clear(Core *core);
uint64_t peer_next_deadline(const Core *core);
