/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * A broker's core on a desk: a fake port, agents of each role with fixed keys, and short ways to
 * say things. After each commit the ledger is replayed into a fresh state, which must be the live
 * one.
 */

#include "base/arena.h"
#include "tests/lib/fake_port.h"

typedef enum Who {
        OPERATOR,
        BUILDER,
        BUILDER_2,
        ADVERSARY,
        ADVERSARY_2,
        OBSERVER,
        STRANGER, /* a key that nobody admitted */
        _WHO_MAX
} Who;

extern const char *const desk_names[_WHO_MAX];

#define COMMIT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COMMIT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

typedef struct Desk {
        FakePort port;
        Core *core;
        CoreSettings settings;
        Key broker_key;
        Key keys[_WHO_MAX];
        IdMaker ids;
        Arena arena;
} Desk;

/* Genesis, an agent of each role, everybody said hello; nothing is left in `sent`. */
void desk_open(Desk *desk);
/* With other settings, at a time; 0: at the usual one. */
void desk_open_at(Desk *desk, const CoreSettings *settings, uint64_t wall_ms);
void desk_close(Desk *desk);
/* As the process would after kill -9: only the durable is left. Nobody has said hello. */
void desk_restart(Desk *desk);

const State *desk_state(const Desk *desk);
/* The state as text; lives in the desk's arena. */
const char *desk_describe(Desk *desk);
/* core_commit, then the comparison with a replay. */
void desk_commit(Desk *desk);
void desk_tick(Desk *desk); /* core_tick, then the same */

/* A frame into the open batch. */
void desk_put(Desk *desk, Who who, Message message);
/* Put and commit; answers to it are the newest in `sent`. */
void desk_say(Desk *desk, Who who, Message message);
void desk_hello(Desk *desk, Who who);
void desk_credit(Desk *desk, Who who, uint64_t jobs, uint64_t entries, uint64_t after);

/* A signed entry, with an id of its own (or `id`), into the open batch. Bits of `present` that are
 * set already stay. */
void desk_put_entry(Desk *desk, Who who, Message entry, const Id *id);
/* The same with a commit; the sequence number of the ACK, or 0 if it was refused. */
uint64_t desk_submit(Desk *desk, Who who, Message entry);
uint64_t desk_submit_as(Desk *desk, Who who, Message entry, const Id *id);
void desk_make_id(Desk *desk, Id *ret_id);

/* The newest message of the type to the agent; NULL if there is none. How many there are. */
const Message *desk_last(const Desk *desk, Who who, MessageType type);
size_t desk_count(const Desk *desk, Who who, MessageType type);
/* The rule of the newest refusal to it, NUL-terminated; "" if there is none. */
const char *desk_rule(Desk *desk, Who who);
void desk_forget(Desk *desk);

/* Entries with what most tests want in them; texts must outlive the call. */
Message desk_make_plan(Desk *desk, const char *phase, const char *const *gates, size_t n_gates,
                       const char *salt); /* another salt: other digests */
Message desk_make_claim(Desk *desk, const char *phase, const char *const *gates, size_t n_gates,
                        const char *commit);
/* On the claim's newest lease, under the approved digest, one check. */
Message desk_make_verdict(Desk *desk, uint64_t claim, const char *gate, Decision decision);
Message desk_make_done(const char *phase, const char *commit);
Message desk_make_note(const char *phase, NoteTo to, const char *text);
Message desk_make_withdraw(uint64_t claim);
Message desk_make_finding(const char *phase, const char *gate, Blocks blocks);

/* The start of most stories: plan "m" with M1 and M2, approved. */
void desk_approve(Desk *desk);
/* A claim of M1 (and M2) at COMMIT_A by BUILDER; ADVERSARY has a lease of it. The claim's seq. */
uint64_t desk_claim_and_lease(Desk *desk, size_t n_gates);
/* A verdict PASS on M1 of a fresh lease; who may say it. */
Who desk_prepare_verdict(Desk *desk, Message *ret_message);
/* The start of stories about what comes after the end: phase "m" is DONE. */
void desk_make_done_phase(Desk *desk);
/* Stores evidence that the check "c" of M1 found this at COMMIT_A. */
void desk_measure(Desk *desk, const char *value, Hash *ret_digest);
