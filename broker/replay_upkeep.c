/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* The fold of what is done to the ledger itself. */

#include "broker/replay_parts.h"

#include <string.h>

#include "base/mem.h"

int fold_restored(const Step *step) {
        const struct restored *restored = &step->message->restored;
        State *state = step->state;
        RestoredRecord *record;
        uint64_t kept_seq;
        Hash kept;

        state_get_kept(state, &kept_seq, &kept);
        if (!step_is_by_broker(step) || restored->kept_seq != kept_seq ||
            !slice_equal(restored->kept_hash, hash_slice(&kept)))
                return step_corrupt(step, "is not the broker's, or of another place");
        state->restored = mem_resize(state->restored, state->n_restored + 1, sizeof *record);
        record = &state->restored[state->n_restored++];
        record->seq = step->entry->seq;
        record->kept_seq = kept_seq;
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

/* A key that came again would let its former holder speak again. */
static bool is_known(const State *state, const PublicKey *key) {
        for (size_t i = 0; i < state->n_agents; i++)
                if (memcmp(state->agents[i]->key.sign, key->sign, SIGN_PUBLIC_BYTES) == 0)
                        return true;
        for (size_t i = 0; i < state->n_former_keys; i++)
                if (memcmp(state->former_keys[i].sign, key->sign, SIGN_PUBLIC_BYTES) == 0)
                        return true;
        return memcmp(state->broker_key.sign, key->sign, SIGN_PUBLIC_BYTES) == 0 ||
               state_find_rotation(state, key->sign);
}

int fold_rotated(const Step *step) {
        State *state = step->state;
        PublicKey key;

        memcpy(&key, step->message->rotated.broker_key.data, sizeof key); /* limits: 64 bytes */
        if (!step_is_by_broker(step) || is_known(state, &key) ||
            memcmp(key.curve, state->broker_key.curve, CURVE_BYTES) != 0)
                return step_corrupt(step, "is not the broker's, or names a key that was there");
        state->rotations =
                mem_resize(state->rotations, state->n_rotations + 1, sizeof *state->rotations);
        state->rotations[state->n_rotations++] = (RotationRecord){
                .seq = step->entry->seq, .prev = state->head_hash, .before = state->broker_key};
        state->broker_key = key;
        return 0;
}
