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

typedef struct Waits {
        const State *state;
        const PhaseRecord *phase;
        Slice commit;
        uint64_t now_ms;
        Arena *arena;
        struct wait *waits;
        size_t n;
} Waits;

/* Appends `draft` with what is waited for; there is room for all, up to the ceiling. */
static void add(Waits *waits, const struct wait *draft, const char *format, ...) printf_like(3, 4);

static void add(Waits *waits, const struct wait *draft, const char *format, ...) {
        cleanup_buf Buf text = BUF_TEXT;
        va_list args;

        if (waits->n >= WAITS_MAX)
                return;
        va_start(args, format);
        buf_vprintf(&text, format, args);
        va_end(args);
        waits->waits[waits->n] = *draft;
        waits->waits[waits->n++].what = status_cut(waits->arena, &text, WAIT_BYTES_MAX);
}

/* ---- gates ---- */

static void for_verdict(Waits *waits, const GateRecord *gate, const ClaimRecord *claim) {
        struct wait wait = {.gate = slice_text(gate->id)};

        if (!claim)
                return;
        if (gate->state == GATE_STATE_VERIFYING) {
                wait.who = slice_text(claim->adversary);
                wait.wait_for = WAIT_FOR_VERDICT;
                wait.since_ms = claim->leased_ms;
                wait.cause = claim->lease_seq;
                add(waits, &wait, "verdict on %s at " SHORT_COMMIT " (claim C-%" PRIu64 ")",
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
                add(waits, &wait,
                    "verdict of another adversary on %s at " SHORT_COMMIT " (claim C-%" PRIu64
                    "): it has %zu of %u",
                    gate->id, claim->commit, claim->seq, gate->n_votes, gate->verifiers);
                return;
        }
        add(waits, &wait, "take claim C-%" PRIu64 " of %s at " SHORT_COMMIT, claim->seq, gate->id,
            claim->commit);
}

/* Manual checks without an answer at the verdict's commit; false if there is none. */
static bool for_answers(Waits *waits, const GateRecord *gate) {
        struct wait wait = {
                .who = slice_text("adversary"),
                .wait_for = WAIT_FOR_ANSWER,
                .gate = slice_text(gate->id),
                .since_ms = gate->verdict.received_ms,
                .cause = gate->verdict.seq,
        };
        cleanup_buf Buf checks = BUF_TEXT;

        for (size_t i = 0; i < gate->n_asked; i++)
                if (!phase_find_answer(waits->phase, gate, gate->asked[i], gate->verdict.commit))
                        buf_printf(&checks, "%s%s", checks.n ? ", " : "", gate->asked[i]);
        if (checks.n == 0)
                return false;
        add(waits, &wait, "answer the manual checks of %s at " SHORT_COMMIT ": %s", gate->id,
            gate->verdict.commit, buf_get_text(&checks));
        return true;
}

static void for_operator(Waits *waits, const GateRecord *gate, const ClaimRecord *claim) {
        struct wait wait = {
                .who = slice_text("operator"),
                .wait_for = WAIT_FOR_OPERATOR,
                .gate = slice_text(gate->id),
                .since_ms = gate->verdict.received_ms,
                .cause = gate->verdict.seq,
        };

        if (!gate_is_exhausted(gate) && gate->verdict.is_disagreement) {
                cleanup_buf Buf why = BUF_TEXT;

                (void)gate_is_fresh(gate, SLICE_NULL, waits->now_ms, &why);
                add(waits, &wait, "%s: %s; find out why, then it is claimed again", gate->id,
                    buf_get_text(&why));
                return;
        }
        if (!gate_is_exhausted(gate)) {
                add(waits, &wait,
                    "%s could not be verified: mend what V-%" PRIu64
                    " names, then it is claimed again",
                    gate->id, gate->verdict.seq);
                return;
        }
        wait.since_ms = claim ? claim->leased_ms : 0;
        wait.cause = gate->claim_seq;
        add(waits, &wait,
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

static void for_stale(Waits *waits, const GateRecord *gate, const ClaimRecord *claim) {
        struct wait wait = of_verdict(gate, claim, WAIT_FOR_RECLAIM);
        cleanup_buf Buf why = BUF_TEXT;

        if (!gate_is_fresh(gate, waits->commit, waits->now_ms, &why))
                add(waits, &wait, "claim %s again: %s", gate->id, buf_get_text(&why));
}

static void for_claim(Waits *waits, const GateRecord *gate) {
        struct wait wait = {
                .who = slice_text("builder"),
                .wait_for = WAIT_FOR_CLAIM,
                .gate = slice_text(gate->id),
                .since_ms = waits->phase->plan_ms,
                .cause = waits->phase->plan_seq,
        };

        if (!gate->retracted_seq) {
                add(waits, &wait, "claim %s", gate->id);
                return;
        }
        wait.wait_for = WAIT_FOR_RECLAIM;
        wait.since_ms = gate->retract_ms;
        wait.cause = gate->retract_seq;
        add(waits, &wait, "claim %s again: its verdict V-%" PRIu64 " was retracted", gate->id,
            gate->retracted_seq);
}

/* A gate that it needs has no PASS where it was to be verified; NULL if all have. */
static const GateRecord *find_unmet(const Waits *waits, const GateRecord *gate) {
        Slice commit = slice_text(gate->verdict.commit);

        for (size_t i = 0; i < gate->n_needs; i++) {
                const GateRecord *need = phase_find_gate(waits->phase, slice_text(gate->needs[i]));

                if (need && !gate_need_is_met(need, commit, waits->now_ms))
                        return need;
        }
        return NULL;
}

static void for_inconclusive(Waits *waits, const GateRecord *gate, const ClaimRecord *claim) {
        const GateRecord *need = find_unmet(waits, gate);
        struct wait again = of_verdict(gate, claim, WAIT_FOR_RECLAIM);
        bool is_exhausted = gate_is_exhausted(gate);

        if (need && !is_exhausted)
                add(waits, &again, "claim %s again with %s, which it needs", gate->id, need->id);
        else if (is_exhausted || !for_answers(waits, gate))
                for_operator(waits, gate, claim);
}

static void for_gate(Waits *waits, const GateRecord *gate) {
        const ClaimRecord *claim = state_find_claim(waits->state, gate->claim_seq);
        struct wait mend = of_verdict(gate, claim, WAIT_FOR_MEND);

        switch (gate->state) {
        case GATE_STATE_OPEN: for_claim(waits, gate); break;
        case GATE_STATE_CLAIMED:
        case GATE_STATE_VERIFYING: for_verdict(waits, gate, claim); break;
        case GATE_STATE_INCONCLUSIVE: for_inconclusive(waits, gate, claim); break;
        case GATE_STATE_FAILED:
                add(waits, &mend, "mend %s and claim it again: FAIL at " SHORT_COMMIT, gate->id,
                    gate->verdict.commit);
                break;
        case GATE_STATE_PASSED: for_stale(waits, gate, claim); break;
        case _GATE_STATE_MAX: break;
        }
}

/* ---- findings ---- */

/* The builder's move, unless it is mended or a PASS that is newer than the finding re-tested it. */
static void for_finding(Waits *waits, const FindingRecord *finding) {
        const GateRecord *gate =
                finding->gate ? phase_find_gate(finding->phase, slice_text(finding->gate)) : NULL;
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
                add(waits, &wait, "close F-%" PRIu64 ", or say why not: %s", finding->seq,
                    finding->title);
        } else if (finding->state == FINDING_STATE_FIXED) {
                wait.who = slice_text("adversary");
                wait.wait_for = WAIT_FOR_RETEST;
                add(waits, &wait,
                    "re-test F-%" PRIu64 ", said to be mended at " SHORT_COMMIT ": %s",
                    finding->seq, finding->fixed_at, finding->title);
        } else if (finding->is_deferred) {
                add(waits, &wait, "mend F-%" PRIu64 ", which was deferred: %s", finding->seq,
                    finding->title);
        } else {
                add(waits, &wait, "mend F-%" PRIu64 ": %s", finding->seq, finding->title);
        }
}

static void for_veto(Waits *waits, const VetoRecord *veto) {
        struct wait wait = {
                .who = slice_text(veto->adversary),
                .wait_for = WAIT_FOR_LIFT,
                .since_ms = veto->received_ms,
                .cause = veto->seq,
        };

        add(waits, &wait, "lift its veto X-%" PRIu64 " when: %s", veto->seq, veto->lift_when);
}

/* ---- DONE ---- */

/* Nothing stands against it since the newest of the gates' verdicts. */
static void for_done(Waits *waits) {
        const PhaseRecord *phase = waits->phase;
        Slice commit = slice_head(waits->commit, 12);
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
        add(waits, &wait, "ask for DONE at %.*s", SLICE_ARGS(commit));
}

static bool is_green(const Waits *waits) {
        size_t n;
        Why *whys;

        why_done_build(waits->state, waits->phase, waits->commit, waits->now_ms, waits->arena,
                       &whys, &n);
        return n == 0;
}

void waits_build(const State *state, const PhaseRecord *phase, uint64_t now_ms, Arena *arena,
                 struct wait **ret_waits, size_t *ret_n) {
        size_t n_max = phase->n_gates + phase->n_findings + state->n_vetoes + 1;
        Waits waits = {
                .state = state,
                .phase = phase,
                .commit = phase_get_candidate(state, phase),
                .now_ms = now_ms,
                .arena = arena,
        };

        *ret_waits = NULL;
        *ret_n = 0;
        if (phase->state == PHASE_STATE_DONE)
                return;
        waits.waits = arena_alloc_array(arena, size_min(n_max, WAITS_MAX), sizeof *waits.waits);
        for (size_t i = 0; i < phase->n_gates; i++)
                if (phase->gates[i].in_plan && !gate_is_waived(&phase->gates[i], now_ms))
                        for_gate(&waits, &phase->gates[i]);
        for (size_t i = 0; i < state->n_findings; i++)
                if (state->findings[i]->phase == phase &&
                    finding_is_blocking(state->findings[i], now_ms))
                        for_finding(&waits, state->findings[i]);
        for (size_t i = 0; i < state->n_vetoes; i++)
                if (veto_blocks(state->vetoes[i], phase, NULL))
                        for_veto(&waits, state->vetoes[i]);
        if (phase->asked_seq == 0 && is_green(&waits))
                for_done(&waits);
        *ret_waits = waits.waits;
        *ret_n = waits.n;
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
