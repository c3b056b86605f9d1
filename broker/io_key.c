/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * The broker's key and its replacement. The ledger says which key is in force, at each moment; the
 * files follow it:
 *
 *     keys/broker.next      made first, before anything names it
 *     the entry `rotated`   the point of decision
 *     keys/broker.old-N     the N-th key from the first: to go on from a backup of its time
 *     keys/broker           then is the new one
 *     config                then names it
 *
 * Whatever opens the ledger for writing brings to its end what was broken off behind the entry.
 */

#include "broker/io_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

static char *key_file(const Project *project, const char *suffix) {
        return mem_printf("%s/keys/broker%s", project->dir, suffix);
}

static char *former_key_file(const Project *project, size_t n) {
        return mem_printf("%s/keys/broker.old-%zu", project->dir, n);
}

static bool is_same(const PublicKey *a, const PublicKey *b) {
        return memcmp(a, b, sizeof *a) == 0;
}

int io_read_key(Io *io, Fault *reterr_fault) {
        cleanup_free char *path = key_file(io->project, "");

        return key_read(path, &io->key, reterr_fault) == 0 ? 0 : IO_E_REFUSED;
}

/* ---- the files follow the ledger ---- */

/* What has the name and is another key is of a history that was given up. */
static int keep_former(const char *path, const char *old, const PublicKey *former) {
        cleanup_free char *aside = NULL;
        char id[KEY_ID_HEX + 1];
        cleanup_key Key key;
        Fault none = FAULT_INIT;

        if (key_read(old, &key, &none) == 0 && !is_same(&key.public, former)) {
                public_key_id(&key.public, id);
                aside = mem_printf("%s-%s", old, id);
                if (rename(old, aside) < 0)
                        return error_origin(-errno);
        }
        return link(path, old) < 0 && errno != EEXIST ? error_origin(-errno) : 0;
}

/* Each step may have been done before. keys/broker comes last: as long as it is the former key, all
 * of this is done again. */
static int install_next(const Io *io, const PublicKey *former, const PublicKey *now) {
        const Project *project = io->project;
        const State *state = core_get_state(io->core);
        cleanup_free char *keys = mem_printf("%s/keys", project->dir);
        cleanup_free char *key = key_file(project, ""), *public = key_file(project, ".pub");
        cleanup_free char *next = key_file(project, ".next");
        cleanup_free char *next_public = key_file(project, ".next.pub");
        cleanup_free char *old = former_key_file(project, state->n_rotations);
        cleanup_buf Buf line = BUF_TEXT;

        TRY(keep_former(key, old, former));
        public_key_format(now, "broker", &line);
        buf_text(&line, "\n");
        TRY(file_write_atomic(public, buf_get(&line), 0644));
        (void)unlink(next_public); /* it may be missing: the key was written first */
        TRY(dir_sync(keys));
        if (rename(next, key) < 0)
                return error_origin(-errno);
        return dir_sync(keys);
}

static int read_next(const Project *project, Key *ret_next, Fault *fault) {
        cleanup_free char *next = key_file(project, ".next");

        return key_read(next, ret_next, fault) == 0 ? 0 : IO_E_REFUSED;
}

static int refuse_key(const Io *io, Fault *fault) {
        const State *state = core_get_state(io->core);
        bool is_config = is_same(&state->broker_key, &io->project->broker_key);

        if (state->has_genesis && is_config)
                fault_set(fault, "key-other",
                          "keys/broker is not the key of the ledger and config");
        else
                fault_set(fault, "ledger-not-ours", "the ledger is %s",
                          state->has_genesis ? "of another broker's key" : "empty");
        fault_place(fault, "%s", is_config ? io->project->dir : io->path);
        fault_next(fault, "put back the ledger and the key that belong together; a backup of "
                          "before the key was replaced: broker restore");
        return IO_E_REFUSED;
}

static int settle_files(Io *io, Fault *fault) {
        const State *state = core_get_state(io->core);
        const RotationRecord *end = state_find_rotation(state, io->key.public.sign);
        cleanup_key Key next;
        Fault none = FAULT_INIT;

        if (!end || read_next(io->project, &next, &none) != 0 ||
            !is_same(&next.public, &state->broker_key))
                return refuse_key(io, fault);
        TRY(install_next(io, &io->key.public, &next.public));
        io->key = next;
        io->has_settled = true;
        log_write(LOG_WARNING,
                  "the broker's key was being replaced: entry %" PRIu64 " says so, and keys/broker "
                  "is the new one now",
                  end->seq);
        return 0;
}

static int settle_config(Io *io, Fault *fault) {
        const State *state = core_get_state(io->core);
        const PublicKey *pinned = &io->project->broker_key;
        Fault kept = FAULT_INIT;
        int r;

        if (is_same(pinned, &state->broker_key))
                return 0;
        if (!state_find_rotation(state, pinned->sign)) {
                fault_set(fault, "key-other",
                          "keys/broker is not the key that the project's config names");
                fault_place(fault, "%s", io->project->dir);
                fault_next(fault, "put back the key that `broker init` made");
                return IO_E_REFUSED;
        }
        r = project_replace_broker_key(io->project->dir, pinned, &state->broker_key, &kept);
        if (r != 0)
                log_write(LOG_WARNING, "%s/config keeps the former key: %s", io->project->dir,
                          r > 0 ? kept.found : strerror(-r));
        io->has_settled = io->has_settled || r == 0;
        return 0;
}

int io_settle_key(Io *io, Fault *reterr_fault) {
        const State *state = core_get_state(io->core);
        int r = 0;

        if (!state->has_genesis || !is_same(&io->key.public, &state->broker_key))
                r = settle_files(io, reterr_fault);
        return r == 0 ? settle_config(io, reterr_fault) : r;
}

/* ---- a new key ---- */

/* One that was made before its entry could be written is taken. */
static int make_next(const Io *io, Key *ret_next, Fault *fault) {
        cleanup_free char *path = key_file(io->project, ".next");
        int r;

        if (access(path, F_OK) != 0) {
                key_make(ret_next);
                key_keep_curve(ret_next, &io->key);
                r = key_write(path, ret_next, "broker", fault);
                return r > 0 ? IO_E_REFUSED : r;
        }
        r = read_next(io->project, ret_next, fault);
        if (r != 0 || (memcmp(ret_next->public.curve, io->key.public.curve, CURVE_BYTES) == 0 &&
                       !is_same(&ret_next->public, &io->key.public)))
                return r;
        fault_set(fault, "key-other", "it was not made by `broker rotate-key`");
        fault_place(fault, "%s", path);
        fault_next(fault, "move it away; then broker rotate-key");
        return IO_E_REFUSED;
}

/* What the broker says next, in the same batch even, is signed by the new key. */
static int append_rotation(Io *io, const Key *next) {
        TRY(core_rotated(io->core, next));
        io->key = *next;
        return core_commit(io->core);
}

int io_rotate(Io *io, uint64_t *ret_seq, PublicKey *ret_key, Fault *reterr_fault) {
        const State *state = core_get_state(io->core);
        PublicKey former = io->key.public;
        cleanup_key Key next;
        int r = 0;

        if (!io->has_settled) {
                r = make_next(io, &next, reterr_fault);
                if (r != 0)
                        return r;
                TRY(append_rotation(io, &next));
                TRY(install_next(io, &former, &next.public));
                r = settle_config(io, reterr_fault);
        }
        if (r != 0)
                return r;
        *ret_seq = state->rotations[state->n_rotations - 1].seq;
        *ret_key = state->broker_key;
        rest_finish(io->rest, FILES_STOP_MS);
        return 0;
}

/* ---- going back to before it ---- */

static int read_former(const Project *project, size_t n, Key *ret_key) {
        cleanup_free char *path = former_key_file(project, n);
        Fault none = FAULT_INIT;

        return key_read(path, ret_key, &none);
}

bool io_had_key(const Project *project, size_t n, const PublicKey *broker) {
        cleanup_key Key key = {.public = {{0}}};

        return read_former(project, n, &key) == 0 && is_same(&key.public, broker);
}

bool io_knows_signer(const Project *project, const uint8_t sign[SIGN_PUBLIC_BYTES]) {
        cleanup_key Key key = {.public = {{0}}};

        for (size_t n = 1; read_former(project, n, &key) == 0; n++)
                if (memcmp(key.public.sign, sign, SIGN_PUBLIC_BYTES) == 0)
                        return true;
        return false;
}

size_t io_count_former_keys(const Project *project) {
        cleanup_key Key key = {.public = {{0}}};
        size_t n = 0;

        while (read_former(project, n + 1, &key) == 0)
                n++;
        return n;
}

/* Each step again, so that whoever knows any of the keys is led to the newest. */
int io_rotate_again(const Project *project, const char *file, Fault *reterr_fault) {
        cleanup(io_freep) Io *io = NULL;
        cleanup_key Key now = {.public = {{0}}}, next = {.public = {{0}}};
        const State *state;
        int r = io_make(project, file, LEDGER_WRITE, &io, reterr_fault);

        if (r == 0)
                r = io_replay(io, reterr_fault);
        if (r != 0)
                return r;
        state = core_get_state(io->core);
        now = io->key;
        if (read_former(project, state->n_rotations + 1, &io->key) != 0)
                return refuse_key(io, reterr_fault);
        while (!is_same(&io->key.public, &now.public)) {
                if (read_former(project, state->n_rotations + 2, &next) != 0)
                        next = now;
                TRY(append_rotation(io, &next));
        }
        return 0;
}
