/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * A ledger's database made: from nothing, in today's format from one of an older, or without the
 * room of what was removed. All are made beside their place and then renamed into it, so that what
 * has the name is whole. An older one is read, never written, and kept under another name.
 */

#include "broker/ledger_db.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/service.h"

enum {
        RESERVE_BYTES = 1 << 20,
        SAY_MS = 10000,
        LOOK_STEPS = 1000, /* of SQLite's machine */
        EXTRA_USEC = 30000000,
        BYTES_PER_USEC = 10, /* of the slowest disk that is thought of */
        HOLLOW = 4,          /* a file of which such a part is free is made anew */
};

static char *fresh_path(const Ledger *ledger) {
        return mem_printf("%s.new", ledger->path);
}

static Ledger *fresh_new(const Ledger *ledger) {
        Ledger *fresh = mem_new(Ledger);

        fresh->path = fresh_path(ledger);
        fresh->access = SQL_WRITES;
        fresh->lock_fd = -1;
        return fresh;
}

/* The file is made here, so that its mode is ours and not SQLite's. */
static int open_fresh(Ledger *fresh, Fault *reterr_fault) {
        cleanup_fd int fd = -1;

        ledger_remove(fresh->path); /* of one that did not come to its end */
        fd = open(fresh->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                return error_origin(-errno);
        fd_close(&fd); /* closed later, it would take SQLite's locks with it */
        return ledger_connect(fresh, reterr_fault);
}

static int take_place(const char *fresh, const char *place) {
        if (rename(fresh, place) < 0)
                return error_origin(-errno);
        return ledger_sync_parent(place);
}

int ledger_make(const Ledger *ledger, Fault *reterr_fault) {
        cleanup(ledger_freep) Ledger *fresh = fresh_new(ledger);
        cleanup_free char *path = fresh_path(ledger);
        int r;

        ledger_remove(ledger->path); /* a log without its ledger would be taken for the new one's */
        r = open_fresh(fresh, reterr_fault);
        if (r != 0)
                return r;
        if (ledger_fill(fresh, 0) != SQLITE_OK)
                return ledger_sql_fail(fresh, "create");
        TRY(ledger_empty_log(fresh));
        (void)ledger_free(TAKE(fresh));
        return take_place(path, ledger->path);
}

void ledger_remove_unfinished(const Ledger *ledger) {
        cleanup_free char *path = fresh_path(ledger);

        ledger_remove(path);
}

/* ---- of an older one ---- */

static uint64_t size_of(const char *path) {
        struct stat facts;

        return stat(path, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

static int refuse(const char *path, const char *rule, const char *found, Fault *fault) {
        fault_set(fault, rule, "no file of format %d can be made of it: %s", LEDGER_FORMAT, found);
        fault_place(fault, "%s", path);
        return LEDGER_E_REFUSED;
}

static int refuse_room(const char *path, const char *found, Fault *fault) {
        (void)refuse(path, "disk-full", found, fault);
        fault_next(fault, "make room on that file system; the ledger is as it was");
        return LEDGER_E_REFUSED;
}

/* What is made takes no more than what is there. */
static int ask_room(const char *path, uint64_t n_bytes, Fault *fault) {
        uint64_t n_wanted = n_bytes + RESERVE_BYTES, n_free;
        cleanup_free char *found = NULL;
        struct statvfs facts;

        if (statvfs(path, &facts) < 0)
                return error_origin(-errno);
        n_free = (uint64_t)facts.f_bavail * facts.f_frsize;
        if (n_free >= n_wanted)
                return 0;
        found = mem_printf("%" PRIu64 " KiB are free, %" PRIu64 " are needed", n_free >> 10,
                           n_wanted >> 10);
        return refuse_room(path, found, fault);
}

typedef struct Progress {
        const char *fresh;
        uint64_t n_bytes; /* of the older one */
        uint64_t said_ms;
} Progress;

/* A ledger of many GiB takes longer than a service manager waits for a start. One whose pages lead
 * in circles has no end: that ends here. */
static int look_after(void *userdata) {
        Progress *progress = userdata;
        uint64_t now_ms = clock_mono_ms(), n_bytes = size_of(progress->fresh);

        if (n_bytes > 2 * progress->n_bytes + RESERVE_BYTES)
                return SQLITE_INTERRUPT;
        if (progress->said_ms && now_ms - progress->said_ms < SAY_MS)
                return 0;
        if (progress->said_ms)
                log_write(LOG_INFO, "%s: %" PRIu64 " MiB, of at most %" PRIu64, progress->fresh,
                          n_bytes >> 20, progress->n_bytes >> 20);
        service_say("STATUS=making a new file of the ledger, format %d: %" PRIu64
                    " MiB\nEXTEND_TIMEOUT_USEC=%" PRIu64,
                    LEDGER_FORMAT, n_bytes >> 20, EXTRA_USEC + progress->n_bytes / BYTES_PER_USEC);
        progress->said_ms = now_ms;
        return 0;
}

/* Without a log: it would be as long as the ledger, and a file that is only half there is thrown
 * away. What is committed is synced all the same. */
static int attach_old(Ledger *fresh, const char *path) {
        char *attach = sqlite3_mprintf("PRAGMA main.journal_mode = MEMORY; ATTACH %Q AS old", path);
        int sql_code;

        (void)sqlite3_limit(fresh->db, SQLITE_LIMIT_ATTACHED, 1);
        sql_code = attach ? sqlite3_exec(fresh->db, attach, NULL, NULL, NULL) : SQLITE_NOMEM;
        sqlite3_free(attach);
        return sql_code;
}

static int refuse_rows(const Ledger *ledger, Ledger *fresh, Fault *fault) {
        switch (sqlite3_errcode(fresh->db) & 0xff) {
        case SQLITE_FULL: return refuse_room(ledger->path, "the disk became full", fault);
        case SQLITE_CONSTRAINT:
        case SQLITE_INTERRUPT:
        case SQLITE_CORRUPT:
                (void)refuse(ledger->path, "ledger-corrupt", sqlite3_errmsg(fresh->db), fault);
                fault_next(fault, "leave the file as it is; take one from a backup that verifies");
                return LEDGER_E_REFUSED;
        default: return ledger_sql_fail(fresh, "bringing up");
        }
}

/* Root may do this for whoever runs the broker, and who could read it shall go on. The directory is
 * theirs: what stands there under the name of ours may be a link to what is not. */
static int keep_owner(const char *path, const char *fresh) {
        cleanup_fd int fd = open(fresh, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        struct stat facts;

        if (fd < 0 || stat(path, &facts) < 0 ||
            (geteuid() == 0 && fchown(fd, facts.st_uid, facts.st_gid) < 0) ||
            fchmod(fd, facts.st_mode & 0777) < 0)
                return error_origin(-errno);
        return 0;
}

static int build(const Ledger *ledger, const char *path, Fault *reterr_fault) {
        cleanup(ledger_freep) Ledger *fresh = fresh_new(ledger);
        Progress progress = {.fresh = path, .n_bytes = size_of(ledger->path)};
        int r = open_fresh(fresh, reterr_fault);

        if (r != 0)
                return r == -ENOSPC ? refuse_room(ledger->path, strerror(ENOSPC), reterr_fault) : r;
        sqlite3_progress_handler(fresh->db, LOOK_STEPS, look_after, &progress);
        if (attach_old(fresh, ledger->path) == SQLITE_OK &&
            ledger_fill(fresh, ledger->format) == SQLITE_OK &&
            sqlite3_exec(fresh->db, "PRAGMA main.journal_mode = WAL", NULL, NULL, NULL) ==
                    SQLITE_OK)
                return keep_owner(ledger->path, path);
        return refuse_rows(ledger, fresh, reterr_fault);
}

static char *kept_path(const char *path, int format) {
        cleanup_free char *suffix = mem_printf("-format-%d.db", format);

        return ledger_beside(path, suffix);
}

/* A file system without links, or a file that is mounted by itself. */
static bool has_no_links(int error) {
        return error == EPERM || error == EOPNOTSUPP || error == ENOSYS || error == EXDEV ||
               error == EMLINK;
}

/* As it was, for an older program reads no newer format. */
static int keep_old(const char *path, const char *kept, Fault *reterr_fault) {
        int r;

        ledger_remove(kept); /* of a start that did not get so far as to change anything */
        if (link(path, kept) == 0)
                return ledger_sync_parent(kept);
        if (!has_no_links(errno))
                return error_origin(-errno);
        r = ask_room(path, size_of(path), reterr_fault);
        if (r == 0)
                r = ledger_copy(path, kept, reterr_fault);
        return r ? r : keep_owner(path, kept);
}

void ledger_remove_kept(const char *path) {
        for (int format = 1; format < LEDGER_FORMAT; format++) {
                cleanup_free char *kept = kept_path(path, format);

                ledger_remove(kept);
        }
}

static int swap(const Ledger *ledger, const char *fresh, Fault *reterr_fault) {
        cleanup_free char *kept = kept_path(ledger->path, ledger->format);
        uint64_t n_bytes = size_of(ledger->path);
        int r = keep_old(ledger->path, kept, reterr_fault);

        if (r != 0)
                return r;
        TRY(ledger_remove_logs(ledger->path));
        TRY(take_place(fresh, ledger->path));
        log_write(LOG_INFO,
                  "%s: format %d became %d, %" PRIu64 " KiB became %" PRIu64 "; as it was it is %s",
                  ledger->path, ledger->format, LEDGER_FORMAT, n_bytes >> 10,
                  size_of(ledger->path) >> 10, kept);
        return 0;
}

int ledger_bring_up(Ledger *ledger, Fault *reterr_fault) {
        cleanup_free char *path = fresh_path(ledger);
        cleanup_free char *log = mem_printf("%s-wal", ledger->path);
        int r = ask_room(ledger->path, size_of(ledger->path) + size_of(log), reterr_fault);

        if (r == 0)
                r = ledger_fold_log(ledger, reterr_fault);
        if (r != 0)
                return r;
        log_write(LOG_INFO, "%s: format %d becomes %d", ledger->path, ledger->format,
                  LEDGER_FORMAT);
        r = build(ledger, path, reterr_fault);
        if (r == 0) {
                ledger_disconnect(ledger); /* what its log has it has too */
                r = swap(ledger, path, reterr_fault);
        }
        if (r != 0) {
                ledger_remove(path);
                return r;
        }
        ledger->format = LEDGER_FORMAT;
        return ledger_connect(ledger, reterr_fault);
}

/* ---- without the room of what was removed ---- */

static int read_number(Ledger *ledger, StatementName name, uint64_t *ret_number) {
        cleanup_reset sqlite3_stmt *query = ledger->statements[name];

        if (sqlite3_step(query) != SQLITE_ROW)
                return ledger_sql_fail(ledger, "pages");
        *ret_number = (uint64_t)sqlite3_column_int64(query, 0);
        return 0;
}

static int compact(Ledger *ledger, const char *fresh, LedgerCheck check, void *userdata,
                   Fault *fault) {
        int r = ledger_fold_log(ledger, fault);
        uint64_t head;

        TRY(ledger_head(ledger, &head));
        if (r == 0)
                r = build(ledger, fresh, fault);
        if (r == 0)
                r = check(userdata, fresh, head, fault);
        if (r != 0)
                return r;
        ledger_disconnect(ledger);
        TRY(ledger_remove_logs(fresh)); /* of who checked it */
        TRY(ledger_remove_logs(ledger->path));
        return take_place(fresh, ledger->path);
}

int ledger_compact(const char *path, LedgerCheck check, void *userdata, LedgerSize *ret_size,
                   Fault *reterr_fault) {
        cleanup(ledger_freep) Ledger *ledger = NULL;
        cleanup_free char *fresh = NULL;
        uint64_t n_pages = 1, n_free = 0;
        int r = ledger_open(path, LEDGER_WRITE, &ledger, reterr_fault);

        if (r != 0)
                return r;
        TRY(read_number(ledger, STATEMENT_PAGES, &n_pages));
        TRY(read_number(ledger, STATEMENT_FREE_PAGES, &n_free));
        ret_size->before_bytes = ret_size->after_bytes = size_of(path);
        if (n_free * HOLLOW < n_pages)
                return 0;
        fresh = fresh_path(ledger);
        r = ask_room(path, size_of(path) / n_pages * (n_pages - n_free), reterr_fault);
        if (r == 0)
                r = compact(ledger, fresh, check, userdata, reterr_fault);
        if (r != 0)
                ledger_remove(fresh);
        else
                ret_size->after_bytes = size_of(path);
        return r;
}
