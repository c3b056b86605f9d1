/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * What the broker knows: the fold of the ledger's entries through one pure function, replay_apply
 * (broker/replay.h). Live traffic and a restart use the same one. Nothing here is remembered that
 * an entry does not say; what depends on the time (freshness, who is waited for) is computed when
 * it is read (broker/status.h).
 */

#include "base/arena.h"
#include "base/hash.h"
#include "base/sign.h"
#include "base/slice.h"
#include "proto/entry.h"
#include "proto/message.h"

/* Memory stays bounded: the rules refuse what would pass the first, the fold forgets the oldest
 * closed finding of a phase that has the second. */
enum { FINDINGS_OPEN_MAX = 1024, FINDINGS_KEPT_MAX = 2048, PHASES_MAX = 256 };

/* What the ledger calls the author of the broker's own entries; no agent may be called so. */
#define BROKER_NAME "broker"

typedef struct AgentRecord {
        char *name;
        Role role;
        PublicKey key;
        bool is_revoked;
        uint64_t admitted_seq;
} AgentRecord;

/* A verdict as far as it still matters. */
typedef struct VerdictRecord {
        uint64_t seq; /* 0: none */
        uint64_t claim_seq;
        uint64_t received_ms;
        Decision decision;
        Mode mode;
        char commit[65];
        Hash gate_digest;
        char *adversary; /* borrowed from the agent's record */
} VerdictRecord;

typedef struct GateRecord {
        char *id, *title;
        Hash digest;
        uint64_t valid_for_ms;
        GateState state;       /* changed by gate_apply only */
        uint64_t claim_seq;    /* newest claim; 0: none */
        VerdictRecord verdict; /* newest */
        bool in_plan;          /* false: a revision dropped it */
} GateRecord;

typedef struct ClaimRecord {
        uint64_t seq, received_ms;
        struct PhaseRecord *phase;
        char *builder;    /* borrowed from the agent's record */
        ClaimState state; /* changed by claim_apply only */
        char *repository;
        char commit[65];
        Mode mode;
        char **gates;
        uint64_t *verdicts; /* beside gates: the verdict's entry, 0 while it has none */
        size_t n_gates;
        uint64_t lease_seq, lease_ms; /* the newest lease; 0: none */
        uint64_t leased_ms;           /* when it was received */
        char *adversary;              /* its holder; borrowed */
        uint64_t attempts;
} ClaimRecord;

typedef struct FindingRecord {
        uint64_t seq, received_ms;
        struct PhaseRecord *phase;
        char *gate; /* NULL: of the whole phase */
        FindingState state;
        Severity severity;
        Blocks blocks;
        char *title, *reproduce; /* reproduce may be NULL */
        uint64_t verdict_seq, closed_seq;
        bool is_of_fail; /* filed by a FAIL itself: a PASS of the gate is its re-test */
} FindingRecord;

typedef struct PhaseRecord {
        char *name;
        PhaseState state;
        char *plan_text; /* NUL-terminated */
        size_t plan_bytes;
        Hash plan_digest;
        uint64_t plan_seq, plan_ms;
        char **needs;
        size_t n_needs;
        GateRecord *gates; /* in the plan's order, dropped ones last */
        size_t n_gates;
        size_t n_findings, n_open_findings;
        uint64_t done_seq, done_ms;
        char done_commit[65];
} PhaseRecord;

typedef struct State {
        bool has_genesis;
        Hash ledger;
        char *project;
        PublicKey broker_key;
        uint64_t head_seq; /* 0: empty */
        Hash head_hash;
        AgentRecord **agents;
        size_t n_agents;
        PhaseRecord **phases;
        size_t n_phases;
        ClaimRecord **claims; /* oldest first; only open ones and the newest of each gate */
        size_t n_claims;
        FindingRecord **findings; /* oldest first; of a phase at most FINDINGS_KEPT_MAX */
        size_t n_findings;
} State;

void state_init(State *state);
void state_deinit(State *state);

AgentRecord *state_find_agent(const State *state, Slice name);
/* By transport key, revoked ones included; NULL if unknown. */
AgentRecord *state_find_agent_by_curve(const State *state, const uint8_t curve[CURVE_BYTES]);
PhaseRecord *state_find_phase(const State *state, Slice name);
ClaimRecord *state_find_claim(const State *state, uint64_t seq);
FindingRecord *state_find_finding(const State *state, uint64_t seq);
/* The phase of an entry: what its fields say, or that of the claim or finding that they name. */
Slice state_phase_of(const State *state, const Message *message);
/* Only gates of the approved plan. */
GateRecord *phase_find_gate(const PhaseRecord *phase, Slice id);
/* Dropped ones too. */
GateRecord *phase_find_gate_ever(const PhaseRecord *phase, Slice id);
/* Index of the gate in the claim, or -1. */
int claim_find_gate(const ClaimRecord *claim, Slice gate);
/* Queued or leased. */
bool claim_is_open(const ClaimRecord *claim);
/* The claim's i-th gate while it still awaits this claim's verdict: in the plan, not decided, not
 * claimed anew; NULL otherwise. */
GateRecord *claim_get_open_gate(const ClaimRecord *claim, size_t i);
size_t claim_count_open_gates(const ClaimRecord *claim);

/* For the fold only: takes the record over; drops and frees it. */
void state_add_agent(State *state, AgentRecord *agent);
void state_add_phase(State *state, PhaseRecord *phase);
void state_add_claim(State *state, ClaimRecord *claim);
void state_add_finding(State *state, FindingRecord *finding);
/* Drops the claim if it is neither open nor the newest of a gate. */
void state_drop_claim_if_over(State *state, ClaimRecord *claim);
void state_drop_oldest_closed_finding(State *state, PhaseRecord *phase);

/* Everything in it as text, so that two states can be compared. */
void state_describe(const State *state, Buf *text);
