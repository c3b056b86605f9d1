/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What the parts of the fold share; replay.c has the rows. Nobody else includes it. */

#include "broker/replay.h"

/* An entry on its way into the state. */
typedef struct Step {
        State *state;
        const Entry *entry;
        const Message *message;
        Fault *fault;
} Step;

/* Fills in the fault and is REPLAY_E_CORRUPT. */
int step_corrupt(const Step *step, const char *what);
bool step_is_by_broker(const Step *step);
/* Who said it; NULL if nobody of that name was admitted. */
AgentRecord *step_get_actor(const Step *step);
/* On the heap, NUL-terminated. */
char *step_copy_text(Slice text);
void step_copy_commit(char ret_commit[65], Slice commit);

/* A claim, whoever says it. */
typedef struct ClaimDraft {
        const AgentRecord *builder;
        Slice repository, commit;
        Mode mode;
        const Slice *gates;
        size_t n_gates;
        uint64_t cause; /* of a re-verification */
} ClaimDraft;

int step_add_claim(const Step *step, PhaseRecord *phase, const ClaimDraft *draft) must_check;

/* A function for each kind of entry: 0, or REPLAY_E_CORRUPT with the fault filled in. */

/* ---- replay_agent.c ---- */
int fold_genesis(const Step *step) must_check;
int fold_admit(const Step *step) must_check;
int fold_revoke(const Step *step) must_check;

/* ---- replay_upkeep.c ---- */
int fold_restored(const Step *step) must_check;
int fold_collected(const Step *step) must_check;
int fold_rotated(const Step *step) must_check;

/* ---- replay_plan.c ---- */
int fold_plan(const Step *step) must_check;

/* ---- replay_claim.c ---- */
int fold_claim(const Step *step) must_check;
int fold_withdraw(const Step *step) must_check;
int fold_lease(const Step *step) must_check;
int fold_lapse(const Step *step) must_check;

/* ---- replay_verdict.c ---- */
int fold_verdict(const Step *step) must_check;
int fold_retract(const Step *step) must_check;
int fold_differs(const Step *step) must_check;

/* ---- replay_done.c ---- */
int fold_done(const Step *step) must_check;
int fold_granted(const Step *step) must_check;
int fold_denied(const Step *step) must_check;
int fold_reverify(const Step *step) must_check;
int fold_answer(const Step *step) must_check;

/* ---- replay_finding.c ---- */
int fold_finding(const Step *step) must_check;
int fold_fixed(const Step *step) must_check;
int fold_close(const Step *step) must_check;
int fold_reopen(const Step *step) must_check;
int fold_correct(const Step *step) must_check;
int fold_defer(const Step *step) must_check;
int fold_waive(const Step *step) must_check;

/* ---- replay_veto.c ---- */
int fold_veto(const Step *step) must_check;
int fold_lift(const Step *step) must_check;
int fold_probe(const Step *step) must_check;
int fold_note(const Step *step) must_check;

/* ---- replay_seal.c ---- */
int fold_seal(const Step *step) must_check;
int fold_reveal(const Step *step) must_check;

/* ---- replay_watch.c ---- */
int fold_pause(const Step *step) must_check;
int fold_resume(const Step *step) must_check;
int fold_hold(const Step *step) must_check;
int fold_grant(const Step *step) must_check;
int fold_release(const Step *step) must_check;
int fold_expire(const Step *step) must_check;
int fold_ping(const Step *step) must_check;
int fold_alert(const Step *step) must_check;
int fold_seen(const Step *step) must_check;
/* Of a note to an inbox: its role is to be told. */
void fold_untold_note(const Step *step, PhaseRecord *phase);
