/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of sealed checks. Whether what was revealed is what was sealed is computed again
 * whenever the ledger is read. */

#include "broker/replay_parts.h"

#include "base/mem.h"
#include "proto/seal.h"

int fold_seal(const Step *step) {
        const struct seal *message = &step->message->seal;
        PhaseRecord *phase = state_find_phase(step->state, message->phase);
        AgentRecord *adversary = step_get_actor(step);
        SealRecord *seal;

        if (!phase || !adversary)
                return step_corrupt(step, "names no phase or no adversary");
        if (phase->state != PHASE_STATE_PLANNED)
                return step_corrupt(step, "seals checks after a claim of their phase");
        if (state_find_seal_of(step->state, phase, adversary->name))
                return step_corrupt(step, "seals a phase twice");
        seal = mem_new(SealRecord);
        *seal = (SealRecord){.seq = step->entry->seq,
                             .received_ms = step->entry->received_ms,
                             .phase = phase,
                             .adversary = adversary->name};
        (void)hash_from_slice(message->digest, &seal->digest); /* limits: 32 bytes */
        state_add_seal(step->state, seal);
        return 0;
}

int fold_reveal(const Step *step) {
        const struct reveal *message = &step->message->reveal;
        SealRecord *seal = state_find_seal(step->state, message->seal);
        Hash digest;

        if (!seal || seal->revealed_seq)
                return step_corrupt(step, "reveals what is not sealed");
        if (!message->file.n && !message->salt.n) {
                seal->asked_seq = step->entry->seq;
                return 0;
        }
        if (message->salt.n != SEAL_SALT_BYTES)
                return step_corrupt(step, "reveals a file without its salt");
        seal_digest(message->file, message->salt.data, &digest);
        if (!hash_equal(&digest, &seal->digest))
                return step_corrupt(step, "reveals something else than was sealed");
        seal->revealed_seq = step->entry->seq;
        return 0;
}
