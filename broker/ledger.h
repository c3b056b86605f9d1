/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/*
 * ledger.db: the append-only log and the evidence, in SQLite (docs/ledger.md). WAL,
 * synchronous=FULL (read back and checked), STRICT tables, application_id and user_version; one
 * writer with an exclusive lock beside the file; triggers against UPDATE, DELETE and any INSERT
 * that is not the next entry; an authorizer on the connection. Home of sqlite3.h in the broker. SQL
 * texts are rows in statements.def.
 */

#include "base/fault.h"
#include "proto/entry.h"

typedef struct Ledger Ledger;

enum {
        _LEDGER_E_SUCCESS,
        LEDGER_E_REFUSED, /* the fault says why: ledger-missing, ledger-exists, ledger-locked,
                             ledger-unreadable, ledger-not-ours, ledger-newer, ledger-corrupt,
                             ledger-damaged, ledger-restoring, ledger-being-read, ledger-linked,
                             disk-full */
        LEDGER_E_NONE,    /* no such entry or evidence */
        LEDGER_E_CORRUPT, /* SQLite cannot read on */
};

typedef enum LedgerMode {
        LEDGER_READ,
        LEDGER_WRITE,
        LEDGER_CREATE,
        /* Reads, and trusts neither schema nor columns: for `broker verify`. */
        LEDGER_INSPECT,
} LedgerMode;

/* The lock of whoever writes, held until it is closed; rules ledger-locked, ledger-linked. */
int ledger_lock(const char *path, int *ret_fd, Fault *reterr_fault) must_check;
/* Whether somebody holds it; asking does not stand in anybody's way. */
bool ledger_is_locked(const char *path);

int ledger_open(const char *path, LedgerMode mode, Ledger **ret_ledger,
                Fault *reterr_fault) must_check;
Ledger *ledger_free(Ledger *ledger);
DEFINE_FREEP(Ledger, ledger_free, ledger_freep)

/* Whether `n_bytes` more can be taken. LEDGER_E_REFUSED: disk-full, or log-full: readers have kept
 * the write-ahead log from being emptied, and are named. */
int ledger_ask_room(Ledger *ledger, size_t n_bytes, Fault *reterr_fault) must_check;
/* Whether anything could be taken as it is now: nothing is tried, nothing changes.
 * LEDGER_E_REFUSED, as above. */
int ledger_look_for_room(const Ledger *ledger, Fault *reterr_fault) must_check;

/* In the open transaction, which the first append begins. */
int ledger_append(Ledger *ledger, const Entry *entry) must_check;
/* What is there already stays as it is. */
int ledger_evidence_put(Ledger *ledger, const Hash *digest, Slice frame) must_check;
/* Durable afterwards. Any failure is final for the process (fsync is not retried). */
int ledger_commit(Ledger *ledger) must_check;
/* Commits empty the write-ahead log when it is long, which who waits for them waits for. From now
 * on they leave it to ledger_tidy, within limits. That also tries again, now and then, where the
 * log is so long that nothing is taken and no commit would. */
void ledger_leave_log(Ledger *ledger);
int ledger_tidy(Ledger *ledger) must_check;

/* LEDGER_E_NONE. The entry's slices are in the arena. */
int ledger_read(Ledger *ledger, uint64_t seq, Arena *arena, Entry *ret_entry) must_check;
int ledger_find(Ledger *ledger, const Id *id, Arena *arena, Entry *ret_entry) must_check;
int ledger_evidence_has(Ledger *ledger, const Hash *digest, bool *ret_has) must_check;
/* Whether it is these bytes that are found by the digest; they are not looked at otherwise. */
int ledger_evidence_leads_to(Ledger *ledger, const Hash *digest, Slice frame,
                             bool *ret_leads) must_check;
int ledger_evidence_get(Ledger *ledger, const Hash *digest, Arena *arena,
                        Slice *ret_frame) must_check;
/* The entry that says that this evidence was removed; LEDGER_E_NONE. */
int ledger_collected(Ledger *ledger, const Hash *digest, uint64_t *ret_seq) must_check;
/* Removes evidence in the open transaction, after the entry `seq` that says so. */
int ledger_collect(Ledger *ledger, const Hash *digest, uint64_t seq) must_check;
int ledger_head(Ledger *ledger, uint64_t *ret_seq) must_check; /* 0: empty */

/* Whether the write-ahead log is longer than it should be, as of the newest commit; and the
 * processes that keep it from being emptied: "12, 34". */
bool ledger_has_long_log(const Ledger *ledger);
enum { LEDGER_READERS_BYTES = 160 };
void ledger_find_readers(const Ledger *ledger, char ret_readers[LEDGER_READERS_BYTES]);
/* Pure: the same of the text of /proc/locks, for a file as it is named there. */
void ledger_list_readers(Slice locks, const char *file, char ret_readers[LEDGER_READERS_BYTES]);

/* A number that changes whenever another connection has committed something. */
int ledger_version(Ledger *ledger, uint64_t *ret_version) must_check;
/* Whoever reads for long reads on in a file whose place another has taken, and hears of nothing
 * more. LEDGER_E_REFUSED: ledger-replaced. */
int ledger_check_place(Ledger *ledger, Fault *reterr_fault) must_check;

/* Each entry from `first`, in order, optionally of one phase; stops when the callback returns
 * non-zero and returns that. The entry's slices last until the callback returns; it may read other
 * entries and evidence, and may not walk. */
typedef int (*LedgerVisit)(void *userdata, const Entry *entry);
int ledger_walk(Ledger *ledger, uint64_t first, Slice phase, LedgerVisit visit,
                void *userdata) must_check;

/* As ledger_walk, for rows that may be anything: `defect` says what keeps the row from being an
 * entry (a column of another type or size), or is NULL. LEDGER_E_CORRUPT. */
typedef int (*LedgerInspect)(void *userdata, const Entry *entry, const char *defect);
int ledger_inspect(Ledger *ledger, LedgerInspect inspect, void *userdata) must_check;

/* Each evidence from `first` on, in the order of the digests, or, which is cheaper, all of it as it
 * is stored (NULL); `defect` as above. LEDGER_E_CORRUPT. */
typedef int (*LedgerEvidenceVisit)(void *userdata, const Hash *digest, Slice frame,
                                   const char *defect);
int ledger_evidence_walk(Ledger *ledger, const Hash *first, LedgerEvidenceVisit visit,
                         void *userdata) must_check;

/* A line for each object of the schema that is missing, foreign or changed. */
int ledger_schema_defects(Ledger *ledger, Buf *defects) must_check;

/* ---- ledger_make.c ---- */

typedef struct LedgerSize {
        uint64_t before_bytes, after_bytes; /* of the file; as many where it was left as it is */
} LedgerSize;

/* Whether the file that would take the ledger's place holds, up to entry `head`; what it returns is
 * returned. */
typedef int (*LedgerCheck)(void *userdata, const char *path, uint64_t head, Fault *reterr_fault);
/* Where much of the file is free, one without that comes to its place. LEDGER_E_REFUSED, also rule
 * ledger-being-read: it is as it was. */
int ledger_compact(const char *path, LedgerCheck check, void *userdata, LedgerSize *ret_size,
                   Fault *reterr_fault) must_check;

/* ---- ledger_copy.c ---- */

/* A whole and consistent copy, also of a ledger that is written meanwhile: one short reading
 * transaction, no checkpoint. One file without a log, synced with its directory. `to` must not be
 * there. LEDGER_E_REFUSED. */
int ledger_copy(const char *from, const char *to, Fault *reterr_fault) must_check;
/* The file and its logs; missing ones are fine. */
void ledger_remove(const char *path);
/* A log beside a ledger that it does not belong to would be taken for its own: logs go, for good,
 * before another ledger comes to their place. */
int ledger_remove_logs(const char *path) must_check;
/* What was kept of it when it was brought up, of whatever format. */
void ledger_remove_kept(const char *path);

/* For tests: runs the text on the ledger's own connection, as a programming error would.
 * LEDGER_E_REFUSED if SQLite refused it. */
int ledger_try_sql(Ledger *ledger, const char *sql) must_check;
