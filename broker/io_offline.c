/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* What is done to a ledger while no broker runs. */

#include "broker/io_parts.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"

enum { COLLECT_BATCH_MAX = 16384 /* digests in an entry: 512 KiB */ };

/* An interrupted `init` leaves a ledger without entries, or none. */
static int make_or_take(const Project *project, Io **ret_io, Fault *reterr_fault) {
        uint64_t head = 0;
        int r = io_make(project, NULL, LEDGER_CREATE, ret_io, reterr_fault);

        if (r <= 0 || !fault_is(reterr_fault, "ledger-exists"))
                return r;
        r = io_make(project, NULL, LEDGER_WRITE, ret_io, reterr_fault);
        if (r != 0)
                return r;
        TRY(ledger_head((*ret_io)->ledger, &head));
        if (head == 0)
                return 0;
        fault_set(reterr_fault, "project-exists", "there is a project already");
        fault_place(reterr_fault, "%s", project->dir);
        fault_next(reterr_fault, "broker run");
        return IO_E_REFUSED;
}

int io_create(const Project *project, const IoAgent *agents, size_t n_agents, Fault *reterr_fault) {
        cleanup(io_freep) Io *io = NULL;
        Hash ledger;
        int r = make_or_take(project, &io, reterr_fault);

        if (r != 0)
                return r;
        if (memcmp(&io->key.public, &project->broker_key, sizeof(PublicKey)) != 0) {
                fault_set(reterr_fault, "key-other",
                          "keys/broker is not the key that the project's config names");
                fault_place(reterr_fault, "%s", project->dir);
                return IO_E_REFUSED;
        }
        random_bytes(&ledger, sizeof ledger);
        TRY(core_genesis(io->core, project->name, &ledger));
        for (size_t i = 0; i < n_agents; i++)
                TRY(core_admit(io->core, agents[i].name, agents[i].role, &agents[i].key));
        TRY(core_commit(io->core));
        rest_finish(io->rest, FILES_STOP_MS);
        return 0;
}

int io_restored(const Project *project, const char *file, const Witness *lost, const char *why,
                Fault *reterr_fault) {
        cleanup(io_freep) Io *io = NULL;
        int r = io_make(project, file, LEDGER_WRITE, &io, reterr_fault);

        if (r == 0)
                r = io_replay(io, reterr_fault);
        if (r == 0)
                r = io_settle_key(io, reterr_fault);
        if (r != 0)
                return r;
        TRY(core_restored(io->core, lost->seq, &lost->hash, why));
        return core_commit(io->core);
}

/* The entry and what it says are one transaction. */
static int collect_batch(Io *io, const Hash *digests, size_t n, uint64_t older_ms) {
        uint64_t n_bytes = 0;

        for (size_t i = 0; i < n; i++) {
                cleanup_arena Arena arena = ARENA_INIT;
                Slice frame;

                TRY(ledger_evidence_get(io->ledger, &digests[i], &arena, &frame));
                n_bytes += frame.n;
        }
        TRY(core_collected(io->core, slice_make(digests, n * sizeof *digests), n_bytes, older_ms));
        for (size_t i = 0; i < n; i++)
                TRY(ledger_collect(io->ledger, &digests[i], core_get_state(io->core)->head_seq));
        return core_commit(io->core);
}

int io_collect(Io *io, uint64_t before_ms, uint64_t older_ms, Collection *ret_collection,
               uint64_t *ret_first) {
        const State *state = core_get_state(io->core);

        TRY(collect(io->ledger, state, before_ms, ret_collection));
        *ret_first = ret_collection->n ? state->head_seq + 1 : 0;
        for (size_t i = 0; i < ret_collection->n; i += COLLECT_BATCH_MAX)
                TRY(collect_batch(io, ret_collection->digests + i,
                                  size_min(ret_collection->n - i, COLLECT_BATCH_MAX), older_ms));
        rest_finish(io->rest, FILES_STOP_MS);
        return 0;
}

int io_submit(Io *io, const Key *key, const Message *message, uint64_t *ret_seq,
              Fault *reterr_fault) {
        int r = core_submit_locally(io->core, key, message, ret_seq, reterr_fault);

        if (r != 0)
                return r > 0 ? IO_E_REFUSED : r;
        TRY(core_commit(io->core));
        rest_finish(io->rest, FILES_STOP_MS);
        return 0;
}
