/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Reading checkpoints back. */

#include "broker/witness.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"

enum {
        FILE_BYTES_MAX = 4096,
        BLOB_BYTES_MAX = 1024,
        BLOB_KEY_AT = 33, /* behind magic, version, and the names' lengths and "ssh-ed25519" */
        READ_TRIES = 200,
        READ_PAUSE_NS = 10000000,
};

void witnesses_deinit(Witnesses *witnesses) {
        for (size_t i = 0; i < witnesses->n; i++)
                free(witnesses->rows[i].source);
        free(witnesses->rows);
}

void witnesses_add(Witnesses *witnesses, const char *source, const Seen *seen, bool has_signer) {
        witnesses->rows = mem_resize(witnesses->rows, witnesses->n + 1, sizeof *witnesses->rows);
        witnesses->rows[witnesses->n++] = (Witness){.source = mem_strdup(source),
                                                    .ledger = seen->ledger,
                                                    .seq = seen->checkpoint.seq,
                                                    .hash = seen->checkpoint.hash,
                                                    .has_signer = has_signer,
                                                    .signer = seen->broker};
}

/* ---- the SSH signature ---- */

static Slice take_line(Slice *rest) {
        size_t end = slice_find(*rest, slice_text("\n"));
        Slice line = slice_head(*rest, end);

        *rest = slice_from(*rest, end + 1);
        return line;
}

/* The armour holds one blob that has the key at its place and ends with the 64 bytes; that all else
 * in it is right is seen by making the armour again. */
static bool parse_armour(Slice text, PublicKey *ret_signer, Checkpoint *checkpoint) {
        cleanup_buf Buf base64 = BUF_INIT(FILE_BYTES_MAX), again = BUF_INIT(FILE_BYTES_MAX);
        uint8_t blob[BLOB_BYTES_MAX];
        Slice rest = text;
        size_t n_pad = 0, n_blob;

        while (rest.n) {
                Slice line = take_line(&rest);

                if (line.n && line.data[0] != '-')
                        buf_slice(&base64, line);
        }
        while (n_pad < base64.n && base64.data[base64.n - 1 - n_pad] == '=')
                n_pad++;
        n_blob = base64.n / 4 * 3 - size_min(n_pad, base64.n / 4 * 3);
        if (n_blob < BLOB_KEY_AT + SIGN_PUBLIC_BYTES + SIGNATURE_BYTES || n_blob > sizeof blob ||
            !base64_decode(buf_get(&base64), blob, n_blob))
                return false;
        memcpy(checkpoint->signature, blob + n_blob - SIGNATURE_BYTES, SIGNATURE_BYTES);
        memcpy(ret_signer->sign, blob + BLOB_KEY_AT, SIGN_PUBLIC_BYTES);
        checkpoint_armour(ret_signer, checkpoint, &again);
        return slice_equal(buf_get(&again), text);
}

static int refuse(const char *file, const char *rule, const char *found, Fault *fault) {
        fault_set(fault, rule, "%s", found);
        fault_place(fault, "%s", file);
        fault_next(fault,
                   "take both files from where they were kept, CHECKPOINT and CHECKPOINT.sig");
        return WITNESS_E_REFUSED;
}

static int read_pair(const char *file, Seen *ret_seen, Fault *fault) {
        cleanup_free char *signature_file = mem_printf("%s.sig", file);
        cleanup_buf Buf text = BUF_INIT(FILE_BYTES_MAX), signature = BUF_INIT(FILE_BYTES_MAX);

        if (file_read(file, &text) != 0)
                return refuse(file, "checkpoint-missing", "the checkpoint cannot be read", fault);
        if (file_read(signature_file, &signature) != 0)
                return refuse(signature_file, "checkpoint-missing",
                              "the checkpoint's signature cannot be read", fault);
        if (!checkpoint_parse(buf_get(&text), &ret_seen->ledger, &ret_seen->checkpoint) ||
            !parse_armour(buf_get(&signature), &ret_seen->broker, &ret_seen->checkpoint))
                return refuse(file, "checkpoint-malformed", "it is no checkpoint of a broker",
                              fault);
        if (checkpoint_holds(&ret_seen->broker, &ret_seen->ledger, &ret_seen->checkpoint))
                return 0;
        return refuse(file, "checkpoint-signature", "the broker did not sign it", fault);
}

int witnesses_add_file(Witnesses *witnesses, const char *file, Fault *reterr_fault) {
        Seen seen = {.checkpoint = {.seq = 0}};
        int r = read_pair(file, &seen, reterr_fault);

        if (r == 0)
                witnesses_add(witnesses, file, &seen, true);
        return r;
}

int witnesses_add_seen(Witnesses *witnesses, const Project *project, const char *file,
                       Fault *reterr_fault) {
        Seen seen;
        int r = seen_read_file(file, &project->broker_key, &seen, reterr_fault);

        if (r == 0 && !seen.checkpoint.seq) {
                fault_set(reterr_fault, "seen-malformed", "there is no such file");
                fault_place(reterr_fault, "%s", file);
                r = WITNESS_E_REFUSED;
        }
        if (r == 0)
                witnesses_add(witnesses, file, &seen, true);
        return r > 0 ? WITNESS_E_REFUSED : r;
}

/* ---- what this project remembers ---- */

/* A running broker renames the two files one after the other: between them they do not match. */
static int add_rendered(Witnesses *witnesses, const Project *project, size_t tries, Fault *fault) {
        static const struct timespec pause = {.tv_nsec = READ_PAUSE_NS};
        cleanup_free char *file = mem_printf("%s/CHECKPOINT", project->docs);
        int r = 0;

        if (access(file, F_OK) != 0)
                return 0;
        for (size_t i = 0; i < tries; i++) {
                r = witnesses_add_file(witnesses, file, fault);
                if (r == 0 || !fault_is(fault, "checkpoint-signature"))
                        break;
                (void)nanosleep(&pause, NULL); /* cut short it only asks again sooner */
        }
        if (r > 0)
                fault_next(fault, "broker run writes it anew; then broker verify");
        return r;
}

static int add_seen(Witnesses *witnesses, const Project *project, const char *name, Fault *fault) {
        cleanup_free char *file = mem_printf("%s/agents/%s/seen", project->dir, name);

        if (access(file, F_OK) != 0)
                return 0;
        if (access(file, R_OK) != 0) {
                log_write(LOG_WARNING, "%s is left out: %s", file, strerror(errno));
                return 0;
        }
        return witnesses_add_seen(witnesses, project, file, fault);
}

static void close_dirp(DIR **dir) {
        if (*dir)
                (void)closedir(*dir);
}

int witnesses_add_remembered(Witnesses *witnesses, const Project *project, Fault *reterr_fault) {
        cleanup_free char *path = mem_printf("%s/agents", project->dir);
        cleanup(close_dirp) DIR *agents = opendir(path);
        struct dirent *entry;
        int r = add_rendered(witnesses, project, READ_TRIES, reterr_fault);

        while (r == 0 && agents && (entry = readdir(agents)))
                if (entry->d_name[0] != '.')
                        r = add_seen(witnesses, project, entry->d_name, reterr_fault);
        return r;
}

static int skip_unbelievable(int r, const Fault *fault) {
        if (r > 0)
                log_write(LOG_WARNING, "%s is left out: %s", fault->place, fault->found);
        return r > 0 ? 0 : r;
}

int witnesses_add_believable(Witnesses *witnesses, const Project *project) {
        cleanup_free char *path = mem_printf("%s/agents", project->dir);
        cleanup(close_dirp) DIR *agents = opendir(path);
        size_t n = witnesses->n;
        struct dirent *entry;
        Fault fault = FAULT_INIT;

        TRY(skip_unbelievable(add_rendered(witnesses, project, 1, &fault), &fault));
        while (agents && (entry = readdir(agents)))
                if (entry->d_name[0] != '.')
                        TRY(skip_unbelievable(add_seen(witnesses, project, entry->d_name, &fault),
                                              &fault));
        for (; n < witnesses->n; n++)
                witnesses->rows[n].is_volunteer = true;
        return 0;
}

/* A key that the broker did not have then is as good as none. */
static bool is_believed(const Witness *witness, const State *state, const PublicKey *broker_key) {
        if (verify_believes(state, broker_key, witness))
                return true;
        log_write(LOG_WARNING, "%s is left out: its key is not the broker's", witness->source);
        return false;
}

int witnesses_find_lost(const Witnesses *witnesses, Ledger *ledger, const State *state,
                        const PublicKey *broker_key, const Witness **ret_lost) {
        *ret_lost = NULL;
        for (size_t i = 0; i < witnesses->n; i++) {
                const Witness *witness = &witnesses->rows[i];
                cleanup_arena Arena arena = ARENA_INIT;
                Entry entry;
                int r = LEDGER_E_NONE;

                if (hash_equal(&witness->ledger, &state->ledger))
                        r = ledger_read(ledger, witness->seq, &arena, &entry);
                if (r < 0)
                        return r;
                if ((r == 0 && hash_equal(&entry.hash, &witness->hash)) ||
                    state_find_restored(state, witness->seq, &witness->hash) ||
                    !is_believed(witness, state, broker_key))
                        continue;
                if (!*ret_lost || witness->seq > (*ret_lost)->seq)
                        *ret_lost = witness;
        }
        return 0;
}
