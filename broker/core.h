/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * The broker without the world: frames and time in, entries and frames out through a port. One
 * batch: core_receive for each frame that is there (entries are appended, answers are held back),
 * then core_commit (durable first, then the answers, deliveries and offers go out). Write before
 * you speak.
 */

#include "base/id.h"
#include "broker/state.h"
#include "broker/watchdog.h"
#include "proto/channel.h"

/* Everything the core may do to the world, and no more. */
typedef struct CorePort {
        void *userdata;
        uint64_t (*wall_ms)(void *userdata);
        uint64_t (*mono_ms)(void *userdata);
        /* Adds the entry to the open batch; `entry` is complete, hash included. */
        int (*append)(void *userdata, const Entry *entry);
        /* Makes the batch durable. A failure is final: the process ends. */
        int (*commit)(void *userdata);
        /* Whether `n_bytes` more can be written now; 1: they cannot, and the fault says why (rules
         * disk-full, log-full). NULL: always. */
        int (*room)(void *userdata, size_t n_bytes, Fault *reterr_fault);
        /* The entry with this message id, also of the open batch; 1 if there is none. */
        int (*find)(void *userdata, const Id *id, Arena *arena, Entry *ret_entry);
        /* The entry of this number; 1 if there is none. */
        int (*read)(void *userdata, uint64_t seq, Arena *arena, Entry *ret_entry);
        /* Evidence: 1 if there is none. */
        int (*evidence_put)(void *userdata, const Hash *digest, Slice frame);
        int (*evidence_get)(void *userdata, const Hash *digest, Arena *arena, Slice *ret_frame);
        /* As channel_server_send: 0 or a CHANNEL_E_ condition. */
        int (*send)(void *userdata, const Route *route, Slice frame);
        void (*random)(void *userdata, void *bytes, size_t n);
        /* The deliveries that carry a ping or an alert beside the connections; NULL: none. */
        size_t (*carriers)(void *userdata, const Message *message, Slice phase, Slice *ret_names,
                           size_t n_max);
        /* Whether it is known already that `author` has signed the submission in hand: else the
         * core looks itself. NULL: it always does. */
        bool (*knows_signed)(void *userdata, const PublicKey *author, const Hash *ledger,
                             const struct submit *submit);
} CorePort;

typedef struct CoreSettings {
        uint64_t lease_ms; /* without progress */
        uint64_t attempts; /* leases of one claim before it is exhausted */
        uint64_t stall_ms; /* of a verification without progress, where its gate says nothing */
        WatchSettings watch;
        uint64_t watch_start_ms; /* agents come back before anybody is pinged */
        uint64_t peer_quiet_ms;  /* a peer that says nothing for so long is forgotten */
        /* Entries a minute that a key of the role may add, an hour's worth at once; 0: any. */
        uint64_t quotas[_ROLE_MAX];
} CoreSettings;

extern const CoreSettings core_settings_default;

typedef struct Core Core;

enum { CORE_RULES_MAX = 192 };

/* Since the start, for who watches it. */
typedef struct CoreCounters {
        size_t n_peers, n_held_bytes;
        const struct CoreRefusal {
                const char *rule;
                uint64_t n;
        } * refusals;
        size_t n_refusals;
} CoreCounters;

/* `key` is the broker's, borrowed. The core begins with an empty state: feed it the ledger. */
Core *core_new(const CorePort *port, const CoreSettings *settings, const Key *key);
Core *core_free(Core *core);
DEFINE_FREEP(Core, core_free, core_freep)

const State *core_get_state(const Core *core);
CoreCounters core_get_counters(const Core *core);
/* Other settings than before: for what begins from now on. */
void core_set_settings(Core *core, const CoreSettings *settings);

/* Restart: the ledger's entries, in order; signatures are `broker verify`'s business. */
int core_replay(Core *core, const Entry *entry, Fault *reterr_fault) must_check;
/* The same without a look at the entry's hash: whoever reads has looked (broker/chain.h). */
int core_fold(Core *core, const Entry *entry, Fault *reterr_fault) must_check;
/* The first entries of a new ledger, by the broker's own hand: genesis, then each agent admitted
 * at init (an operator first). Appends to the open batch. */
int core_genesis(Core *core, const char *project, const Hash *ledger) must_check;
int core_admit(Core *core, const char *name, Role role, const PublicKey *key) must_check;

/* Whether the core takes messages of this type, for tests. */
bool core_handles(MessageType type);

/* For ZAP: a known, unrevoked transport key. */
bool core_admits(const Core *core, const uint8_t curve[CURVE_BYTES]);

/* One frame from a peer. Refusals are answers, not errors; <0 is fatal. */
int core_receive(Core *core, const Route *route, const uint8_t curve[CURVE_BYTES],
                 Slice frame) must_check;
/* Answers a message that the channel did not hand out; `why` is what it said instead
 * (CHANNEL_E_TOO_LARGE, CHANNEL_E_PARTS, CHANNEL_E_ROUTE; the last is an alert, too). */
int core_refuse_message(Core *core, const Route *route, const uint8_t curve[CURVE_BYTES],
                        int why) must_check;
/* Answers a frame that is not looked at, since its sender has too many others that wait: `busy`. */
int core_refuse_busy(Core *core, const Route *route, Slice frame) must_check;
/* Whether there is room for an alert: without it core_alert says nothing. */
bool core_may_alert(Core *core);
/* An alert about what a delivery (`who`) could not carry, or about the upkeep of something, unless
 * one about it stands. Commit afterwards. */
int core_alert(Core *core, WaitFor wait_for, const char *what, uint64_t cause,
               const char *who) must_check;
/* Evidence is removed. Appends. */
int core_collected(Core *core, Slice digests, uint64_t n_bytes, uint64_t older_ms) must_check;
/* The operator says that newer entries are lost: the newest one that is known. Appends. */
int core_restored(Core *core, uint64_t lost_seq, const Hash *lost_hash, const char *why) must_check;
/* The broker's key is replaced by `next`: whoever gave the key to core_new puts it there before
 * anything else is done. Appends. */
int core_rotated(Core *core, const Key *next) must_check;
/* Ends the batch. Also hands out what became possible: deliveries, offers. */
int core_commit(Core *core) must_check;
/* What the clock demands: leases that lapse, peers that are forgotten. Appends to the batch;
 * core_commit afterwards. */
int core_tick(Core *core) must_check;
/* Monotonic time at which core_tick is due; UINT64_MAX: never. */
uint64_t core_next_deadline(const Core *core);

/* A request by a local operator verb while no broker runs: as if the agent `name` had sent the
 * signed entry. On refusal `reterr_fault` is filled and 1 returned. Commit afterwards. */
int core_submit_locally(Core *core, const Key *key, const Message *message, uint64_t *ret_seq,
                        Fault *reterr_fault) must_check;
