/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The answer to `ask status`: what is true now, computed, never remembered. */

#include "broker/status.h"

#include <inttypes.h>

#include "broker/gate.h"
#include "broker/status_findings.h"
#include "broker/status_parts.h"
#include "broker/status_watch.h"
#include "broker/veto.h"

enum { STALE_BYTES_MAX = 512 };

/* One phase, looked at for one commit at one time. */
typedef struct View {
        const State *state;
        const PhaseRecord *phase;
        Slice commit;
        uint64_t now_ms;
        Arena *arena;
        GateNames *names;
} View;

Slice status_cut(Arena *arena, const Buf *text, size_t n_max) {
        Slice slice = buf_get(text);

        if (slice.n > n_max) {
                slice.n = n_max;
                while (slice.n && (slice.data[slice.n] & 0xc0) == 0x80)
                        slice.n--;
        }
        return arena_slice(arena, slice);
}

uint64_t status_age(uint64_t then_ms, uint64_t now_ms) {
        return now_ms > then_ms ? now_ms - then_ms : 0;
}

static void build_never_red(const View *view, const GateRecord *gate, struct gate_status *status) {
        status->never_red =
                arena_alloc_array(view->arena, gate->n_checks, sizeof *status->never_red);
        for (size_t i = 0; i < gate->n_checks; i++)
                if (!gate->checks[i].was_red)
                        status->never_red[status->n_never_red++] = slice_text(gate->checks[i].id);
}

static void build_votes(const GateRecord *gate, struct gate_status *status) {
        if (gate->verifiers < 2)
                return;
        status->verifiers = gate->verifiers;
        for (size_t i = 0; i < gate->n_votes; i++)
                status->passes += gate->votes[i].decision == DECISION_PASS;
}

static void say_veto(const VetoRecord *veto, Buf *why) {
        buf_printf(why, "%s vetoes it (X-%" PRIu64 "): %s", veto->adversary, veto->seq, veto->why);
}

/* A PASS that is fresh and does not count all the same. */
static void refuse_pass(const View *view, const GateRecord *gate, struct gate_status *status,
                        Buf *why) {
        const VetoRecord *veto = veto_find_blocking(view->state, view->phase, gate);
        const FindingRecord *finding = status_find_blocking(view->state, gate, view->now_ms);

        if (!status->fresh || !((veto && veto->n_gates) || finding))
                return;
        status->fresh = 0;
        if (veto && veto->n_gates)
                say_veto(veto, why);
        else
                buf_printf(why, "finding F-%" PRIu64 " blocks it: %s", finding->seq,
                           finding->title);
}

static void build_gate(const View *view, const GateRecord *gate, struct gate_status *ret_status) {
        const ClaimRecord *claim = state_find_claim(view->state, gate->claim_seq);
        bool is_waived = gate_is_waived(gate, view->now_ms);
        cleanup_buf Buf why = BUF_TEXT;

        *ret_status = (struct gate_status){
                .gate = slice_text(gate->id),
                .title = slice_text(gate->title),
                .state = gate->state,
                .claim = gate->claim_seq,
                .commit = slice_text(claim ? claim->commit : NULL),
                .verdict = gate->verdict.seq,
                .decided_ms = gate->verdict.seq ? gate->verdict.received_ms : 0,
                .fresh = gate_is_fresh(gate, view->commit, view->now_ms, &why),
                .open_findings = status_count_open_findings(view->state, view->phase, gate),
                .carried_from = gate->verdict.carried_from,
                .waived_until_ms = is_waived ? gate->waived_until_ms : 0,
                .waived_because = slice_text(is_waived ? gate->waived_because : NULL),
        };
        refuse_pass(view, gate, ret_status, &why);
        build_never_red(view, gate, ret_status);
        build_votes(gate, ret_status);
        if (gate->verdict.seq && !ret_status->fresh &&
            (gate->verdict.decision == DECISION_PASS || gate->verdict.is_mismatch))
                ret_status->stale_because = status_cut(view->arena, &why, STALE_BYTES_MAX);
}

static void build_gates(const View *view, struct phase_status *status) {
        const PhaseRecord *phase = view->phase;

        status->gates = arena_alloc_array(view->arena, phase->n_gates, sizeof *status->gates);
        for (size_t i = 0; i < phase->n_gates; i++)
                if (phase->gates[i].in_plan)
                        build_gate(view, &phase->gates[i], &status->gates[status->n_gates++]);
}

static void build_waits(const View *view, struct phase_status *status) {
        Waits waits;

        waits_build(view->state, view->phase, view->now_ms, view->arena, &waits);
        waits_say_next(view->state, view->phase, view->names, view->arena, &waits);
        status->waits = waits.waits;
        status->n_waits = waits.n;
        status_note_pings(view->state, view->phase, view->now_ms, status);
}

static void build_phase(const View *view, struct phase_status *ret_status) {
        const PhaseRecord *phase = view->phase;

        *ret_status = (struct phase_status){
                .phase = slice_text(phase->name),
                .state = phase->state,
                .plan_digest = hash_slice(&phase->plan_digest),
                .plan = phase->plan_seq,
                .done_commit = slice_text(phase->done_seq ? phase->done_commit : NULL),
                .done_ms = phase->done_ms,
                .candidate = view->commit,
                .done_asked = phase->asked_seq,
        };
        build_gates(view, ret_status);
        status_build_findings(view->state, phase, view->now_ms, view->arena, ret_status);
        status_build_vetoes(view->state, phase, view->arena, ret_status);
        status_build_seals(view->state, phase, view->arena, ret_status);
        phase_why_not_done(view->state, phase, view->commit, view->now_ms, view->arena,
                           &ret_status->why_not_done, &ret_status->n_why_not_done);
        build_waits(view, ret_status);
        status_build_pauses(view->state, phase, view->now_ms, view->arena, ret_status);
}

void status_build(const State *state, Slice phase, uint64_t now_ms, Arena *arena,
                  struct status *ret_status) {
        GateNames names = {.n = 0};

        *ret_status = (struct status){
                .project = slice_text(state->project),
                .head_seq = state->head_seq,
                .now_ms = now_ms,
                .phases = arena_alloc_array(arena, state->n_phases, sizeof *ret_status->phases),
        };
        for (size_t i = 0; i < state->n_phases; i++) {
                PhaseRecord *record = state->phases[i];
                View view = {
                        .state = state,
                        .phase = record,
                        .commit = phase_get_candidate(state, record),
                        .now_ms = now_ms,
                        .arena = arena,
                        .names = &names,
                };

                if (phase.n == 0 || slice_is(phase, record->name))
                        build_phase(&view, &ret_status->phases[ret_status->n_phases++]);
        }
        status_build_holds(state, arena, ret_status);
        status_build_alerts(state, phase, arena, ret_status);
}
