/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Reasons. What a gate lacks, what blocks, in sentences that name gate, commit and age. */

#include "broker/why_done.h"

#include <inttypes.h>

#include "base/clock.h"
#include "broker/finding.h"
#include "broker/fresh.h"
#include "broker/gate.h"
#include "broker/status_parts.h"
#include "broker/veto.h"

enum { REASONS_MAX = 2048, REASON_BYTES_MAX = 1024 };

/* One phase, looked at for one commit at one time. The list has a ceiling: its last line says how
 * many were left out. */
typedef struct Reasons {
        const State *state;
        const PhaseRecord *phase;
        Slice commit;
        uint64_t now_ms;
        Arena *arena;
        Why *whys;
        size_t n, n_left_out;
} Reasons;

static void add(Reasons *reasons, WhyKind kind, const GateRecord *gate, const Buf *text) {
        if (reasons->n + 1 >= REASONS_MAX) {
                reasons->n_left_out++;
                return;
        }
        reasons->whys[reasons->n++] = (Why){
                .kind = kind,
                .gate = gate,
                .text = status_cut(reasons->arena, text, REASON_BYTES_MAX),
        };
}

static void say_pending(const Reasons *reasons, const GateRecord *gate, Buf *text) {
        const ClaimRecord *claim = state_find_claim(reasons->state, gate->claim_seq);
        bool is_leased = gate->state == GATE_STATE_VERIFYING;
        uint64_t since_ms;

        buf_printf(text, "claim C-%" PRIu64, gate->claim_seq);
        if (!claim)
                return;
        since_ms = is_leased ? claim->leased_ms : claim->received_ms;
        buf_printf(text, " at " SHORT_COMMIT, claim->commit);
        if (is_leased)
                buf_printf(text, " is being verified by %s for ", claim->adversary);
        else
                buf_printf(text, " waits for %s adversary for ", gate->n_votes ? "another" : "an");
        duration_describe(status_age(since_ms, reasons->now_ms), text);
}

/* What it lacks here is a person's answer: verified again before that it would lack it again. */
static bool say_questions(const Reasons *reasons, const GateRecord *gate, Buf *text) {
        cleanup_buf Buf checks = BUF_TEXT;

        if (gate->state != GATE_STATE_INCONCLUSIVE || gate_is_exhausted(gate) ||
            !slice_is(reasons->commit, gate->verdict.commit) ||
            !hash_equal(&gate->verdict.gate_digest, &gate->digest) ||
            !gate_say_questions(reasons->phase, gate, &checks))
                return false;
        buf_printf(text, "; it waits for an adversary's answer to %s", buf_get_text(&checks));
        return true;
}

/* A FAIL is mended, not verified again; what was never claimed has no repository to fetch. */
static WhyKind kind_of(const GateRecord *gate) {
        if (gate_is_pending(gate))
                return WHY_PENDING;
        return gate->state == GATE_STATE_FAILED || gate->claim_seq == 0 ? WHY_STANDS : WHY_NO_PASS;
}

static void add_gate(Reasons *reasons, const GateRecord *gate) {
        cleanup_buf Buf text = BUF_TEXT;
        bool is_asked;

        if (gate_is_waived(gate, reasons->now_ms))
                return;
        buf_printf(&text, "%s: ", gate->id);
        if (gate_is_pending(gate))
                say_pending(reasons, gate, &text);
        else if (gate_is_fresh(gate, reasons->commit, reasons->now_ms, &text))
                return;
        is_asked = say_questions(reasons, gate, &text);
        add(reasons, is_asked ? WHY_ASKED : kind_of(gate), gate, &text);
}

static void add_finding(Reasons *reasons, const FindingRecord *finding) {
        cleanup_buf Buf text = BUF_TEXT;

        if (finding->gate)
                buf_printf(&text, "%s: ", finding->gate);
        buf_printf(&text, "finding F-%" PRIu64 " is %s and blocks the %s: %s", finding->seq,
                   word_of(&words_FINDING_STATE, (int)finding->state),
                   word_of(&words_BLOCKS, (int)finding->blocks), finding->title);
        add(reasons, WHY_STANDS, NULL, &text);
}

static void add_veto(Reasons *reasons, const VetoRecord *veto) {
        cleanup_buf Buf text = BUF_TEXT;

        for (size_t i = 0; i < veto->n_gates; i++)
                buf_printf(&text, "%s%s", veto->gates[i], i + 1 < veto->n_gates ? ", " : ": ");
        buf_printf(&text, "the veto X-%" PRIu64 " of %s stands: %s; it is lifted when: %s",
                   veto->seq, veto->adversary, veto->why, veto->lift_when);
        add(reasons, WHY_STANDS, NULL, &text);
}

/* A revision may name them while a request for DONE waits. */
static void add_needs(Reasons *reasons) {
        for (size_t i = 0; i < reasons->phase->n_needs; i++) {
                const char *name = reasons->phase->needs[i];
                const PhaseRecord *needed = state_find_phase(reasons->state, slice_text(name));
                cleanup_buf Buf text = BUF_TEXT;

                if (needed && needed->state == PHASE_STATE_DONE)
                        continue;
                buf_printf(&text, "it needs phase %s, which is %s", name,
                           needed ? "not DONE" : "not approved");
                add(reasons, WHY_STANDS, NULL, &text);
        }
}

static void add_all(Reasons *reasons) {
        const PhaseRecord *phase = reasons->phase;
        const State *state = reasons->state;
        cleanup_buf Buf text = BUF_TEXT;

        add_needs(reasons);
        for (size_t i = 0; i < phase->n_gates; i++)
                if (phase->gates[i].in_plan)
                        add_gate(reasons, &phase->gates[i]);
        for (size_t i = 0; i < state->n_findings; i++)
                if (state->findings[i]->phase == phase &&
                    finding_is_blocking(state->findings[i], reasons->now_ms))
                        add_finding(reasons, state->findings[i]);
        for (size_t i = 0; i < state->n_vetoes; i++)
                if (veto_blocks(state->vetoes[i], phase, NULL))
                        add_veto(reasons, state->vetoes[i]);
        if (reasons->n_left_out == 0)
                return;
        buf_printf(&text, "and %zu more reasons", reasons->n_left_out);
        reasons->whys[reasons->n++] = (Why){
                .kind = WHY_STANDS,
                .text = status_cut(reasons->arena, &text, REASON_BYTES_MAX),
        };
}

void why_done_build(const State *state, const PhaseRecord *phase, Slice commit, uint64_t now_ms,
                    Arena *arena, Why **ret_whys, size_t *ret_n) {
        size_t n_max = phase->n_gates + phase->n_findings + state->n_vetoes + phase->n_needs + 2;
        Reasons reasons = {
                .state = state,
                .phase = phase,
                .commit = commit,
                .now_ms = now_ms,
                .arena = arena,
        };

        *ret_whys = NULL;
        *ret_n = 0;
        if (phase->state == PHASE_STATE_DONE)
                return;
        reasons.whys = arena_alloc_array(arena, size_min(n_max, REASONS_MAX), sizeof *reasons.whys);
        add_all(&reasons);
        *ret_whys = reasons.whys;
        *ret_n = reasons.n;
}

void phase_why_not_done(const State *state, const PhaseRecord *phase, Slice commit, uint64_t now_ms,
                        Arena *arena, Slice **ret_reasons, size_t *ret_n) {
        Why *whys;

        why_done_build(state, phase, commit, now_ms, arena, &whys, ret_n);
        *ret_reasons = arena_alloc_array(arena, *ret_n, sizeof **ret_reasons);
        for (size_t i = 0; i < *ret_n; i++)
                (*ret_reasons)[i] = whys[i].text;
}
