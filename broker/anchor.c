/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One walk over the ledger with everything rendered in memory; at each point a commit with the
 * files that have changed since the one before. */

#include "broker/anchor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "broker/anchor_message.h"
#include "broker/files_parts.h"
#include "broker/fold.h"
#include "broker/repository.h"
#include "proto/entry.h"
#include "client/project.h"

enum { CHECKPOINT_BYTES_MAX = 4096, SNAPSHOT_BYTES_MAX = 16 << 20, FILES_FIRST = 16 };

/* A file as the newest commit of this import has it. */
typedef struct Imported {
        char *name;
        Hash digest;
} Imported;

typedef struct Anchor {
        Ledger *ledger;
        const Key *broker;
        Repository repository;
        uint64_t from;       /* the newest entry that HEAD has */
        uint64_t last_point; /* the newest entry that was committed */
        Slice rest_phase;    /* of the entries behind it, in `arena`; empty if of several */
        bool has_rest_phase;
        Import *import; /* NULL until something is to be committed */
        Imported *imported;
        size_t n_imported, n_allocated;
        size_t n_commits;
        Fault *fault;
        Arena arena;
} Anchor;

static void anchor_deinit(Anchor *anchor) {
        anchor->import = import_free(anchor->import);
        for (size_t i = 0; i < anchor->n_imported; i++)
                free(anchor->imported[i].name);
        free(anchor->imported);
        repository_deinit(&anchor->repository);
        arena_deinit(&anchor->arena);
}

/* ---- where it stopped ---- */

static int refuse_other(const Anchor *anchor, const char *rule, uint64_t seq, const char *what) {
        fault_set(anchor->fault, rule, "HEAD has the checkpoint of entry %" PRIu64 ": %s", seq,
                  what);
        fault_place(anchor->fault, "%s%sCHECKPOINT", anchor->repository.prefix,
                    anchor->repository.prefix[0] ? "" : "/");
        fault_next(anchor->fault, "broker verify; look at git log for who wrote it");
        return ANCHOR_E_REFUSED;
}

static int read_genesis(const Anchor *anchor, Hash *ret_ledger) {
        cleanup_arena Arena arena = ARENA_INIT;
        Fault fault = FAULT_INIT;
        Message message;
        Entry entry;
        int r = ledger_read(anchor->ledger, 1, &arena, &entry);

        *ret_ledger = (Hash){{0}};
        if (r != 0)
                return r == LEDGER_E_NONE ? 0 : r;
        if (fold_decode(&entry, &arena, &message, &fault) == 0 && message.type == MESSAGE_GENESIS)
                (void)hash_from_slice(message.genesis.ledger, ret_ledger); /* limits: 32 bytes */
        return 0;
}

/* What HEAD says is lost, and the ledger says so itself: from there on it is committed anew. */
static int go_on_behind_loss(Anchor *anchor, const Checkpoint *checkpoint) {
        cleanup(state_deinit) State state;
        const RestoredRecord *restored;
        int r;

        state_init(&state);
        r = fold_ledger(anchor->ledger, &state, anchor->fault);
        if (r != 0)
                return r < 0 ? r : ANCHOR_E_REFUSED;
        restored = state_find_restored(&state, checkpoint->seq, &checkpoint->hash);
        if (restored) {
                anchor->from = restored->kept_seq;
                return 0;
        }
        return checkpoint->seq > state.head_seq
                       ? refuse_other(anchor, "ledger-shorter", checkpoint->seq,
                                      "the ledger is shorter")
                       : refuse_other(anchor, "ledger-forked", checkpoint->seq,
                                      "the ledger has another entry there");
}

/* What HEAD says must be of this ledger. */
static int check_head(Anchor *anchor, const Hash *ledger, const Checkpoint *checkpoint) {
        cleanup_arena Arena arena = ARENA_INIT;
        uint64_t head = 0;
        Hash ours;
        Entry entry;
        int r;

        TRY(ledger_head(anchor->ledger, &head));
        TRY(read_genesis(anchor, &ours));
        if (!hash_equal(&ours, ledger))
                return refuse_other(anchor, "ledger-forked", checkpoint->seq,
                                    "it is of another ledger");
        if (checkpoint->seq > head)
                return go_on_behind_loss(anchor, checkpoint);
        r = ledger_read(anchor->ledger, checkpoint->seq, &arena, &entry);
        if (r < 0)
                return r;
        if (r != 0 || !hash_equal(&entry.hash, &checkpoint->hash))
                return go_on_behind_loss(anchor, checkpoint);
        anchor->from = checkpoint->seq;
        return 0;
}

static int find_start(Anchor *anchor) {
        cleanup_buf Buf text = BUF_INIT(CHECKPOINT_BYTES_MAX);
        Checkpoint checkpoint = {.seq = 0};
        Hash ledger;
        int r = repository_read(&anchor->repository, "CHECKPOINT", &text, anchor->fault);

        if (r != 0)
                return r > 0 ? ANCHOR_E_REFUSED : r;
        if (!text.n)
                return 0;
        if (!checkpoint_parse(buf_get(&text), &ledger, &checkpoint))
                return refuse_other(anchor, "checkpoint-malformed", 0, "it is none");
        return check_head(anchor, &ledger, &checkpoint);
}

/* ---- one commit ---- */

static Imported *find_imported(Anchor *anchor, const char *name) {
        for (size_t i = 0; i < anchor->n_imported; i++)
                if (strcmp(anchor->imported[i].name, name) == 0)
                        return &anchor->imported[i];
        if (anchor->n_imported == anchor->n_allocated) {
                anchor->n_allocated = anchor->n_allocated ? 2 * anchor->n_allocated : FILES_FIRST;
                anchor->imported =
                        mem_resize(anchor->imported, anchor->n_allocated, sizeof *anchor->imported);
        }
        anchor->imported[anchor->n_imported] = (Imported){.name = mem_strdup(name)};
        return &anchor->imported[anchor->n_imported++];
}

static int put_file(Anchor *anchor, const char *path, Slice bytes) {
        const char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        Imported *imported = find_imported(anchor, name);
        Hash digest;

        hash_of(bytes, &digest);
        if (hash_equal(&digest, &imported->digest))
                return 0;
        imported->digest = digest;
        return import_file(anchor->import, name, bytes);
}

static int put_phase(Anchor *anchor, const Files *files, const PhaseFile *phase) {
        for (size_t i = 0; i < _APPEND_MAX; i++)
                TRY(put_file(anchor, phase->appended[i].path,
                             buf_get(&phase->appended[i].pending)));
        for (size_t i = 0; i < _SNAPSHOT_MAX; i++) {
                cleanup_buf Buf text = BUF_INIT(SNAPSHOT_BYTES_MAX);

                files_render_snapshot(files, phase, i, &text);
                TRY(put_file(anchor, phase->snapshots[i], buf_get(&text)));
        }
        return 0;
}

static int put_checkpoint(Anchor *anchor, const State *state) {
        cleanup(files_checkpoint_deinit) FilesCheckpoint checkpoint;

        files_make_checkpoint(anchor->broker, &state->ledger, state->head_seq, &state->head_hash,
                              &checkpoint);
        TRY(put_file(anchor, "allowed_signers", buf_get(&checkpoint.signers)));
        TRY(put_file(anchor, "CHECKPOINT.sig", buf_get(&checkpoint.signature)));
        return put_file(anchor, "CHECKPOINT", buf_get(&checkpoint.text));
}

static int commit(Anchor *anchor, const Files *files, const ImportAuthor *author, Slice message) {
        if (!anchor->import)
                TRY(import_start(&anchor->repository, &anchor->import));
        TRY(import_commit(anchor->import, author, message));
        for (size_t i = 0; i < files->n_phases; i++)
                TRY(put_phase(anchor, files, &files->phases[i]));
        TRY(put_checkpoint(anchor, &files->state));
        anchor->last_point = files->state.head_seq;
        anchor->rest_phase = SLICE_NULL;
        anchor->has_rest_phase = false;
        anchor->n_commits++;
        return 0;
}

static void note_rest(Anchor *anchor, Slice phase) {
        if (!phase.n)
                return;
        if (!anchor->has_rest_phase)
                anchor->rest_phase = arena_slice(&anchor->arena, phase);
        else if (!slice_equal(anchor->rest_phase, phase))
                anchor->rest_phase = SLICE_NULL;
        anchor->has_rest_phase = true;
}

static int hear_entry(void *userdata, const Files *files, const Entry *entry,
                      const Message *message) {
        cleanup_free char *actor = mem_strndup((const char *)entry->actor.data, entry->actor.n);
        Anchor *anchor = userdata;
        cleanup_buf Buf text = BUF_TEXT;
        ImportAuthor author = {
                .name = project_name_is_plain(entry->actor) ? actor : BROKER_NAME,
                .wall_ms = entry->received_ms,
        };

        if (entry->seq <= anchor->from)
                return 0;
        if (!anchor_is_point(entry)) {
                note_rest(anchor, entry->phase);
                return 0;
        }
        anchor_describe_point(&files->state, entry, message, &text);
        return commit(anchor, files, &author, buf_get(&text));
}

/* What came after the newest claim or verdict. */
static int commit_rest(Anchor *anchor, const Files *files) {
        ImportAuthor author = {.name = BROKER_NAME, .wall_ms = files->as_of_ms};
        cleanup_buf Buf text = BUF_TEXT;

        if (files->state.head_seq == anchor->last_point)
                return 0;
        anchor_describe_rest(&files->state, anchor->rest_phase, anchor->last_point + 1, &text);
        return commit(anchor, files, &author, buf_get(&text));
}

/* ---- all of it ---- */

static int render_commits(Anchor *anchor) {
        cleanup(files_freep) Files *files = files_make(anchor->ledger, ".", SLICE_NULL, flush_keep);
        int r;

        files->fault = anchor->fault;
        files->hear = hear_entry;
        files->userdata = anchor;
        r = files_walk(files);
        if (r != 0)
                return r > 0 ? ANCHOR_E_REFUSED : r;
        return commit_rest(anchor, files);
}

static int take_over(Anchor *anchor) {
        cleanup_free const char **names = NULL;
        char newest[COMMIT_ID_BYTES];
        int r;

        if (!anchor->import)
                return 0;
        r = import_finish(anchor->import, newest, anchor->fault);
        if (r == 0)
                r = repository_advance(&anchor->repository, newest, anchor->fault);
        if (r != 0)
                return r > 0 ? ANCHOR_E_REFUSED : r;
        names = mem_new_array(const char *, anchor->n_imported);
        for (size_t i = 0; i < anchor->n_imported; i++)
                names[i] = anchor->imported[i].name;
        r = repository_bring_up(&anchor->repository, names, anchor->n_imported, anchor->fault);
        return r > 0 ? ANCHOR_E_REFUSED : r;
}

int anchor_commit(Ledger *ledger, const Key *broker, const char *dir, AnchorReport *ret_report,
                  Fault *reterr_fault) {
        cleanup(anchor_deinit) Anchor anchor = {
                .ledger = ledger,
                .broker = broker,
                .fault = reterr_fault,
        };
        uint64_t head = 0;
        int r = repository_open(dir, &anchor.repository, reterr_fault);

        if (r == 0)
                r = find_start(&anchor);
        if (r != 0)
                return r > 0 ? ANCHOR_E_REFUSED : r;
        TRY(ledger_head(ledger, &head));
        anchor.last_point = anchor.from;
        if (anchor.from < head)
                r = render_commits(&anchor);
        if (r == 0)
                r = take_over(&anchor);
        if (r != 0)
                return r;
        *ret_report = (AnchorReport){
                .n_commits = anchor.n_commits,
                .seq = anchor.last_point,
                .is_bare = anchor.repository.is_bare,
        };
        memcpy(ret_report->commit, anchor.repository.head, sizeof ret_report->commit);
        return 0;
}
