/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Checkpoints that were seen elsewhere: whom to believe, and whether the ledger is the one that
 * they saw. */

#include "broker/verify_parts.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"

bool verify_believes(const State *state, const PublicKey *broker_key, const Witness *witness) {
        const RotationRecord *end = state_find_rotation(state, witness->signer.sign);

        if (!witness->has_signer || end)
                return !end || witness->seq < end->seq;
        return memcmp(witness->signer.sign, state->broker_key.sign, SIGN_PUBLIC_BYTES) == 0 ||
               memcmp(witness->signer.sign, broker_key->sign, SIGN_PUBLIC_BYTES) == 0;
}

int verify_witnesses(Verification *v) {
        for (size_t i = 0; i < v->n_witnesses; i++) {
                const Witness *witness = &v->witnesses[i];

                if (!hash_equal(&witness->ledger, &v->report.ledger))
                        return verify_broken(v, "ledger-forked", "%s was signed for another ledger",
                                             witness->source);
                if (witness->seq == v->entry->seq &&
                    verify_believes(&v->state, v->broker_key, witness) &&
                    !hash_equal(&witness->hash, &v->entry->hash) &&
                    !state_find_restored(&v->state, witness->seq, &witness->hash))
                        return verify_broken(v, "ledger-forked",
                                             "%s was signed for another entry %" PRIu64,
                                             witness->source, witness->seq);
        }
        return 0;
}

int verify_witness_at_end(Verification *v, const Witness *witness) {
        cleanup_arena Arena arena = ARENA_INIT;
        Entry entry;

        if (state_find_restored(&v->state, witness->seq, &witness->hash))
                return 0;
        if (verify_believes(&v->state, v->broker_key, witness)) {
                if (witness->seq > v->report.n_entries)
                        return verify_broken(
                                v, "ledger-shorter",
                                "entries are missing at the end: %s was signed for entry "
                                "%" PRIu64 ", the ledger ends with %" PRIu64,
                                witness->source, witness->seq, v->report.n_entries);
                TRY(ledger_read(v->ledger, witness->seq, &arena, &entry));
                if (hash_equal(&witness->hash, &entry.hash))
                        return 0;
                v->report.n_entries = witness->seq - 1;
                return verify_broken(v, "ledger-forked", "%s was signed for another entry %" PRIu64,
                                     witness->source, witness->seq);
        }
        if (witness->is_volunteer) {
                log_write(LOG_WARNING, "%s is left out: its key is not the broker's",
                          witness->source);
                return 0;
        }
        fault_set(v->fault, "checkpoint-signature",
                  "it is signed by a key that the broker did not have at entry %" PRIu64,
                  witness->seq);
        fault_place(v->fault, "%s", witness->source);
        fault_next(v->fault, "find out who made it: broker log --kind rotated");
        return VERIFY_E_BROKEN;
}
