/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of DONE: asked for, granted, denied; and of what is queued again for it. */

#include "broker/replay_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/state_watch.h"

/* A newer request takes the place of the older one: the broker has denied that just before. */
int fold_done(const Step *step) {
        const struct done *done = &step->message->done;
        PhaseRecord *phase = state_find_phase(step->state, done->phase);
        AgentRecord *builder = step_get_actor(step);

        if (!phase || !builder || phase->state == PHASE_STATE_DONE || phase->asked_seq)
                return step_corrupt(step, "asks for what cannot be");
        phase->asked_seq = step->entry->seq;
        phase->asked_by = builder;
        step_copy_commit(phase->asked_commit, done->commit);
        return 0;
}

/* The phase whose request the broker answers; NULL if there is none. */
static PhaseRecord *find_asked(const Step *step, Slice name, uint64_t request) {
        PhaseRecord *phase = state_find_phase(step->state, name);

        if (!step_is_by_broker(step) || !phase || phase->asked_seq != request)
                return NULL;
        return phase;
}

static void forget_request(PhaseRecord *phase) {
        phase->asked_seq = 0;
        phase->asked_by = NULL;
        phase->asked_commit[0] = '\0';
}

int fold_granted(const Step *step) {
        const struct granted *granted = &step->message->granted;
        PhaseRecord *phase = find_asked(step, granted->phase, granted->done);

        if (!phase || !slice_is(granted->commit, phase->asked_commit))
                return step_corrupt(step, "grants what nobody asked for");
        phase->state = PHASE_STATE_DONE;
        state_drop_pings_of(step->state, phase);
        phase->done_seq = step->entry->seq;
        phase->done_ms = step->entry->received_ms;
        step_copy_commit(phase->done_commit, granted->commit);
        forget_request(phase);
        return 0;
}

int fold_denied(const Step *step) {
        const struct denied *denied = &step->message->denied;
        PhaseRecord *phase = find_asked(step, denied->phase, denied->done);

        if (!phase)
                return step_corrupt(step, "denies what nobody asked for");
        forget_request(phase);
        return 0;
}

int fold_reverify(const Step *step) {
        const struct reverify *message = &step->message->reverify;
        PhaseRecord *phase = state_find_phase(step->state, message->phase);
        ClaimDraft draft = {
                .builder = state_find_agent(step->state, message->builder),
                .repository = message->repository,
                .commit = message->commit,
                .mode = MODE_COLD,
                .gates = message->gates,
                .n_gates = message->n_gates,
                .cause = message->cause,
        };

        if (!step_is_by_broker(step) || !phase || !draft.builder ||
            phase->state == PHASE_STATE_DONE)
                return step_corrupt(step, "verifies again what is no gate of a builder");
        return step_add_claim(step, phase, &draft);
}

/* ---- manual checks ---- */

/* The place of the newest answer to the same question, or a new one. */
static AnswerRecord *get_answer(PhaseRecord *phase, const struct answer *message) {
        AnswerRecord *answer;

        for (size_t i = 0; i < phase->n_answers; i++)
                if (slice_is(message->gate, phase->answers[i]->gate) &&
                    slice_is(message->check, phase->answers[i]->check))
                        return phase->answers[i];
        phase->answers = mem_resize(phase->answers, phase->n_answers + 1, sizeof(void *));
        answer = mem_new(AnswerRecord);
        answer->gate = step_copy_text(message->gate);
        answer->check = step_copy_text(message->check);
        phase->answers[phase->n_answers++] = answer;
        return answer;
}

int fold_answer(const Step *step) {
        const struct answer *message = &step->message->answer;
        PhaseRecord *phase = state_find_phase(step->state, message->phase);
        const GateRecord *gate = phase ? phase_find_gate(phase, message->gate) : NULL;
        AnswerRecord *answer;

        if (!gate)
                return step_corrupt(step, "is on no gate of the plan");
        answer = get_answer(phase, message);
        answer->seq = step->entry->seq;
        answer->holds = message->holds;
        answer->gate_digest = gate->digest;
        step_copy_commit(answer->commit, message->commit);
        free(answer->text);
        answer->text = step_copy_text(message->text);
        return 0;
}
