/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * REVIEW-<phase>.md: one section for each entry, appended in the ledger's order. The headings are
 * those that people and scripts grep already (`## M1: PASS @2026-06-13T05:33Z`); a section never
 * depends on what comes after its entry, so that a rendering is a byte-prefix of the next.
 *
 * Add a kind: a row here, its function beside those of its subject. Kinds without a row are told
 * elsewhere: leases, pauses, holds, pings and alerts in STATUS, who is admitted in the ledger.
 */

#include "broker/render_parts.h"

#include "base/error.h"
#include "broker/fresh.h"

static const struct {
        MessageType type;
        RenderEntry render;
} review_rows[] = {
        {MESSAGE_PLAN, review_plan},         {MESSAGE_CLAIM, review_claim},
        {MESSAGE_WITHDRAW, review_withdraw}, {MESSAGE_LAPSE, review_lapse},
        {MESSAGE_VERDICT, review_verdict},   {MESSAGE_FINDING, review_finding},
        {MESSAGE_CLOSE, review_close},       {MESSAGE_NOTE, review_note},
        {MESSAGE_DONE, review_done},         {MESSAGE_GRANTED, review_granted},
        {MESSAGE_DENIED, review_denied},     {MESSAGE_REVERIFY, review_reverify},
        {MESSAGE_RETRACT, review_retract},   {MESSAGE_DIFFERS, review_differs},
        {MESSAGE_FIXED, review_fixed},       {MESSAGE_REOPEN, review_reopen},
        {MESSAGE_CORRECT, review_correct},   {MESSAGE_WAIVE, review_waive},
        {MESSAGE_DEFER, review_defer},       {MESSAGE_PROBE, review_probe},
        {MESSAGE_VETO, review_veto},         {MESSAGE_LIFT, review_lift},
        {MESSAGE_ANSWER, review_answer},     {MESSAGE_SEAL, review_seal},
        {MESSAGE_REVEAL, review_reveal},
};

void render_review_head(Slice phase, Buf *text) {
        buf_text(text, "# REVIEW — phase ");
        render_inline(phase, text);
        buf_text(text,
                 "\n\nRendered from the ledger, append-only; `broker render --check` compares it.\n"
                 "`## GATE: PASS`, `FAIL`, `INCONCLUSIVE` or `RETRACTED`: the newest of a gate is "
                 "its verdict. `## VETO`, `## DONE`\nstand only for what they say. Whatever has a "
                 "smaller heading is no verdict.\n");
}

/* ---- before the entry ---- */

static void note_superseded(const State *state, const PhaseRecord *phase, const Slice *gates,
                            size_t n_gates, RenderBefore *before) {
        for (size_t i = 0; i < n_gates && i < CLAIM_GATES_MAX; i++) {
                const GateRecord *gate = phase_find_gate(phase, gates[i]);
                const ClaimRecord *old = gate && gate_is_pending(gate)
                                                 ? state_find_claim(state, gate->claim_seq)
                                                 : NULL;
                bool is_known = !old;

                for (size_t j = 0; j < before->n_superseded && !is_known; j++)
                        is_known = before->superseded[j] == old->seq;
                if (!is_known)
                        before->superseded[before->n_superseded++] = old->seq;
        }
}

static void note_gates(const PhaseRecord *phase, Arena *arena, RenderBefore *before) {
        before->is_revision = true;
        before->plan_digest = phase->plan_digest;
        before->plan_text = arena_slice(arena, slice_make(phase->plan_text, phase->plan_bytes));
        before->gates = arena_alloc_array(arena, phase->n_gates, sizeof *before->gates);
        for (size_t i = 0; i < phase->n_gates; i++) {
                if (!phase->gates[i].in_plan)
                        continue;
                before->gates[before->n_gates].gate =
                        arena_slice(arena, slice_text(phase->gates[i].id));
                before->gates[before->n_gates++].digest = phase->gates[i].digest;
        }
}

static bool is_of_several(const State *state, uint64_t verdict) {
        const char *adversary;
        PhaseRecord *phase;
        const GateRecord *gate = state_find_verdict(state, verdict, &phase, &adversary);

        return !gate || gate->verifiers > 1;
}

void render_before(const State *state, const Message *message, Arena *arena,
                   RenderBefore *ret_before) {
        const PhaseRecord *phase = state_find_phase(state, message_phase(message));

        *ret_before = (RenderBefore){.n_superseded = 0};
        if (message->type == MESSAGE_RETRACT)
                ret_before->is_of_several = is_of_several(state, message->retract.verdict);
        if (!phase)
                return;
        if (message->type == MESSAGE_CLAIM)
                note_superseded(state, phase, message->claim.gates, message->claim.n_gates,
                                ret_before);
        else if (message->type == MESSAGE_REVERIFY)
                note_superseded(state, phase, message->reverify.gates, message->reverify.n_gates,
                                ret_before);
        else if (message->type == MESSAGE_PLAN)
                note_gates(phase, arena, ret_before);
}

int render_review_entry(const Section *section) {
        const ClaimRecord *decided = section_get_decided(section);

        for (size_t i = 0; i < ARRAY_SIZE(review_rows); i++)
                if (review_rows[i].type == section->message->type)
                        TRY(review_rows[i].render(section));
        return decided ? review_unsealed(section, decided) : 0;
}
