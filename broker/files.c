/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * One walk, three things to do with what it renders (FlushRow): bring the files on disk up to it,
 * write one anew, compare. The bytes of a phase pass through `pending`, so that memory does not
 * depend on the length of its REVIEW.
 */

#include "broker/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/fold.h"
#include "broker/render.h"
#include "broker/replay.h"
#include "view/status.h"

enum {
        PENDING_FLUSH_BYTES = 256 << 10,
        PENDING_BYTES_MAX = 64 << 20,
        STATUS_BYTES_MAX = 16 << 20,
        EXCERPT_BYTES = 60,
};

typedef struct PhaseFile {
        char *name, *review_path, *status_path;
        Buf pending;     /* rendered, not yet on disk */
        uint64_t offset; /* of `pending` in the file */
        uint64_t line;   /* of `pending` in the file, from 1 */
        int fd;          /* the new file, while it is written anew */
        bool is_broken;  /* the file on disk is not what was rendered */
} PhaseFile;

/* Takes `pending` to where it belongs. */
typedef int (*Flush)(Files *files, PhaseFile *phase, bool is_last);

struct Files {
        Ledger *ledger;
        char *docs;
        Slice only; /* empty: all phases */
        Flush flush;
        State state;
        PhaseFile *phases;
        size_t n_phases;
        uint64_t as_of_ms;
        size_t n_left; /* entries that this call may still take */
        Fault *fault;
};

static void phase_file_deinit(PhaseFile *phase) {
        free(phase->name);
        free(phase->review_path);
        free(phase->status_path);
        buf_deinit(&phase->pending);
        fd_close(&phase->fd);
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

static Files *make_files(Ledger *ledger, const char *docs, Slice only, Flush flush) {
        Files *files = mem_new(Files);

        files->ledger = ledger;
        files->docs = mem_strdup(docs);
        files->only = only;
        files->flush = flush;
        files->n_left = SIZE_MAX;
        state_init(&files->state);
        return files;
}

/* ---- flushing ---- */

static void advance(PhaseFile *phase) {
        phase->offset += phase->pending.n;
        for (size_t i = 0; i < phase->pending.n; i++)
                phase->line += phase->pending.data[i] == '\n';
        buf_clear(&phase->pending);
}

/* The bytes of the file where `pending` belongs, as many as are there. */
static int read_place(int fd, const PhaseFile *phase, Buf *ret_bytes) {
        uint8_t *room = buf_reserve(ret_bytes, phase->pending.n);

        while (room && ret_bytes->n < phase->pending.n) {
                ssize_t n = pread(fd, room + ret_bytes->n, phase->pending.n - ret_bytes->n,
                                  (off_t)(phase->offset + ret_bytes->n));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_origin(-errno);
                if (n == 0)
                        break;
                ret_bytes->n += (size_t)n;
        }
        return 0;
}

/* A file that has the bytes already is left alone; one that ends here, or in the middle of them as
 * after a crash, is appended to; anything else was changed by somebody. */
static int flush_follow(Files *files, PhaseFile *phase, bool is_last) {
        cleanup_buf Buf found = BUF_INIT(PENDING_BYTES_MAX);
        cleanup_fd int fd = -1;
        struct stat facts;

        (void)files;
        if (phase->is_broken) {
                advance(phase);
                return 0;
        }
        fd = open(phase->review_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0 || fstat(fd, &facts) < 0)
                return error_origin(-errno);
        TRY(read_place(fd, phase, &found));
        if ((uint64_t)facts.st_size < phase->offset ||
            !slice_equal(buf_get(&found), slice_head(buf_get(&phase->pending), found.n))) {
                phase->is_broken = true;
        } else if (found.n < phase->pending.n) {
                if (lseek(fd, 0, SEEK_END) < 0)
                        return error_origin(-errno);
                TRY(fd_write_all(fd, slice_from(buf_get(&phase->pending), found.n)));
        }
        advance(phase);
        if (is_last && (uint64_t)facts.st_size > phase->offset)
                phase->is_broken = true;
        return 0;
}

static int flush_anew(Files *files, PhaseFile *phase, bool is_last) {
        cleanup_free char *path = mem_printf("%s.%d.new", phase->review_path, (int)getpid());

        (void)files;
        if (phase->fd < 0) {
                (void)unlink(path); /* left by an earlier process of the same id, if at all */
                phase->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        }
        if (phase->fd < 0)
                return error_origin(-errno);
        TRY(fd_write_all(phase->fd, buf_get(&phase->pending)));
        advance(phase);
        if (!is_last)
                return 0;
        fd_close(&phase->fd);
        return rename(path, phase->review_path) < 0 ? error_origin(-errno) : 0;
}

static void quote_line(Slice text, Buf *quoted) {
        Slice line = slice_head(text, slice_find(text, slice_text("\n")));

        buf_text(quoted, "\"");
        text_make_visible(slice_head(line, EXCERPT_BYTES), false, quoted);
        buf_text(quoted, line.n > EXCERPT_BYTES ? "…\"" : "\"");
}

/* From the start of the first line that differs. */
static int refuse_difference(Files *files, const char *path, uint64_t line, Slice found,
                             Slice wanted) {
        cleanup_buf Buf found_line = BUF_TEXT, wanted_line = BUF_TEXT;
        size_t start = 0;

        for (size_t i = 0; i < found.n && i < wanted.n && found.data[i] == wanted.data[i]; i++)
                if (wanted.data[i] == '\n') {
                        start = i + 1;
                        line++;
                }
        quote_line(slice_from(found, start), &found_line);
        quote_line(slice_from(wanted, start), &wanted_line);
        fault_set(files->fault, "render-differs", "the file has %s, the ledger gives %s",
                  start < found.n ? buf_get_text(&found_line) : "no more lines",
                  start < wanted.n ? buf_get_text(&wanted_line) : "no more lines");
        fault_place(files->fault, "%s:%" PRIu64, path, line);
        fault_next(files->fault, "broker render");
        return FILES_E_DIFFERS;
}

static int refuse_missing(Files *files, const char *path) {
        fault_set(files->fault, "render-differs", "the file is missing");
        fault_place(files->fault, "%s", path);
        fault_next(files->fault, "broker render");
        return FILES_E_DIFFERS;
}

static int flush_compare(Files *files, PhaseFile *phase, bool is_last) {
        cleanup_fd int fd = open(phase->review_path, O_RDONLY | O_CLOEXEC);
        cleanup_buf Buf found = BUF_INIT(PENDING_BYTES_MAX);
        struct stat facts;

        if (fd < 0 || fstat(fd, &facts) < 0)
                return refuse_missing(files, phase->review_path);
        TRY(read_place(fd, phase, &found));
        if (!slice_equal(buf_get(&found), buf_get(&phase->pending)))
                return refuse_difference(files, phase->review_path, phase->line, buf_get(&found),
                                         buf_get(&phase->pending));
        advance(phase);
        if (!is_last || (uint64_t)facts.st_size == phase->offset)
                return 0;
        fault_set(files->fault, "render-differs",
                  "the file has %" PRIu64 " bytes more than the "
                  "ledger gives",
                  (uint64_t)facts.st_size - phase->offset);
        fault_place(files->fault, "%s:%" PRIu64, phase->review_path, phase->line);
        fault_next(files->fault, "broker render");
        return FILES_E_DIFFERS;
}

/* ---- the walk ---- */

/* Names become file names: no way out of the directory. The rules refuse such phases anyway. */
static bool is_file_name(Slice phase) {
        return phase.n && phase.data[0] != '.' && slice_find(phase, slice_text("/")) == phase.n;
}

static PhaseFile *find_phase_file(Files *files, Slice name) {
        PhaseFile *phase;

        for (size_t i = 0; i < files->n_phases; i++)
                if (slice_is(name, files->phases[i].name))
                        return &files->phases[i];
        if (!is_file_name(name) || (files->only.n && !slice_equal(files->only, name)))
                return NULL;
        files->phases = mem_resize(files->phases, files->n_phases + 1, sizeof *files->phases);
        phase = &files->phases[files->n_phases++];
        *phase = (PhaseFile){.fd = -1, .line = 1, .pending = BUF_INIT(PENDING_BYTES_MAX)};
        phase->name = mem_strndup((const char *)name.data, name.n);
        phase->review_path = mem_printf("%s/REVIEW-%s.md", files->docs, phase->name);
        phase->status_path = mem_printf("%s/STATUS-%s.md", files->docs, phase->name);
        render_review_head(name, &phase->pending);
        return phase;
}

static int get_evidence(void *userdata, const Hash *digest, Arena *arena, Slice *ret_frame) {
        return ledger_evidence_get(userdata, digest, arena, ret_frame);
}

static int render_entry(Files *files, const Entry *entry, const Message *message) {
        PhaseFile *phase = entry->phase.n ? find_phase_file(files, entry->phase) : NULL;
        RenderSource source = {.userdata = files->ledger, .evidence_get = get_evidence};

        if (!phase)
                return 0;
        TRY(render_review_entry(&files->state, entry, message, &source, &phase->pending));
        if (phase->pending.is_full)
                return error_origin(-EFBIG);
        return phase->pending.n >= PENDING_FLUSH_BYTES ? files->flush(files, phase, false) : 0;
}

static int visit_entry(void *userdata, const Entry *entry) {
        cleanup_arena Arena arena = ARENA_INIT;
        Files *files = userdata;
        Message message;

        if (files->n_left == 0)
                return FILES_E_BEHIND;
        if (fold_decode(entry, &arena, &message, files->fault) != 0 ||
            replay_apply(&files->state, entry, &message, files->fault) != 0)
                return FILES_E_CORRUPT;
        files->as_of_ms = entry->received_ms;
        files->n_left--;
        return render_entry(files, entry, &message);
}

/* FILES_E_BEHIND where n_left ran out. */
static int walk(Files *files) {
        int r = ledger_walk(files->ledger, files->state.head_seq + 1, SLICE_NULL, visit_entry,
                            files);

        if (r != 0 && r != FILES_E_BEHIND)
                return r;
        for (size_t i = 0; i < files->n_phases; i++) {
                int flushed = files->flush(files, &files->phases[i], r == 0);

                if (flushed != 0)
                        return flushed;
        }
        return r;
}

/* ---- statuses ---- */

static void render_phase_status(const Files *files, const PhaseFile *phase, Buf *text) {
        const PhaseRecord *record = state_find_phase(&files->state, slice_text(phase->name));

        if (record)
                render_status(&files->state, record, files->as_of_ms, text);
}

/* Not synced: what a crash spoils here, the next start writes again. */
static int replace_file(const char *path, Slice bytes) {
        cleanup_free char *fresh = mem_printf("%s.%d.new", path, (int)getpid());
        cleanup_fd int fd =
                open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);

        if (fd < 0)
                return error_origin(-errno);
        TRY(fd_write_all(fd, bytes));
        return rename(fresh, path) < 0 ? error_origin(-errno) : 0;
}

static int write_if_changed(const char *path, Slice bytes) {
        cleanup_buf Buf old = BUF_INIT(STATUS_BYTES_MAX);
        int r = file_read(path, &old);

        if (r < 0)
                return error_origin(r);
        if (r == 0 && slice_equal(buf_get(&old), bytes))
                return 0;
        return replace_file(path, bytes);
}

static int write_statuses(Files *files) {
        for (size_t i = 0; i < files->n_phases; i++) {
                cleanup_buf Buf text = BUF_INIT(STATUS_BYTES_MAX);

                render_phase_status(files, &files->phases[i], &text);
                TRY(write_if_changed(files->phases[i].status_path, buf_get(&text)));
        }
        return 0;
}

static int compare_statuses(Files *files) {
        for (size_t i = 0; i < files->n_phases; i++) {
                const PhaseFile *phase = &files->phases[i];
                cleanup_buf Buf text = BUF_INIT(STATUS_BYTES_MAX), old = BUF_INIT(STATUS_BYTES_MAX);
                int r;

                render_phase_status(files, phase, &text);
                r = file_read(phase->status_path, &old);
                if (r < 0)
                        return error_origin(r);
                if (r > 0)
                        return refuse_missing(files, phase->status_path);
                if (!slice_equal(buf_get(&old), buf_get(&text)))
                        return refuse_difference(files, phase->status_path, 1, buf_get(&old),
                                                 buf_get(&text));
        }
        return 0;
}

/* ---- what the broker and its verbs call ---- */

int files_new(Ledger *ledger, const char *docs, Files **ret_files) {
        TRY(dir_make(docs, 0755));
        *ret_files = make_files(ledger, docs, SLICE_NULL, flush_follow);
        return 0;
}

static int write_review(Ledger *ledger, const char *docs, const char *phase, Fault *fault) {
        cleanup(files_freep) Files *files = make_files(ledger, docs, slice_text(phase), flush_anew);

        files->fault = fault;
        return walk(files);
}

static int mend_reviews(Files *files) {
        for (size_t i = 0; i < files->n_phases; i++) {
                PhaseFile *phase = &files->phases[i];
                int r;

                if (!phase->is_broken)
                        continue;
                log_write(LOG_WARNING, "%s is not what the ledger gives: written anew",
                          phase->review_path);
                r = write_review(files->ledger, files->docs, phase->name, files->fault);
                if (r != 0)
                        return r;
                phase->is_broken = false;
        }
        return 0;
}

int files_follow(Files *files, size_t n_max, Fault *reterr_fault) {
        int r, mended;

        files->fault = reterr_fault;
        files->n_left = n_max;
        r = walk(files);
        if (r != 0)
                return r;
        mended = mend_reviews(files);
        if (mended != 0)
                return mended;
        TRY(write_statuses(files));
        return 0;
}

int files_write(Ledger *ledger, const char *docs, Slice phase, size_t *ret_n_phases,
                Fault *reterr_fault) {
        cleanup(files_freep) Files *files = make_files(ledger, docs, phase, flush_anew);
        int r;

        TRY(dir_make(docs, 0755));
        files->fault = reterr_fault;
        r = walk(files);
        if (r != 0)
                return r;
        *ret_n_phases = files->n_phases;
        TRY(write_statuses(files));
        return 0;
}

int files_check(Ledger *ledger, const char *docs, Slice phase, size_t *ret_n_phases,
                Fault *reterr_fault) {
        cleanup(files_freep) Files *files = make_files(ledger, docs, phase, flush_compare);
        int r;

        files->fault = reterr_fault;
        r = walk(files);
        if (r != 0)
                return r;
        *ret_n_phases = files->n_phases;
        return compare_statuses(files);
}

/* The signature first: a text is never newer than the signature beside it. */
int files_write_checkpoint(const char *docs, const Key *broker, const Hash *ledger, uint64_t seq,
                           const Hash *hash) {
        cleanup_free char *text_path = mem_printf("%s/CHECKPOINT", docs);
        cleanup_free char *signature_path = mem_printf("%s/CHECKPOINT.sig", docs);
        cleanup_free char *signers_path = mem_printf("%s/allowed_signers", docs);
        cleanup_buf Buf text = BUF_TEXT, signature = BUF_TEXT, signers = BUF_TEXT;
        Checkpoint checkpoint;

        checkpoint_sign(broker, ledger, seq, hash, &checkpoint);
        checkpoint_format(ledger, seq, hash, &text);
        checkpoint_armour(&broker->public, &checkpoint, &signature);
        checkpoint_allowed_signer(&broker->public, &signers);
        TRY(dir_make(docs, 0755));
        TRY(write_if_changed(signers_path, buf_get(&signers)));
        TRY(write_if_changed(signature_path, buf_get(&signature)));
        TRY(write_if_changed(text_path, buf_get(&text)));
        return 0;
}
