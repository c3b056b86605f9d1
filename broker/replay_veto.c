/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of vetoes; and of probes and notes, which are words. */

#include "broker/replay_parts.h"

#include "base/mem.h"
#include "broker/veto.h"

int fold_veto(const Step *step) {
        const struct veto *message = &step->message->veto;
        PhaseRecord *phase = state_find_phase(step->state, message->phase);
        AgentRecord *adversary = step_get_actor(step);
        VetoRecord *veto;

        if (!phase || !adversary)
                return step_corrupt(step, "names no phase or no adversary");
        veto = mem_new(VetoRecord);
        veto->seq = step->entry->seq;
        veto->received_ms = step->entry->received_ms;
        veto->phase = phase;
        veto->adversary = adversary->name;
        veto->gates = mem_new_array(char *, message->n_gates);
        veto->n_gates = message->n_gates;
        for (size_t i = 0; i < message->n_gates; i++)
                veto->gates[i] = step_copy_text(message->gates[i]);
        veto->why = step_copy_text(state_cut_said(message->why));
        veto->lift_when = step_copy_text(state_cut_said(message->lift_when));
        state_add_veto(step->state, veto);
        return 0;
}

int fold_lift(const Step *step) {
        VetoRecord *veto = state_find_veto(step->state, step->message->lift.veto);

        if (!veto || veto_apply(veto, VETO_EV_LIFT) != 0)
                return step_corrupt(step, "lifts no veto that stands");
        state_drop_veto(step->state, veto);
        return 0;
}

int fold_probe(const Step *step) {
        if (!state_find_phase(step->state, step->message->probe.phase))
                return step_corrupt(step, "names no phase");
        return 0;
}

int fold_note(const Step *step) {
        PhaseRecord *phase = state_find_phase(step->state, step->message->note.phase);

        if (!phase)
                return step_corrupt(step, "names no phase");
        fold_untold_note(step, phase);
        return 0;
}
