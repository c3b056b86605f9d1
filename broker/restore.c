/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

#include "broker/restore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/fold.h"
#include "broker/io.h"
#include "broker/witness.h"

typedef struct Restoring {
        const Project *project;
        const RestoreWish *wish;
        char *ledger;         /* the project's */
        char *copy;           /* of the backup, beside it */
        char *decided;        /* what the copy is called once it is to be swapped in */
        size_t n_keys_behind; /* so often was the key replaced since the backup */
        int lock_fd;
        RestoreReport *report;
        Fault *fault;
} Restoring;

void restore_report_deinit(RestoreReport *report) {
        free(report->kept);
        *report = (RestoreReport){.kept = NULL};
}

static void restoring_deinit(Restoring *restoring) {
        cleanup_free char *lock = mem_printf("%s/ledger-restore.lock", restoring->project->dir);

        ledger_remove(restoring->copy);
        ledger_remove_kept(restoring->copy); /* that is the backup */
        (void)unlink(lock);                  /* there only if an entry was written */
        fd_close(&restoring->lock_fd);
        free(restoring->ledger);
        free(restoring->copy);
        free(restoring->decided);
}

static int refused(int r) {
        return r > 0 ? RESTORE_E_REFUSED : r;
}

/* ---- the copy, and whether it holds ---- */

static size_t count_keys_behind(const Project *project, const State *state) {
        size_t n = state->n_rotations + 1;

        if (!state->has_genesis || !io_had_key(project, n, &state->broker_key))
                return 0;
        return io_count_former_keys(project) + 1 - n;
}

/* The key that the copy must be of: the project's, or a former one that is still here. What cannot
 * be folded is named by the verification. */
static int find_key(Restoring *restoring, Ledger *copy, PublicKey *ret_key) {
        cleanup(state_deinit) State state;
        Fault none = FAULT_INIT;
        int r;

        state_init(&state);
        *ret_key = restoring->project->broker_key;
        r = fold_ledger(copy, &state, &none);
        if (r == 0)
                restoring->n_keys_behind = count_keys_behind(restoring->project, &state);
        if (restoring->n_keys_behind)
                *ret_key = state.broker_key;
        return r < 0 ? r : 0;
}

static int verify_copy(Restoring *restoring) {
        cleanup(ledger_freep) Ledger *copy = NULL;
        RestoreReport *report = restoring->report;
        int r = ledger_open(restoring->copy, LEDGER_INSPECT, &copy, restoring->fault);
        PublicKey key;

        if (r == 0) {
                TRY(find_key(restoring, copy, &key));
                r = verify_ledger(copy, &key, NULL, 0, &report->verified, restoring->fault);
                return r > 0 ? RESTORE_E_BROKEN : r;
        }
        return refused(r);
}

static int make_copy(Restoring *restoring) {
        const char *from = restoring->wish->backup ? restoring->wish->backup : restoring->ledger;
        int r;

        ledger_remove(restoring->copy); /* of a restoration that was interrupted */
        r = ledger_copy(from, restoring->copy, restoring->fault);
        return r == 0 ? verify_copy(restoring) : refused(r);
}

/* ---- what is known to be lost with it ---- */

/* The ledger that is there is the first witness, if it can still be read. */
static int add_present(Restoring *restoring, Witnesses *witnesses) {
        cleanup(ledger_freep) Ledger *present = NULL;
        cleanup(state_deinit) State state;
        Fault fault = FAULT_INIT;
        int r = ledger_open(restoring->ledger, LEDGER_READ, &present, &fault);

        state_init(&state);
        if (r == 0)
                r = fold_ledger(present, &state, &fault);
        if (r == 0 && state.has_genesis)
                witnesses_add(
                        witnesses, restoring->ledger,
                        &(Seen){.ledger = state.ledger,
                                .checkpoint = {.seq = state.head_seq, .hash = state.head_hash}},
                        false);
        for (size_t i = 0; r == 0 && i < state.n_restored; i++)
                witnesses_add(witnesses, restoring->ledger,
                              &(Seen){.ledger = state.ledger,
                                      .checkpoint = {.seq = state.restored[i].lost_seq,
                                                     .hash = state.restored[i].lost_hash}},
                              false);
        if (r != 0 && !fault_is(&fault, "ledger-missing"))
                log_write(LOG_WARNING, "the ledger that is there says nothing: %s",
                          r > 0 ? fault.found : strerror(-r));
        return 0;
}

static int refuse_loss(Restoring *restoring, const Witness *lost) {
        const VerifyReport *backup = &restoring->report->verified;

        fault_set(restoring->fault, "ledger-loses",
                  "the backup ends with entry %" PRIu64 ", and entry %" PRIu64
                  " was signed: it would be lost",
                  backup->n_entries, lost->seq);
        if (lost->seq <= backup->n_entries)
                fault_set(restoring->fault, "ledger-loses",
                          "the backup has another entry %" PRIu64
                          " than was signed: that one would be lost",
                          lost->seq);
        fault_place(restoring->fault, "%s", lost->source);
        fault_next(restoring->fault, "take a newer backup; if there is none: the same with "
                                     "--accept-loss WHY");
        return RESTORE_E_REFUSED;
}

static int refuse_other(Restoring *restoring, const Witness *other) {
        fault_set(restoring->fault, "ledger-not-ours", "it is of another ledger than %s",
                  other->source);
        fault_place(restoring->fault, "%s", restoring->wish->backup);
        fault_next(restoring->fault, "broker restore --dir, into the project that it is of");
        return RESTORE_E_REFUSED;
}

static int say_loss(Restoring *restoring, const Witness *lost) {
        int r;

        if (!hash_equal(&lost->ledger, &restoring->report->verified.ledger))
                return refuse_other(restoring, lost);
        if (!restoring->wish->why)
                return refuse_loss(restoring, lost);
        r = io_restored(restoring->project, restoring->copy, lost, restoring->wish->why,
                        restoring->fault);
        if (r == 0)
                restoring->report->lost_seq = lost->seq;
        if (r == 0)
                restoring->report->said_seq =
                        restoring->report->verified.n_entries + restoring->n_keys_behind + 1;
        return refused(r);
}

static int look_for_loss(Restoring *restoring) {
        cleanup(witnesses_deinit) Witnesses witnesses = {.n = 0};
        cleanup(ledger_freep) Ledger *copy = NULL;
        cleanup(state_deinit) State state;
        const Witness *lost = NULL;
        int r = 0;

        state_init(&state);
        if (restoring->wish->seen)
                r = witnesses_add_seen(&witnesses, restoring->project, restoring->wish->seen,
                                       restoring->fault);
        if (r == 0)
                r = add_present(restoring, &witnesses);
        if (r == 0)
                r = witnesses_add_believable(&witnesses, restoring->project);
        /* Keys of ours that the backup does not know yet. */
        for (size_t i = 0; i < witnesses.n; i++)
                if (io_knows_signer(restoring->project, witnesses.rows[i].signer.sign))
                        witnesses.rows[i].has_signer = false;
        if (r == 0)
                r = ledger_open(restoring->copy, LEDGER_READ, &copy, restoring->fault);
        if (r == 0)
                r = fold_ledger(copy, &state, restoring->fault);
        if (r == 0)
                r = witnesses_find_lost(&witnesses, copy, &state, &restoring->project->broker_key,
                                        &lost);
        copy = ledger_free(copy);
        if (r == 0 && restoring->n_keys_behind && (!lost || restoring->wish->why))
                r = io_rotate_again(restoring->project, restoring->copy, restoring->fault);
        if (r != 0)
                return refused(r);
        return lost ? say_loss(restoring, lost) : 0;
}

/* ---- the swap ---- */

static int keep_one(const char *path, const char *suffix, const char *kept) {
        cleanup_free char *from = mem_printf("%s%s", path, suffix);
        cleanup_free char *to = mem_printf("%s%s", kept, suffix);

        if (link(from, to) < 0 && errno != ENOENT)
                return error_origin(-errno);
        return 0;
}

/* The ledger that was goes with its log: what was committed last is only there. */
static int keep_present(Restoring *restoring) {
        char *kept = mem_printf("%s/ledger-replaced-%" PRIu64 ".db", restoring->project->dir,
                                clock_wall_ms());

        restoring->report->kept = kept;
        if (access(restoring->ledger, F_OK) != 0) {
                free(kept);
                restoring->report->kept = NULL;
                return 0;
        }
        TRY(keep_one(restoring->ledger, "", kept));
        TRY(keep_one(restoring->ledger, "-wal", kept));
        return dir_sync(restoring->project->dir);
}

/* What was made of the ledger that was, and is made anew. The checkpoint among the files would be
 * taken for a proof that the new one is forged, if this ends before it is written again. */
static int remove_derived(const Restoring *restoring) {
        cleanup_free char *views = mem_printf("%s/views.db", restoring->project->dir);
        cleanup_free char *checkpoint = mem_printf("%s/CHECKPOINT", restoring->project->docs);
        int r = unlink(checkpoint) < 0 ? -errno : dir_sync(restoring->project->docs);

        ledger_remove(views);
        return r == -ENOENT ? 0 : r;
}

static int swap(Restoring *restoring) {
        TRY(keep_present(restoring));
        if (rename(restoring->copy, restoring->decided) < 0)
                return error_origin(-errno);
        TRY(dir_sync(restoring->project->dir));
        TRY(ledger_remove_logs(restoring->ledger));
        TRY(remove_derived(restoring));
        if (rename(restoring->decided, restoring->ledger) < 0)
                return error_origin(-errno);
        return dir_sync(restoring->project->dir);
}

static int restore_steps(Restoring *restoring) {
        int r = ledger_lock(restoring->ledger, &restoring->lock_fd, restoring->fault);

        if (r == 0)
                r = make_copy(restoring);
        if (r == 0)
                r = look_for_loss(restoring);
        return r == 0 ? swap(restoring) : r;
}

int restore(const Project *project, const RestoreWish *wish, RestoreReport *ret_report,
            Fault *reterr_fault) {
        cleanup(restoring_deinit) Restoring restoring = {
                .project = project,
                .wish = wish,
                .ledger = mem_printf("%s/ledger.db", project->dir),
                .copy = mem_printf("%s/ledger-restore.db", project->dir),
                .decided = mem_printf("%s/ledger.db.restoring", project->dir),
                .lock_fd = -1,
                .report = ret_report,
                .fault = reterr_fault,
        };

        *ret_report = (RestoreReport){.kept = NULL};
        return restore_steps(&restoring);
}
