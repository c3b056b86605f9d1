/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What is true now: computed, never remembered. Sentences name gate, commit and age. */

#include "broker/status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "broker/gate.h"

enum { WAITS_MAX = 2048, REASONS_MAX = 2048, REASON_BYTES_MAX = 1024, WAIT_BYTES_MAX = 512 };

/* Enough of a commit for people. */
#define SHORT_COMMIT "%.12s"

/* Texts of the answer, with a ceiling: the last one says how many were left out. */
typedef struct Lines {
        Arena *arena;
        Slice *lines;
        size_t n, n_left_out;
} Lines;

/* One phase, looked at for one commit at one time. */
typedef struct View {
        const State *state;
        const PhaseRecord *phase;
        Slice commit;
        uint64_t now_ms;
        Arena *arena;
} View;

typedef struct Waits {
        const View *view;
        struct wait *waits;
        size_t n;
} Waits;

/* At most `n_max` bytes, never half a character. */
static Slice cut_text(Arena *arena, const Buf *text, size_t n_max) {
        Slice slice = buf_get(text);

        if (slice.n > n_max) {
                slice.n = n_max;
                while (slice.n && (slice.data[slice.n] & 0xc0) == 0x80)
                        slice.n--;
        }
        return arena_slice(arena, slice);
}

static uint64_t age_of(uint64_t then_ms, uint64_t now_ms) {
        return now_ms > then_ms ? now_ms - then_ms : 0;
}

/* ---- freshness ---- */

static bool say_stale(Buf *why, const char *format, ...) printf_like(2, 3);

static bool say_stale(Buf *why, const char *format, ...) {
        va_list args;

        if (!why)
                return false;
        va_start(args, format);
        buf_vprintf(why, format, args);
        va_end(args);
        return false;
}

static bool is_old(const VerdictRecord *verdict, uint64_t valid_for_ms, uint64_t now_ms, Buf *why) {
        uint64_t age = age_of(verdict->received_ms, now_ms);

        if (age < valid_for_ms)
                return false;
        if (why) {
                buf_printf(why, "its PASS at " SHORT_COMMIT " is ", verdict->commit);
                duration_describe(age, why);
                buf_text(why, " old and counts for ");
                duration_describe(valid_for_ms, why);
        }
        return true;
}

bool gate_is_fresh(const GateRecord *gate, Slice commit, uint64_t now_ms, Buf *why) {
        const VerdictRecord *verdict = &gate->verdict;

        if (gate_is_exhausted(gate))
                return say_stale(why, "claim C-%" PRIu64 " ran out of attempts without a verdict",
                                 gate->claim_seq);
        if (verdict->seq == 0)
                return say_stale(why, "it has no verdict");
        if (verdict->decision != DECISION_PASS)
                return say_stale(why, "%s at " SHORT_COMMIT " (V-%" PRIu64 ")",
                                 word_of(&words_DECISION, (int)verdict->decision), verdict->commit,
                                 verdict->seq);
        if (verdict->mode != MODE_COLD)
                return say_stale(why, "its PASS at " SHORT_COMMIT " was %s, not cold",
                                 verdict->commit, word_of(&words_MODE, (int)verdict->mode));
        if (!hash_equal(&verdict->gate_digest, &gate->digest))
                return say_stale(why,
                                 "its PASS at " SHORT_COMMIT
                                 " is for an older definition of the gate; the plan was revised",
                                 verdict->commit);
        if (commit.n && !slice_is(commit, verdict->commit))
                return say_stale(why, "its PASS is at " SHORT_COMMIT ", not at %.*s",
                                 verdict->commit, SLICE_ARGS(slice_head(commit, 12)));
        return !is_old(verdict, gate->valid_for_ms, now_ms, why);
}

static bool is_pending(const GateRecord *gate) {
        return gate->state == GATE_STATE_CLAIMED || gate->state == GATE_STATE_VERIFYING;
}

/* ---- why not done ---- */

static void add_line(Lines *lines, const Buf *text) {
        if (lines->n + 1 >= REASONS_MAX) {
                lines->n_left_out++;
                return;
        }
        lines->lines[lines->n++] = cut_text(lines->arena, text, REASON_BYTES_MAX);
}

static void say_pending(const View *view, const GateRecord *gate, Buf *text) {
        const ClaimRecord *claim = state_find_claim(view->state, gate->claim_seq);
        bool is_leased = gate->state == GATE_STATE_VERIFYING;

        buf_printf(text, "claim C-%" PRIu64, gate->claim_seq);
        if (!claim)
                return;
        buf_printf(text, " at " SHORT_COMMIT, claim->commit);
        if (is_leased)
                buf_printf(text, " is being verified by %s since ", claim->adversary);
        else
                buf_text(text, " waits for an adversary since ");
        duration_describe(age_of(is_leased ? claim->leased_ms : claim->received_ms, view->now_ms),
                          text);
}

static void add_gate_reason(Lines *lines, const View *view, const GateRecord *gate) {
        cleanup_buf Buf text = BUF_TEXT;

        buf_printf(&text, "%s: ", gate->id);
        if (is_pending(gate))
                say_pending(view, gate, &text);
        else if (gate_is_fresh(gate, view->commit, view->now_ms, &text))
                return;
        add_line(lines, &text);
}

static void add_finding_reason(Lines *lines, const FindingRecord *finding) {
        cleanup_buf Buf text = BUF_TEXT;

        if (finding->gate)
                buf_printf(&text, "%s: ", finding->gate);
        buf_printf(&text, "finding F-%" PRIu64 " is open and blocks the %s: %s", finding->seq,
                   word_of(&words_BLOCKS, (int)finding->blocks), finding->title);
        add_line(lines, &text);
}

/* A finding that blocks a gate blocks no more than the gate does when that leaves the plan. */
static bool is_blocking(const View *view, const FindingRecord *finding) {
        if (finding->phase != view->phase || finding->state != FINDING_STATE_OPEN ||
            finding->blocks == BLOCKS_NOTHING)
                return false;
        return finding->blocks == BLOCKS_PHASE || !finding->gate ||
               phase_find_gate(finding->phase, slice_text(finding->gate));
}

static void add_all_reasons(Lines *lines, const View *view) {
        const PhaseRecord *phase = view->phase;
        cleanup_buf Buf text = BUF_TEXT;

        for (size_t i = 0; i < phase->n_gates; i++)
                if (phase->gates[i].in_plan)
                        add_gate_reason(lines, view, &phase->gates[i]);
        for (size_t i = 0; i < view->state->n_findings; i++)
                if (is_blocking(view, view->state->findings[i]))
                        add_finding_reason(lines, view->state->findings[i]);
        if (lines->n_left_out == 0)
                return;
        buf_printf(&text, "and %zu more reasons", lines->n_left_out);
        lines->lines[lines->n++] = cut_text(lines->arena, &text, REASON_BYTES_MAX);
}

void phase_why_not_done(const State *state, const PhaseRecord *phase, Slice commit, uint64_t now_ms,
                        Arena *arena, Slice **ret_reasons, size_t *ret_n) {
        View view = {
                .state = state,
                .phase = phase,
                .commit = commit,
                .now_ms = now_ms,
                .arena = arena,
        };
        size_t n_max = phase->n_gates + phase->n_open_findings + 1;
        Lines lines = {.arena = arena};

        *ret_reasons = NULL;
        *ret_n = 0;
        if (phase->state == PHASE_STATE_DONE)
                return;
        lines.lines = arena_alloc_array(arena, size_min(n_max, REASONS_MAX), sizeof *lines.lines);
        add_all_reasons(&lines, &view);
        *ret_reasons = lines.lines;
        *ret_n = lines.n;
}

Slice phase_get_candidate(const State *state, const PhaseRecord *phase) {
        for (size_t i = state->n_claims; i-- > 0;)
                if (state->claims[i]->phase == phase &&
                    state->claims[i]->state != CLAIM_STATE_WITHDRAWN)
                        return slice_text(state->claims[i]->commit);
        return SLICE_NULL;
}

/* ---- waits ---- */

static void add_wait(Waits *waits, const char *who, uint64_t since_ms, uint64_t cause,
                     const char *format, ...) printf_like(5, 6);

static void add_wait(Waits *waits, const char *who, uint64_t since_ms, uint64_t cause,
                     const char *format, ...) {
        cleanup_buf Buf text = BUF_TEXT;
        va_list args;

        if (waits->n >= WAITS_MAX)
                return;
        va_start(args, format);
        buf_vprintf(&text, format, args);
        va_end(args);
        waits->waits[waits->n++] = (struct wait){
                .who = slice_text(who),
                .what = cut_text(waits->view->arena, &text, WAIT_BYTES_MAX),
                .since_ms = since_ms,
                .cause = cause,
        };
}

static void wait_for_verdict(Waits *waits, const GateRecord *gate, const ClaimRecord *claim) {
        if (!claim)
                return;
        if (gate->state == GATE_STATE_VERIFYING)
                add_wait(waits, claim->adversary, claim->leased_ms, claim->lease_seq,
                         "verdict on %s at " SHORT_COMMIT " (claim C-%" PRIu64 ")", gate->id,
                         claim->commit, claim->seq);
        else
                add_wait(waits, "adversary", claim->received_ms, claim->seq,
                         "take claim C-%" PRIu64 " of %s at " SHORT_COMMIT, claim->seq, gate->id,
                         claim->commit);
}

static void wait_for_operator(Waits *waits, const GateRecord *gate, const ClaimRecord *claim) {
        if (!gate_is_exhausted(gate))
                add_wait(waits, "operator", gate->verdict.received_ms, gate->verdict.seq,
                         "%s could not be verified: mend what V-%" PRIu64
                         " names, then it is claimed again",
                         gate->id, gate->verdict.seq);
        else
                add_wait(waits, "operator", claim ? claim->leased_ms : 0, gate->claim_seq,
                         "%s: no adversary brought a verdict on claim C-%" PRIu64
                         ": look after the adversaries, then it is claimed again",
                         gate->id, gate->claim_seq);
}

static void wait_for_gate(Waits *waits, const GateRecord *gate) {
        const View *view = waits->view;
        const ClaimRecord *claim = state_find_claim(view->state, gate->claim_seq);
        const char *builder = claim ? claim->builder : "builder";
        cleanup_buf Buf why = BUF_TEXT;

        switch (gate->state) {
        case GATE_STATE_OPEN:
                add_wait(waits, "builder", view->phase->plan_ms, view->phase->plan_seq, "claim %s",
                         gate->id);
                break;
        case GATE_STATE_CLAIMED:
        case GATE_STATE_VERIFYING: wait_for_verdict(waits, gate, claim); break;
        case GATE_STATE_INCONCLUSIVE: wait_for_operator(waits, gate, claim); break;
        case GATE_STATE_FAILED:
                add_wait(waits, builder, gate->verdict.received_ms, gate->verdict.seq,
                         "mend %s and claim it again: FAIL at " SHORT_COMMIT, gate->id,
                         gate->verdict.commit);
                break;
        case GATE_STATE_PASSED:
                if (!gate_is_fresh(gate, view->commit, view->now_ms, &why))
                        add_wait(waits, builder, gate->verdict.received_ms, gate->verdict.seq,
                                 "claim %s again: %s", gate->id, buf_get_text(&why));
                break;
        case _GATE_STATE_MAX: break;
        }
}

/* Whose move a blocking finding is: a PASS that is newer than it is the re-test that closes it. */
static void wait_for_finding(Waits *waits, const FindingRecord *finding) {
        const GateRecord *gate =
                finding->gate ? phase_find_gate(finding->phase, slice_text(finding->gate)) : NULL;

        if (gate && gate->verdict.decision == DECISION_PASS && gate->verdict.seq > finding->seq)
                add_wait(waits, gate->verdict.adversary, gate->verdict.received_ms,
                         gate->verdict.seq, "close F-%" PRIu64 ", or say why not: %s", finding->seq,
                         finding->title);
        else
                add_wait(waits, "builder", finding->received_ms, finding->seq,
                         "mend F-%" PRIu64 ": %s", finding->seq, finding->title);
}

/* Nothing stands against it since the newest of the gates' verdicts. */
static void wait_for_done(Waits *waits, const PhaseRecord *phase) {
        Slice commit = slice_head(waits->view->commit, 12);
        uint64_t since_ms = phase->plan_ms, cause = phase->plan_seq;

        for (size_t i = 0; i < phase->n_gates; i++) {
                const GateRecord *gate = &phase->gates[i];

                if (gate->in_plan && gate->verdict.seq > cause) {
                        since_ms = gate->verdict.received_ms;
                        cause = gate->verdict.seq;
                }
        }
        add_wait(waits, "builder", since_ms, cause, "ask for DONE at %.*s", SLICE_ARGS(commit));
}

static void build_waits(const View *view, struct phase_status *status) {
        const PhaseRecord *phase = view->phase;
        size_t n_max = phase->n_gates + phase->n_open_findings + 1;
        Waits waits = {.view = view};

        if (phase->state == PHASE_STATE_DONE)
                return;
        waits.waits =
                arena_alloc_array(view->arena, size_min(n_max, WAITS_MAX), sizeof *waits.waits);
        for (size_t i = 0; i < phase->n_gates; i++)
                if (phase->gates[i].in_plan)
                        wait_for_gate(&waits, &phase->gates[i]);
        for (size_t i = 0; i < view->state->n_findings; i++)
                if (is_blocking(view, view->state->findings[i]))
                        wait_for_finding(&waits, view->state->findings[i]);
        if (status->n_why_not_done == 0)
                wait_for_done(&waits, phase);
        status->waits = waits.waits;
        status->n_waits = waits.n;
}

/* ---- the answer ---- */

static uint64_t count_open_findings(const View *view, const char *gate) {
        uint64_t n = 0;

        for (size_t i = 0; i < view->state->n_findings; i++) {
                const FindingRecord *finding = view->state->findings[i];

                n += finding->phase == view->phase && finding->state == FINDING_STATE_OPEN &&
                     finding->gate && slice_is(slice_text(gate), finding->gate);
        }
        return n;
}

static void build_gate(const View *view, const GateRecord *gate, struct gate_status *ret_status) {
        const ClaimRecord *claim = state_find_claim(view->state, gate->claim_seq);
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
                .open_findings = count_open_findings(view, gate->id),
        };
        if (gate->verdict.seq && gate->verdict.decision == DECISION_PASS && !ret_status->fresh)
                ret_status->stale_because = cut_text(view->arena, &why, WAIT_BYTES_MAX);
}

static void build_gates(const View *view, struct phase_status *status) {
        const PhaseRecord *phase = view->phase;

        status->gates = arena_alloc_array(view->arena, phase->n_gates, sizeof *status->gates);
        for (size_t i = 0; i < phase->n_gates; i++)
                if (phase->gates[i].in_plan)
                        build_gate(view, &phase->gates[i], &status->gates[status->n_gates++]);
}

static void build_findings(const View *view, struct phase_status *status) {
        status->findings =
                arena_alloc_array(view->arena, view->phase->n_findings, sizeof *status->findings);
        for (size_t i = 0; i < view->state->n_findings; i++) {
                const FindingRecord *finding = view->state->findings[i];

                if (finding->phase != view->phase || status->n_findings == FINDINGS_KEPT_MAX)
                        continue;
                status->findings[status->n_findings++] = (struct finding_status){
                        .finding =
                                slice_text(arena_printf(view->arena, "F-%" PRIu64, finding->seq)),
                        .gate = slice_text(finding->gate),
                        .state = finding->state,
                        .blocks = finding->blocks,
                        .severity = finding->severity,
                        .title = slice_text(finding->title),
                        .reproduce = slice_text(finding->reproduce),
                };
        }
}

static void build_phase(const View *view, struct phase_status *ret_status) {
        const PhaseRecord *phase = view->phase;

        *ret_status = (struct phase_status){
                .phase = slice_text(phase->name),
                .state = phase->state,
                .plan_digest = hash_slice(&phase->plan_digest),
                .done_commit = slice_text(phase->done_seq ? phase->done_commit : NULL),
                .done_ms = phase->done_ms,
        };
        build_gates(view, ret_status);
        build_findings(view, ret_status);
        phase_why_not_done(view->state, phase, view->commit, view->now_ms, view->arena,
                           &ret_status->why_not_done, &ret_status->n_why_not_done);
        build_waits(view, ret_status);
}

void status_build(const State *state, Slice phase, uint64_t now_ms, Arena *arena,
                  struct status *ret_status) {
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
                        .commit = record->done_seq ? slice_text(record->done_commit)
                                                   : phase_get_candidate(state, record),
                        .now_ms = now_ms,
                        .arena = arena,
                };

                if (phase.n == 0 || slice_is(phase, record->name))
                        build_phase(&view, &ret_status->phases[ret_status->n_phases++]);
        }
}
