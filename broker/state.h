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
enum {
        FINDINGS_OPEN_MAX = 1024,
        FINDINGS_KEPT_MAX = 2048,
        PHASES_MAX = 256,
        VERIFIERS_MAX = 16,      /* of a gate */
        VETOES_MAX = 256,        /* that stand, in a phase */
        SEALS_MAX = 256,         /* of a phase that its status lists; one of each adversary */
        SAID_BYTES_MAX = 512,    /* of a reason that the state repeats; the entry has all of it */
        FINDING_CHECKS_MAX = 32, /* names of failed checks; the verdict has all of them */
        FINDING_FAILS_MAX = 16,  /* newest FAILs that showed it */
        PAUSES_MAX = 256,        /* that run, in a phase; one of each agent */
        HOLDS_MAX = 1024,        /* held or waited for */
        ALERTS_MAX = 1024,       /* that no person has seen */
        RESOURCES_MAX = 256,     /* names that are held or waited for */
        HOLDS_OF_AGENT_MAX = 64,
        PINGS_MAX = 4096, /* waits about which somebody was pinged */
        UNTOLD_MAX = 256, /* notes whose role was not told yet */
};

/* What the ledger calls the author of the broker's own entries; no agent may be called so. */
#define BROKER_NAME "broker"

typedef struct AgentRecord {
        char *name;
        Role role;
        PublicKey key;
        bool is_revoked;
        uint64_t admitted_seq;
} AgentRecord;

/* Of a vote: a check that did not pass, or that was seen red. */
typedef struct ResultRecord {
        char *check;
        Outcome outcome;
        bool is_red;
} ResultRecord;

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
        /* Of a gate with inputs, and of a PASS that was carried over: the PASS that was measured,
         * whose age counts. */
        bool has_inputs;
        Hash inputs;
        uint64_t carried_from; /* 0: measured itself */
        uint64_t measured_ms;  /* when the measured one was received */
        bool is_mismatch;      /* a FAIL because the claimed evidence differs: it was a PASS */
        bool is_disagreement;  /* of several verifiers: they did not say the same */
        /* What it was made of, where several verifiers were needed. */
        struct {
                uint64_t seq;
                char *adversary; /* borrowed from the agent's record */
        } parts[VERIFIERS_MAX];
        size_t n_parts;
        /* Of a vote only; owned. */
        ResultRecord *results;
        size_t n_results;
        Hash *evidence;
        size_t n_evidence;
} VerdictRecord;

/* A check of a gate, as far as whether it can fail is known. */
typedef struct CheckRecord {
        char *id;
        bool is_measured; /* it is run: no person answers it; false: not known, too */
        bool was_red;     /* failed once, or was proved able to */
        uint64_t red_seq; /* the newest verdict that showed it so */
} CheckRecord;

typedef struct GateRecord {
        char *id, *title;
        Hash digest;
        uint64_t valid_for_ms;
        GateState state;       /* changed by gate_apply only */
        uint64_t claim_seq;    /* newest claim; 0: none */
        uint64_t words_seq;    /* the claim by a builder whose words it stands on; 0: none */
        VerdictRecord verdict; /* newest; of several verifiers, what they make of it together */
        bool in_plan;          /* false: a revision dropped it */
        bool is_exhausted;     /* its newest claim ran out of attempts */
        /* The newest claim that ended here without a verdict, and the entry that ended it; 0: none.
         */
        uint64_t ended_seq, ended_by;
        /* As the plan's row says: */
        char **needs; /* other gates */
        size_t n_needs;
        unsigned verifiers; /* at least 1 */
        bool has_inputs, must_match;
        uint64_t stall_ms; /* 0: the broker's setting */
        CheckRecord *checks;
        size_t n_checks;
        /* Verdicts on the newest claim so far, of distinct adversaries, where several are needed.
         */
        VerdictRecord *votes;
        size_t n_votes;                       /* at most VERIFIERS_MAX */
        VerdictRecord last_pass;              /* newest measured cold PASS that was not retracted */
        uint64_t waived_until_ms, waived_seq; /* 0: not waived */
        char *waived_because;
        /* The verdict that was the newest and was retracted, while no other took its place. */
        uint64_t retracted_seq;           /* 0: none */
        uint64_t retract_seq, retract_ms; /* of the retraction */
        /* Manual checks that the newest verdict left without an answer. */
        char **asked;
        size_t n_asked;
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
        uint64_t attempts;            /* since the newest verdict that wants another's beside it */
        uint64_t cause; /* of a re-verification: what made it so; 0: a builder's claim */
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
        uint64_t changed_seq, changed_ms; /* the entry that brought it into its state */
        char *because;                    /* why waived, what closes a deferred one; or NULL */
        uint64_t waived_until_ms;         /* 0: not waived */
        char fixed_at[65];                /* of FINDING_STATE_FIXED: the commit */
        char **checks;                    /* that failed, of a FAIL's own */
        size_t n_checks;
        uint64_t last_pass_seq; /* the gate's last PASS before it; 0: none */
        bool is_deferred;       /* outlives that it is fixed or waived, as waived_until_ms does */
        uint64_t opened_seq;    /* filed, reopened or newest FAIL: what closes it is younger */
        uint64_t retest_seq;    /* the PASS that closed it; 0: none */
        uint64_t fails[FINDING_FAILS_MAX]; /* FAILs that showed it, not retracted, oldest first */
        size_t n_fails;
} FindingRecord;

typedef struct VetoRecord {
        uint64_t seq, received_ms;
        struct PhaseRecord *phase;
        char *adversary; /* borrowed from the agent's record */
        char **gates;    /* none: the whole phase */
        size_t n_gates;
        char *why, *lift_when;
        VetoState state; /* changed by veto_apply only */
} VetoRecord;

/* Sealed checks; it stays, for it must be shown once. */
typedef struct SealRecord {
        uint64_t seq, received_ms;
        struct PhaseRecord *phase;
        char *adversary; /* borrowed from the agent's record */
        Hash digest;
        uint64_t asked_seq;    /* an operator asked for it; 0: nobody did */
        uint64_t revealed_seq; /* 0: it is sealed */
} SealRecord;

typedef struct PauseRecord {
        uint64_t seq, received_ms, until_ms;
        struct PhaseRecord *phase;
        AgentRecord *agent;
        char *why;
} PauseRecord;

/* A named resource, asked for or held. Its number is the fencing token. */
typedef struct HoldRecord {
        uint64_t seq, received_ms, granted_ms;
        char *resource;
        Lock lock;
        AgentRecord *agent;
        uint64_t hold_ms, wait_ms; /* wait_ms 0: as long as it takes */
        uint64_t lease_seq;        /* 0: of no lease */
        HoldState state;           /* changed by hold_apply only */
        char *why;
} HoldRecord;

typedef struct AlertRecord {
        uint64_t seq, received_ms, cause;
        struct PhaseRecord *phase; /* NULL: of none */
        WaitFor wait_for;
        char *what;
        char *who; /* did not answer, or which delivery; may be NULL */
} AlertRecord;

/* What was said to whom about one cause. Kept when the wait has gone, for it may come back: nobody
 * is pinged twice. Forgotten when the phase is DONE, or when PINGS_MAX newer ones have come. */
typedef struct PingRecord {
        uint64_t cause;
        WaitFor wait_for;
        char *who;
        struct PhaseRecord *phase; /* NULL: of none */
        uint64_t attempts, last_ms;
        bool is_escalated; /* the operator was alerted */
} PingRecord;

/* A note in a role's inbox of which the role was not told yet. */
typedef struct UntoldRecord {
        uint64_t seq, received_ms;
        struct PhaseRecord *phase;
        Role role;
        char *author, *gate; /* gate may be NULL */
} UntoldRecord;

/* A manual check's answer counts for its commit and the gate's digest. */
typedef struct AnswerRecord {
        uint64_t seq;
        char *gate, *check, *text;
        char commit[65];
        Hash gate_digest;
        bool holds;
} AnswerRecord;

typedef struct PhaseRecord {
        char *name;
        PhaseState state;
        char *plan_text; /* NUL-terminated */
        size_t plan_bytes;
        char *plan_path; /* of its copies in commits; NULL: not known */
        Hash plan_digest;
        uint64_t plan_seq, plan_ms;
        char **needs;
        size_t n_needs;
        GateRecord *gates; /* in the plan's order, dropped ones last */
        size_t n_gates;
        size_t n_findings, n_open_findings;
        uint64_t done_seq, done_ms; /* of `granted` */
        char done_commit[65];
        /* A request for DONE that waits for re-verifications; 0: none. */
        uint64_t asked_seq;
        char asked_commit[65];
        AgentRecord *asked_by;
        AnswerRecord **answers; /* newest of each manual check */
        size_t n_answers;
        uint64_t eligible_seq; /* head of the newest verdict for which done-eligible was said */
} PhaseRecord;

/* The entries from `seq` on, as far as `lost_seq` of the ledger that was, are not these. */
typedef struct RestoredRecord {
        uint64_t seq, kept_seq, lost_seq;
        Hash lost_hash;
} RestoredRecord;

/* The broker signs with another key, from behind this entry on. */
typedef struct RotationRecord {
        uint64_t seq;
        Hash prev;        /* of the entry */
        PublicKey before; /* signs it, and heads before it */
} RotationRecord;

typedef struct State {
        bool has_genesis;
        Hash ledger;
        char *project;
        PublicKey broker_key;
        uint64_t head_seq; /* 0: empty */
        Hash head_hash;
        AgentRecord **agents;
        size_t n_agents;
        PublicKey *former_keys; /* of agents that have others now */
        size_t n_former_keys;
        PhaseRecord **phases;
        size_t n_phases;
        ClaimRecord **claims; /* oldest first; only open ones and the newest of each gate */
        size_t n_claims;
        FindingRecord **findings; /* oldest first; of a phase at most FINDINGS_KEPT_MAX */
        size_t n_findings;
        VetoRecord **vetoes; /* that stand, oldest first */
        size_t n_vetoes;
        SealRecord **seals; /* oldest first */
        size_t n_seals;
        PauseRecord **pauses; /* that were not resumed; of an agent and phase the newest */
        size_t n_pauses;
        HoldRecord **holds; /* waiting or held, oldest first */
        size_t n_holds;
        AlertRecord **alerts; /* not seen, oldest first */
        size_t n_alerts;
        PingRecord **pings;
        size_t n_pings;
        UntoldRecord **untold; /* oldest first */
        size_t n_untold;
        RestoredRecord *restored; /* oldest first */
        size_t n_restored;
        RotationRecord *rotations; /* oldest first */
        size_t n_rotations;
        uint64_t n_collected; /* evidence that was removed, ever */
} State;

void state_init(State *state);
void state_deinit(State *state);

AgentRecord *state_find_agent(const State *state, Slice name);
/* By transport key, revoked ones included; NULL if unknown. */
AgentRecord *state_find_agent_by_curve(const State *state, const uint8_t curve[CURVE_BYTES]);
PhaseRecord *state_find_phase(const State *state, Slice name);
ClaimRecord *state_find_claim(const State *state, uint64_t seq);
/* Says that an entry of this number and hash, which somebody has seen, is lost; NULL: nothing does.
 */
const RestoredRecord *state_find_restored(const State *state, uint64_t seen_seq,
                                          const Hash *seen_hash);
/* The rotation that ended this key of the broker; NULL: it was none, or is the one in force. */
const RotationRecord *state_find_rotation(const State *state,
                                          const uint8_t sign[SIGN_PUBLIC_BYTES]);
/* The head without the rotations at its end: what is kept of a backup whose key was replaced
 * since. */
void state_get_kept(const State *state, uint64_t *ret_seq, Hash *ret_hash);
/* The claim that is leased under this number; NULL if the lease has ended. */
ClaimRecord *state_find_lease(const State *state, uint64_t lease_seq);
FindingRecord *state_find_finding(const State *state, uint64_t seq);
/* One that stands. */
VetoRecord *state_find_veto(const State *state, uint64_t seq);
SealRecord *state_find_seal(const State *state, uint64_t seq);
/* That of an adversary in a phase; NULL if it has none there. */
SealRecord *state_find_seal_of(const State *state, const PhaseRecord *phase, const char *adversary);
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

/* As much of a reason as the state repeats, cut between characters. */
Slice state_cut_said(Slice text);
/* The claim's i-th gate if this adversary's verdict on it is still wanted: it is open, and where
 * several are needed, none of them is its own yet; NULL otherwise. */
GateRecord *claim_get_gate_for(const ClaimRecord *claim, size_t i, const char *adversary);
size_t claim_count_gates_for(const ClaimRecord *claim, const char *adversary);
/* The verdict is that of the entry, or it is one of several of which the verdict was made. */
bool verdict_is_made_of(const VerdictRecord *verdict, uint64_t seq);
/* The gate for which a verdict counts still: its newest, its last PASS, or part of one; NULL if
 * there is none. `ret_adversary` is told whose it is. */
GateRecord *state_find_verdict(const State *state, uint64_t seq, PhaseRecord **ret_phase,
                               const char **ret_adversary);
/* NULL if the gate has no such check. */
const CheckRecord *gate_find_check_record(const GateRecord *gate, Slice check);
/* The newest answer to a manual check, if it is for this commit and the gate as it is; or NULL. */
const AnswerRecord *phase_find_answer(const PhaseRecord *phase, const GateRecord *gate,
                                      const char *check, const char *commit);

/* For the fold only. */
void gate_deinit(GateRecord *gate);
void gate_drop_votes(GateRecord *gate);
void gate_drop_asked(GateRecord *gate);
void answer_free(AnswerRecord *answer);

/* For the fold only: takes the record over; drops and frees it. */
void state_add_agent(State *state, AgentRecord *agent);
void state_add_phase(State *state, PhaseRecord *phase);
void state_add_claim(State *state, ClaimRecord *claim);
void state_add_finding(State *state, FindingRecord *finding);
void state_add_veto(State *state, VetoRecord *veto);
void state_add_seal(State *state, SealRecord *seal);
/* Drops the claim if it is neither open nor the newest of a gate. */
void state_drop_claim_if_over(State *state, ClaimRecord *claim);
void state_drop_oldest_closed_finding(State *state, PhaseRecord *phase);
void state_drop_veto(State *state, VetoRecord *veto);

/* Everything in it as text, so that two states can be compared. */
void state_describe(const State *state, Buf *text);
