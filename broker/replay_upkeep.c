/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of what is done to the ledger itself. */

#include "broker/replay_parts.h"

#include "base/mem.h"

int fold_restored(const Step *step) {
        const struct restored *restored = &step->message->restored;
        State *state = step->state;
        RestoredRecord *record;

        if (!step_is_by_broker(step) || restored->kept_seq != state->head_seq ||
            !slice_equal(restored->kept_hash, hash_slice(&state->head_hash)))
                return step_corrupt(step, "is not the broker's, or of another place");
        state->restored = mem_resize(state->restored, state->n_restored + 1, sizeof *record);
        record = &state->restored[state->n_restored++];
        record->seq = step->entry->seq;
        record->lost_seq = restored->lost_seq;
        (void)hash_from_slice(restored->lost_hash, &record->lost_hash); /* limits: 32 bytes */
        return 0;
}

int fold_collected(const Step *step) {
        const struct collected *collected = &step->message->collected;

        if (!step_is_by_broker(step) || collected->digests.n % HASH_BYTES != 0)
                return step_corrupt(step, "is not the broker's, or names no digests");
        step->state->n_collected += collected->digests.n / HASH_BYTES;
        return 0;
}
