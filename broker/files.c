/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * One walk, and things to do with what it renders: bring the files on disk up to it, write them
 * anew, compare, keep them in memory for a commit (files_append.c, files_snapshot.c).
 */

#include "broker/files_parts.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/fold.h"
#include "broker/replay.h"

enum { PENDING_FLUSH_BYTES = 256 << 10, SNAPSHOT_BYTES_MAX = 16 << 20 };

static const struct {
        const char *name;
        void (*head)(Slice phase, Buf *text);
} append_rows[_APPEND_MAX] = {
        [APPEND_REVIEW] = {"REVIEW", render_review_head},
        [APPEND_JOURNAL] = {"JOURNAL", render_journal_head},
};

static const struct {
        const char *name;
        void (*render)(const State *state, const PhaseRecord *phase, uint64_t as_of_ms, Buf *text);
} snapshot_rows[_SNAPSHOT_MAX] = {
        [SNAPSHOT_STATUS] = {"STATUS", render_status},
        [SNAPSHOT_BACKLOG] = {"BACKLOG", render_backlog},
};

static void phase_file_deinit(PhaseFile *phase) {
        for (size_t i = 0; i < _APPEND_MAX; i++)
                append_file_deinit(&phase->appended[i]);
        for (size_t i = 0; i < _SNAPSHOT_MAX; i++)
                free(phase->snapshots[i]);
        journal_deinit(&phase->journal);
        free(phase->name);
}

Files *files_free(Files *files) {
        if (!files)
                return NULL;
        for (size_t i = 0; i < files->n_phases; i++)
                phase_file_deinit(&files->phases[i]);
        free(files->phases);
        state_deinit(&files->state);
        free(files->docs);
        free(files);
        return NULL;
}

Files *files_make(Ledger *ledger, const char *docs, Slice only, Flush flush) {
        Files *files = mem_new(Files);

        files->ledger = ledger;
        files->docs = mem_strdup(docs);
        files->only = only;
        files->flush = flush;
        files->n_left = SIZE_MAX;
        state_init(&files->state);
        return files;
}

/* ---- the walk ---- */

/* Names become file names: no way out of the directory. The rules refuse such phases anyway. */
static bool is_file_name(Slice phase) {
        return phase.n && phase.data[0] != '.' && slice_find(phase, slice_text("/")) == phase.n;
}

static void init_phase_file(const Files *files, Slice name, PhaseFile *phase) {
        *phase = (PhaseFile){.name = mem_strndup((const char *)name.data, name.n)};
        for (size_t i = 0; i < _APPEND_MAX; i++) {
                char *path =
                        mem_printf("%s/%s-%s.md", files->docs, append_rows[i].name, phase->name);

                append_file_init(&phase->appended[i], path,
                                 files->flush == flush_keep ? KEPT_BYTES_MAX : PENDING_BYTES_MAX);
                append_rows[i].head(name, &phase->appended[i].pending);
        }
        for (size_t i = 0; i < _SNAPSHOT_MAX; i++)
                phase->snapshots[i] =
                        mem_printf("%s/%s-%s.md", files->docs, snapshot_rows[i].name, phase->name);
}

static PhaseFile *find_phase_file(Files *files, Slice name) {
        for (size_t i = 0; i < files->n_phases; i++)
                if (slice_is(name, files->phases[i].name))
                        return &files->phases[i];
        if (!is_file_name(name) || (files->only.n && !slice_equal(files->only, name)))
                return NULL;
        files->phases = mem_resize(files->phases, files->n_phases + 1, sizeof *files->phases);
        init_phase_file(files, name, &files->phases[files->n_phases]);
        return &files->phases[files->n_phases++];
}

static int get_evidence(void *userdata, const Hash *digest, Arena *arena, Slice *ret_frame) {
        return ledger_evidence_get(userdata, digest, arena, ret_frame);
}

static int get_remover(void *userdata, const Hash *digest, uint64_t *ret_seq) {
        return ledger_collected(userdata, digest, ret_seq);
}

static int get_entry(void *userdata, uint64_t seq, Arena *arena, Entry *ret_entry) {
        return ledger_read(userdata, seq, arena, ret_entry);
}

/* What has at least `n_least` bytes. */
static int flush_phase(Files *files, PhaseFile *phase, size_t n_least, bool is_last) {
        for (size_t i = 0; i < _APPEND_MAX; i++) {
                AppendFile *file = &phase->appended[i];
                int r;

                if (file->pending.is_full)
                        return error_origin(-EFBIG);
                if (file->pending.n < n_least)
                        continue;
                r = files->flush(file, is_last, files->fault);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int render_entry(Files *files, const Entry *entry, const Message *message,
                        const RenderBefore *before) {
        PhaseFile *phase = entry->phase.n ? find_phase_file(files, entry->phase) : NULL;
        const PhaseRecord *record = state_find_phase(&files->state, entry->phase);
        RenderSource source = {
                .userdata = files->ledger,
                .evidence_get = get_evidence,
                .entry_get = get_entry,
                .removed_by = get_remover,
        };
        Section section = {
                .state = &files->state,
                .before = before,
                .entry = entry,
                .message = message,
                .source = &source,
        };

        if (!phase || !record)
                return 0;
        section.text = &phase->appended[APPEND_REVIEW].pending;
        TRY(render_review_entry(&section));
        section.text = &phase->appended[APPEND_JOURNAL].pending;
        TRY(render_journal_entry(&phase->journal, record, &section));
        return flush_phase(files, phase, PENDING_FLUSH_BYTES, false);
}

static int visit_entry(void *userdata, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Files *files = userdata;
        RenderBefore before;
        Message message;
        int r;

        if (files->n_left == 0)
                return FILES_E_BEHIND;
        if (fold_decode(entry, &arena, &message, files->fault) != 0)
                return FILES_E_CORRUPT;
        render_before(&files->state, &message, &arena, &before);
        if (replay_apply(&files->state, entry, &message, files->fault) != 0)
                return FILES_E_CORRUPT;
        files->as_of_ms = entry->received_ms;
        files->n_left--;
        r = render_entry(files, entry, &message, &before);
        if (r != 0)
                return r;
        return files->hear ? files->hear(files->userdata, files, entry, &message) : 0;
}

int files_walk(Files *files) {
        int r = ledger_walk(files->ledger, files->state.head_seq + 1, SLICE_NULL, visit_entry,
                            files);

        if (r != 0 && r != FILES_E_BEHIND)
                return r;
        for (size_t i = 0; i < files->n_phases; i++) {
                int flushed = flush_phase(files, &files->phases[i], 0, r == 0);

                if (flushed != 0)
                        return flushed;
        }
        return r;
}

/* ---- snapshots ---- */

void files_render_snapshot(const Files *files, const PhaseFile *phase, size_t which, Buf *text) {
        const PhaseRecord *record = state_find_phase(&files->state, slice_text(phase->name));

        if (record)
                snapshot_rows[which].render(&files->state, record, files->as_of_ms, text);
}

static int each_snapshot(const Files *files, bool is_compare, Fault *fault) {
        for (size_t i = 0; i < files->n_phases * _SNAPSHOT_MAX; i++) {
                const PhaseFile *phase = &files->phases[i / _SNAPSHOT_MAX];
                cleanup_buf Buf text = BUF_INIT(SNAPSHOT_BYTES_MAX);
                const char *path = phase->snapshots[i % _SNAPSHOT_MAX];
                int r;

                files_render_snapshot(files, phase, i % _SNAPSHOT_MAX, &text);
                r = is_compare ? snapshot_compare(path, buf_get(&text), fault)
                               : snapshot_write(path, buf_get(&text));
                if (r != 0)
                        return r;
        }
        return 0;
}

/* ---- what the broker and its verbs call ---- */

int files_new(Ledger *ledger, const char *docs, Files **ret_files) {
        TRY(dir_make(docs, 0755));
        *ret_files = files_make(ledger, docs, SLICE_NULL, flush_follow);
        return 0;
}

void files_set_hear(Files *files, FilesHear hear, void *userdata) {
        files->hear = hear;
        files->userdata = userdata;
}

const State *files_get_state(const Files *files) {
        return &files->state;
}

uint64_t files_get_as_of(const Files *files) {
        return files->as_of_ms;
}

static int write_anew(Ledger *ledger, const char *docs, const char *phase, Fault *fault) {
        cleanup(files_freep) Files *files = files_make(ledger, docs, slice_text(phase), flush_anew);

        files->fault = fault;
        return files_walk(files);
}

static int mend_phase(Files *files, PhaseFile *phase) {
        bool is_broken = false;
        int r;

        for (size_t i = 0; i < _APPEND_MAX; i++) {
                if (!phase->appended[i].is_broken)
                        continue;
                is_broken = true;
                log_write(LOG_WARNING, "%s is not what the ledger gives: written anew",
                          phase->appended[i].path);
        }
        r = is_broken ? write_anew(files->ledger, files->docs, phase->name, files->fault) : 0;
        if (r != 0)
                return r;
        for (size_t i = 0; i < _APPEND_MAX; i++)
                phase->appended[i].is_broken = false;
        return 0;
}

int files_follow(Files *files, size_t n_max, Fault *reterr_fault) {
        int r;

        files->fault = reterr_fault;
        files->n_left = n_max;
        r = files_walk(files);
        for (size_t i = 0; r == 0 && i < files->n_phases; i++)
                r = mend_phase(files, &files->phases[i]);
        return r == 0 ? each_snapshot(files, false, reterr_fault) : r;
}

int files_write(Ledger *ledger, const char *docs, Slice phase, size_t *ret_n_phases,
                Fault *reterr_fault) {
        cleanup(files_freep) Files *files = files_make(ledger, docs, phase, flush_anew);
        int r;

        TRY(dir_make(docs, 0755));
        files->fault = reterr_fault;
        r = files_walk(files);
        if (r != 0)
                return r;
        *ret_n_phases = files->n_phases;
        return each_snapshot(files, false, reterr_fault);
}

int files_check(Ledger *ledger, const char *docs, Slice phase, size_t *ret_n_phases,
                Fault *reterr_fault) {
        cleanup(files_freep) Files *files = files_make(ledger, docs, phase, flush_compare);
        int r;

        files->fault = reterr_fault;
        r = files_walk(files);
        if (r != 0)
                return r;
        *ret_n_phases = files->n_phases;
        return each_snapshot(files, true, reterr_fault);
}
