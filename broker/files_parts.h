/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* What files.c and its parts share: the files of one phase, and how bytes get into them. */

#include "broker/files.h"
#include "broker/render.h"

/* ---- files_append.c: REVIEW, JOURNAL ---- */

typedef struct AppendFile {
        char *path;
        Buf pending;     /* rendered, not yet on disk */
        uint64_t offset; /* of `pending` in the file */
        uint64_t line;   /* of `pending` in the file, from 1 */
        int fd;          /* the new file, while it is written anew */
        bool is_broken;  /* the file on disk is not what was rendered */
} AppendFile;

/* Takes the path over. At most `n_max` bytes wait. */
void append_file_init(AppendFile *file, char *path, size_t n_max);
enum { PENDING_BYTES_MAX = 64 << 20, KEPT_BYTES_MAX = 1 << 30 };
void append_file_deinit(AppendFile *file);

/* Takes `pending` to where it belongs. Rule render-differs. */
typedef int (*Flush)(AppendFile *file, bool is_last, Fault *reterr_fault);
/* Brings the file on disk up to it; writes it anew; compares; keeps it in memory. */
int flush_follow(AppendFile *file, bool is_last, Fault *reterr_fault) must_check;
int flush_anew(AppendFile *file, bool is_last, Fault *reterr_fault) must_check;
int flush_compare(AppendFile *file, bool is_last, Fault *reterr_fault) must_check;
int flush_keep(AppendFile *file, bool is_last, Fault *reterr_fault) must_check;

/* FILES_E_DIFFERS: the first line that differs, counted from `line`. */
int files_refuse_difference(const char *path, uint64_t line, Slice found, Slice wanted,
                            Fault *reterr_fault);
int files_refuse_missing(const char *path, Fault *reterr_fault);

/* ---- files_snapshot.c: STATUS, BACKLOG, the checkpoint ---- */

/* Renamed into place, and only if it is another one. */
int snapshot_write(const char *path, Slice bytes) must_check;
/* FILES_E_DIFFERS. */
int snapshot_compare(const char *path, Slice bytes, Fault *reterr_fault) must_check;

/* ---- the files of a phase ---- */

enum { APPEND_REVIEW, APPEND_JOURNAL, _APPEND_MAX };
enum { SNAPSHOT_STATUS, SNAPSHOT_BACKLOG, _SNAPSHOT_MAX };

typedef struct PhaseFile {
        char *name;
        AppendFile appended[_APPEND_MAX];
        char *snapshots[_SNAPSHOT_MAX]; /* paths */
        Journal journal;
} PhaseFile;

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
        FilesHear hear; /* NULL: nobody is told */
        void *userdata;
};

Files *files_make(Ledger *ledger, const char *docs, Slice only, Flush flush);
/* Every entry behind the state's head, up to n_left. FILES_E_BEHIND, FILES_E_CORRUPT,
 * FILES_E_DIFFERS, and what `hear` returned. */
int files_walk(Files *files) must_check;
void files_render_snapshot(const Files *files, const PhaseFile *phase, size_t which, Buf *text);
