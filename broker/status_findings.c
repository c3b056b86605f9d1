/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Findings and vetoes as a status tells them. */

#include "broker/status_findings.h"

#include <inttypes.h>

#include "broker/finding.h"
#include "broker/veto.h"

static Slice *borrow_texts(Arena *arena, char *const *texts, size_t n) {
        Slice *slices = n ? arena_alloc_array(arena, n, sizeof *slices) : NULL;

        for (size_t i = 0; i < n; i++)
                slices[i] = slice_text(texts[i]);
        return slices;
}

uint64_t status_count_open_findings(const State *state, const PhaseRecord *phase,
                                    const GateRecord *gate) {
        uint64_t n = 0;

        for (size_t i = 0; i < state->n_findings; i++) {
                const FindingRecord *finding = state->findings[i];

                n += finding->phase == phase && finding_is_open(finding) && finding->gate &&
                     slice_is(slice_text(gate->id), finding->gate);
        }
        return n;
}

const FindingRecord *status_find_blocking(const State *state, const GateRecord *gate,
                                          uint64_t now_ms) {
        for (size_t i = 0; i < state->n_findings; i++)
                if (finding_blocks_gate(state->findings[i], gate, now_ms))
                        return state->findings[i];
        return NULL;
}

static void build_finding(const FindingRecord *finding, uint64_t now_ms, Arena *arena,
                          struct finding_status *ret_status) {
        bool is_open = finding_is_open(finding);

        *ret_status = (struct finding_status){
                .finding = slice_text(arena_printf(arena, "F-%" PRIu64, finding->seq)),
                .gate = slice_text(finding->gate),
                .state = finding->state,
                .blocks = finding->blocks,
                .severity = finding->severity,
                .title = slice_text(finding->title),
                .reproduce = slice_text(finding->reproduce),
                .waived_until_ms = is_open ? finding->waived_until_ms : 0,
                .because = slice_text(is_open ? finding->because : NULL),
                .fixed_at = slice_text(finding->fixed_at),
                .checks = borrow_texts(arena, finding->checks, finding->n_checks),
                .n_checks = finding->n_checks,
                .last_pass = finding->last_pass_seq,
                .is_blocking = finding_is_blocking(finding, now_ms),
        };
}

void status_build_findings(const State *state, const PhaseRecord *phase, uint64_t now_ms,
                           Arena *arena, struct phase_status *status) {
        size_t n_max = size_min(phase->n_findings, FINDINGS_KEPT_MAX);

        status->findings = arena_alloc_array(arena, n_max, sizeof *status->findings);
        for (size_t i = 0; i < state->n_findings && status->n_findings < n_max; i++)
                if (state->findings[i]->phase == phase)
                        build_finding(state->findings[i], now_ms, arena,
                                      &status->findings[status->n_findings++]);
}

void status_build_vetoes(const State *state, const PhaseRecord *phase, Arena *arena,
                         struct phase_status *status) {
        size_t n_max = size_min(state->n_vetoes, VETOES_MAX);

        status->vetoes = arena_alloc_array(arena, n_max, sizeof *status->vetoes);
        for (size_t i = 0; i < state->n_vetoes && status->n_vetoes < n_max; i++) {
                const VetoRecord *veto = state->vetoes[i];

                if (!veto_blocks(veto, phase, NULL))
                        continue;
                status->vetoes[status->n_vetoes++] = (struct veto_status){
                        .veto = veto->seq,
                        .adversary = slice_text(veto->adversary),
                        .gates = borrow_texts(arena, veto->gates, veto->n_gates),
                        .n_gates = veto->n_gates,
                        .why = slice_text(veto->why),
                        .lift_when = slice_text(veto->lift_when),
                        .since_ms = veto->received_ms,
                };
        }
}

void status_build_seals(const State *state, const PhaseRecord *phase, Arena *arena,
                        struct phase_status *status) {
        status->seals = arena_alloc_array(arena, size_min(state->n_seals, SEALS_MAX),
                                          sizeof *status->seals);
        for (size_t i = 0; i < state->n_seals && status->n_seals < SEALS_MAX; i++) {
                const SealRecord *seal = state->seals[i];

                if (seal->phase == phase)
                        status->seals[status->n_seals++] = (struct seal_status){
                                .seal = seal->seq,
                                .adversary = slice_text(seal->adversary),
                                .digest = hash_slice(&seal->digest),
                                .since_ms = seal->received_ms,
                                .asked = seal->asked_seq,
                                .revealed = seal->revealed_seq,
                        };
        }
}
