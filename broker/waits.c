/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Whose move it is: a function for each thing that may wait. */

#include "broker/waits.h"

#include <inttypes.h>
#include <stdarg.h>

#include "broker/finding.h"
#include "broker/fresh.h"
#include "broker/gate.h"
#include "broker/status_parts.h"
#include "broker/veto.h"
#include "broker/why_done.h"

enum { WAITS_MAX = 2048, WAIT_BYTES_MAX = 512 };

typedef struct Building {
        const State *state;
        const PhaseRecord *phase;
        Slice commit;
        uint64_t now_ms;
        Arena *arena;
        WaitSubject subject; /* that is looked at */
        Waits made;
} Building;

/* Appends `draft` with what is waited for; there is room for all, up to the ceiling. */
static void add(Building *building, const struct wait *draft, const char *format, ...)
        printf_like(3, 4);

static void add(Building *building, const struct wait *draft, const char *format, ...) {
        cleanup_buf Buf text = BUF_TEXT;
        size_t n = building->made.n;
        va_list args;

        if (n >= WAITS_MAX)
                return;
        va_start(args, format);
        buf_vprintf(&text, format, args);
        va_end(args);
        building->made.subjects[n] = building->subject;
        building->made.waits[n] = *draft;
        building->made.waits[n].what = status_cut(building->arena, &text, WAIT_BYTES_MAX);
        building->made.n++;
}

/* ---- gates ---- */

static void for_verdict(Building *building, const GateRecord *gate, const ClaimRecord *claim) {
        struct wait wait = {.gate = slice_text(gate->id)};

        if (!claim)
                return;
        if (gate->state == GATE_STATE_VERIFYING) {
                wait.who = slice_text(claim->adversary);
                wait.wait_for = WAIT_FOR_VERDICT;
                wait.since_ms = claim->leased_ms;
                wait.cause = claim->lease_seq;
                add(building, &wait, "verdict on %s at " SHORT_COMMIT " (claim C-%" PRIu64 ")",
                    gate->id, claim->commit, claim->seq);
                return;
        }
        wait.who = slice_text("adversary");
        wait.wait_for = WAIT_FOR_TAKE;
        wait.since_ms = claim->received_ms;
        wait.cause = claim->seq;
        if (gate->n_votes) {
                const VerdictRecord *vote = &gate->votes[gate->n_votes - 1];

                wait.wait_for = WAIT_FOR_SECOND;
                wait.since_ms = vote->received_ms;
                wait.cause = vote->seq;
                add(building, &wait,
                    "verdict of another adversary on %s at " SHORT_COMMIT " (claim C-%" PRIu64
                    "): it has %zu of %u",
                    gate->id, claim->commit, claim->seq, gate->n_votes, gate->verifiers);
                return;
        }
        add(building, &wait, "take claim C-%" PRIu64 " of %s at " SHORT_COMMIT, claim->seq,
            gate->id, claim->commit);
}

/* Manual checks without an answer at the verdict's commit; false if there is none. */
static bool for_answers(Building *building, const GateRecord *gate) {
        struct wait wait = {
                .who = slice_text("adversary"),
                .wait_for = WAIT_FOR_ANSWER,
                .gate = slice_text(gate->id),
                .since_ms = gate->verdict.received_ms,
                .cause = gate->verdict.seq,
        };
        cleanup_buf Buf checks = BUF_TEXT;

        if (!gate_say_questions(building->phase, gate, &checks))
                return false;
        add(building, &wait, "answer the manual checks of %s at " SHORT_COMMIT ": %s", gate->id,
            gate->verdict.commit, buf_get_text(&checks));
        return true;
}

static void for_operator(Building *building, const GateRecord *gate, const ClaimRecord *claim) {
        struct wait wait = {
                .who = slice_text("operator"),
                .wait_for = WAIT_FOR_OPERATOR,
                .gate = slice_text(gate->id),
                .since_ms = gate->verdict.received_ms,
                .cause = gate->verdict.seq,
        };

        if (!gate_is_exhausted(gate) && gate->verdict.is_disagreement) {
                cleanup_buf Buf why = BUF_TEXT;

                (void)gate_is_fresh(gate, SLICE_NULL, building->now_ms, &why);
                add(building, &wait, "%s: %s; find out why, then it is claimed again", gate->id,
                    buf_get_text(&why));
                return;
        }
        if (!gate_is_exhausted(gate)) {
                add(building, &wait,
                    "%s could not be verified: mend what V-%" PRIu64
                    " names, then it is claimed again",
                    gate->id, gate->verdict.seq);
                return;
        }
        wait.since_ms = claim ? claim->leased_ms : 0;
        wait.cause = gate->claim_seq;
        add(building, &wait,
            "%s: no adversary brought a verdict on claim C-%" PRIu64
            ": look after the adversaries, then it is claimed again",
            gate->id, gate->claim_seq);
}

/* The builder's move, from the gate's newest verdict on. */
static struct wait of_verdict(const GateRecord *gate, const ClaimRecord *claim, WaitFor wait_for) {
        return (struct wait){
                .who = slice_text(claim ? claim->builder : "builder"),
                .wait_for = wait_for,
                .gate = slice_text(gate->id),
                .since_ms = gate->verdict.received_ms,
                .cause = gate->verdict.seq,
        };
}

static void for_stale(Building *building, const GateRecord *gate, const ClaimRecord *claim) {
        struct wait wait = of_verdict(gate, claim, WAIT_FOR_RECLAIM);
        cleanup_buf Buf why = BUF_TEXT;

        if (!gate_is_fresh(gate, building->commit, building->now_ms, &why))
                add(building, &wait, "claim %s again: %s", gate->id, buf_get_text(&why));
}

static void for_claim(Building *building, const GateRecord *gate) {
        struct wait wait = {
                .who = slice_text("builder"),
                .wait_for = WAIT_FOR_CLAIM,
                .gate = slice_text(gate->id),
                .since_ms = building->phase->plan_ms,
                .cause = building->phase->plan_seq,
        };

        if (!gate->retracted_seq) {
                add(building, &wait, "claim %s", gate->id);
                return;
        }
        wait.wait_for = WAIT_FOR_RECLAIM;
        wait.since_ms = gate->retract_ms;
        wait.cause = gate->retract_seq;
        add(building, &wait, "claim %s again: its verdict V-%" PRIu64 " was retracted", gate->id,
            gate->retracted_seq);
}

/* A gate that it needs has no PASS where it was to be verified; NULL if all have. */
static const GateRecord *find_unmet(const Building *building, const GateRecord *gate) {
        Slice commit = slice_text(gate->verdict.commit);

        for (size_t i = 0; i < gate->n_needs; i++) {
                const GateRecord *need =
                        phase_find_gate(building->phase, slice_text(gate->needs[i]));

                if (need && !gate_need_is_met(need, commit, building->now_ms))
                        return need;
        }
        return NULL;
}

static void for_inconclusive(Building *building, const GateRecord *gate, const ClaimRecord *claim) {
        const GateRecord *need = find_unmet(building, gate);
        struct wait again = of_verdict(gate, claim, WAIT_FOR_RECLAIM);
        bool is_exhausted = gate_is_exhausted(gate);

        if (need && !is_exhausted)
                add(building, &again, "claim %s again with %s, which it needs", gate->id, need->id);
        else if (!is_exhausted && !hash_equal(&gate->verdict.gate_digest, &gate->digest))
                add(building, &again, "claim %s again: the plan was revised since V-%" PRIu64,
                    gate->id, gate->verdict.seq);
        else if (is_exhausted || !for_answers(building, gate))
                for_operator(building, gate, claim);
}

static void for_gate(Building *building, const GateRecord *gate) {
        const ClaimRecord *claim = state_find_claim(building->state, gate->claim_seq);
        struct wait mend = of_verdict(gate, claim, WAIT_FOR_MEND);

        switch (gate->state) {
        case GATE_STATE_OPEN: for_claim(building, gate); break;
        case GATE_STATE_CLAIMED:
        case GATE_STATE_VERIFYING: for_verdict(building, gate, claim); break;
        case GATE_STATE_INCONCLUSIVE: for_inconclusive(building, gate, claim); break;
        case GATE_STATE_FAILED:
                add(building, &mend, "mend %s and claim it again: FAIL at " SHORT_COMMIT, gate->id,
                    gate->verdict.commit);
                break;
        case GATE_STATE_PASSED: for_stale(building, gate, claim); break;
        case _GATE_STATE_MAX: break;
        }
}

/* ---- findings ---- */

/* The builder's move, unless it is mended or a PASS that is newer than the finding re-tested it. */
static void for_finding(Building *building, const FindingRecord *finding) {
        const GateRecord *gate = building->subject.gate;
        struct wait wait = {
                .who = slice_text("builder"),
                .wait_for = WAIT_FOR_FIX,
                .gate = slice_text(finding->gate),
                .since_ms = finding->changed_ms,
                .cause = finding->changed_seq,
        };

        if (gate && gate->verdict.decision == DECISION_PASS &&
            gate->verdict.seq > finding->opened_seq) {
                wait.who = slice_text(gate->verdict.adversary);
                wait.wait_for = WAIT_FOR_CLOSE;
                wait.since_ms = gate->verdict.received_ms;
                add(building, &wait, "close F-%" PRIu64 ", or say why not: %s", finding->seq,
                    finding->title);
        } else if (finding->state == FINDING_STATE_FIXED) {
                wait.who = slice_text("adversary");
                wait.wait_for = WAIT_FOR_RETEST;
                add(building, &wait,
                    "re-test F-%" PRIu64 ", said to be mended at " SHORT_COMMIT ": %s",
                    finding->seq, finding->fixed_at, finding->title);
        } else if (finding->is_deferred) {
                add(building, &wait, "mend F-%" PRIu64 ", which was deferred: %s", finding->seq,
                    finding->title);
        } else {
                add(building, &wait, "mend F-%" PRIu64 ": %s", finding->seq, finding->title);
        }
}

static void for_veto(Building *building, const VetoRecord *veto) {
        struct wait wait = {
                .who = slice_text(veto->adversary),
                .wait_for = WAIT_FOR_LIFT,
                .since_ms = veto->received_ms,
                .cause = veto->seq,
        };

        add(building, &wait, "lift its veto X-%" PRIu64 " when: %s", veto->seq, veto->lift_when);
}

/* ---- DONE ---- */

/* Nothing stands against it since the newest of the gates' verdicts. */
static void for_done(Building *building) {
        const PhaseRecord *phase = building->phase;
        Slice commit = slice_head(building->commit, 12);
        struct wait wait = {
                .who = slice_text("builder"),
                .wait_for = WAIT_FOR_DONE,
                .since_ms = phase->plan_ms,
                .cause = phase->plan_seq,
        };

        for (size_t i = 0; i < phase->n_gates; i++) {
                const GateRecord *gate = &phase->gates[i];

                if (gate->in_plan && gate->verdict.seq > wait.cause) {
                        wait.since_ms = gate->verdict.received_ms;
                        wait.cause = gate->verdict.seq;
                }
        }
        add(building, &wait, "ask for DONE at %.*s", SLICE_ARGS(commit));
}

static bool is_green(const Building *building) {
        size_t n;
        Why *whys;

        why_done_build(building->state, building->phase, building->commit, building->now_ms,
                       building->arena, &whys, &n);
        return n == 0;
}

static void for_all(Building *building) {
        const PhaseRecord *phase = building->phase;
        const State *state = building->state;

        for (size_t i = 0; i < phase->n_gates; i++) {
                const GateRecord *gate = &phase->gates[i];

                if (!gate->in_plan || gate_is_waived(gate, building->now_ms))
                        continue;
                building->subject = (WaitSubject){.gate = gate};
                for_gate(building, gate);
        }
        for (size_t i = 0; i < state->n_findings; i++) {
                const FindingRecord *finding = state->findings[i];

                if (finding->phase != phase || !finding_is_blocking(finding, building->now_ms))
                        continue;
                building->subject =
                        (WaitSubject){.gate = phase_find_gate(phase, slice_text(finding->gate)),
                                      .finding = finding};
                for_finding(building, finding);
        }
        building->subject = (WaitSubject){.gate = NULL};
        for (size_t i = 0; i < state->n_vetoes; i++)
                if (veto_blocks(state->vetoes[i], phase, NULL))
                        for_veto(building, state->vetoes[i]);
        if (phase->asked_seq == 0 && is_green(building))
                for_done(building);
}

void waits_build(const State *state, const PhaseRecord *phase, uint64_t now_ms, Arena *arena,
                 Waits *ret_waits) {
        size_t n_max =
                size_min(phase->n_gates + phase->n_findings + state->n_vetoes + 1, WAITS_MAX);
        Building building = {
                .state = state,
                .phase = phase,
                .commit = phase_get_candidate(state, phase),
                .now_ms = now_ms,
                .arena = arena,
        };

        *ret_waits = (Waits){.n = 0};
        if (phase->state == PHASE_STATE_DONE)
                return;
        building.made.waits = arena_alloc_array(arena, n_max, sizeof *building.made.waits);
        building.made.subjects = arena_alloc_array(arena, n_max, sizeof *building.made.subjects);
        for_all(&building);
        *ret_waits = building.made;
}

Slice phase_get_candidate(const State *state, const PhaseRecord *phase) {
        if (phase->done_seq)
                return slice_text(phase->done_commit);
        if (phase->asked_seq)
                return slice_text(phase->asked_commit);
        for (size_t i = state->n_claims; i-- > 0;)
                if (state->claims[i]->phase == phase &&
                    state->claims[i]->state != CLAIM_STATE_WITHDRAWN)
                        return slice_text(state->claims[i]->commit);
        return SLICE_NULL;
}
