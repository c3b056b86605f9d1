/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A state as text: two states are the same if their texts are. */

#include "broker/state_watch.h"

#include <inttypes.h>

static void describe_hash(const char *name, const Hash *hash, Buf *text) {
        buf_printf(text, " %s=", name);
        hex_append(text, hash_slice(hash));
}

static void describe_agent(const AgentRecord *agent, Buf *text) {
        buf_printf(text, "agent %s role=%s revoked=%d admitted=%" PRIu64 " key=", agent->name,
                   word_of(&words_ROLE, (int)agent->role), agent->is_revoked, agent->admitted_seq);
        hex_append(text, slice_make(&agent->key, sizeof agent->key));
        buf_text(text, "\n");
}

static void describe_verdict(const char *name, const VerdictRecord *verdict, Buf *text) {
        if (verdict->seq == 0)
                return;
        buf_printf(text, "    %s %" PRIu64 " claim=%" PRIu64 " at=%" PRIu64 " %s %s %s by=%s", name,
                   verdict->seq, verdict->claim_seq, verdict->received_ms,
                   word_of(&words_DECISION, (int)verdict->decision),
                   word_of(&words_MODE, (int)verdict->mode), verdict->commit, verdict->adversary);
        describe_hash("digest", &verdict->gate_digest, text);
        buf_printf(text, " carried=%" PRIu64 " measured=%" PRIu64 "%s%s", verdict->carried_from,
                   verdict->measured_ms, verdict->is_mismatch ? " mismatch" : "",
                   verdict->is_disagreement ? " disagreement" : "");
        if (verdict->has_inputs)
                describe_hash("inputs", &verdict->inputs, text);
        for (size_t i = 0; i < verdict->n_parts; i++)
                buf_printf(text, " part=%" PRIu64 ":%s", verdict->parts[i].seq,
                           verdict->parts[i].adversary);
        for (size_t i = 0; i < verdict->n_results; i++)
                buf_printf(text, " %s:%s:%d", verdict->results[i].check,
                           word_of(&words_OUTCOME, (int)verdict->results[i].outcome),
                           verdict->results[i].is_red);
        for (size_t i = 0; i < verdict->n_evidence; i++)
                describe_hash("evidence", &verdict->evidence[i], text);
        buf_text(text, "\n");
}

static void describe_gate_row(const GateRecord *gate, Buf *text) {
        buf_printf(text, " verifiers=%u inputs=%d match=%d stall=%" PRIu64, gate->verifiers,
                   gate->has_inputs, gate->must_match, gate->stall_ms);
        for (size_t i = 0; i < gate->n_needs; i++)
                buf_printf(text, " needs=%s", gate->needs[i]);
        for (size_t i = 0; i < gate->n_checks; i++)
                buf_printf(text, " check=%s:%d:%" PRIu64 "%s", gate->checks[i].id,
                           gate->checks[i].was_red, gate->checks[i].red_seq,
                           gate->checks[i].is_measured ? ":measured" : "");
        for (size_t i = 0; i < gate->n_asked; i++)
                buf_printf(text, " asked=%s", gate->asked[i]);
        if (gate->retracted_seq)
                buf_printf(text, " retracted=%" PRIu64 " by=%" PRIu64 " at=%" PRIu64,
                           gate->retracted_seq, gate->retract_seq, gate->retract_ms);
}

static void describe_gate(const GateRecord *gate, Buf *text) {
        buf_printf(text,
                   "  gate %s title=\"%s\" state=%s in_plan=%d valid=%" PRIu64 " claim=%" PRIu64,
                   gate->id, gate->title, word_of(&words_GATE_STATE, (int)gate->state),
                   gate->in_plan, gate->valid_for_ms, gate->claim_seq);
        buf_printf(text, " words=%" PRIu64 "%s", gate->words_seq,
                   gate->is_exhausted ? " exhausted" : "");
        describe_hash("digest", &gate->digest, text);
        buf_printf(text, " waived=%" PRIu64 " until=%" PRIu64 " \"%s\"", gate->waived_seq,
                   gate->waived_until_ms, gate->waived_because ? gate->waived_because : "");
        describe_gate_row(gate, text);
        buf_text(text, "\n");
        describe_verdict("verdict", &gate->verdict, text);
        describe_verdict("last-pass", &gate->last_pass, text);
        for (size_t i = 0; i < gate->n_votes; i++)
                describe_verdict("vote", &gate->votes[i], text);
}

static void describe_answer(const AnswerRecord *answer, Buf *text) {
        buf_printf(text, "  answer %" PRIu64 " %s %s %s holds=%d \"%s\"", answer->seq, answer->gate,
                   answer->check, answer->commit, answer->holds, answer->text);
        describe_hash("digest", &answer->gate_digest, text);
        buf_text(text, "\n");
}

static void describe_phase(const PhaseRecord *phase, Buf *text) {
        buf_printf(text,
                   "phase %s state=%s plan=%" PRIu64 " at=%" PRIu64 " bytes=%zu findings=%zu/%zu",
                   phase->name, word_of(&words_PHASE_STATE, (int)phase->state), phase->plan_seq,
                   phase->plan_ms, phase->plan_bytes, phase->n_open_findings, phase->n_findings);
        describe_hash("digest", &phase->plan_digest, text);
        buf_printf(text, " path=%s", phase->plan_path ? phase->plan_path : "");
        buf_printf(text, " done=%" PRIu64 " at=%" PRIu64 " %s", phase->done_seq, phase->done_ms,
                   phase->done_commit);
        buf_printf(text, " asked=%" PRIu64 " %s by=%s eligible=%" PRIu64, phase->asked_seq,
                   phase->asked_commit, phase->asked_by ? phase->asked_by->name : "",
                   phase->eligible_seq);
        for (size_t i = 0; i < phase->n_needs; i++)
                buf_printf(text, " needs=%s", phase->needs[i]);
        buf_text(text, "\n");
        for (size_t i = 0; i < phase->n_gates; i++)
                describe_gate(&phase->gates[i], text);
        for (size_t i = 0; i < phase->n_answers; i++)
                describe_answer(phase->answers[i], text);
}

static void describe_claim(const ClaimRecord *claim, Buf *text) {
        buf_printf(text, "claim %" PRIu64 " at=%" PRIu64 " %s %s by=%s %s %s %s", claim->seq,
                   claim->received_ms, claim->phase->name,
                   word_of(&words_CLAIM_STATE, (int)claim->state), claim->builder,
                   claim->repository, claim->commit, word_of(&words_MODE, (int)claim->mode));
        buf_printf(text, " lease=%" PRIu64 " ms=%" PRIu64 " at=%" PRIu64 " to=%s attempts=%" PRIu64,
                   claim->lease_seq, claim->lease_ms, claim->leased_ms,
                   claim->adversary ? claim->adversary : "", claim->attempts);
        buf_printf(text, " cause=%" PRIu64, claim->cause);
        for (size_t i = 0; i < claim->n_gates; i++)
                buf_printf(text, " %s:%" PRIu64, claim->gates[i], claim->verdicts[i]);
        buf_text(text, "\n");
}

static const char *text_or_none(const char *text) {
        return text ? text : "";
}

static void describe_finding(const FindingRecord *finding, Buf *text) {
        buf_printf(text, "finding %" PRIu64 " at=%" PRIu64 " %s %s %s %s %s \"%s\" \"%s\"",
                   finding->seq, finding->received_ms, finding->phase->name,
                   text_or_none(finding->gate), word_of(&words_FINDING_STATE, (int)finding->state),
                   word_of(&words_SEVERITY, (int)finding->severity),
                   word_of(&words_BLOCKS, (int)finding->blocks), finding->title,
                   text_or_none(finding->reproduce));
        buf_printf(text, " verdict=%" PRIu64 " closed=%" PRIu64 " by=%" PRIu64 "%s%s",
                   finding->verdict_seq, finding->closed_seq, finding->retest_seq,
                   finding->is_of_fail ? " of-fail" : "", finding->is_deferred ? " deferred" : "");
        buf_printf(text, " changed=%" PRIu64 " at=%" PRIu64 " opened=%" PRIu64,
                   finding->changed_seq, finding->changed_ms, finding->opened_seq);
        buf_printf(text, " waived=%" PRIu64 " because=\"%s\" fixed=%s pass=%" PRIu64,
                   finding->waived_until_ms, text_or_none(finding->because), finding->fixed_at,
                   finding->last_pass_seq);
        for (size_t i = 0; i < finding->n_checks; i++)
                buf_printf(text, " check=%s", finding->checks[i]);
        for (size_t i = 0; i < finding->n_fails; i++)
                buf_printf(text, " fail=%" PRIu64, finding->fails[i]);
        buf_text(text, "\n");
}

static void describe_veto(const VetoRecord *veto, Buf *text) {
        buf_printf(text, "veto %" PRIu64 " at=%" PRIu64 " %s %s by=%s \"%s\" until \"%s\"",
                   veto->seq, veto->received_ms, veto->phase->name,
                   word_of(&words_VETO_STATE, (int)veto->state), veto->adversary, veto->why,
                   veto->lift_when);
        for (size_t i = 0; i < veto->n_gates; i++)
                buf_printf(text, " gate=%s", veto->gates[i]);
        buf_text(text, "\n");
}

static void describe_seal(const SealRecord *seal, Buf *text) {
        buf_printf(text,
                   "seal %" PRIu64 " at=%" PRIu64 " %s by=%s asked=%" PRIu64 " revealed=%" PRIu64,
                   seal->seq, seal->received_ms, seal->phase->name, seal->adversary,
                   seal->asked_seq, seal->revealed_seq);
        describe_hash("digest", &seal->digest, text);
        buf_text(text, "\n");
}

void state_describe(const State *state, Buf *text) {
        buf_printf(text, "ledger \"%s\" genesis=%d head=%" PRIu64,
                   state->project ? state->project : "", state->has_genesis, state->head_seq);
        describe_hash("id", &state->ledger, text);
        describe_hash("hash", &state->head_hash, text);
        buf_text(text, "\n");
        for (size_t i = 0; i < state->n_agents; i++)
                describe_agent(state->agents[i], text);
        for (size_t i = 0; i < state->n_phases; i++)
                describe_phase(state->phases[i], text);
        for (size_t i = 0; i < state->n_claims; i++)
                describe_claim(state->claims[i], text);
        for (size_t i = 0; i < state->n_findings; i++)
                describe_finding(state->findings[i], text);
        for (size_t i = 0; i < state->n_vetoes; i++)
                describe_veto(state->vetoes[i], text);
        for (size_t i = 0; i < state->n_seals; i++)
                describe_seal(state->seals[i], text);
        for (size_t i = 0; i < state->n_former_keys; i++) {
                char id[KEY_ID_HEX + 1];

                public_key_id(&state->former_keys[i], id);
                buf_printf(text, "former key %s\n", id);
        }
        buf_printf(text, "collected %" PRIu64 "\n", state->n_collected);
        for (size_t i = 0; i < state->n_rotations; i++) {
                char id[KEY_ID_HEX + 1];

                public_key_id(&state->rotations[i].before, id);
                buf_printf(text, "rotated %" PRIu64 " before=%s\n", state->rotations[i].seq, id);
        }
        for (size_t i = 0; i < state->n_restored; i++) {
                buf_printf(text, "restored %" PRIu64 " lost=%" PRIu64, state->restored[i].seq,
                           state->restored[i].lost_seq);
                describe_hash("hash", &state->restored[i].lost_hash, text);
                buf_text(text, "\n");
        }
        state_watch_describe(state, text);
}
